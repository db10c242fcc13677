"""The kept types: what a hospital sends around its results, kept as sent and not read for any answer.

A kept type has every interaction and every search parameter R4 defines for it, and no trial record is made
of it. Another one is another declaration here (decision 11).
"""

from dataclasses import replace
from typing import Final

from app.fhir_mapping import concept_map
from app.fhir_mapping.resource import Column, Resource, SearchKind, SearchParameter
from app.fhir_mapping.standard import defined, standard

_COLUMNS: Final = {"patient": Column.PATIENT, "subject": Column.PATIENT, "status": Column.STATUS}


def _kept(name: str, about: str, *further: SearchParameter, date: str | None = None) -> Resource:
    """A kept type: what it is, parameters of our own, and the date it is ordered by."""
    known = defined(name)
    columns = {parameter: column for parameter, column in _COLUMNS.items() if parameter in known}
    if date is not None:
        columns[date] = Column.DATE
    return Resource(
        name=name,
        about=f"{name}: {about}\n\nKept as sent, and found; no answer rests on it.",
        to_records=lambda _document, _source: (),
        search=(*standard(name, columns=columns), *further),
    )


KEPT: Final = (
    _kept("DiagnosticReport", "a laboratory's report, with the results it holds.", date="date"),
    _kept("Specimen", "what was taken from the patient and examined.", date="collected"),
    _kept("ServiceRequest", "an order, such as one of laboratory tests.", date="authored"),
    _kept("Encounter", "a stay or a visit at the hospital.", date="date"),
    _kept("QuestionnaireResponse", "the answers to a questionnaire.", date="authored"),
    _kept("Practitioner", "a professional who took part, such as who signed a report."),
    _kept("PractitionerRole", "what a professional does at an organization."),
    _kept("Organization", "a hospital, one of its departments, or a laboratory."),
    _kept("Medication", "a medicine that is described once and referred to."),
    _kept("Device", "an instrument, such as a laboratory's analyser."),
    _kept(
        "BiologicallyDerivedProduct",
        "a product made of human cells or tissue, such as a batch of cells.",
        SearchParameter(
            name="identifier",
            kind=SearchKind.TOKEN,
            paths=("identifier",),
            about="The number of the product or its batch.",
        ),
    ),
    replace(_kept("ConceptMap", "", date="date"), about=concept_map.__doc__ or "", review=concept_map.review),
)
"""The kept types, in the order the Swagger page shows them after those that are mapped."""
