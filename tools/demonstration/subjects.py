"""The eight treated subjects as a table: what was seen at each visit, and which adverse events there were.

Which of these numbers are published and which are made up: docs/demonstration.md.
"""

from dataclasses import dataclass
from datetime import date

from tools.demonstration.sites import trial_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One visit: the day counted from the infusion, and what the investigator recorded.

    `items` are the SELENA-SLEDAI items present and `unknown` those not assessed; `total` alone stands
    for a form that gives no items. `bilag` has one letter for each classic system, in the order of
    the form. What is None was not assessed.
    """

    label: str
    day: int
    items: str | None = None
    bilag: str | None = None
    pga: str | None = None
    unknown: str = ""
    total: int | None = None
    pga_status: str = "final"
    unmeasured: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An adverse event; `related` is the opinion on the infusion, `grade` the CTCAE grade."""

    day: int
    term: str
    meddra: str
    text: str
    grade: int
    related: str
    serious: bool = False
    lasted: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Infused:
    """Somebody who received the cells of a trial, `kg` being the weight that day; `lot` where it was sent."""

    trial: str
    product: str
    number: str
    shows: str
    gender: str
    born: int
    infused: date
    began: str
    minutes: int
    arm: str
    kg: str
    cells: str
    months: str
    events: tuple[Event, ...] = ()
    lot: str = ""

    @property
    def name(self) -> str:
        """The id of the ResearchSubject, and what the ids of what is recorded begin with."""
        return f"{self.trial}-{self.number}"

    @property
    def patient(self) -> str:
        """The id of the Patient."""
        return f"{self.trial}-p{self.number}"

    @property
    def trial_number(self) -> str:
        """The subject's number in the trial, at its site."""
        return trial_number(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Treated(Infused):
    """Treated in MSC-SLE. `steroid`: (first day, prednisone mg/d) until the next line's first day."""

    trial: str = "msc-sle"
    product: str = "uc-msc"
    seen: tuple[Seen, ...]
    units: str = "ucum"
    creatinine: int = 70
    steroid: tuple[tuple[int, str], ...] = ((-60, "10"), (45, "7.5"), (150, "5"))


TREATED = (
    Treated(
        number="01",
        shows="At M6 a new BILAG B in one system: a response for the registry, none for the synopsis.",
        gender="female",
        born=1987,
        infused=date(2019, 5, 14),
        began="10:05",
        minutes=45,
        arm="cohort-2e6",
        kg="60.0",
        cells="120",
        months="12.0",
        seen=(
            Seen(
                label="M0",
                day=0,
                items="arthritis rash alopecia mucosal-ulcers low-complement dna-binding",
                bilag="EBEBEECE",
                pga="1.5",
            ),
            Seen(
                label="M3",
                day=92,
                items="arthritis alopecia low-complement dna-binding",
                bilag="ECEBEECE",
                pga="1.2",
            ),
            Seen(label="M6", day=183, items="proteinuria dna-binding", bilag="ECEDEEBE", pga="1.5"),
            Seen(label="M9", day=275, items="alopecia dna-binding", bilag="ECEDEECE", pga="0.9"),
            Seen(label="M12", day=365, items="alopecia dna-binding", bilag="ECEDEECE", pga="0.8"),
        ),
        events=(
            Event(day=0, term="Nausea", meddra="10028813", text="nausées", grade=1, related="Possible"),
            Event(day=1, term="Headache", meddra="10019211", text="céphalées", grade=1, related="Possible"),
        ),
        steroid=((-60, "10"), (45, "7.5"), (120, "5")),
    ),
    Treated(
        number="02",
        shows="A drop of exactly 4 at M3, then remission. A PGA entered in error at M3 does not count.",
        gender="female",
        born=1994,
        infused=date(2019, 10, 2),
        began="11:10",
        minutes=40,
        arm="cohort-2e6",
        kg="55.0",
        cells="110",
        months="12.1",
        creatinine=61,
        seen=(
            Seen(
                label="M0",
                day=0,
                items="arthritis rash alopecia mucosal-ulcers low-complement",
                bilag="EAEBEEEE",
                pga="2.0",
            ),
            Seen(label="M3", day=91, items="arthritis rash low-complement", bilag="EBECEEEE", pga="1.2"),
            Seen(label="M6", day=182, items="rash low-complement", bilag="ECECEEEE", pga="0.8"),
            Seen(label="M9", day=273, items="low-complement", bilag="ECEDEEEE", pga="0.4"),
            Seen(label="M12", day=366, items="", bilag="EDEDEEEE", pga="0.2"),
        ),
        events=(
            Event(
                day=2, term="Fever", meddra="10016558", text="fièvre", grade=2, related="Possible", lasted=2
            ),
        ),
        steroid=((-90, "15"), (30, "10"), (100, "5"), (200, "2.5")),
    ),
    Treated(
        number="03",
        shows="Response at M3 and M6, relapse with a new renal A before M9. Results in French units.",
        gender="female",
        born=1979,
        infused=date(2020, 2, 11),
        began="10:30",
        minutes=55,
        arm="cohort-2e6",
        kg="72.0",
        cells="144",
        months="12.2",
        units="french",
        creatinine=78,
        seen=(
            Seen(
                label="M0",
                day=0,
                items="arthritis proteinuria rash pleurisy low-complement dna-binding",
                bilag="BCEBCEBE",
                pga="2.2",
            ),
            Seen(
                label="M3", day=90, items="arthritis low-complement dna-binding", bilag="CCEBDECE", pga="1.4"
            ),
            Seen(label="M6", day=182, items="rash low-complement dna-binding", bilag="DCECDECE", pga="1.0"),
            Seen(
                label="M9",
                day=274,
                items="arthritis haematuria proteinuria low-complement dna-binding",
                bilag="BCEBDEAE",
                pga="2.4",
            ),
            Seen(
                label="M12",
                day=366,
                items="arthritis haematuria low-complement dna-binding leukopenia",
                bilag="CCEBDEBE",
                pga="1.9",
            ),
        ),
        events=(
            Event(
                day=200,
                term="Lung infection",
                meddra="10061229",
                text="infection pulmonaire",
                grade=3,
                related="Unlikely",
                serious=True,
                lasted=14,
            ),
            Event(
                day=215,
                term="Acute kidney injury",
                meddra="10069339",
                text="insuffisance rénale aiguë",
                grade=3,
                related="Unlikely",
                lasted=28,
            ),
            Event(
                day=240,
                term="Sepsis",
                meddra="10040047",
                text="sepsis",
                grade=3,
                related="Unlikely",
                serious=True,
                lasted=9,
            ),
        ),
        steroid=((-60, "10"), (60, "7.5"), (120, "5"), (192, "40"), (240, "20"), (300, "10")),
    ),
    Treated(
        number="04",
        shows="At M6 the PGA goes from 2.0 to 2.3: 0.3 exactly, so worse. The PGA of M3 is corrected later.",
        gender="female",
        born=1990,
        infused=date(2020, 9, 21),
        began="10:00",
        minutes=35,
        arm="cohort-2e6",
        kg="64.0",
        cells="128",
        months="12.3",
        creatinine=66,
        seen=(
            Seen(
                label="M0",
                day=0,
                items="vasculitis rash low-complement dna-binding",
                bilag="ECECEBED",
                pga="2.0",
            ),
            Seen(
                label="M3",
                day=91,
                items="rash alopecia low-complement dna-binding",
                bilag="ECECECED",
                pga="2.4",
            ),
            Seen(label="M6", day=184, items="rash low-complement dna-binding", bilag="ECECECED", pga="2.3"),
            Seen(label="M9", day=273, items="rash dna-binding", bilag="ECECECED", pga="1.6"),
            Seen(label="M12", day=367, items="dna-binding", bilag="EDEDEDED", pga="1.0"),
        ),
    ),
    Treated(
        number="05",
        shows="No BILAG at M6, everything else fine: undetermined. Two new B at M9: no response.",
        gender="female",
        born=1983,
        infused=date(2021, 3, 15),
        began="09:50",
        minutes=50,
        arm="cohort-2e6",
        kg="58.4",
        cells="117",
        months="12.5",
        units="milligrams",
        creatinine=72,
        seen=(
            Seen(
                label="M0",
                day=0,
                items="arthritis alopecia mucosal-ulcers pericarditis low-complement dna-binding",
                bilag="EBEBCECD",
                pga="2.0",
            ),
            Seen(
                label="M3",
                day=93,
                items="arthritis mucosal-ulcers low-complement dna-binding",
                bilag="ECEBDECD",
                pga="1.6",
            ),
            Seen(label="M6", day=183, items="alopecia low-complement dna-binding", pga="1.0"),
            Seen(
                label="M9",
                day=276,
                items="proteinuria low-complement dna-binding thrombocytopenia",
                bilag="ECECDEBB",
                pga="1.3",
            ),
            Seen(label="M12", day=366, items="alopecia dna-binding", bilag="ECEDDECD", pga="0.7"),
        ),
    ),
    Treated(
        number="06",
        shows="No response until M12 (a drop of exactly 4). No BILAG at M9, yet the answer is known.",
        gender="female",
        born=1998,
        infused=date(2021, 11, 8),
        began="10:20",
        minutes=60,
        arm="cohort-4e6",
        kg="50.0",
        cells="200",
        months="12.6",
        units="french",
        creatinine=58,
        seen=(
            Seen(label="M0", day=0, items="arthritis rash alopecia dna-binding", bilag="CBEBEEEE", pga="1.8"),
            Seen(label="M3", day=91, items="arthritis rash dna-binding", bilag="CBEBEEEE", pga="1.7"),
            Seen(label="M6", day=182, items="arthritis dna-binding leukopenia", bilag="CBEBEEEC", pga="1.6"),
            Seen(label="M9", day=274, items="arthritis rash dna-binding", pga="1.5"),
            Seen(label="M12", day=365, items="arthritis dna-binding", bilag="DCECEEED", pga="1.2"),
        ),
    ),
    Treated(
        number="07",
        shows="A new renal A at M3: no response. Did not come at M6: undetermined. Response at M9 and M12.",
        gender="male",
        born=1975,
        infused=date(2022, 6, 13),
        began="10:45",
        minutes=50,
        arm="cohort-4e6",
        kg="81.0",
        cells="324",
        months="13.0",
        units="conventional",
        creatinine=92,
        seen=(
            Seen(
                label="M0",
                day=0,
                items="arthritis haematuria proteinuria rash low-complement dna-binding",
                bilag="ECEBEEBE",
                pga="2.4",
            ),
            Seen(
                label="M3",
                day=91,
                items="urinary-casts haematuria low-complement dna-binding",
                bilag="ECECEEAE",
                pga="2.1",
            ),
            Seen(
                label="M9", day=275, items="alopecia low-complement dna-binding", bilag="ECEDEECE", pga="1.2"
            ),
            Seen(label="M12", day=364, items="low-complement dna-binding", bilag="EDEDEECE", pga="0.9"),
        ),
        steroid=((-60, "20"), (60, "15"), (120, "10"), (220, "7.5")),
    ),
    Treated(
        number="08",
        shows="At M6 two SLEDAI items are not known: undetermined. At M12 the PGA is only preliminary.",
        gender="female",
        born=1985,
        infused=date(2023, 3, 6),
        began="10:15",
        minutes=30,
        arm="cohort-4e6",
        kg="66.0",
        cells="264",
        months="13.3",
        creatinine=64,
        seen=(
            Seen(
                label="M0",
                day=0,
                items="arthritis rash alopecia mucosal-ulcers low-complement dna-binding",
                bilag="CBEBEECE",
                pga="1.9",
            ),
            Seen(
                label="M3",
                day=92,
                items="arthritis rash low-complement dna-binding",
                bilag="CBEBEECE",
                pga="1.5",
            ),
            Seen(
                label="M6",
                day=183,
                items="arthritis rash low-complement",
                unknown="fever dna-binding",
                bilag="CCECEECE",
                pga="1.3",
                unmeasured=("anti-dsdna",),
            ),
            Seen(label="M9", day=274, total=6, bilag="CCECEECE", pga="1.1"),
            Seen(
                label="M12",
                day=370,
                items="alopecia dna-binding",
                bilag="CCEDEECE",
                pga="0.8",
                pga_status="preliminary",
            ),
        ),
    ),
)
