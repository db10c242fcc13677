"""The published cohorts (clinical conventions §4), with what the sources do not give filled in.

| cohort | source | filled in (synthetic) |
|---|---|---|
| MSC-SLE | news of Saint-Louis, Lancet Rheumatol 2025;7:e261-73 | split of doses, weights, cells, which subject had which event, unrelated grades, follow-up of each |
| MSC-SSc | Lancet Rheumatol 2022;4:e91-104 | order of the sexes, which subject had which event, weights, dates, follow-up of each |
| Kamen 2022 | Lupus Sci Med 2022;9:e000704 | scores, terms of the unrelated events, days, weights |
| Wang 2014 | Arthritis Res Ther 2014;16:R79 | BILAG grades that give the published responses, who died when, weights |
| Merrill 2010 | Arthritis Rheum 2010;62:222-33 | BILAG grades that give the published responses; the arms' treatment is stood in for by the product |
"""  # noqa: E501 - a table

from datetime import date, timedelta

from app.clinical.records import Coding
from tests.replays.fhir import Cohort, Event, Subject, Visit

REGISTRY = "https://clinicaltrials.gov"
SLE, SSC = Coding(REGISTRY, "NCT03562065"), Coding(REGISTRY, "NCT02213705")

NAUSEA = ("10028813", "Nausea")
HEADACHE = ("10019211", "Headache")
FEVER = ("10016558", "Fever")
FLUSHING = ("10016825", "Flushing")
FATIGUE = ("10016256", "Fatigue")
LUNG_INFECTION = ("10061229", "Lung infection")
KIDNEY_INJURY = ("10069339", "Acute kidney injury")
SEPSIS = ("10040047", "Sepsis")
DYSPNEA = ("10013963", "Dyspnea")
PARAESTHESIA = ("10033987", "Paresthesia")
TACHYCARDIA = ("10040752", "Sinus tachycardia")
ARTHRALGIA = ("10003239", "Arthralgia")

MSC_SLE = Cohort(
    key="r1",
    study=SLE,
    product="uc-msc",
    arms=("cohort-2e6", "cohort-1e6", "cohort-4e6"),
    subjects=(
        Subject(
            number="p1",
            arm="cohort-2e6",
            infused=date(2019, 5, 14),
            weight="60",
            cells="120",
            months="12.0",
            events=(Event(NAUSEA, 0, 1), Event(HEADACHE, 1, 1)),
        ),
        Subject(
            number="p2",
            arm="cohort-2e6",
            infused=date(2019, 10, 2),
            weight="55",
            cells="110",
            months="12.1",
            events=(Event(FEVER, 2, 2),),
        ),
        Subject(
            number="p3",
            arm="cohort-2e6",
            infused=date(2020, 2, 11),
            weight="72",
            cells="144",
            months="12.2",
            events=(
                Event(LUNG_INFECTION, 200, 3, "unlikely"),
                Event(KIDNEY_INJURY, 215, 3, "unlikely"),
                Event(SEPSIS, 240, 3, "unlikely"),
            ),
        ),
        Subject(
            number="p4", arm="cohort-2e6", infused=date(2020, 9, 21), weight="64", cells="128", months="12.3"
        ),
        Subject(
            number="p5",
            arm="cohort-2e6",
            infused=date(2021, 3, 15),
            weight="58.4",
            cells="117",
            months="12.5",
        ),
        Subject(
            number="p6", arm="cohort-4e6", infused=date(2021, 11, 8), weight="50", cells="200", months="12.6"
        ),
        Subject(
            number="p7", arm="cohort-4e6", infused=date(2022, 6, 13), weight="81", cells="324", months="13.0"
        ),
        Subject(
            number="p8", arm="cohort-4e6", infused=date(2023, 3, 6), weight="66", cells="264", months="13.3"
        ),
    ),
)
"""Eight treated subjects of MSC-SLE."""

_SEVERE = (5, 4, 4, 3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1)
_FOLLOWED = ("6.0", "12.0", "18.0", "20.0", "20.8", "20.8", "22.0", "23.0", "24.0", "24.1",
             "24.1", "24.2", "24.3", "24.4", "24.5", "24.5", "24.6", "24.8", "25.0", "25.5")  # fmt: skip
_TOLERATED = {3: (Event(FLUSHING, 0, 1),), 7: (Event(NAUSEA, 0, 1), Event(FATIGUE, 1, 2))}


