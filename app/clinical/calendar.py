"""Days counted forwards and backwards, held within the years a date can be written in."""

from datetime import MAXYEAR, date, timedelta


def shifted(day: date, days: int) -> date:
    """The day so many days later, or earlier; the last or the first there is where that lies beyond."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def anniversary(day: date, years: int) -> date:
    """The same day so many years later; the 29th of February is followed by the 1st of March."""
    if day.year + years > MAXYEAR:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
