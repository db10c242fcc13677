"""What `Reference.reference` may say: a literal of an allowed type, a URL, a URN, a search, a `#id`.

After https://hl7.org/fhir/R4/references.html#literal. Whether what is named exists is the store's question;
whether a `#id` is contained is asked in `containment`.
"""

import re
from functools import cache

from app.fhir_mapping.definitions import resource_types
from app.fhir_mapping.primitives import ID, OID, SOLID, UUID
from app.fhir_mapping.wording import did_you_mean

_LITERAL = f"/{ID}(?:/_history/{ID})?"
_URL = f"(?:https?://{SOLID}+/)"

LOCAL = f"#{SOLID}*"
ABSOLUTE = rf"[A-Za-z][A-Za-z0-9+.\-]*:{SOLID}+"
URN = "urn:(?:uuid|oid):.*"


@cache
def right(targets: tuple[str, ...]) -> str:
    """The pattern of a reference seen to name one of these types, or of a URN; no targets: any R4 type."""
    types = "|".join(targets or sorted(resource_types()))
    return rf"{_URL}?(?:{types}){_LITERAL}|(?:{types})\?{SOLID}+|{UUID}|{OID}"


@cache
def typed() -> str:
    """The pattern of an absolute URL that ends as a RESTful server's address of a resource of any R4 type."""
    return f"{_URL}(?:{'|'.join(sorted(resource_types()))}){_LITERAL}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def complaint(reference: str, targets: tuple[str, ...]) -> str | None:
    """What is wrong with this reference for an element that may name these types; None: nothing."""
    if _matches(right(targets), reference) or _matches(LOCAL, reference):
        return None
    named = _type_named(reference)
    if named is not None and targets and named not in targets:
        return f"may refer to {' | '.join(targets)}, not to {named}"
    if _matches(ABSOLUTE, reference) and not _matches(URN, reference) and named is None:
        return None
    said = "must be Type/id with an R4 type, an absolute URL, urn:uuid:…, urn:oid:…, Type?search or #id"
    return said + did_you_mean(re.split("[/?]", reference)[0], targets or sorted(resource_types()))


def _type_named(reference: str) -> str | None:
    """The R4 type the reference shows, as a literal, the end of a URL or a search."""
    if not _matches(right(()), reference):
        return None
    address, searched, _ = reference.partition("?")
    parts = address.partition("/_history/")[0].split("/")
    return parts[-1] if searched else parts[-2] if len(parts) > 1 else None


def _matches(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None
