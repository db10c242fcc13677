"""A patch in any of its forms, as what it makes of a document.

Source: https://hl7.org/fhir/R4/http.html#patch
"""

import binascii
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from app.fhir_mapping import check, codec, fhirpath_patch, json_patch, patching
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.resource import Document

Amend = Callable[[Document], Document]

JSON_PATCH = "application/json-patch+json"


def by_json(operations: bytes) -> Amend:
    """The amendment a JSON Patch (RFC 6902) makes; Refusal 400 where the body is none."""
    return partial(json_patch.apply, operations=json_patch.read(operations))


def by_parameters(raw: bytes, where: str | None = None) -> Amend:
    """The amendment a FHIRPath Patch makes; Refusal 400 where the body is no Parameters."""
    return partial(fhirpath_patch.apply, parameters=check.checked("Parameters", raw, where))


def of_entry(raw: bytes, where: str) -> Amend:
    """The amendment an entry of a Bundle asks for: a Binary that holds a JSON Patch, or Parameters."""
    kind = codec.read(raw).get("resourceType")
    if kind == "Parameters":
        return by_parameters(raw, where)
    if kind != "Binary":
        text = f"a PATCH in a Bundle needs Parameters, or a Binary with contentType {JSON_PATCH}"
        raise refusal(400, "structure", text, f"{where}.resourceType")
    binary = check.checked("Binary", raw, where)
    if binary.get("contentType") != JSON_PATCH:
        raise refusal(400, "value", f"the contentType of a patch is {JSON_PATCH}", f"{where}.contentType")
    try:
        operations = b64decode(binary.get("data", ""), validate=False)
    except (binascii.Error, ValueError):
        raise refusal(400, "value", "data must be a JSON Patch in base64", f"{where}.data") from None
    try:
        return by_json(operations)
    except Refusal as refused:
        raise of_entry_said(refused, where) from None


def amended(stored: bytes, amend: Amend) -> bytes:
    """The stored document after an amendment, byte for byte as it was wherever that left it alone."""
    before = codec.read(stored)
    return patching.written(stored, before, after=amend(before))


def of_entry_said(refused: Refusal, where: str) -> Refusal:
    """What is wrong with a patch that came in an entry of a Bundle, with the place of that entry.

    A place within the Binary, or in the patched resource, is said in words: neither lies in the Bundle.
    """
    return Refusal(refused.status, tuple(_moved(one, where) for one in refused.issues), refused.headers)


def _moved(issue: Issue, where: str) -> Issue:
    place = issue.expression
    if place is None or place.startswith("Bundle."):
        return replace(issue, expression=place or where)
    if place.startswith("Parameters"):
        return replace(issue, expression=where + place.removeprefix("Parameters"))
    return replace(issue, expression=where, text=f"{place}: {issue.text}")
