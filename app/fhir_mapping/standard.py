"""The search parameters R4 itself defines for a type, so that a type has all of them by construction.

They are drawn from `r4/search_parameters.json`, which `tools/r4_search_parameters.py` distils from HL7's
definitions; a mapping adds which of them lie in a column, and words for those R4 says little about.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from app.fhir_mapping.definitions import resource_types
from app.fhir_mapping.extensions import STUDY_PATH
from app.fhir_mapping.paths import element
from app.fhir_mapping.resource import Column, Document, SearchKind, SearchParameter

LEFT_OUT: Final[Mapping[str, str]] = {
    "_content": "The whole content of a resource is not searched as text.",
    "_query": "There are no named queries; operations answer what a search cannot.",
    "_text": "Narratives are kept and not searched.",
    "near": "Positions are not compared.",
    "phonetic": "R4 names no algorithm; `name` finds without case and accents.",
}
"""The standard parameters that are not served, each with the reason."""

_FILE: Final = Path(__file__).parent / "r4" / "search_parameters.json"
_CANONICAL: Final = "http://hl7.org/fhir/SearchParameter/"
_NOT_FALSE: Final = " != false"
_EVERYWHERE: Final[Mapping[str, Column]] = {"_id": Column.ID, "_lastUpdated": Column.LAST_UPDATED}


@cache
def defined(kind: str) -> Mapping[str, tuple[str, ...]]:
    """By name what R4 says of each search parameter of a type, those of every resource included."""
    document = msgspec.json.decode(_FILE.read_bytes())
    of_kind: dict[str, tuple[str, ...]] = {}
    for base in ("Resource", "DomainResource", kind):
        for name, (sort, canonical, *said) in document["types"].get(base, {}).items():
            own = f"{base}-{name.removeprefix('_')}"
            of_kind[name] = (sort, _CANONICAL + (canonical or own), *said)
    return of_kind


def standard(
    kind: str, *, columns: Mapping[str, Column] | None = None, about: Mapping[str, str] | None = None
) -> tuple[SearchParameter, ...]:
    """R4's search parameters of a type but those left out; `columns` and `about` go by name.

    A few of other types name no path, such as the first resource within a Bundle: they are left out, too.
    One that looks where others of its type look together (`combo-code`) is found by theirs.
    """
    places, words = {**_EVERYWHERE, **(columns or {})}, about or {}
    said = {name: each for name, each in defined(kind).items() if name not in LEFT_OUT and each[2]}
    unknown = (places.keys() | words.keys()) - said.keys()
    if unknown:
        raise ValueError(f"R4 has no search parameter {', '.join(sorted(unknown))} of {kind}")
    return tuple(
        SearchParameter(
            name=name,
            kind=SearchKind(sort),
            url=url,
            about=words.get(name, text),
            column=places.get(name),
            paths=_paths(where),
            targets=_targets(kind, where) if sort == SearchKind.REFERENCE else (),
            either=_either(name, said),
            components=tuple(further[0].split()) if further else (),
            system=_system(kind, _paths(where)),
            read=_any_but_false(_paths(where)) if _NOT_FALSE in where else None,
        )
        for name, (sort, url, where, text, *further) in said.items()
    )


def _paths(where: str) -> tuple[str, ...]:
    return tuple(path.removesuffix(_NOT_FALSE) for path in where.partition(" -> ")[0].split(" | "))


def _targets(kind: str, where: str) -> tuple[str, ...]:
    """The types named; else those the elements allow, where an element may allow any."""
    named = where.partition(" -> ")[2]
    if named and named != "*":
        return tuple(named.split())
    found = [element(kind, path) for path in _paths(where)]
    allowed = [one.targets for one in found if one is not None]
    if named or not all(allowed):
        return tuple(sorted(resource_types()))
    return tuple(dict.fromkeys(target for targets in allowed for target in targets))


def _either(name: str, said: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The parameters of the same kind that look, each at one, at the several places this one looks at."""
    sort, _, where, *_ = said[name]
    paths = _paths(where)
    if len(paths) == 1 or sort == SearchKind.COMPOSITE or " -> " in where:
        return ()
    single = {each[2]: other for other, each in said.items() if each[0] == sort}
    return tuple(single[path] for path in paths) if all(path in single for path in paths) else ()


def of_study(about: str) -> SearchParameter:
    """Our own parameter `study`, where the extension workflow-researchStudy names the study."""
    return SearchParameter(
        name="study",
        kind=SearchKind.REFERENCE,
        paths=(STUDY_PATH,),
        column=Column.STUDY,
        targets=("ResearchStudy",),
        about=about,
    )


def _system(kind: str, paths: tuple[str, ...]) -> str | None:
    """The one code system that R4 requires of plain codes; what is no plain code says its own."""
    found = [element(kind, path) for path in paths]
    if not all(one is not None and one.type == "code" for one in found):
        return None
    systems = {system for one in found if one is not None for system in one.codes or {}}
    return systems.pop() if len(systems) == 1 else None


def _any_but_false(members: tuple[str, ...]) -> Callable[[Document], Iterable[Any]]:
    """That one of the members is there and is not false; said of every document, as R4 has it."""
    return lambda document: (any(document.get(member, False) is not False for member in members),)
