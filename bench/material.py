"""What the benchmark sends: laboratory results as a hospital pushes them, and the people they are about."""

from collections.abc import Iterable
from typing import Any

from app.fhir_mapping import codec
from app.fhir_mapping.extensions import SITE

Json = dict[str, Any]

CODES = ("4485-9", "4498-2", "718-7", "777-3", "6690-2")
LABORATORY = "urn:oid:1.2.250.1.0.99.1"
NUMBERS = "urn:oid:1.2.250.1.0.99.3"
AT_SITE = {"security": [{"system": SITE, "code": "SLS"}]}


def observation(number: int, patient: str, code: str) -> bytes:
    """One result, about 1.3 kB as hospitals write them; digits and identifiers differ."""
    day = f"20{18 + number % 7}-{1 + number % 12:02d}-{1 + number % 28:02d}"
    return f"""{{"resourceType":"Observation","identifier":[{{"type":{{"coding":[{{"system":
"http://terminology.hl7.org/CodeSystem/v2-0203","code":"FILL"}}]}},"system":"{LABORATORY}",
"value":"L{number:012d}"}}],"status":"final","category":[{{"coding":[{{"system":
"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory","display":"Laboratory"}}]}}],
"code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}},{{"system":"urn:oid:1.2.250.1.0.99.2",
"code":"LOC{code}","userSelected":true}}],"text":"as the laboratory calls it"}},
"subject":{{"reference":"Patient/{patient}"}},"effectiveDateTime":"{day}T08:05:00+02:00",
"issued":"{day}T10:12:00.000+02:00","performer":[{{"display":"Laboratoire de biologie"}}],
"valueQuantity":{{"value":{0.5 + number % 100 / 100:.2f},"unit":"g/L","system":"http://unitsofmeasure.org",
"code":"g/L"}},"interpretation":[{{"coding":[{{"system":
"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"N"}}]}}],
"referenceRange":[{{"low":{{"value":0.90,"unit":"g/L","system":"http://unitsofmeasure.org","code":"g/L"}},
"high":{{"value":1.80,"unit":"g/L","system":"http://unitsofmeasure.org","code":"g/L"}}}}]}}""".replace(
        "\n", ""
    ).encode()


def number_of(number: int) -> str:
    """What a result is called by the laboratory, as a search value."""
    return f"{LABORATORY}|L{number:012d}"


def transaction(results: Iterable[bytes]) -> bytes:
    """A transaction that creates results."""
    return _bundle(
        b'{"resource":' + result + b',"request":{"method":"POST","url":"Observation"}}' for result in results
    )


def puts(documents: Iterable[Json]) -> bytes:
    """A transaction that stores documents under their own ids."""
    return _bundle(
        codec.write(
            {
                "resource": one,
                "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"},
            }
        )
        for one in documents
    )


def people(numbers: Iterable[int], *, study: str) -> bytes:
    """A transaction that creates patients of one site, then the part each takes in the study."""
    patients, parts = [], []
    for number in numbers:
        name = f"urn:uuid:00000000-0000-4000-8000-{number:012d}"
        identifier = [{"system": NUMBERS, "value": f"B{number}"}]
        patient = {"resourceType": "Patient", "meta": AT_SITE, "identifier": identifier, "gender": "female"}
        part = {
            "resourceType": "ResearchSubject",
            "meta": AT_SITE,
            "status": "on-study",
            "study": {"reference": f"ResearchStudy/{study}"},
            "individual": {"reference": name},
        }
        patients.append({"fullUrl": name, "resource": patient, "request": _creating("Patient")})
        parts.append({"resource": part, "request": _creating("ResearchSubject")})
    return _bundle(codec.write(entry) for entry in (*patients, *parts))


def _creating(kind: str) -> Json:
    return {"method": "POST", "url": kind}


def _bundle(entries: Iterable[bytes]) -> bytes:
    return b'{"resourceType":"Bundle","type":"transaction","entry":[' + b",".join(entries) + b"]}"
