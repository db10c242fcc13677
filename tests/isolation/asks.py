"""Every question and every write there is, drawn from the declarations and aimed at one resource.

What is not known here how to ask raises Unasked: a new address, operation, parameter or kind of search
parameter fails the leak matrix until it is said how it is asked, and so asked of everybody.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlencode

from app.fhir_mapping import codec
from app.fhir_mapping.access.role import AUDIT
from app.fhir_mapping.operation import Level, Operation, OperationParameter
from app.fhir_mapping.operations import served
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.resource import Resource, SearchKind, SearchParameter
from app.fhir_mapping.served import SERVED
from app.routers.routes import ROUTES
from tests.isolation.world import KEY, UNKNOWN, Target, stored_as

Json = dict[str, Any]
FHIR_JSON: Final = {"Content-Type": "application/fhir+json", "X-Change-Reason": "tried"}
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
REACHED_FOR: Final = "reachedfor"
"""What a write would say in the place of what stands."""


class Unasked(Exception):
    """Something is declared that the leak matrix does not know how to ask."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; `path` is below the FHIR base, or from the root where it starts with two slashes."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        address = self.path[1:] if self.path.startswith("//") else f"/fhir{self.path}"
        return address + (f"?{urlencode(self.query)}" if self.query else "")

    @property
    def text(self) -> str:
        """All that is sent."""
        return " ".join((self.path, *map(" ".join, self.query), self.body.decode(), *self.headers.values()))

    def of_nobody(self) -> "Ask":
        """The same of ids and identifiers that never were; each as long as those of the other."""

        def other(text: str) -> str:
            return text.replace("kno", UNKNOWN[:3])

        return replace(
            self,
            path=other(self.path),
            query=tuple((name, other(value)) for name, value in self.query),
            body=other(self.body.decode()).encode(),
            headers={name: other(value) for name, value in self.headers.items()},
        )


Asking = Callable[[Target], Iterator[Ask]]


def json_body(document: Json) -> bytes:
    return codec.write(document)


def _get(path: str, *query: tuple[str, str]) -> Ask:
    return Ask("GET", path, query)


def _post(path: str, document: Json | None, *query: tuple[str, str]) -> Ask:
    return Ask("POST", path, query, b"" if document is None else json_body(document), FHIR_JSON)


# what is asked of one address; {…} stand for what the target says


def _read(target: Target) -> Iterator[Ask]:
    here = f"/{target.type}/{target.id}"
    yield _get(here)
    yield _get(here, ("_summary", "true"))
    yield replace(_get(here), headers={"If-None-Match": 'W/"2"'})
    yield replace(_get(here), method="HEAD")


def _vread(target: Target) -> Iterator[Ask]:
    for number in (1, 2, 3):
        yield _get(f"/{target.type}/{target.id}/_history/{number}")


def _history(target: Target) -> Iterator[Ask]:
    yield _get(f"/{target.type}/{target.id}/_history")
    yield _get(f"/{target.type}/{target.id}/_history", ("_count", "0"))


def _history_of_type(target: Target) -> Iterator[Ask]:
    yield _get(f"/{target.type}/_history", ("_count", "1000"))
    yield _get(f"/{target.type}/_history", ("_count", "1000"), ("_since", "2020-01-01"))


def _history_of_all(target: Target) -> Iterator[Ask]:
    del target
    yield _get("/_history", ("_count", "1000"))
    yield _get("/_history", ("_count", "1000"), ("_sort", "_lastUpdated"))


def _capabilities(target: Target) -> Iterator[Ask]:
    del target
    yield _get("/metadata")
    yield _get("/metadata", ("mode", "terminology"))


def _search(target: Target) -> Iterator[Ask]:
    for pairs in searches(RESOURCES[target.type], target):
        yield _get(f"/{target.type}", *pairs)


def _search_by_form(target: Target) -> Iterator[Ask]:
    body = urlencode({"identifier": target.key, "_total": "accurate"}).encode()
    yield Ask("POST", f"/{target.type}/_search", (), body, FORM)


def _of_patient(target: Target) -> Iterator[Ask]:
    yield _get(f"/Patient/{target.patient}/{target.type}", ("_total", "accurate"))


def _of_patient_by_form(target: Target) -> Iterator[Ask]:
    yield Ask("POST", f"/Patient/{target.patient}/{target.type}/_search", (), b"_total=accurate", FORM)


