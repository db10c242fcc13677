"""Whether an adverse event is serious, why, whether it was expected, and who was told of it and when.

Sources: R4 adverse-event-seriousness, the AE research guide's `seriousness-criteria` (NCIt and ICH E2B(R3)
codes) and `expected-in-research-study`; `reporting-clock` and `reported` are this service's own extensions.
"""

from collections.abc import Iterator
from typing import Any, Final

from app.clinical.records import Coding, Moment, ReportSent
from app.fhir_mapping.datatypes import codings, extension, meant, moment
from app.fhir_mapping.extensions import AE_RESEARCH, REPORTED, REPORTING_CLOCK
from app.fhir_mapping.resource import Document

SERIOUSNESS: Final = "http://terminology.hl7.org/CodeSystem/adverse-event-seriousness"
NCIT_SERIOUS: Final = {"C41335": True, "C41336": False}
CRITERIA: Final = {
    "death": ("C48275", "34", "SeriousResultsInDeath"),
    "life-threatening": ("C84266", "21", "SeriousIsLifeThreatening"),
    "hospitalisation": ("C83052", "33", "SeriousResultsInHospitalization"),
    "disability": ("C11338", "C113380", "35", "SeriousResultsInDisability"),
    "birth-defect": ("C83117", "12", "SeriousIsBirthDefect"),
    "other": ("C82521", "26", "SeriousRequiresPreventImpairment"),
}
"""Why an event is serious, with the codes of NCIt, of ICH E2B(R3) and of R4 that say so."""

_BY_CODE: Final = {code.casefold(): name for name, spelt in CRITERIA.items() for code in spelt}


def serious(document: Document) -> bool | None:
    """Whether it was reported as serious; None where it was not said, or said both ways."""
    said = {_says_serious(coding) for coding in codings(document.get("seriousness"))} - {None}
    return said.pop() if len(said) == 1 else None


def _says_serious(coding: Coding) -> bool | None:
    """R4 says `Serious`, `Non-serious` and `SeriousResultsInDeath`…; later releases say it in lower case."""
    if coding.system != SERIOUSNESS:
        return NCIT_SERIOUS.get(coding.code)
    code = coding.code.casefold()
    return False if code == "non-serious" else True if code.startswith("serious") else None


def criteria(document: Document) -> tuple[str, ...]:
    """The reasons for which it is serious, by our names, in their order."""
    said = {coding.code.casefold() for coding in codings(document.get("seriousness"))} | {*_present(document)}
    found = {_BY_CODE[code] for code in said if code in _BY_CODE}
    return tuple(name for name in CRITERIA if name in found)


def _present(document: Document) -> Iterator[str]:
    for one in document.get("extension", ()):
        if one.get("url", "").endswith("/StructureDefinition/seriousness-criteria"):
            is_present = (extension(one, "criterionPresent") or {}).get("valueBoolean")
            concept = (extension(one, "criterionCode") or {}).get("valueCodeableConcept")
            if is_present is True:
                yield from (coding.code.casefold() for coding in codings(concept))


def expected(document: Document) -> bool | None:
    """Whether the study's reference safety information lists it; None where nobody said."""
    said = extension(document, AE_RESEARCH + "expected-in-research-study") or {}
    value = said.get("valueBoolean")
    return value if isinstance(value, bool) else None


def aware(document: Document, who: str) -> Moment | None:
    """When the site (`siteAware`) or the sponsor (`sponsorAware`) learnt of it."""
    return _date(extension(extension(document, REPORTING_CLOCK), who))


def reports(document: Document) -> tuple[ReportSent, ...]:
    """The reports that were sent, in the order of the document."""
    sent = [one for one in document.get("extension", ()) if one.get("url") == REPORTED]
    named = ((extension(one, "recipient") or {}, extension(one, "date")) for one in sent)
    return tuple(
        ReportSent(to["valueCode"], _date(when)) for to, when in named if isinstance(to.get("valueCode"), str)
    )


def _date(sent: dict[str, Any] | None) -> Moment | None:
    return meant(moment((sent or {}).get("valueDateTime")))
