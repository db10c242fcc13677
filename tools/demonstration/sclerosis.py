"""MSC-SSc as tables: four who were treated, two who were considered for it, and two donors of marrow.

Which of these numbers are published and which are made up: docs/demonstration.md.
"""

from dataclasses import dataclass
from datetime import date

from tools.demonstration.subjects import Event, Infused


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """One visit: the day counted from the infusion, and what was found; what is None was not measured.

    `skin` has one digit for each of the 17 sites of the Rodnan score in the order of the form, a dot where
    a site was not examined. FVC and DLCO are in percent of predicted, TLC in litres.
    """

    label: str
    day: int
    skin: str | None
    fvc: str | None
    dlco: str | None
    tlc: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient(Infused):
    """Somebody treated in MSC-SSc."""

    trial: str = "msc-ssc"
    product: str = "bm-msc"
    assessed: tuple[Assessed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """A recipient or donor who is screened; `missing` was not done, `positive` came back positive."""

    number: str
    shows: str
    gender: str
    born: int
    screened: date
    skin: str = ""
    missing: tuple[str, ...] = ()
    positive: tuple[str, ...] = ()


def _visits(*found: tuple[str, int, str | None, str | None, str | None, str | None]) -> tuple[Assessed, ...]:
    return tuple(
        Assessed(label=label, day=day, skin=skin, fvc=fvc, dlco=dlco, tlc=tlc)
        for label, day, skin, fvc, dlco, tlc in found
    )


INFUSED = (
    Recipient(
        number="01",
        shows="Flushing of grade 1, as published. The skin score falls from 27 to 15.",
        gender="female",
        born=1968,
        infused=date(2014, 3, 24),
        began="10:20",
        minutes=40,
        arm="cohort-1e6",
        kg="58.0",
        cells="58",
        lot="BM-SSC-0001",
        months="24.1",
        assessed=_visits(
            ("M0", 0, "11122222222221111", "70", "48", "4.10"),
            ("M3", 91, "11111222222221111", "72", "49", "4.18"),
            ("M6", 183, "11111112222111111", "75", "50", "4.25"),
            ("M12", 365, "10011111111111111", "77", "51", "4.31"),
            ("M24", 731, "10011111111111111", None, None, None),
        ),
        events=(
            Event(
                day=0,
                term="Flushing",
                meddra="10016825",
                text="bouffées vasomotrices",
                grade=1,
                related="Possible",
            ),
        ),
    ),
    Recipient(
        number="02",
        shows="Nausea (grade 1) and asthenia (grade 2), as published. 5 % more cells than planned.",
        gender="female",
        born=1975,
        infused=date(2015, 9, 8),
        began="11:00",
        minutes=45,
        arm="cohort-1e6",
        kg="80.0",
        cells="84",
        lot="BM-SSC-0002",
        months="24.5",
        assessed=_visits(
            ("M0", 0, "12122222222221111", "66", "44", "3.62"),
            ("M3", 90, "12122222222221111", "66", "45", "3.60"),
            ("M6", 181, "11122222222221111", "65", "43", "3.58"),
            ("M12", 366, "11122222222211111", "64", "43", "3.55"),
            ("M24", 736, "11122222222211111", None, None, None),
        ),
        events=(
            Event(day=0, term="Nausea", meddra="10028813", text="nausées", grade=1, related="Possible"),
            Event(
                day=1,
                term="Fatigue",
                meddra="10016256",
                text="asthénie",
                grade=2,
                related="Possible",
                lasted=3,
            ),
        ),
    ),
    Recipient(
        number="03",
        shows="Two severe events long after, not due to the cells. FVC falls by 11.8 % of its value at M0.",
        gender="male",
        born=1960,
        infused=date(2018, 4, 17),
        began="09:45",
        minutes=60,
        arm="cohort-3e6",
        kg="81.0",
        cells="243",
        lot="BM-SSC-0003",
        months="20.8",
        assessed=_visits(
            ("M0", 0, "12122333322222222", "68", "46", "4.85"),
            ("M3", 92, "12122233322222222", "67", "45", "4.80"),
            ("M6", 184, "11122223322222222", "63", "42", "4.62"),
            ("M12", 366, "11122222222222222", "60", "40", "4.41"),
        ),
        events=(
            Event(
                day=141,
                term="Lung infection",
                meddra="10061229",
                text="pneumopathie infectieuse",
                grade=3,
                related="Unlikely",
                serious=True,
                lasted=16,
            ),
            Event(
                day=298,
                term="Anaemia",
                meddra="10002034",
                text="anémie",
                grade=3,
                related="Unlikely",
                lasted=24,
            ),
        ),
    ),
    Recipient(
        number="04",
        shows="At M6 a foot was not examined: the skin score is 20 to 23. No lung function at M12.",
        gender="female",
        born=1982,
        infused=date(2020, 1, 6),
        began="10:30",
        minutes=50,
        arm="cohort-3e6",
        kg="62.0",
        cells="186",
        lot="BM-SSC-0004",
        months="24.1",
        assessed=_visits(
            ("M0", 0, "11122222222221111", "62", "41", "3.30"),
            ("M3", 94, "11111222222221111", "64", "42", "3.36"),
            ("M6", 186, "1111122112211111.", "65", "43", "3.41"),
            ("M12", 371, "11011111111111111", None, None, None),
            ("M24", 733, "11011111111111111", None, None, None),
        ),
    ),
)

SCREENED_RECIPIENTS = (
    Considered(
        number="c01",
        shows="Eligible: Rodnan score 16, the first above 15; FVC 70 %, which still counts.",
        gender="female",
        born=1971,
        screened=date(2017, 5, 15),
        skin="11111111111111011",
    ),
    Considered(
        number="c02",
        shows="Undetermined: no DLCO yet (RE2), everything else allows it.",
        gender="male",
        born=1966,
        screened=date(2017, 6, 12),
        skin="11122222222221111",
        missing=("dlco",),
    ),
)

SCREENED_DONORS = (
    Considered(
        number="d01",
        shows="Eligible: a donor in the family whose tests are all negative.",
        gender="male",
        born=1974,
        screened=date(2017, 5, 2),
    ),
    Considered(
        number="d02",
        shows="Ineligible: a positive syphilis serology (DE2); everything else allows it.",
        gender="female",
        born=1956,
        screened=date(2017, 5, 30),
        positive=("syphilis",),
    ),
)