def _batch(target: Target) -> Iterator[Ask]:
    """Questions and writes as entries of a Bundle, all or nothing and each by itself."""
    writes = [*_update(target), *_patch(target), *_delete(target), *_conditional(target)]
    reads = [*_read(target), *_vread(target), *_history(target), _get(f"/{target.type}", *_by_key(target))]
    entries = [entry for one in reads if one.method == "GET" for entry in [_entry(one)]]
    yield _post("/", {"resourceType": "Bundle", "type": "batch", "entry": entries})
    yield _post("/", {"resourceType": "Bundle", "type": "batch", "entry": [_entry(one) for one in writes]})
    for one in (*reads[:1], *writes):
        if one.method != "HEAD":
            yield _post("/", {"resourceType": "Bundle", "type": "transaction", "entry": [_entry(one)]})


def _entry(ask: Ask) -> Json:
    query = f"?{urlencode(ask.query)}" if ask.query else ""
    request: Json = {"method": ask.method, "url": f"{ask.path.removeprefix('/')}{query}"}
    for header, member in (
        ("If-Match", "ifMatch"),
        ("If-None-Match", "ifNoneMatch"),
        ("If-None-Exist", "ifNoneExist"),
    ):
        if header in ask.headers:
            request[member] = ask.headers[header]
    if not ask.body:
        return {"request": request}
    document = json.loads(ask.body)
    if isinstance(document, list):  # a JSON Patch
        document = {
            "resourceType": "Binary",
            "contentType": "application/json-patch+json",
            "data": _data(ask),
        }
    return {"request": request, "resource": document}


def _data(ask: Ask) -> str:
    return b64encode(ask.body).decode()


# writes


def _instead(target: Target) -> Json:
    """A document that would stand in the place of the target."""
    text = codec.write(stored_as(target)).decode().replace(target.canary, REACHED_FOR)
    document: Json = codec.read(text.encode())
    return document


def _update(target: Target) -> Iterator[Ask]:
    here, body = f"/{target.type}/{target.id}", json_body(_instead(target))
    yield Ask("PUT", here, (), body, FHIR_JSON)
    for name, value in (
        ("If-Match", 'W/"2"'),
        ("If-Match", 'W/"7"'),
        ("If-Match", "*"),
        ("If-None-Match", "*"),
    ):
        yield Ask("PUT", here, (), body, {**FHIR_JSON, name: value})


def _patch(target: Target) -> Iterator[Ask]:
    body = b'[{"op":"replace","path":"/id","value":"x"}]'
    said = FHIR_JSON | {"Content-Type": "application/json-patch+json"}
    for more in ({}, {"If-Match": 'W/"2"'}, {"If-Match": 'W/"7"'}):
        yield Ask("PATCH", f"/{target.type}/{target.id}", (), body, said | more)


def _delete(target: Target) -> Iterator[Ask]:
    yield Ask("DELETE", f"/{target.type}/{target.id}", (), b"", {"X-Change-Reason": "tried"})
    yield Ask(
        "DELETE", f"/{target.type}/{target.id}", (), b"", {"If-Match": 'W/"2"', "X-Change-Reason": "tried"}
    )


def _by_key(target: Target) -> tuple[tuple[str, str], ...]:
    if RESOURCES[target.type].parameter("identifier") is None:
        return (("_id", target.id),)
    return (("identifier", target.key),)


def _by_chain(target: Target) -> tuple[tuple[str, str], ...]:
    """Criteria that would be met by way of what the target is about."""
    resource = RESOURCES[target.type]
    if resource.parameter("patient") is not None:
        return (("patient.identifier", f"{KEY}|{target.group.known}-patient-key"),)
    if target.type == "Patient":
        return (("_has:Observation:patient:identifier", f"{KEY}|{target.group.known}-observation-key"),)
    return _by_key(target)


def _conditional(target: Target) -> Iterator[Ask]:
    patch = FHIR_JSON | {"Content-Type": "application/json-patch+json"}
    for criteria in (_by_key(target), _by_chain(target)):
        yield Ask("PATCH", f"/{target.type}", criteria, b'[{"op":"replace","path":"/id","value":"x"}]', patch)
        yield Ask("DELETE", f"/{target.type}", criteria, b"", {"X-Change-Reason": "tried"})
        yield Ask("PUT", f"/{target.type}", criteria, json_body(_instead(target)), FHIR_JSON)


def _conditional_put(target: Target) -> Iterator[Ask]:
    yield from (one for one in _conditional(target) if one.method == "PUT")


