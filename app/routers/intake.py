"""The one way in: from the bytes a client sent to a change that may be stored, or every reason why not."""

from app.fhir_mapping import check, rewriting
from app.fhir_mapping.change import Put
from app.fhir_mapping.identifying import identifying
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.resource import Document, Resource


def put(
    resource: Resource,
    raw: bytes,
    *,
    id: str,  # noqa: A002 FHIR calls it so
    identifying_data: str,
    fresh: bool = False,
    if_match: tuple[str, ...] | None = None,
    where: str | None = None,
) -> Put:
    """The change that stores these bytes: 400 where they are not R4, 422 where this trial minds them."""
    document = check.checked(resource.name, raw, where)
    if where is None and rewriting.may_be_open(raw):
        _refuse_unresolved(resource, document)
    unwelcome = review(resource, document, raw, identifying_data=identifying_data)
    if unwelcome:
        raise Refusal(422, tuple(unwelcome))
    return Put(
        resource=resource, id=id, raw=raw, document=document, fresh=fresh, if_match=if_match, where=where
    )


def _refuse_unresolved(resource: Resource, document: Document) -> None:
    """400 for references only a transaction can resolve; those of a Bundle's entries are looked at there."""
    issues = rewriting.unresolved(document, resource.name, called=())
    if issues:
        raise Refusal(400, tuple(issues))


def review(resource: Resource, document: Document, raw: bytes, *, identifying_data: str) -> list[Issue]:
    """What R4 allows and this deployment does not: identifying data, and what the trial cannot use."""
    found = list(resource.review(document))
    if identifying_data == "refuse":
        found += identifying(resource.name, document, raw)
    return found
