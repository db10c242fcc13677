"""What each operation takes and answers, in the words of OpenAPI; drawn from its declaration."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from app.fhir_mapping.check_operation import CHECK_ELIGIBILITY
from app.fhir_mapping.export_operation import EXPORT
from app.fhir_mapping.operation import Level, Operation, OperationParameter
from app.fhir_mapping.resource import Resource
from app.fhir_mapping.trial_operations import TRIAL_OPERATIONS
from app.fhir_mapping.trial_parameters import VIEW
from app.routers import examples
from app.routers.describe import narrowed
from app.routers.example_candidate import CANDIDATE
from app.routers.fragments import Said, answer, body, id_of, interaction, nothing, query_parameter, refusals

QUESTIONS = "Questions"
INBOX = "Inbox"

_TYPES: Mapping[str, Said] = {
    "integer": {"type": "integer", "minimum": 0},
    "decimal": {"type": "number", "minimum": 0},
    "boolean": {"type": "boolean"},
}
_NONE: Mapping[str, str] = {}


def of_server(asked: Operation, method: str) -> Said:
    """GET of an operation of the server as a whole, or POST of its Parameters."""
    posted = method == "POST"
    filled = dict(parse_qsl(asked.example))
    by_post = posted and "GET" in asked.methods
    said = interaction(
        asked.code + ("ByPost" if by_post else ""),
        "",
        asked.title + (", asked with Parameters" if by_post else ""),
        asked.about,
        tag=INBOX,
        parameters=[] if posted else [_asked_with(parameter, filled) for parameter in asked.parameters],
        sends=body("Parameters", _parameters(asked, filled)) if posted else None,
        answers={"200": answer(asked.returns, asked.answer)} | refusals("400"),
    )
    return _plainly(said)


def operation(asked: Operation, resource: Resource, level: Level, method: str) -> Said:
    """GET of an operation, or POST of its Parameters."""
    posted = method == "POST"
    drawn = (examples.STORED[resource.name], dict(parse_qsl(asked.example)))
    name, filled = examples.ASKED.get(asked.name, drawn)
    by_post = ", asked with Parameters" if posted and "GET" in asked.methods else ""
    place = "" if level == "instance" or len(asked.levels) == 1 else "OfType"
    said = interaction(
        asked.code + place + ("ByPost" if posted else ""),
        resource.name,
        asked.title + by_post,
        asked.about,
        tag=QUESTIONS if asked in TRIAL_OPERATIONS else resource.name,
        parameters=[
            *([id_of(resource.name, name)] if level == "instance" else []),
            *([] if posted else _queried(asked, resource, filled)),
        ],
        sends=_sent(asked, resource, level, filled) if posted else None,
        answers={"200": answer(asked.returns, asked.answer), **_held(asked, posted=posted)}
        | refusals(*_refused(asked, level)),
    )
    for media_type in asked.also:
        said["responses"]["200"]["content"][media_type] = {"schema": {"type": "string"}}
    return _plainly(said) if VIEW in asked.parameters else said


def _plainly(said: Said) -> Said:
    """With the other form of its answer."""
    said["responses"]["200"]["content"]["application/json"] = {
        "schema": {"type": "object", "description": "The same as compact plain JSON (`view=plain`)."}
    }
    return said


def _held(asked: Operation, *, posted: bool) -> Said:
    """What a client is answered that has the same answer already (If-None-Match)."""
    return {"304": nothing("304")} if asked in TRIAL_OPERATIONS and not posted else {}


def _refused(asked: Operation, level: Level) -> tuple[str, ...]:
    found = ("404", "410") if level == "instance" else ()
    decides = asked in TRIAL_OPERATIONS or asked is EXPORT
    acts = ("403", "409", "422") if asked.acts else ()
    return ("400", *acts, *found, *(("422",) if decides else ()))


def _sent(asked: Operation, resource: Resource, level: Level, filled: Mapping[str, str]) -> Said:
    """Parameters; for a validation the resource itself, which is how it is mostly asked."""
    if asked is CHECK_ELIGIBILITY:
        return body("Bundle", CANDIDATE)
    if asked.parameters and asked.parameters[0].kind == "Resource":
        sent = examples.BODIES[resource.name] if level == "type" else examples.to_update(resource.name)
        return body(resource.name, sent)
    searched = examples.SEARCHED[resource.name] if asked.searches else {}
    return body("Parameters", _parameters(asked, filled, searched))


def _queried(asked: Operation, resource: Resource, filled: Mapping[str, str]) -> list[Said]:
    """What may stand in the address: the parameters of the operation, and of the search that narrows it."""
    simple = (parameter for parameter in asked.parameters if parameter.kind != "Resource")
    own = [_asked_with(parameter, filled) for parameter in simple]
    return [*own, *(narrowed(resource) if asked.searches else [])]


def _asked_with(parameter: OperationParameter, filled: Mapping[str, str]) -> Said:
    schema: Said = _TYPES.get(parameter.kind, {"type": "string"})
    if parameter.values and not parameter.repeats:
        schema = {"type": "string", "enum": list(parameter.values)}
    return query_parameter(parameter.name, parameter.about, schema, filled.get(parameter.name))


def _part(name: str, kind: str, value: str) -> Said:
    read: Mapping[str, Callable[[str], Any]] = {"integer": int, "boolean": "true".__eq__}
    return {"name": name, f"value{kind.capitalize()}": read.get(kind, str)(value)}


def _parameters(asked: Operation, filled: Mapping[str, str], searched: Mapping[str, str] = _NONE) -> Said:
    kinds = {parameter.name: parameter.kind for parameter in asked.parameters}
    given = [_part(name, kinds[name], value) for name, value in filled.items()]
    given += [_part(name, "string", value) for name, value in searched.items()]
    return {"resourceType": "Parameters"} | ({"parameter": given} if given else {})
