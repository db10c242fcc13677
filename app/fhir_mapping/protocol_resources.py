"""A protocol read back as FHIR: its schedule, its criteria, and the study itself as a registry shows it.

Everything is drawn from the protocol's file, so that what is published is what decides. The study has the
shape of the French national portal (ECLAIRE, R4): its extensions are those of the portal's guide, and the
ones of R5 that the guide takes over. Sources: https://hl7.org/fhir/R4/plandefinition.html,
https://hl7.org/fhir/R4/group.html, https://interop.esante.gouv.fr/ig/fhir/eclaire/.
"""

from collections.abc import Iterator

from app.fhir_mapping.criteria_vocabulary import criterion_coding
from app.fhir_mapping.parameters import TRANSLATION, UCUM
from app.fhir_mapping.resource import Document
from app.protocol.criteria import Criterion
from app.protocol.definition import Protocol, Visit
from app.protocol.dosing import Arm
from app.protocol.eligibility import Criteria, Population
from app.protocol.words import Sentence

BASE = "https://trialbridge.example/fhir/"
ECLAIRE = "https://interop.esante.gouv.fr/ig/fhir/eclaire/"
LABEL = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ResearchStudy.label"
PHASE = "http://terminology.hl7.org/CodeSystem/research-study-phase"
PLAN_TYPE = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
INFUSION = "infusion"


def slug(protocol: Protocol) -> str:
    """The protocol's key as an id: `msc-sle`."""
    return protocol.key.lower()


def schedule(protocol: Protocol) -> Document:
    """The visits as a PlanDefinition: each with its planned day, its window and what is assessed."""
    return {
        "resourceType": "PlanDefinition",
        "id": slug(protocol),
        "url": f"{BASE}PlanDefinition/{slug(protocol)}",
        "version": protocol.version,
        "name": "".join(part.capitalize() for part in slug(protocol).split("-")),
        **_in_both("title", protocol.study.title),
        "type": {"coding": [{"system": PLAN_TYPE, "code": "clinical-protocol"}]},
        "status": "active",
        "experimental": False,
        "action": [_infusion(protocol), *(_visit(visit) for visit in protocol.visits)],
    }


def eligibility(protocol: Protocol) -> Iterator[Document]:
    """Who may enter, one definitional Group for each population the protocol knows."""
    for name, criteria in _populations(protocol):
        yield {
            "resourceType": "Group",
            "id": f"{slug(protocol)}-{name}",
            "active": True,
            "type": "person",
            "actual": False,
            "name": f"{protocol.key} {protocol.version}: {name.replace('-', ' ')}",
            **_some(
                "characteristic",
                [
                    *(_characteristic(protocol, one, exclude=False) for one in criteria.inclusion),
                    *(_characteristic(protocol, one, exclude=True) for one in criteria.exclusion),
                ],
            ),
        }


def study(protocol: Protocol, *, status: str) -> Document:
    """The study in the shape of the French portal, without what only a site knows (its end, its staff).

    `status` is R4's status of the study, which the protocol cannot know.
    """
    known = protocol.study
    first, *others = known.identifiers
    return {
        "resourceType": "ResearchStudy",
        "id": slug(protocol),
        "meta": {"profile": [f"{ECLAIRE}StructureDefinition/eclaire-researchstudy"]},
        "extension": [_label("language", known.title.fr), _label("acronym", known.key)],
        "identifier": [
            {"use": "official", "system": first.system, "value": first.value},
            *({"use": "secondary", "system": one.system, "value": one.value} for one in others),
        ],
        **_in_both("title", known.title),
        "protocol": [{"reference": f"PlanDefinition/{slug(protocol)}"}],
        "status": status,
        **({"phase": {"coding": [{"system": PHASE, "code": known.phase}]}} if known.phase else {}),
        **({"period": {"start": known.start[0].on.isoformat()}} if known.start else {}),
        **_some("note", [{"text": f"{one.source}: {one.says.en}"} for one in known.design]),
        "enrollment": [{"reference": f"Group/{one['id']}"} for one in eligibility(protocol)],
        **_some("arm", [{"name": one.name, **_in_both("description", one.title)} for one in _arms(protocol)]),
    }


def _arms(protocol: Protocol) -> Iterator[Arm | Population]:
    """What a subject may be assigned to: a dose level, or a population beside those who are treated."""
    yield from protocol.arms
    yield from protocol.populations


def _populations(protocol: Protocol) -> Iterator[tuple[str, Criteria]]:
    """Those who are treated, and each population beside them, with the end of its Group's id."""
    yield "eligibility", protocol
    for population in protocol.populations:
        yield f"{population.name}-eligibility", population


def _infusion(protocol: Protocol) -> Document:
    products = [{"system": code.system, "code": code.code} for code in protocol.study.products]
    return {
        "id": INFUSION,
        "title": "Infusion of the cells, day 0",
        "code": [{"coding": products}],
    }


def _visit(visit: Visit) -> Document:
    first, last = visit.window
    return {
        "id": visit.label,
        "prefix": visit.label,
        "title": f"Visit {visit.label}, day {visit.day} (days {first} to {last})",
        "relatedAction": [_related(*visit.window)],
        **_some("action", [{"title": assessed} for assessed in visit.assessed]),
    }


def _related(first: int, last: int) -> Document:
    """When a visit may take place, counted from the infusion; before it, the days are counted backwards."""
    before = last <= 0
    nearest, furthest = (-last, -first) if before else (first, last)
    return {
        "actionId": INFUSION,
        "relationship": "before-start" if before else "after-start",
        "offsetRange": {"low": _days(nearest), "high": _days(furthest)},
    }


def _days(count: int) -> Document:
    return {"value": count, "unit": "d", "system": UCUM, "code": "d"}


def _characteristic(protocol: Protocol, criterion: Criterion, *, exclude: bool) -> Document:
    return {
        "code": {"coding": [criterion_coding(protocol, criterion)], **_in_both("text", criterion.text)},
        "valueBoolean": True,
        "exclude": exclude,
    }


def _label(kind: str, text: str) -> Document:
    """A further title: the one in the other language, or the acronym."""
    system = f"{ECLAIRE}CodeSystem/eclaire-study-title-type-code-system"
    return {
        "url": LABEL,
        "extension": [
            {"url": "type", "valueCodeableConcept": {"coding": [{"system": system, "code": kind}]}},
            {"url": "value", "valueString": text},
        ],
    }


def _some(name: str, items: list[Document]) -> Document:
    """A list, where there is anything in it: FHIR knows no empty one."""
    return {name: items} if items else {}


def _in_both(name: str, sentence: Sentence) -> Document:
    """An element in English, with its French beside it."""
    french = {
        "url": TRANSLATION,
        "extension": [{"url": "lang", "valueCode": "fr"}, {"url": "content", "valueString": sentence.fr}],
    }
    return {name: sentence.en, f"_{name}": {"extension": [french]}}