def _conditional_patch(target: Target) -> Iterator[Ask]:
    yield from (one for one in _conditional(target) if one.method == "PATCH")


def _conditional_delete(target: Target) -> Iterator[Ask]:
    yield from (one for one in _conditional(target) if one.method == "DELETE")


def _create(target: Target) -> Iterator[Ask]:
    """What refers to the target's patient, literally or by a search, and what is created unless there."""
    body = {name: value for name, value in _instead(target).items() if name != "id"}
    yield Ask("POST", f"/{target.type}", (), json_body(body), FHIR_JSON)
    yield Ask(
        "POST",
        f"/{target.type}",
        (),
        json_body(body),
        FHIR_JSON | {"If-None-Exist": urlencode(_by_key(target))},
    )
    text = codec.write(body).decode()
    literal = f"Patient/{target.patient}"
    if f'"{literal}"' in text:
        by_search = text.replace(literal, f"Patient?identifier={KEY}|{target.group.known}-patient-key")
        yield Ask("POST", f"/{target.type}", (), by_search.encode(), FHIR_JSON)
        versioned = text.replace(literal, f"{literal}/_history/1")
        yield Ask("POST", f"/{target.type}", (), versioned.encode(), FHIR_JSON)


# operations

_ARGUMENTS: Final[Mapping[str, Callable[[Target], str]]] = {
    "asOf": lambda _: "2999-01-01",
    "on": lambda _: "2024-03-04",
    "view": lambda _: "plain",
    "lang": lambda _: "en",
    "visit": lambda _: "M6",
    "rule": lambda _: "related",
    "name": lambda _: "sri",
    "population": lambda _: "donor",
    "observation": lambda target: f"Observation/{target.group.id('Observation')}",
    "type": lambda _: "Observation",
    "table": lambda _: "subjects",
    "sender": lambda target: "sender-s" if target.group.site == "SLS" else "sender-b",
    "fate": lambda _: "stored",
    "reason": lambda _: "unknown-subject",
    "waiting": lambda _: "true",
    "since": lambda _: "2020-01-01",
    "until": lambda _: "2999-01-01",
    "message": lambda target: target.group.canary("Observation") + "message",
    "identifier": lambda target: f"{KEY}.1|{target.group.known}-result",
    "patient": lambda target: f"Patient/{target.patient}",
    "resource": lambda target: f"{target.type}/{target.id}",
    "id": lambda target: target.id,
    "_count": lambda _: "100",
    "_after": lambda _: "x",
    "after": lambda _: "x",
    "day": lambda _: "2026-11-22",
    "from": lambda _: "1",
    "to": lambda _: "2",
    "kind": lambda _: "code",
    "mode": lambda _: "update",
    "profile": lambda target: f"http://hl7.org/fhir/StructureDefinition/{target.type}",
    "start": lambda _: "2000-01-01",
    "end": lambda _: "2999-01-01",
    "_since": lambda _: "2020-01-01",
    "_type": lambda _: "Observation",
    "max": lambda _: "3",
    "subject": lambda target: f"Patient/{target.patient}",
    "code": lambda _: "http://loinc.org|29463-7",
    "system": lambda _: "http://loinc.org",
    "period": lambda _: "2000-01-01/2999-01-01",
    "duration": lambda _: "99999",
    "statistic": lambda _: "count",
    "include": lambda _: "true",
    "limit": lambda _: "100",
    "meaning": lambda _: "review",
    "signer": lambda _: "Dr. Example",
    "practitioner": lambda target: target.group.id("Practitioner"),
    "version": lambda _: "1",
    "reauthenticated": lambda _: "true",
    "all": lambda _: "true",
    "confirm": lambda target: f"{target.type}/{target.id}",
    "bundle": lambda _: "",
    "sites": lambda _: "all",
}
"""By the name of a parameter of an operation, a value that is aimed at the target."""
_SENT_AS_BODY: Final = {"resource", "bundle"}
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "$lastn": ("patient",),
    "$impact": ("observation",),
    "$replay": ("reason",),
}
"""By operation, what it cannot be asked without, though no parameter of its own is required."""


def _argument(parameter: OperationParameter | str, target: Target) -> tuple[str, str]:
    name = parameter if isinstance(parameter, str) else parameter.name
    if name not in _ARGUMENTS:
        raise Unasked(f"no value is known for the parameter {name} of an operation: add one to _ARGUMENTS")
    return name, _ARGUMENTS[name](target)


