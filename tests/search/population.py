"""A population to search in: some three hundred resources of ten types, all valid, the same for each seed.

It is made to be hard to search: ties, dates of every precision and offset, periods with open ends, elements
that are missing, codes without a system and concepts of text only, the same amount in several units,
accents, identifiers full of commas and bars, and references in every form there is.
"""

import json
import re
from decimal import Decimal
from random import Random
from typing import Any

from tests.search.standard import CONSENT_STUDY_URL, GRADE_URL, SITE_SYSTEM, STUDY_URL, VISIT_URL

Json = dict[str, Any]

LOINC = "http://loinc.org"
LAB = "urn:lab:codes"
UCUM = "http://unitsofmeasure.org"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
SEEN = "urn:trial:seen"

FAMILIES = (
    "Müller",
    "MULLER",
    "Muller-Dupont",
    "Lefèvre",
    "le Fevre",
    "Øster",
    "Ngô",
    "Δημητρίου",
    "a,b|c$d",
)
GIVEN = ("Zoë", "zoe", "Jean-Éloi", "JEAN", "Anaïs", "Ana", "Björn", "Åsa")
CITIES = ("Besançon", "BESANCON", "Paris", "Saint-Étienne", "L'Haÿ-les-Roses")
WORDS = ("Étude", "étude MSC", "etude de phase 1", "MSC trial", "Lupus, cells")
VALUES = ("A1", "a1", "A,1", "A|1", "A$1", "A\\1", "A 1", "É1", "A1,A2", "", "B+2", "C&3=%4", "A\\,1")
IDENTIFIER_SYSTEMS = ("urn:trial:subject", "https://hospital.example/ids", None, "urn:other|system")
NAMES = ("1", "2", "10", "11", "a", "A", "a.b", "a-b")

DAYS = ("2021-03-15", "2021-03-16", "2021-03-28", "2021-04-01", "2021-10-31", "2020-02-29", "2021-12-31")
CLOCKS = ("00:00", "00:30", "10:20", "23:59", "12:00")
OFFSETS = ("Z", "+01:00", "+02:00", "-05:00", "+05:30")

LABS = {
    "4485-9": ["0.85 g/L g/L", "85 mg/dL mg/dL", "850 mg/L mg/L", "85.0 mg/dl", "0.9 g/L g/L"],
    "4498-2": ["0.20 g/L g/L", "20 mg/dL mg/dL", "0.21 g/L", "20.5 mg/dL"],
    "777-3": ["150 G/L 10*9/L", "150 G/L", "150000 /uL /uL", "151 10*3/uL 10*3/uL"],
    "30341-2": ["12 mm/h mm/h", "12.5 mm/h", "100 mm mm", "1e2 mm"],
}
"""Values people send: a number, the text of its unit and, unless it is left out, its UCUM code."""

PART_CODES = ("8867-4", "9279-1", "2708-6")
"""Codes the service knows no unit of: what `mm` means there is for the unit alone to say."""


def population(seed: int, base: str) -> list[list[Json]]:
    """The resources, in groups that can be loaded one after the other; `base` is the server's own address."""
    made = _Making(Random(seed), base)
    patients = [made.patient(number) for number in range(24)]
    studies = [made.study(number) for number in range(8)]
    subjects = [made.subject(number) for number in range(24)]
    infusions = [made.infusion(number) for number in range(30)]
    observations = [made.observation(number) for number in range(100)]
    conditions = [made.condition(number) for number in range(36)]
    events = [made.event(number) for number in range(36)]
    statements = [made.statement(number) for number in range(30)]
    procedures = [made.procedure(number) for number in range(30)]
    consents = [made.consent(number) for number in range(30)]
    return [
        [*patients, *studies],
        [*subjects, *infusions, *observations],
        [*conditions, *statements, *consents],
        [*events, *procedures],
    ]


def written(document: Json) -> str:
    """The document as JSON, its decimals with the digits they were made with."""
    text = json.dumps(document, default=lambda number: f"@{number}@", ensure_ascii=False)
    return re.sub(r'"@(-?[0-9.E+-]+)@"', r"\1", text)


def read(text: bytes | str) -> Json:
    """A document out of JSON, its numbers exact."""
    document: Json = json.loads(text, parse_float=Decimal)
    return document


