"""What was published, and how the service is asked for the same number.

Each line names the cohort, what was published (and where it says so), the question, which of its results, and
how the figures of that result read as the published number.
"""

from dataclasses import dataclass

PRIMARY = "$safety-summary"
ENDPOINTS = "$endpoint-summary"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One published number; `says` is a form that is filled in with the figures of the result."""

    cohort: str
    what: str
    published: str
    question: str
    says: str
    name: str
    arm: str | None = None
    visit: str | None = None
    rule: str | None = None
    synthetic: str = ""
    subject: str = ""


def _events(  # noqa: PLR0917 - a line of a table
    cohort: str, what: str, published: str, period: str, rule: str, synthetic: str = ""
) -> Line:
    return Line(
        cohort=cohort,
        what=what,
        published=published,
        question=PRIMARY,
        name=f"events-{period}",
        rule=rule,
        says="{events} events, {subjects}/{of} = {share} % [{share-95}]",
        synthetic=synthetic,
    )


def _not_tolerated(cohort: str, what: str, published: str, arm: str | None = None) -> Line:
    return Line(
        cohort=cohort,
        what=what,
        published=published,
        question=PRIMARY,
        name="not-tolerated",
        visit="D10",
        rule="related",
        arm=arm,
        says="{subjects}/{of} [{share-95}]",
        synthetic="split of the doses" if arm else "",
    )


def _rate(
    cohort: str,
    what: str,
    published: str,
    name: str,
    *,
    visit: str,
    rule: str | None,
    says: str = "",
    arm: str | None = None,
    synthetic: str = "scores that give the published responses",
) -> Line:
    return Line(
        cohort=cohort,
        what=what,
        published=published,
        question=ENDPOINTS,
        name=name,
        visit=visit,
        rule=rule,
        arm=arm,
        says=says or "{met}/{n} = {rate-nri:1} %",
        synthetic=synthetic,
    )


LINES = (
    Line(
        cohort="r1",
        what="treated, of those planned",
        published="8 of 10",
        question="$enrolment",
        name="study",
        says="{infused} of {planned}",
    ),
    Line(
        cohort="r1",
        what="first and last inclusion",
        published="2019-05-14, 2023-03-06",
        question="$enrolment",
        name="study",
        says="{first-entry}, {last-entry}",
    ),
    _not_tolerated("r1", "not tolerated in ten days (primary)", "0/8 [0, 36.94]"),
    _not_tolerated("r1", "the same at 2 million per kg", "0/5 [0, 52.18]", "cohort-2e6"),
    _not_tolerated("r1", "the same at 4 million per kg", "0/3 [0, 70.76]", "cohort-4e6"),
    _events(
        "r1", "related events in ten days", "3 events, 2/8 = 25 % [3.19, 65.09]", "first-days", "related"
    ),
    Line(
        cohort="r1",
        what="their maximum grade",
        published="2",
        question=PRIMARY,
        name="events-first-days",
        rule="related",
        says="{max-grade}",
        synthetic="grades",
    ),
    Line(
        cohort="r1",
        what="related events of grade 3 or more, whole follow-up",
        published="0",
        question=PRIMARY,
        name="events-whole-follow-up",
        rule="related",
        says="{events-grade-3}",
    ),
    _events(
        "r1",
        "unrelated events after ten days, all of one subject",
        "3 events, 1/8 = 12.5 % [0.32, 52.65]",
        "later",
        "unrelated",
    ),
    _rate(
        "r1",
        "not tolerated by M12, whatever the cause",
        "1",
        "tolerance",
        visit="M12",
        rule="any",
        says="{not-met}",
        synthetic="grades of the unrelated events",
    ),
    _rate(
        "r1",
        "not tolerated by M12, related",
        "0",
        "tolerance",
        visit="M12",
        rule="related",
        says="{not-met}",
        synthetic="",
    ),
    Line(
        cohort="r1",
        what="median follow-up in months",
        published="12.4",
        question=ENDPOINTS,
        name="survival.vital-status.follow-up-months",
        says="{median}",
        synthetic="follow-up of each",
    ),
    Line(
        cohort="r1",
        what="probability that toxicity is excessive after five at 2 million",
        published="0.1176, higher",
        question="$dose-escalation",
        name="dose",
        arm="cohort-2e6",
        says="{p-excessive:4}, {decision}",
        synthetic="prior and cut-offs (no source gives them)",
    ),
    Line(
        cohort="r1",
        what="the same after three at 4 million",
        published="0.2401",
        question="$dose-escalation",
        name="dose",
        arm="cohort-4e6",
        says="{p-excessive:4}",
        synthetic="prior and cut-offs",
    ),
    Line(
        cohort="r1",
        what="dose given to the fifth subject",
        published="2.0034 million per kg, met",
        question="$cell-dose",
        subject="r1-p5",
        name="cell-dose",
        says="{given-per-kg:4} million per kg, {verdict}",
        synthetic="weight and cells",
    ),
    Line(
        cohort="r2",
        what="enrolled: women, men",
        published="20: 13, 7",
        question="$enrolment",
        name="study",
        says="{infused}: {infused-female}, {infused-male}",
    ),
    Line(
        cohort="r2",
        what="first and last enrolment",
        published="2014-03-24, 2020-01-06",
        question="$enrolment",
        name="study",
        says="{first-entry}, {last-entry}",
        synthetic="dates between them",
    ),
    Line(
        cohort="r2",
        what="at 1 million per kg",
        published="10",
        question="$enrolment",
        name="arm",
        arm="cohort-1e6",
        says="{infused}",
    ),
    Line(
        cohort="r2",
        what="at 3 million per kg",
        published="10",
        question="$enrolment",
        name="arm",
        arm="cohort-3e6",
        says="{infused}",
    ),
    _not_tolerated("r2", "not tolerated in ten days (primary)", "0/20 [0, 16.84]"),
    _events(
        "r2", "related events in ten days", "3 events, 2/20 = 10 % [1.23, 31.7]", "first-days", "related"
    ),
    Line(
        cohort="r2",
        what="their grades 1 and 2",
        published="2, 1",
        question=PRIMARY,
        name="events-first-days",
        rule="related",
        says="{events-grade-1}, {events-grade-2}",
    ),
    Line(
        cohort="r2",
        what="related events after ten days",
        published="0",
        question=PRIMARY,
        name="events-later",
        rule="related",
        says="{events}",
    ),
    _events(
        "r2",
        "severe unrelated events after ten days",
        "36 events, 14/20 = 70 % [45.72, 88.11]",
        "later",
        "unrelated",
        "which subjects",
    ),
    Line(
        cohort="r2",
        what="the same in the first ten days",
        published="0",
        question=PRIMARY,
        name="events-first-days",
        rule="unrelated",
        says="{events}",
    ),
    Line(
        cohort="r2",
        what="serious events (severity is not seriousness)",
        published="0",
        question=PRIMARY,
        name="events-later",
        rule="unrelated",
        says="{serious-events}",
        synthetic="none was called serious",
    ),
    Line(
        cohort="r2",
        what="median follow-up in months, quartiles",
        published="24.1 [20.8, 24.5]",
        question=ENDPOINTS,
        name="survival.vital-status.follow-up-months",
        says="{median} [{quartiles}]",
        synthetic="follow-up of each",
    ),
    _rate(
        "kamen",
        "SRI-4 at week 24",
        "5/6 = 83.3 % [35.88, 99.58]",
        "sri",
        visit="M6",
        rule="published",
        says="{met}/{n} = {rate-nri:1} % [{rate-nri-95}]",
    ),
    _events(
        "kamen",
        "adverse events",
        "21 events, 6/6 = 100 % [54.07, 100]",
        "whole-follow-up",
        "any",
        "days, terms of the unrelated",
    ),
    _events("kamen", "possibly related", "4 events, 3/6 = 50 % [11.81, 88.19]", "whole-follow-up", "related"),
    Line(
        cohort="kamen",
        what="serious events; events of grade 3 or more",
        published="1; 0",
        question=PRIMARY,
        name="events-whole-follow-up",
        rule="any",
        says="{serious-events}; {events-grade-3}",
    ),
    _rate(
        "wang",
        "major clinical response",
        "13/40 = 32.5 %",
        "clinical-response.major",
        visit="M6",
        rule="visit-adapted",
    ),
    _rate(
        "wang",
        "partial clinical response",
        "11/40 = 27.5 %",
        "clinical-response.partial",
        visit="M6",
        rule="visit-adapted",
    ),
    _rate(
        "wang",
        "relapse at 9 months, among the responders",
        "3/24 = 12.5 %",
        "clinical-response.flare.relapse-after-response",
        visit="M9",
        rule=None,
        says="{met}/{known} = {rate-observed:1} %",
    ),
    _rate(
        "wang",
        "relapse at 12 months",
        "4/24 = 16.7 %",
        "clinical-response.flare.relapse-after-response",
        visit="M12",
        rule=None,
        says="{met}/{known} = {rate-observed:1} %",
    ),
    _rate(
        "wang",
        "alive at 12 months",
        "37/40 = 92.5 %",
        "survival",
        visit="M12",
        rule=None,
        synthetic="who died, and when",
    ),
    _rate(
        "merrill",
        "major clinical response, rituximab",
        "21/169 = 12.4 %",
        "clinical-response.major",
        visit="M12",
        rule="explorer-sustained",
        arm="rituximab",
    ),
    _rate(
        "merrill",
        "major clinical response, placebo",
        "14/88 = 15.9 %",
        "clinical-response.major",
        visit="M12",
        rule="explorer-sustained",
        arm="placebo",
    ),
    _rate(
        "merrill",
        "partial clinical response, rituximab",
        "29/169 = 17.2 %",
        "clinical-response.partial",
        visit="M12",
        rule="explorer-sustained",
        arm="rituximab",
    ),
    _rate(
        "merrill",
        "partial clinical response, placebo",
        "11/88 = 12.5 %",
        "clinical-response.partial",
        visit="M12",
        rule="explorer-sustained",
        arm="placebo",
    ),
)