def operation(asked: Operation, target: Target, level: Level) -> Iterator[Ask]:
    """An operation with what it needs, and once more with each parameter it may be narrowed by."""
    path = {
        "instance": f"/{target.type}/{target.id}/{asked.name}",
        "type": f"/{target.type}/{asked.name}",
        "system": f"/{asked.name}",
    }[level]
    needed = [one.name for one in asked.parameters if one.required]
    base = tuple(_argument(name, target) for name in (*needed, *_ALSO.get(asked.name, ())))
    narrowed = [
        (*(pair for pair in base if pair[0] != one.name), _argument(one, target))
        for one in asked.parameters
        if not (one.kind == "Resource" or one.name in needed)
    ]
    for method in asked.methods:
        body = _body_of(asked, target) if method == "POST" else None
        for query in (base, *(narrowed if method == asked.methods[0] else ())):
            if method == "GET":
                yield _get(path, *query)
            elif asked.acts or body is not None:
                yield _post(path, body, *query)
            else:
                yield _post(path, _parameters(query), *())


def _parameters(query: tuple[tuple[str, str], ...]) -> Json | None:
    if not query:
        return None
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name, "valueString": value} for name, value in query],
    }


def _body_of(asked: Operation, target: Target) -> Json | None:
    kinds = {one.name for one in asked.parameters if one.kind == "Resource"}
    if not kinds <= _SENT_AS_BODY:
        raise Unasked(f"{asked.name} takes a resource that is not known how to send: {kinds}")
    if "bundle" in kinds:
        return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": _instead(target)}]}
    return _instead(target) if "resource" in kinds else None


def _operations(level: Level, *, acting: bool | None = None) -> Asking:
    def asking(target: Target) -> Iterator[Ask]:
        for one in served(None if level == "system" else target.type, level):
            if acting is None or one.acts is acting:
                yield from operation(one, target, level)

    return asking


# searches


def _token(parameter: SearchParameter, target: Target) -> str:
    if parameter.name == "_id":
        return target.id
    return target.key if parameter.name == "identifier" else "http://loinc.org|29463-7"


_VALUES: Final[Mapping[SearchKind, Callable[[SearchParameter, Target], str]]] = {
    SearchKind.TOKEN: _token,
    SearchKind.URI: lambda _parameter, target: f"https://{target.group.known}.example",
    SearchKind.REFERENCE: lambda _parameter, target: f"Patient/{target.patient}",
    SearchKind.DATE: lambda _parameter, _target: "ge1900-01-01",
    SearchKind.QUANTITY: lambda _parameter, _target: "gt0",
    SearchKind.NUMBER: lambda _parameter, _target: "gt0",
    SearchKind.STRING: lambda _parameter, target: target.group.known,
    SearchKind.COMPOSITE: lambda _parameter, _target: "http://loinc.org|29463-7$gt0",
}


def value_for(parameter: SearchParameter, target: Target) -> str:
    """What a search parameter is asked with."""
    if parameter.kind not in _VALUES:
        raise Unasked(f"no value is known for search parameters of the kind {parameter.kind}")
    return _VALUES[parameter.kind](parameter, target)


_COUNTED: Final = (("_total", "accurate"), ("_count", "1000"))


def searches(resource: Resource, target: Target) -> Iterator[tuple[tuple[str, str], ...]]:
    """By each parameter, its absence, its order, what it leads to, and what refers by it."""
    yield _COUNTED
    yield (("_summary", "count"),)
    yield (*_COUNTED, ("_include", "*"), ("_revinclude", "*"))
    yield (("_id", target.id), ("_explain", "true"))
    yield (("_explain", f"{target.type}/{target.id}"), *_by_key(target))
    yield (("_count", "1"), ("_sort", "-_lastUpdated"))
    for parameter in resource.search:
        yield ((parameter.name, value_for(parameter, target)), *_COUNTED)
        yield ((f"{parameter.name}:missing", "false"), *_COUNTED)
        if parameter.kind is SearchKind.REFERENCE:
            yield from _chains(resource, parameter, target)


def _chains(
    resource: Resource, parameter: SearchParameter, target: Target
) -> Iterator[tuple[tuple[str, str], ...]]:
    """By way of a reference, there and back."""
    for kind in parameter.targets or ("Patient",):
        if kind not in RESOURCES:
            continue
        key = f"{KEY}|{target.group.known}-{kind.lower()}-key"
        if RESOURCES[kind].parameter("identifier") is not None:
            yield ((f"{parameter.name}:{kind}.identifier", key), *_COUNTED)
        yield ((f"{parameter.name}:{kind}._id", target.group.id(kind)), ("_total", "accurate"))


