"""What a stored document says of what was sent: told here without the service's own code."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from bench.feed.results import Json

_MAPPED_BY = "https://trialbridge.example/fhir/StructureDefinition/mapped-by"
_SENT_CODE = "https://trialbridge.example/fhir/StructureDefinition/sent-code"
_LAB_PUSH = "https://trialbridge.example/fhir/CodeSystem/lab-push"
_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")
_sorting = msgspec.json.Encoder(decimal_format="number", order="sorted")


def decoded(raw: bytes) -> Any:
    """JSON with every digit."""
    return _decoder.decode(raw)


def text(document: Json) -> bytes:
    """One text for one content: members sorted, digits as they stand."""
    return _sorting.encode(document)


def in_order(document: Json) -> bytes:
    """The text with its members as they stand, the server's own and `meta` left out."""
    return _encoder.encode({name: value for name, value in document.items() if name not in ("id", "meta")})


def sent(stored: Json) -> Json:
    """The document as the hospital sent it: without id, version and date, and without what a map added."""
    document = {name: value for name, value in stored.items() if name != "id"}
    document["meta"] = _meta(stored["meta"])
    codings = stored["code"].get("coding", [])
    document["code"] = stored["code"] | {"coding": [one for one in codings if _marked(one) is None]}
    if "valueQuantity" in stored:
        document["valueQuantity"] = _quantity(stored["valueQuantity"])
    return document


def essence(document: Json) -> str:
    """What a result says, however it is written: for what came as HL7 v2 and was made a resource here."""
    quantity = document.get("valueQuantity", {})
    told = {
        "identifier": [(one["system"], one["value"]) for one in document["identifier"]],
        "status": document["status"],
        "codes": [(one["system"], one["code"]) for one in document["code"]["coding"] if _marked(one) is None],
        "subject": document["subject"]["reference"],
        "effective": datetime.fromisoformat(document["effectiveDateTime"]),
        "issued": datetime.fromisoformat(document["issued"]),
        "value": str(quantity.get("value")),
        "unit": quantity.get("unit"),
    }
    return repr(told)


def added_codes(stored: Json) -> list[str]:
    """The codes a map added."""
    return [one["code"] for one in stored["code"]["coding"] if _marked(one) is not None]


def waits(stored: Json) -> set[str]:
    """The tags that say what it waits for."""
    return {tag["code"] for tag in stored["meta"].get("tag", ()) if tag.get("system") == _LAB_PUSH}


def _meta(meta: Json) -> Json:
    kept = {name: value for name, value in meta.items() if name not in ("versionId", "lastUpdated")}
    tags = [tag for tag in meta.get("tag", ()) if tag.get("system") != _LAB_PUSH]
    return kept | {"tag": tags}


def _quantity(stored: Json) -> Json:
    if _marked(stored) is None:
        return stored
    [code] = [one["valueCoding"] for one in stored["extension"] if one["url"] == _SENT_CODE] or [{}]
    return {
        name: code.get(name, value)
        for name, value in stored.items()
        if name != "extension" and (name in code or name not in ("system", "code"))
    }


def _marked(element: Json) -> str | None:
    """The map that added an element, or a part of it."""
    marks = [one["valueCanonical"] for one in element.get("extension", ()) if one["url"] == _MAPPED_BY]
    return marks[0] if marks else None
