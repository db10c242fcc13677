"""The arms of a study, by name: R4 joins subject and arm by nothing but the same words."""

from app.fhir_mapping.outcome import Issue
from app.fhir_mapping.resource import Document


def named(subject: Document) -> dict[str, str]:
    """The arms a ResearchSubject names, by element."""
    return {name: subject[name] for name in ("assignedArm", "actualArm") if name in subject}


def declared(study: Document) -> list[str]:
    """The arms a ResearchStudy has."""
    return [arm["name"] for arm in study.get("arm", ()) if "name" in arm]


def unknown(subject: Document, study: Document, *, where: str) -> tuple[Issue, ...]:
    """The arms the subject names and the study has not, with what it has instead."""
    arms = declared(study)
    has = ", ".join(arms) if arms else "none"
    return tuple(
        Issue("business-rule", f"the study has no arm of this name; it has: {has}", f"{where}.{element}")
        for element, name in named(subject).items()
        if name not in arms
    )