def _sclerosis(number: int) -> Subject:
    severe = _SEVERE[number - 1] if number <= len(_SEVERE) else 0
    low = number <= 10
    return Subject(
        number=f"s{number:02}",
        arm="cohort-1e6" if low else "cohort-3e6",
        infused=date(2014, 3, 24) + timedelta(days=2114 * (number - 1) // 19),
        weight="60",
        cells="60" if low else "180",
        sex="female" if number <= 13 else "male",
        months=_FOLLOWED[number - 1],
        events=(
            *_TOLERATED.get(number, ()),
            *(Event(DYSPNEA, 30 + 20 * place, 3, "unlikely") for place in range(severe)),
        ),
    )


MSC_SSC = Cohort(
    key="r2",
    study=SSC,
    product="bm-msc",
    arms=("cohort-1e6", "cohort-3e6"),
    subjects=tuple(_sclerosis(number) for number in range(1, 21)),
)
"""Twenty treated subjects of MSC-SSc, ten at each dose."""

_RESPONDS = (Visit(-3, 12, "2.0", {"musculoskeletal": "B"}), Visit(171, 6, "1.0", {"musculoskeletal": "C"}))
_DOES_NOT = (Visit(-3, 12, "2.0", {"musculoskeletal": "B"}), Visit(171, 10, "1.8", {"musculoskeletal": "B"}))
_RELATED = {
    1: (Event(NAUSEA, 1, 2),),
    3: (Event(PARAESTHESIA, 0, 1), Event(FLUSHING, 0, 1)),
    4: (Event(TACHYCARDIA, 0, 2),),
}
_GRADES = {1: (3, 5), 2: (0, 2), 3: (2, 2), 4: (0, 3), 5: (1, 1), 6: (1, 1)}


def _umbilical(number: int) -> Subject:
    related = _RELATED.get(number, ())
    left = [
        grade
        for grade, count in zip((1, 2), _GRADES[number], strict=True)
        for _ in range(count - sum(event.grade == grade for event in related))
    ]
    return Subject(
        number=f"k{number}",
        arm="cohort-1e6",
        infused=date(2018, 1, 8) + timedelta(days=30 * number),
        weight="70",
        cells="70",
        events=(
            *related,
            *(
                Event(ARTHRALGIA, 20 + place, grade, "unlikely", serious=number == 3 and place == 0)
                for place, grade in enumerate(left)
            ),
        ),
        visits=_RESPONDS if number <= 5 else _DOES_NOT,
    )


KAMEN = Cohort(
    key="kamen",
    study=SLE,
    product="uc-msc",
    arms=("cohort-1e6",),
    subjects=tuple(_umbilical(number) for number in range(1, 7)),
)
"""Six women at one dose; five respond at week 24."""

_SICK = {"renal": "A", "mucocutaneous": "B"}
_GRADES_OF = {
    "major": {"renal": "C", "mucocutaneous": "C"},
    "partial": {"renal": "C", "mucocutaneous": "B"},
    "none": {"renal": "A", "mucocutaneous": "B"},
}
_SEEN = (91, 183, 274, 365)


def _courses(
    key: str, arm: str, counts: dict[str, int], *, deaths: int = 0, relapses: tuple[int, ...] = ()
) -> list[Subject]:
    """Subjects who keep one response at every visit but those who relapse: each from that day on.

    Those who die do so among those without a response, after M6.
    """
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    dying = len(kinds) - deaths
    again = dict(enumerate(relapses))
    return [
        Subject(
            number=f"{key}{number:03}",
            arm=arm,
            infused=date(2009, 1, 5) + timedelta(days=number),
            weight="60",
            cells="60",
            died=200 if number >= dying else None,
            visits=(
                Visit(-2, bilag=_SICK),
                *(
                    Visit(day, bilag=_SICK if number in again and day >= again[number] else _GRADES_OF[kind])
                    for day in _SEEN
                    if number < dying or day < 200
                ),
            ),
        )
        for number, kind in enumerate(kinds)
    ]


WANG = Cohort(
    key="wang",
    study=SLE,
    product="uc-msc",
    arms=("cohort-1e6",),
    subjects=_courses(
        "w", "cohort-1e6", {"major": 13, "partial": 11, "none": 16}, deaths=3, relapses=(274, 274, 274, 365)
    ),
)
"""Forty patients: 13 major and 11 partial responses at M6, of which four relapse; three deaths."""

MERRILL = Cohort(
    key="merrill",
    study=SLE,
    product="uc-msc",
    arms=("rituximab", "placebo"),
    subjects=(
        *_courses("r", "rituximab", {"major": 21, "partial": 29, "none": 119}),
        *_courses("p", "placebo", {"major": 14, "partial": 11, "none": 63}),
    ),
)
"""EXPLORER: 169 on rituximab and 88 on placebo."""

COHORTS = {cohort.key: cohort for cohort in (MSC_SLE, MSC_SSC, KAMEN, WANG, MERRILL)}