class _Making:
    """What has been made so far, so that later resources can refer to it."""

    def __init__(self, chance: Random, base: str) -> None:
        self.chance, self.base = chance, base
        self.patients: list[str] = []
        self.studies: list[str] = []
        self.infusions: list[str] = []
        self.observations: list[str] = []
        self.conditions: list[str] = []
        self.procedures: list[str] = []
        self.consents: list[str] = []

    def some(self, likelihood: float = 0.6) -> bool:
        return self.chance.random() < likelihood

    def name(self, kind: str, number: int, others: list[str]) -> str:
        name = NAMES[number] if number < len(NAMES) else f"{kind}-{number}"
        others.append(name)
        return name

    # ---- Data types ------------------------------------------------------------------------------

    def identifiers(self) -> list[Json]:
        return [self.identifier() for _ in range(self.chance.randint(1, 2))]

    def identifier(self) -> Json:
        system, value = self.chance.choice(IDENTIFIER_SYSTEMS), self.chance.choice(VALUES)
        said = {"system": system} | ({"value": value} if value else {})
        return {name: one for name, one in said.items() if one} or {"value": "only"}

    def concept(self, *codes: str, system: str = "urn:codes") -> Json:
        """A concept in one of its forms: with a system, without one, in two systems, as text only."""
        code = self.chance.choice(codes)
        return self.chance.choice(
            [
                {"coding": [{"system": system, "code": code}]},
                {"coding": [{"system": system, "code": code}]},
                {"coding": [{"code": code}]},
                {
                    "coding": [{"system": system, "code": code}, {"system": LAB, "code": codes[0]}],
                    "text": code,
                },
                {"coding": [{"system": LAB, "code": code, "display": "Écrit"}]},
                {"text": f"{code} Écrit"},
                {"coding": [{"system": system, "display": "no code"}]},
            ]
        )

    def date(self) -> str:
        """A date of any precision, with and without an offset, mostly among few days so that many tie."""
        day = self.chance.choice(DAYS)
        clock, offset = self.chance.choice(CLOCKS), self.chance.choice(OFFSETS)
        return self.chance.choice(
            [day[:4], day[:7], day, day, f"{day}T{clock}:00{offset}", f"{day}T{clock}:30.5{offset}"]
        )

    def day(self) -> str:
        day = self.chance.choice(DAYS)
        return self.chance.choice([day, day[:7], day[:4]])

    def period(self) -> Json:
        first, last = sorted(self.chance.choices(DAYS, k=2))
        last += self.chance.choice(["", f"T23:59:59{self.chance.choice(OFFSETS)}"])
        return self.chance.choice(
            [{"start": first, "end": last}, {"start": first}, {"end": last}, {"start": first[:7]}]
        )

    def quantity(self, code: str) -> Json:
        value, unit, *ucum = self.chance.choice(LABS[code]).split()
        amount: Json = {"value": Decimal(value), "unit": unit}
        if ucum:
            amount |= {"system": UCUM, "code": ucum[0]}
        elif self.some(0.2):
            amount |= {"system": "urn:lab:units", "code": "U1", "unit": "lab unit"}
        if self.some(0.2):
            amount["comparator"] = self.chance.choice(["<", "<=", ">", ">="])
        return amount

    def refer(self, kind: str, names: list[str]) -> Json:
        """A reference in one of its forms."""
        name = self.chance.choice(names)
        here = f"{kind}/{name}"
        return self.chance.choice(
            [
                {"reference": here},
                {"reference": here, "type": kind},
                {"reference": here, "display": "shown"} if kind != "Patient" else {"reference": here},
                {"reference": f"{self.base}/{here}"},
                {"reference": f"{here}/_history/1"},
                {"reference": here, "identifier": self.identifier()},
            ]
        )

    def elsewhere(self, kind: str) -> Json:
        """A reference to what this server does not hold."""
        name = self.chance.choice(["1", "10", "x"])
        return self.chance.choice(
            [
                {"reference": f"https://elsewhere.example/fhir/{kind}/{name}"},
                {"identifier": self.identifier(), "type": kind},
                {"reference": f"https://elsewhere.example/fhir/{kind}/{name}/_history/2"},
            ]
        )

    def unhosted(self, kind: str) -> Json:
        """A reference to a resource of a type this server leaves to others."""
        return self.chance.choice(
            [
                {"reference": f"{kind}/{self.chance.choice(['1', '10', 'x'])}"},
                {"reference": f"{self.base}/{kind}/1"},
                {"display": "only shown"},
                self.elsewhere(kind),
            ]
        )

    def patient_or(self, *others: str) -> Json:
        if others and self.some(0.25):
            return {"reference": f"{self.chance.choice(others)}/{self.chance.choice(['1', '10', 'x'])}"}
        return self.refer("Patient", self.patients) if self.some(0.9) else self.elsewhere("Patient")

    def only(self, **members: Any) -> Json:
        """Some of the members, each of them or not by chance."""
        return {name: value for name, value in members.items() if self.some()}

    def base_of(self, kind: str, name: str) -> Json:
        meta = self.only(
            tag=[{"system": SEEN, "code": self.chance.choice("ab")}],
            security=[{"system": SITE_SYSTEM, "code": self.chance.choice(["SLS", "LYO"])}],
            profile=[f"https://profiles.example/{self.chance.choice('pq')}"],
            source=f"https://source.example/{self.chance.choice('st')}",
        )
        return {"resourceType": kind, "id": name} | ({"meta": meta} if meta else {})

    # ---- The six types of the trial --------------------------------------------------------------

    def patient(self, number: int) -> Json:
        chance = self.chance
        known = list(self.patients)
        document = self.base_of("Patient", self.name("p", number, self.patients)) | self.only(
            identifier=self.identifiers(),
            active=self.some(),
            gender=chance.choice(["male", "female", "other"]),
            birthDate=chance.choice(["1985", "1985-03", "1985-03-15", "1990-03-25", "1985-12-31"]),
            name=[
                {"use": "official", "family": chance.choice(FAMILIES), "given": chance.choices(GIVEN, k=2)},
                *([{"text": f"{chance.choice(GIVEN)} {chance.choice(FAMILIES)}"}] if self.some(0.3) else []),
            ],
            telecom=[
                {"system": "phone", "value": chance.choice(["+33 1 23", "555-1", "A1"]), "use": "home"},
                {"system": "email", "value": chance.choice(["a@example.org", "A@example.org"])},
            ][: chance.randint(1, 2)],
            address=[
                {
                    "use": chance.choice(["home", "work"]),
                    "line": [f"{number} rue de l'Église"],
                    "city": chance.choice(CITIES),
                    "state": "Île-de-France",
                    "postalCode": chance.choice(["75010", "75", "25000"]),
                    "country": chance.choice(["FR", "France"]),
                }
            ],
            communication=[{"language": self.concept("fr", "en", system="urn:ietf:bcp:47")}],
            generalPractitioner=[self.unhosted(chance.choice(["Practitioner", "Organization"]))],
            managingOrganization=self.unhosted("Organization"),
        )
        if self.some(0.5):
            document |= chance.choice(
                [{"deceasedBoolean": True}, {"deceasedBoolean": False}, {"deceasedDateTime": self.date()}]
            )
        if known and self.some(0.4):
            document["link"] = [
                {"other": {"reference": f"Patient/{chance.choice(known)}"}, "type": "seealso"}
            ]
        return document

    def study(self, number: int) -> Json:
        chance, known = self.chance, list(self.studies)
        document = self.base_of("ResearchStudy", self.name("st", number, self.studies)) | {
            "status": chance.choice(["active", "completed", "in-review"]),
            "arm": [{"name": "Bras Élevé"}, {"name": "low"}],
        }
        document |= self.only(
            identifier=self.identifiers(),
            title=chance.choice(WORDS),
            category=[self.concept("c1", "c2")],
            focus=[self.concept("f1", "f2")],
            keyword=[self.concept("k1", "k2"), self.concept("k1", "k3")],
            location=[self.concept("FR", "DE", system="urn:iso:std:iso:3166")],
            protocol=[self.unhosted("PlanDefinition")],
            period=self.period(),
            sponsor=self.unhosted("Organization"),
            principalInvestigator=self.unhosted(chance.choice(["Practitioner", "PractitionerRole"])),
            site=[self.unhosted("Location")],
            enrollment=[self.unhosted("Group")],
        )
        if known and self.some(0.7):
            document["partOf"] = [{"reference": f"ResearchStudy/{chance.choice(known)}"}]
        return document

    def subject(self, number: int) -> Json:
        name = NAMES[number] if number < len(NAMES) else f"su-{number}"
        statuses = ["on-study", "off-study", "screening"]
        return (
            self.base_of("ResearchSubject", name)
            | {
                "status": self.chance.choice(statuses),
                "study": self.refer("ResearchStudy", self.studies),
                "individual": self.patient_or(),
            }
            | self.only(
                identifier=self.identifiers(),
                period=self.period(),
                assignedArm=self.chance.choice(["Bras Élevé", "low"]),
                actualArm=self.chance.choice(["Bras Élevé", "low"]),
            )
        )

    def infusion(self, number: int) -> Json:
        chance = self.chance
        document = self.base_of("MedicationAdministration", self.name("m", number, self.infusions)) | {
            "status": chance.choice(["completed", "stopped", "not-done"]),
            "subject": self.patient_or("Group"),
        }
        document |= chance.choice([{"effectiveDateTime": self.date()}, {"effectivePeriod": self.period()}])
        contained = {
            "resourceType": "Medication",
            "id": "imp",
            "batch": {"lotNumber": chance.choice(VALUES[:4])},
        }
        document |= chance.choice(
            [
                {"medicationCodeableConcept": self.concept("uc-msc", "H02AB07")},
                {"medicationReference": self.unhosted("Medication")},
                {"medicationReference": {"reference": "#imp"}, "contained": [contained]},
            ]
        )
        document |= self.only(
            identifier=self.identifiers(),
            context=self.unhosted("Encounter"),
            device=[self.unhosted("Device")],
            performer=[
                {"actor": self.patient_or("Practitioner")},
                {"actor": self.unhosted("Practitioner")},
            ],
            reasonCode=[self.concept("r1", "r2")],
            request=self.unhosted("MedicationRequest"),
            extension=[{"url": STUDY_URL, "valueReference": self.refer("ResearchStudy", self.studies)}],
        )
        if document["status"] == "not-done":
            document["statusReason"] = [self.concept("n1", "n2")]
        return document

    def observation(self, number: int) -> Json:
        chance, known = self.chance, list(self.observations)
        document = self.base_of("Observation", self.name("o", number, self.observations)) | {
            "status": chance.choice(["final", "amended", "entered-in-error"]),
            "code": self.concept(*LABS, system=LOINC),
        }
        document |= self.value(document["code"])
        document |= self.only(
            identifier=self.identifiers(),
            basedOn=[self.unhosted("ServiceRequest")],
            partOf=[self.refer("MedicationAdministration", self.infusions), self.elsewhere("Procedure")],
            category=[self.concept("laboratory", "vital-signs")],
            subject=self.patient_or("Group", "Device"),
            focus=[self.refer("Patient", self.patients), self.unhosted("Specimen")],
            encounter=self.unhosted("Encounter"),
            performer=[self.patient_or("Practitioner"), self.unhosted("Organization")],
            method=self.concept("m1", "m2"),
            specimen=self.unhosted("Specimen"),
            device=self.unhosted("Device"),
        )
        document |= chance.choice(
            [
                {"effectiveDateTime": self.date()},
                {"effectiveDateTime": self.date()},
                {"effectivePeriod": self.period()},
                {"effectiveInstant": "2021-03-16T10:20:30.5+01:00"},
                {"effectiveTiming": {"event": chance.choices(DAYS, k=3)}},
                {},
            ]
        )
        if known and self.some(0.3):
            document |= self.only(
                hasMember=[self.refer("Observation", known)], derivedFrom=[self.refer("Observation", known)]
            )
        if self.some(0.4):
            document["component"] = [self.component() for _ in range(chance.randint(1, 3))]
        extensions = [
            {"url": STUDY_URL, "valueReference": self.refer("ResearchStudy", self.studies)},
            {"url": VISIT_URL, "valueCode": chance.choice(["M3", "M6"])},
        ]
        if self.some(0.5):
            document["extension"] = extensions[: chance.randint(1, 2)]
        return document

    def value(self, code: Json) -> Json:
        """The value of an observation: an amount where the code is a laboratory's, or anything else."""
        codes = [one.get("code") for one in code.get("coding", ()) if one.get("code") in LABS]
        if codes and self.some(0.7):
            return {"valueQuantity": self.quantity(codes[0])}
        return self.chance.choice(
            [
                {"valueCodeableConcept": self.concept("POS", "NEG")},
                {"valueString": self.chance.choice(WORDS)},
                {"valueDateTime": self.date()},
                {"valuePeriod": self.period()},
                {"dataAbsentReason": self.concept("unknown", "not-performed", system=ABSENT)},
            ]
        )

    def component(self) -> Json:
        code = self.concept(*PART_CODES, system=LOINC)
        return {"code": code} | self.chance.choice(
            [
                {"valueQuantity": self.quantity("30341-2")},
                {"valueQuantity": self.quantity("30341-2")},
                {"valueCodeableConcept": self.concept("POS", "NEG")},
                {"dataAbsentReason": self.concept("unknown", "not-performed", system=ABSENT)},
            ]
        )

    def event(self, number: int) -> Json:
        chance = self.chance
        name = NAMES[number] if number < len(NAMES) else f"e-{number}"
        document = self.base_of("AdverseEvent", name) | {
            "actuality": chance.choice(["actual", "potential"]),
            "subject": self.patient_or("Group", "Practitioner"),
        }
        return document | self.only(
            identifier=self.identifier(),
            category=[self.concept("product-use-error", "incident")],
            event=self.concept("10016256", "10037660"),
            date=self.date(),
            recordedDate=self.date(),
            resultingCondition=[self.refer("Condition", self.conditions), self.elsewhere("Condition")],
            location=self.unhosted("Location"),
            seriousness=self.concept("serious", "non-serious"),
            severity={
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/adverse-event-severity",
                        "code": chance.choice(["mild", "moderate", "severe"]),
                    }
                ]
            },
            recorder=self.patient_or("Practitioner"),
            suspectEntity=[
                {"instance": self.refer("MedicationAdministration", self.infusions)},
                {"instance": self.unhosted(chance.choice(["Medication", "Substance"]))},
            ],
            study=[self.refer("ResearchStudy", self.studies), self.refer("ResearchStudy", self.studies)],
            extension=[{"url": GRADE_URL, "valueInteger": chance.randint(1, 5)}],
        )

    # ---- The four types of care ------------------------------------------------------------------

    def statement(self, number: int) -> Json:
        chance = self.chance
        name = NAMES[number] if number < len(NAMES) else f"ms-{number}"
        document = self.base_of("MedicationStatement", name) | {
            "status": chance.choice(["active", "completed", "stopped", "not-taken"]),
            "subject": self.patient_or("Group"),
        }
        document |= chance.choice(
            [
                {"medicationCodeableConcept": self.concept("H02AB07", "L04AA06")},
                {"medicationCodeableConcept": self.concept("H02AB07", "P01BA02")},
                {"medicationReference": self.unhosted("Medication")},
            ]
        )
        document |= chance.choice(
            [{"effectiveDateTime": self.date()}, {"effectivePeriod": self.period()}, {}]
        )
        return document | self.only(
            identifier=self.identifiers(),
            category=self.concept("inpatient", "patientspecified"),
            context=self.unhosted("Encounter"),
            informationSource=self.patient_or("Practitioner"),
            partOf=[
                self.refer("MedicationAdministration", self.infusions),
                self.unhosted("MedicationDispense"),
            ],
            extension=[{"url": STUDY_URL, "valueReference": self.refer("ResearchStudy", self.studies)}],
        )

    def condition(self, number: int) -> Json:
        document = self.base_of("Condition", self.name("c", number, self.conditions)) | {
            "subject": self.patient_or("Group")
        }
        document |= self.diagnosed()
        return document | self.only(
            identifier=self.identifiers(),
            asserter=self.patient_or("Practitioner"),
            bodySite=[self.concept("b1", "b2")],
            category=[self.concept("encounter-diagnosis", "other")],
            code=self.concept("55464009", "46177005"),
            encounter=self.unhosted("Encounter"),
            evidence=[
                {"code": [self.concept("v1", "v2")]},
                {"detail": [self.refer("Observation", self.observations), self.unhosted("Media")]},
            ],
            recordedDate=self.date(),
            severity=self.concept("mild", "severe"),
            stage=[{"summary": self.concept("s1", "s2")}],
        )

    def diagnosed(self) -> Json:
        """Since when, whether still, and how sure it is: what is over must be said to be over."""
        found = self.lasting_from("onset", "onsetString")
        status = self.chance.choice(["confirmed", "provisional", "entered-in-error"])
        over = self.some()
        if self.some() or status == "entered-in-error":
            found["verificationStatus"] = self.of_status("condition-ver-status", status)
        if status != "entered-in-error":
            clinical = self.chance.choice(["resolved", "remission"] if over else ["active", "relapse"])
            found["clinicalStatus"] = self.of_status("condition-clinical", clinical)
            if over:
                found |= self.lasting_from("abatement", "abatementString")
        return found

    def of_status(self, system: str, code: str) -> Json:
        """A concept that R4 takes from one code system, with a laboratory's own beside it or not."""
        codings = [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]
        return {"coding": codings + ([{"system": LAB, "code": code.upper()}] if self.some(0.3) else [])}

    def lasting_from(self, name: str, text: str) -> Json:
        """When something began or ended, in one of the forms R4 has for it."""
        age = {
            "value": Decimal(self.chance.choice(["31", "31.5", "40"])),
            "unit": self.chance.choice(["years", "a"]),
            "system": UCUM,
            "code": "a",
        }
        return self.chance.choice(
            [
                {f"{name}DateTime": self.date()},
                {f"{name}DateTime": self.date()},
                {f"{name}Period": self.period()},
                {f"{name}Age": age},
                {f"{name}Age": age},
                {f"{name}Range": {"low": age, "high": age | {"value": Decimal(50)}}},
                {text: self.chance.choice(WORDS)},
            ]
        )

    def procedure(self, number: int) -> Json:
        chance, known = self.chance, list(self.procedures)
        document = self.base_of("Procedure", self.name("pr", number, self.procedures)) | {
            "status": chance.choice(["completed", "in-progress", "not-done"]),
            "subject": self.patient_or("Group"),
        }
        document |= chance.choice(
            [
                {"performedDateTime": self.date()},
                {"performedDateTime": self.date()},
                {"performedPeriod": self.period()},
                {"performedString": "in the spring"},
                {},
            ]
        )
        document |= self.only(
            identifier=self.identifiers(),
            basedOn=[self.unhosted("ServiceRequest")],
            category=self.concept("24642003", "409063005"),
            code=self.concept("302497006", "70536003"),
            encounter=self.unhosted("Encounter"),
            instantiatesCanonical=[
                f"https://protocols.example/PlanDefinition/{chance.choice(['x', 'y', 'x|1', 'y|2.0'])}"
            ],
            instantiatesUri=[f"https://protocols.example/{chance.choice('xy')}"],
            location=self.unhosted("Location"),
            performer=[
                {"actor": self.patient_or("Practitioner")},
                {"actor": self.unhosted("Organization")},
            ],
            reasonCode=[self.concept("r1", "r2"), self.concept("r1", "r3")],
            reasonReference=[
                self.refer("Condition", self.conditions),
                self.refer("Observation", self.observations),
            ],
            extension=[{"url": STUDY_URL, "valueReference": self.refer("ResearchStudy", self.studies)}],
        )
        if known and self.some(0.5):
            document["partOf"] = [self.refer("Procedure", known)]
        return document

    def consent(self, number: int) -> Json:
        chance, known = self.chance, list(self.consents)
        document = self.base_of("Consent", self.name("co", number, self.consents)) | {
            "status": chance.choice(["active", "inactive", "rejected"]),
            "scope": self.concept("research", "treatment"),
            "category": [self.concept("59284-0", "research", system=LOINC)],
            "patient": self.refer("Patient", self.patients),
            "policyRule": self.concept("OPTIN", "OPTOUT"),
        }
        study = {"url": CONSENT_STUDY_URL, "valueReference": self.refer("ResearchStudy", self.studies)}
        document |= self.only(
            identifier=self.identifiers(),
            dateTime=self.date(),
            organization=[self.unhosted("Organization")],
            performer=[self.patient_or("Practitioner")],
            provision={"type": chance.choice(["permit", "deny"])} | self.provided(study),
        )
        if self.some(0.3):
            document["extension"] = [study]
        if known and self.some(0.5):
            document["sourceReference"] = self.refer("Consent", known)
        elif self.some(0.3):
            document["sourceReference"] = self.unhosted("DocumentReference")
        return document

    def provided(self, study: Json) -> Json:
        """What is agreed to or refused, for how long, by whom and about which data."""
        role = {"text": "recipient"}
        return self.only(
            action=[self.concept("collect", "use")],
            actor=[{"role": role, "reference": self.patient_or("Practitioner")}],
            data=[{"meaning": "instance", "reference": self.refer("Observation", self.observations)}],
            extension=[study],
            period=self.period(),
            purpose=[{"system": "urn:purpose", "code": self.chance.choice(["HRESCH", "TREAT"])}],
            securityLabel=[{"system": "urn:label", "code": self.chance.choice("NRV")}],
        )
