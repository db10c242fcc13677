"""The laws among R4's invariants that are about a Bundle as a whole, in the form of `laws`."""

from typing import Any

from app.fhir_mapping.laws import HERE, Law, Object, listed


def only_in(types: tuple[str, ...], element: str) -> Law:
    """Entries have an element exactly in these types of Bundle."""

    def law(bundle: Object) -> list[str]:
        expected = bundle.get("type") in types if isinstance(bundle.get("type"), str) else None
        numbered = enumerate(listed(bundle.get("entry")))
        if expected is None:
            return []
        return [
            f".entry[{n}]" for n, one in numbered if isinstance(one, dict) and (element in one) != expected
        ]

    return law


def total_of_search(bundle: Object) -> list[str]:
    """Only what was searched has a total."""
    return [] if bundle.get("type") in ("searchset", "history") else [".total"]


def search_in_searchset(bundle: Object) -> list[str]:
    """Only an entry of a searchset says how it matched."""
    if bundle.get("type") == "searchset":
        return []
    numbered = enumerate(listed(bundle.get("entry")))
    return [f".entry[{n}].search" for n, one in numbered if isinstance(one, dict) and "search" in one]


def distinct_entries(bundle: Object) -> list[str]:
    """A fullUrl stands once, unless for another version."""
    if bundle.get("type") == "history":
        return []
    seen: set[tuple[Any, Any]] = set()
    twice: list[str] = []
    for number, entry in enumerate(listed(bundle.get("entry"))):
        url = entry.get("fullUrl") if isinstance(entry, dict) else None
        if isinstance(url, str):
            key = (url, _version(entry.get("resource")))
            if key in seen:
                twice.append(f".entry[{number}].fullUrl")
            seen.add(key)
    return twice


def _version(resource: Any) -> str | None:
    meta = resource.get("meta") if isinstance(resource, dict) else None
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return version if isinstance(version, str) else None


def document_identified(bundle: Object) -> list[str]:
    """A document bears an identifier and a date."""
    if bundle.get("type") != "document":
        return []
    identifier = bundle.get("identifier")
    named = isinstance(identifier, dict) and "system" in identifier and "value" in identifier
    return HERE if not named or "timestamp" not in bundle else []


def first_entry(bundle: Object) -> list[str]:
    """A document begins with its Composition, a message with its header."""
    needed = {"document": "Composition", "message": "MessageHeader"}.get(str(bundle.get("type")))
    entries = listed(bundle.get("entry"))
    first = entries[0].get("resource") if entries and isinstance(entries[0], dict) else None
    kind = first.get("resourceType") if isinstance(first, dict) else None
    return [] if needed is None or kind == needed else [".entry[0]" if entries else ""]


def no_version_in_url(entry: Object) -> list[str]:
    """A fullUrl names a resource, not a version."""
    url = entry.get("fullUrl")
    return [".fullUrl"] if isinstance(url, str) and "/_history/" in url else []
