"""What the histories, and the searches within a patient's data, take and answer, in the words of OpenAPI."""

from app.fhir_mapping.resource import Resource
from app.routers import describe, examples
from app.routers.fragments import (
    WHOLE,
    Said,
    answer,
    id_of,
    interaction,
    named,
    path_parameter,
    query_parameter,
    refusals,
    shared,
)

_ABOUT = (
    "Newest first, or with `_sort=_lastUpdated` oldest first; a deletion is an entry without a resource. "
    "Follow the link `next` for more; on the last page of a history that begins with the oldest, the link "
    "`monitor` is the address to ask again for what will have come after."
)
_TEXT = {"type": "string"}


def of_resource(resource: Resource, _method: str) -> Said:
    """GET of the versions of one resource."""
    name = resource.name
    return interaction(
        "history",
        name,
        f"All versions of {named(name)}",
        _ABOUT,
        parameters=[id_of(name), *_asked()],
        answers={"200": answer("Bundle", "A Bundle of type history.")} | refusals("400", "404"),
    )


def of_type(resource: Resource, _method: str) -> Said:
    """GET of the versions of a type."""
    name = resource.name
    return interaction(
        "historyOfType",
        name,
        f"All versions of every {name}",
        _ABOUT,
        parameters=_asked(),
        answers={"200": answer("Bundle", "A Bundle of type history.")} | refusals("400"),
    )


def of_everything(_path: str) -> Said:
    """GET of the versions of everything."""
    return interaction(
        "historyOfEverything",
        "",
        "All versions of everything: the feed of what changes",
        _ABOUT,
        parameters=_asked(),
        answers={"200": answer("Bundle", "A Bundle of type history.")} | refusals("400"),
        tag=WHOLE,
    )


def compartment(resource: Resource, method: str) -> Said:
    """GET of a type within the data of a patient, or POST of a form to its _search."""
    said = describe.search(resource, method)
    said["operationId"] = said["operationId"].replace("search", "searchOfPatient")
    said["summary"] = f"{said['summary']} within the data of one patient"
    example = examples.COMPARTMENTS.get(resource.name, examples.STORED["Patient"])
    patient = path_parameter("patient", "The id of the Patient.", example)
    said["parameters"] = [patient, *said.get("parameters", ())]
    return said


def _asked() -> list[Said]:
    return [
        query_parameter("_since", "Only versions stored at this instant or later.", _TEXT),
        query_parameter(
            "_at", "Only versions that were current at some time of this date or instant.", _TEXT
        ),
        query_parameter("_sort", "`_lastUpdated` for the oldest first.", _TEXT),
        shared("_count"),
    ]
