"""Days counted forwards and backwards, held within the years a date can be written in."""

from datetime import MAXYEAR, date

_FIRST, _LAST = date.min.toordinal(), date.max.toordinal()


def shifted(day: date, days: int) -> date:
    """The day so many days later, or earlier; the last or the first there is where that lies beyond."""
    return date.fromordinal(min(max(day.toordinal() + days, _FIRST), _LAST))


def anniversary(day: date, years: int) -> date:
    """The same day so many years later; the 29th of February is followed by the 1st of March."""
    if day.year + years > MAXYEAR:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
