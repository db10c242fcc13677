"""The modified Rodnan skin score: 17 sites of 0 to 3, in all 0 to 51 (conventions §1.15)."""

from app.clinical.codes import SCORE
from app.clinical.interval import Interval
from app.clinical.scores.form_codes import MRSS_SITE
from app.clinical.scores.forms import Answers, Form, laid_out
from app.clinical.scores.reading import Reading, given, totalled, why_open

NAME = "mrss"
RANGE = Interval.of(0, 51)
LAYOUT = laid_out(SCORE.coding(NAME), MRSS_SITE, RANGE)
SITE = Interval.of(0, 3)


def total(answers: Answers) -> Interval:
    """The sum of the sites; one not examined adds anything from 0 to 3."""
    sites = [answers.get(code, SITE) for code in MRSS_SITE.codes]
    return Interval.of(sum(site.low for site in sites), sum(site.high for site in sites))


def reading(form: Form) -> Reading:
    """The skin score with its sites."""
    figure, notes = totalled(form, total(form.answers), RANGE)
    unanswered = tuple(site for site in MRSS_SITE.codes if site not in form.answers) if form.answers else ()
    reasons, missing = why_open(figure, unanswered)
    return Reading(
        scores=(figure,),
        items=given(form, MRSS_SITE.codes),
        notes=(*form.notes, *notes),
        reasons=reasons,
        missing=missing,
    )
