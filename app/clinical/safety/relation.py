"""Whether an adverse event is related to the cells, by what each assessor thinks (conventions §1.11.1).

Certain, probable and possible are related; unlikely is not. Only opinions on the product count, or those
that name no suspect. Several opinions are never averaged.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from app.clinical.case import once
from app.clinical.records import AdverseEvent, Coding, Opinion
from app.clinical.truth import Truth, any_of
from app.protocol.safety import AeParameters

ADMINISTERED: Final = ("MedicationAdministration/", "MedicationStatement/", "Procedure/", "Device/")
"""What a suspect may be that is either the infusion of the cells or something else for certain."""

RELATED: Final = frozenset(
    {"certain", "probably-likely", "probable", "likely", "possible", "possibly-related", "related"}
    | {"probably-related", "definitely-related", "c53258", "c53260"}
)
UNRELATED: Final = frozenset({"unlikely", "unlikely-related", "not-related", "unrelated", "c53256", "c53257"})


@dataclass(frozen=True, slots=True)
class Relation:
    """Whether it is related; why that is not known; what the assessors said; what is worth a remark."""

    verdict: Truth
    reasons: tuple[str, ...] = ()
    said: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cells:
    """How the study's product may be named as a suspect: its infusions, and its codes."""

    infusions: frozenset[str]
    codes: frozenset[Coding]


def relation(event: AdverseEvent, cells: Cells, chosen: AeParameters) -> Relation:
    """What the opinions on the cells say together."""
    about = [one for one in event.opinions if _is_about(one, cells) is not Truth.NO]
    said = ", ".join(once(one.assessment for one in about if one.assessment is not None)) or None
    unnamed = any(one.suspect is None for one in about)
    notes = (f"{event.source} names no suspect: the cells are taken to be meant",) if unnamed else ()
    verdicts = [_related(one, cells, chosen) for one in about] or [_unsaid(chosen)]
    if len(set(verdicts)) > 1 and chosen.causality_conflict == "undetermined":
        return Relation(Truth.UNKNOWN, ("conflicting-values",), said, notes)
    verdict = any_of(verdicts)
    reasons = ("causality-missing",) if verdict is Truth.UNKNOWN else ()
    return Relation(verdict, reasons, said, notes)


def _related(opinion: Opinion, cells: Cells, chosen: AeParameters) -> Truth:
    said = assessed(opinion.assessment)
    if said is Truth.UNKNOWN:
        return _unsaid(chosen)
    return said if _is_about(opinion, cells) is Truth.YES else Truth.UNKNOWN


def _unsaid(chosen: AeParameters) -> Truth:
    """What it means that nobody said, or could not say."""
    return Truth.YES if chosen.missing_causality == "related" else Truth.UNKNOWN


def assessed(word: str | None) -> Truth:
    """Related, not related, or neither: by the codes of R4, of HL7's terminology and of NCIt, in any case."""
    uniform = "-".join((word or "").casefold().replace("_", " ").replace("/", " ").split())
    if uniform in RELATED:
        return Truth.YES
    return Truth.NO if uniform in UNRELATED else Truth.UNKNOWN


def _is_about(opinion: Opinion, cells: Cells) -> Truth:
    """Whether the suspect is the cells; no suspect at all is taken to mean them."""
    if opinion.suspect is None:
        return Truth.YES
    if opinion.product:
        return Truth.of(not cells.codes.isdisjoint(opinion.product))
    if _local(opinion.suspect) in cells.infusions:
        return Truth.YES
    return Truth.NO if opinion.suspect.startswith(ADMINISTERED) else Truth.UNKNOWN


def _local(reference: str) -> str:
    """`Type/id`, without the server's address before it and the version behind it."""
    return "/".join(reference.partition("/_history/")[0].split("/")[-2:])


def named(infusions: Collection[str], codes: Collection[Coding]) -> Cells:
    """The cells by the ids of their infusions and the codes of the product."""
    return Cells(frozenset(f"MedicationAdministration/{one}" for one in infusions), frozenset(codes))
