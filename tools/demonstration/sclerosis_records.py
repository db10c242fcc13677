"""Everything recorded of the subjects, candidates and donors of MSC-SSc, as FHIR resources."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from app.clinical.codes import SCORE
from app.clinical.scores.form_codes import LUNG, MRSS_SITE
from app.fhir_mapping.units import LOINC
from app.protocol.loader import load_all
from tools.demonstration.infused import taken_part
from tools.demonstration.laboratory import (
    ANALYTES,
    EXAMINATIONS,
    SCREENED,
    TESTS,
    WEIGHT,
    Analyte,
    Test,
    ucum,
)
from tools.demonstration.pieces import (
    ATC,
    INTRAVENOUS,
    Json,
    attested,
    coding,
    concept,
    enrolled,
    instant,
    laboratory,
    meta,
    observation,
    person,
    presence,
    quantity,
)
from tools.demonstration.sclerosis import Assessed, Considered, Recipient
from tools.demonstration.sites import trial_number

TRIAL = "msc-ssc"
CYCLOPHOSPHAMIDE = ("L01AA01", "cyclophosphamide")
BOLUSES = (-268, -240)
"""The days of the last two boluses before the screening."""

PERCENT = ucum("%", 0)
LITRES = ucum("L", 2)
FVC = concept(coding(LOINC, "19872-1", "Forced vital capacity [Volume Fraction] of predicted"), text="FVC")
DLCO = concept(coding(LOINC, "98130-8"), text="DLCO, % of predicted")
TLC = concept(LUNG.coding("tlc"), text=LUNG.concept("tlc").en)

WANTED = (
    "creatinine",
    "platelets",
    "haemoglobin",
    "neutrophils",
    "cd4",
    "ast",
    "alt",
    "lvef",
    "pao2",
    "paco2",
)
"""What the protocol wants of a recipient among the tests both trials know, with the same results."""

OF_THIS_TRIAL = (
    (
        Analyte(
            key="bilirubin",
            loinc=("14631-6", "Bilirubin.total [Moles/volume] in Serum or Plasma"),
            unit=ucum("umol/L", 0),
            low=("3", "3"),
            high=("20", "20"),
        ),
        "9",
    ),
    (
        Analyte(
            key="systolic-pap",
            loinc=("8440-0", "Pulmonary artery Systolic blood pressure"),
            unit=ucum("mm[Hg]", 0, "mmHg"),
            category="procedure",
        ),
        "28",
    ),
    (
        Analyte(
            key="systolic",
            loinc=("8480-6", "Systolic blood pressure"),
            unit=ucum("mm[Hg]", 0, "mmHg"),
            category="vital-signs",
        ),
        "126",
    ),
    (
        Analyte(
            key="diastolic",
            loinc=("8462-4", "Diastolic blood pressure"),
            unit=ucum("mm[Hg]", 0, "mmHg"),
            category="vital-signs",
        ),
        "76",
    ),
)

DONATION = (
    *(test for test in TESTS if not test.women),
    Test("syphilis", ("24110-9", "Treponema pallidum Ab [Presence] in Serum by Immunoassay")),
    Test(
        "hiv-rna",
        ("20447-9", "HIV 1 RNA [#/volume] (viral load) in Serum or Plasma by NAA with probe detection"),
    ),
    Test("hbv-dna", ("48398-2", "Hepatitis B virus DNA [#/volume] (viral load) in Serum or Plasma by NAA")),
    Test(
        "hcv-rna",
        ("11259-9", "Hepatitis C virus RNA [Presence] in Serum or Plasma by NAA with probe detection"),
    ),
)


def recipient(one: Recipient) -> list[Json]:
    """Everything recorded of somebody who was treated."""
    weight = laboratory(
        WEIGHT, Decimal(one.kg), name=f"{one.name}-m0-weight", patient=one.patient, day=one.infused
    )
    return [*taken_part(one), weight, *(made for visit in one.assessed for made in _visited(one, visit))]


def _visited(one: Recipient, visit: Assessed) -> Iterator[Json]:
    name, day = f"{one.name}-{visit.label.lower()}", one.infused + timedelta(days=visit.day)
    when = instant(day, "08:30") if visit.label == "M0" else day.isoformat()
    if visit.skin is not None:
        yield skin(visit.skin, name=name, patient=one.patient, when=when, visit=visit.label)
    yield from lungs(visit, name=name, patient=one.patient, when=when)


def skin(sites: str, *, name: str, patient: str, when: str, visit: str = "") -> Json:
    """The Rodnan score by its sites; the total is given where every site was examined."""
    found = {code: int(one) for code, one in zip(MRSS_SITE.codes, sites, strict=True) if one != "."}
    total: Json = {"valueInteger": sum(found.values())} if len(found) == len(sites) else {}
    return observation(
        f"{name}-mrss",
        patient,
        when,
        code=concept(SCORE.coding("mrss"), text=SCORE.concept("mrss").en),
        category="survey",
        visit=visit,
        **total,
        component=[
            {"code": concept(MRSS_SITE.coding(site)), "valueInteger": value} for site, value in found.items()
        ],
    )


def lungs(visit: Assessed, *, name: str, patient: str, when: str) -> Iterator[Json]:
    """FVC and DLCO in percent of predicted and TLC in litres, those that were measured."""
    measured = (
        ("fvc", FVC, visit.fvc, PERCENT),
        ("dlco", DLCO, visit.dlco, PERCENT),
        ("tlc", TLC, visit.tlc, LITRES),
    )
    for key, code, value, unit in measured:
        if value is not None:
            yield observation(
                f"{name}-{key}",
                patient,
                when,
                code=code,
                category="procedure",
                visit=visit.label,
                valueQuantity=quantity(Decimal(value), unit),
            )


def candidate(one: Considered) -> list[Json]:
    """Everything recorded of a possible recipient on the day of screening and before."""
    name, patient = f"{TRIAL}-{one.number}", f"{TRIAL}-p{one.number}"
    tests = [test for test in TESTS if not test.women or one.gender == "female"]
    lung = Assessed(
        label="", day=0, skin=None, fvc="70", dlco=None if "dlco" in one.missing else "52", tlc="4.02"
    )
    return [
        *_screened(one),
        skin(one.skin, name=name, patient=patient, when=one.screened.isoformat()),
        *lungs(lung, name=name, patient=patient, when=one.screened.isoformat()),
        *_results(one, name, patient),
        *_tests(tests, one),
        *(
            _bolus(name, patient, number, one.screened + timedelta(days=day))
            for number, day in enumerate(BOLUSES, 1)
        ),
        *_statements(load_all()["MSC-SSc"].candidate.attested, one),
    ]


def donor(one: Considered) -> list[Json]:
    """Everything recorded of a possible donor. To whom the marrow goes is recorded nowhere."""
    rules = load_all()["MSC-SSc"].rules_for("donor")
    return [
        *_screened(one, assignedArm="donor"),
        *_tests(DONATION, one),
        *_statements(rules.candidate.attested, one),
    ]


def _screened(one: Considered, **arm: str) -> list[Json]:
    """The person, and the enrolment that is not decided yet."""
    name, patient = f"{TRIAL}-{one.number}", f"{TRIAL}-p{one.number}"
    number = trial_number(name)
    period = {"start": one.screened.isoformat()}
    part = enrolled(name, patient, number, trial=TRIAL, status="screening", period=period, **arm)
    return [person(patient, number, one.gender, one.born), part]


def _results(one: Considered, name: str, patient: str) -> Iterator[Json]:
    """Blood, blood gas, heart and pressure of the screening, three days before it."""
    day = one.screened - timedelta(days=3)
    shared = [(known, SCREENED[known.key]) for known in (*ANALYTES, *EXAMINATIONS) if known.key in WANTED]
    for analyte, value in ((WEIGHT, "64.0"), *shared, *OF_THIS_TRIAL):
        yield laboratory(
            analyte,
            Decimal(value),
            name=f"{name}-{analyte.key}",
            patient=patient,
            day=day,
            gender=one.gender,
        )


def _tests(tests: Iterable[Test], one: Considered) -> Iterator[Json]:
    for test in tests:
        yield presence(
            test,
            name=f"{TRIAL}-{one.number}",
            patient=f"{TRIAL}-p{one.number}",
            day=one.screened - timedelta(days=3),
            positive=test.key in one.positive,
        )


def _statements(facts: dict[str, bool], one: Considered) -> Iterator[Json]:
    """What the investigator states: of everybody what the protocol's own example states, where it applies."""
    for fact, stated in facts.items():
        if fact == "contraception-effective" and one.gender != "female":
            continue
        yield attested(
            fact,
            stated,
            name=f"{TRIAL}-{one.number}",
            patient=f"{TRIAL}-p{one.number}",
            day=one.screened,
        )


def _bolus(name: str, patient: str, number: int, day: date) -> Json:
    """High-dose cyclophosphamide, once."""
    return {
        "resourceType": "MedicationAdministration",
        "id": f"{name}-bolus-{number}",
        "meta": meta(),
        "status": "completed",
        "medicationCodeableConcept": concept(coding(ATC, *CYCLOPHOSPHAMIDE)),
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": day.isoformat(),
        "dosage": {"route": INTRAVENOUS, "dose": quantity(Decimal(750), ucum("mg", 0))},
    }
