"""The demonstration as histories, read from its files without a server."""

from functools import cache
from typing import Any

from app.clinical.history import History, Record
from app.clinical.records import Administration, AdverseEvent, Enrolment, Measurement, Person, Source, Study
from app.demo import TRIALS
from app.fhir_mapping import codec
from app.fhir_mapping.registry import RESOURCES
from tools.demonstration import PLACE


@cache
def entries(name: str) -> tuple[dict[str, Any], ...]:
    """The entries of one file."""
    return tuple(codec.read((PLACE / name).read_bytes())["entry"])


@cache
def versions(*names: str) -> dict[str, list[dict[str, Any]]]:
    """Every version of every resource, by `Type/id`, after loading these files (all of them unless named)."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in names or [name for name, _ in TRIALS]:
        for entry in entries(name):
            found.setdefault(entry["request"]["url"], []).append(entry["resource"])
    return found


@cache
def records(*names: str) -> tuple[Record, ...]:
    """What the current versions say."""
    made: list[Record] = []
    for resources in versions(*names).values():
        document = resources[-1]
        source = Source(document["resourceType"], document["id"], len(resources))
        made += RESOURCES[source.type].to_records(document, source)
    return tuple(made)


def history(subject: str, *names: str) -> History:
    """All that is recorded of one subject."""
    found = records(*names)
    enrolment = next(one for one in found if isinstance(one, Enrolment) and one.source.id == subject)
    return History(
        enrolment=enrolment,
        person=next(one for one in found if isinstance(one, Person) and one.source.id == enrolment.patient),
        study=next(one for one in found if isinstance(one, Study) and one.source.id == enrolment.study),
        measurements=tuple(
            one for one in found if isinstance(one, Measurement) and one.patient == enrolment.patient
        ),
        administrations=tuple(
            one for one in found if isinstance(one, Administration) and one.patient == enrolment.patient
        ),
        adverse_events=tuple(
            one for one in found if isinstance(one, AdverseEvent) and one.patient == enrolment.patient
        ),
    )
