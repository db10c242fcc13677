"""The searches conditional writes and conditional references name their target by: read strictly, or refused.

A search that understood only a part of what was asked would change another resource than was meant.
Source: https://hl7.org/fhir/R4/http.html#ccreate
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

from app.fhir_mapping import rewriting, search
from app.fhir_mapping.change import Criteria
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.resource import Document, Resource

_BEFORE = re.compile(r"[^?=]*\?")
_KEPT = "%+&=|:,/?$!*'();@~[]#"
"""What stays as it is written; a blank, a quotation mark and what is not ASCII are percent-encoded."""


def criteria(resource: Resource, text: str, *, base: str, where: str) -> Criteria:
    """The criteria this text means; Refusal 400 at `where` unless every part of it is understood.

    `text` is what stands behind the `?`; the `?` and an address may stand before it.
    """
    sought = plain(text)
    query = search.criteria(resource, sought, base=base, where=where)
    return Criteria(query=query, text=sought, where=where)


def plain(text: str) -> str:
    """Criteria as they are spelled in a reference: only what stands behind the `?`, without blanks."""
    return quote(_BEFORE.sub("", text, count=1) if _BEFORE.match(text) else text, safe=_KEPT)


def of_references(
    document: Document, where: str, *, resources: Mapping[str, Resource], base: str
) -> tuple[dict[str, Criteria], list[Issue]]:
    """The conditional references of a document by their text, and what is wrong with any of them."""
    found: dict[str, Criteria] = {}
    issues: list[Issue] = []
    for path, text in rewriting.references(document, where):
        if text in found or not rewriting.is_conditional(text):
            continue
        kind, _, sought = text.partition("?")
        resource = resources.get(kind)
        if resource is None:
            said = f"{kind} is not a type served here, so that nothing can be found by this search"
            issues.append(Issue("not-supported", said, path))
            continue
        try:
            found[text] = criteria(resource, sought, base=base, where=path)
        except Refusal as refused:
            issues += refused.issues
    return found, issues