def reverse_chains(target: Target) -> Iterator[Ask]:
    """What is found by what refers to it: by every reference parameter of every type."""
    for source in RESOURCES.values():
        for parameter in source.search:
            if parameter.kind is SearchKind.REFERENCE and target.type in (
                parameter.targets or (target.type,)
            ):
                has = f"_has:{source.name}:{parameter.name}:_id"
                yield _get(f"/{target.type}", (has, target.group.id(source.name)), *_COUNTED)


# the table

_SERVED_KINDS: Final = (*SERVED, *AUDIT)
_READ_SERVED: Final = {
    **{(f"/{kind}", "GET"): kind for kind in _SERVED_KINDS},
    **{(f"/{kind}/_search", "POST"): kind for kind in _SERVED_KINDS},
    **{(f"/{kind}/{{id}}", "GET"): kind for kind in _SERVED_KINDS},
}


def _of_served(path: str, method: str, kind: str) -> Asking:
    def asking(target: Target) -> Iterator[Ask]:
        if path.endswith("{id}"):
            yield _get(f"/{kind}/{target.id}")
        elif method == "POST":
            yield Ask("POST", path, (), b"_count=200", FORM)
        else:
            yield _get(path, ("_count", "1000"), ("_total", "accurate"))
            if kind in AUDIT:
                yield _get(
                    path, ("_count", "1000"), ("_total", "accurate"), ("entity", f"{target.type}/{target.id}")
                )
                yield _get(
                    path, ("_count", "1000"), ("_total", "accurate"), ("target", f"{target.type}/{target.id}")
                )

    return asking


READS: Final[Mapping[tuple[str, str], Asking]] = {
    ("/", "GET"): _capabilities,
    ("/metadata", "GET"): _capabilities,
    ("/_history", "GET"): _history_of_all,
    ("/{operation}", "GET"): _operations("system", acting=False),
    ("/{type}", "GET"): _search,
    ("/{type}/_search", "POST"): _search_by_form,
    ("/{type}/{id}", "GET"): _read,
    ("/{type}/{operation}", "GET"): _operations("type", acting=False),
    ("/{type}/_history", "GET"): _history_of_type,
    ("/{type}/{id}/_history", "GET"): _history,
    ("/{type}/{id}/{operation}", "GET"): _operations("instance", acting=False),
    ("/{type}/{id}/_history/{version}", "GET"): _vread,
    ("/{compartment}/{patient}/{type}", "GET"): _of_patient,
    ("/{compartment}/{patient}/{type}/_search", "POST"): _of_patient_by_form,
    **{address: _of_served(*address, kind) for address, kind in _READ_SERVED.items()},
}
"""By address and method, what is asked there that changes nothing."""

WRITES: Final[Mapping[tuple[str, str], Asking]] = {
    ("/", "POST"): _batch,
    ("/{operation}", "POST"): _operations("system", acting=True),
    ("/{type}", "POST"): _create,
    ("/{type}", "PUT"): _conditional_put,
    ("/{type}", "PATCH"): _conditional_patch,
    ("/{type}", "DELETE"): _conditional_delete,
    ("/{type}/{id}", "PUT"): _update,
    ("/{type}/{id}", "PATCH"): _patch,
    ("/{type}/{id}", "DELETE"): _delete,
    ("/{type}/{operation}", "POST"): _operations("type", acting=True),
    ("/{type}/{id}/{operation}", "POST"): _operations("instance", acting=True),
}
"""By address and method, what is tried there that would change something."""

ONCE: Final = ("/", "/metadata", "/_history", "/{operation}")
"""What names no type and no resource."""


def addresses() -> list[tuple[str, str]]:
    """Every address and method there is; Unasked where one is not known here."""
    found = [(route.path, method) for route in ROUTES for method in route.methods]
    unknown = [one for one in found if one not in READS and one not in WRITES and one not in ELSEWHERE]
    if unknown:
        raise Unasked(f"say in tests/isolation/asks.py how these are asked: {unknown}")
    return found


ELSEWHERE: Final = frozenset({("/.well-known/smart-configuration", "GET")})
"""What says the same to everybody; it is asked once by each."""
