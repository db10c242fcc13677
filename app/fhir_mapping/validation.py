"""The body of a $validate: the resource to look at as the bytes received, and how it is to be looked at.

Source: https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from dataclasses import dataclass

from app.fhir_mapping import check, codec, subject_state
from app.fhir_mapping.outcome import Issue, refusal
from app.fhir_mapping.question import Pair, from_parameters

CORE = "http://hl7.org/fhir/StructureDefinition/"
"""Where R4's own definitions of the types are named: the only profiles known here."""


@dataclass(frozen=True, slots=True)
class ToValidate:
    """The resource, None where none was sent, and the parameters that stood beside it."""

    raw: bytes | None
    parameters: list[Pair]


def opened(raw: bytes) -> ToValidate:
    """The body as it was meant: a Parameters with the part `resource`, or the resource itself.

    Refusal 400 where the Parameters themselves are unsound; what the resource is worth is not looked at.
    """
    top = codec.members(raw)
    if top.get("resourceType") != b'"Parameters"':
        return ToValidate(raw, [])
    parts = [
        codec.members(part) for part in codec.slices(top.get("parameter", b"[]"), "Parameters.parameter")
    ]
    sent = [part.pop("resource") for part in parts if "resource" in part]
    if len(sent) > 1:
        raise refusal(400, "value", "one resource is looked at at a time", "Parameters.parameter")
    shell = check.checked("Parameters", _without_resources(top, parts))
    return ToValidate(sent[0] if sent else None, from_parameters(shell))


def _without_resources(top: dict[str, bytes], parts: list[dict[str, bytes]]) -> bytes:
    kept = [codec.joined(part) for part in parts if part.keys() - {"name"}]
    rest = {name: value for name, value in top.items() if name != "parameter"}
    return codec.joined(rest | ({"parameter": b"[%b]" % b",".join(kept)} if kept else {}))


def remarks(kind: str, raw: bytes | None) -> tuple[Issue, ...]:
    """What is worth saying of a resource that would be stored as it is."""
    if raw is None or kind != "ResearchSubject":
        return ()
    return subject_state.lacking(codec.read(raw))


def unknown_profile(kind: str, profile: str) -> Issue | None:
    """What is said of a profile that is not known here; None for R4's own definition of the type."""
    if profile.partition("|")[0] == CORE + kind:
        return None
    text = f"this profile is not known here: only R4's own, {CORE}{kind}, was looked at"
    return Issue("not-supported", text, "http.profile")
