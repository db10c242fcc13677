"""A filled store of two sites and two studies, donors in one of them, with a canary in every text.

Whose a resource is says its group. Each group has words of its own: `known`, which whoever tries to get at it
may know (ids and identifiers: they are asked by), and canaries, which nobody is told who may not see it.
All data are made up.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from app.fhir_mapping import codec
from app.fhir_mapping.definitions import definition
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.sender import Sender
from app.routers.example_bodies import BODIES
from app.store.senders import register
from app.store.session import Store
from app.store.visibility import COMMON, FROM_DONORS
from tests.postgres import ROOT

Json = dict[str, Any]

SITE: Final = "https://trialbridge.example/fhir/CodeSystem/site"
KEY: Final = "urn:oid:1.2.250.1.997"
SLS, CHU_B = "SLS", "CHU-B"
SLE, SSC = "study-sle", "study-ssc"
ABOUT_NOBODY: Final = (*COMMON, FROM_DONORS)
ABOUT_PATIENTS: Final = tuple(kind for kind in RESOURCES if kind not in (*ABOUT_NOBODY, "ResearchStudy"))
UNKNOWN: Final = "nvr0"


@dataclass(frozen=True, slots=True)
class Group:
    """Resources that are seen or not seen together: of a patient, of a site, or a study."""

    word: str
    kinds: tuple[str, ...]
    site: str | None = None
    study: str | None = None
    donor: bool = False

    @property
    def known(self) -> str:
        """What its ids and identifiers are made of."""
        return f"kno{self.word}"

    def canary(self, kind: str) -> str:
        """What stands in every text of its resources of a type."""
        return f"cnry{self.word}{kind.lower()}"

    def id(self, kind: str) -> str:
        return f"{self.known}-{kind.lower()}"

    def key(self, kind: str) -> str:
        """The business identifier of its resource of a type, as a search says it."""
        return f"{KEY}|{self.known}-{kind.lower()}-key"


PATIENTS: Final = (
    Group("sa", ABOUT_PATIENTS, SLS, SLE),
    Group("sb", ABOUT_PATIENTS, SLS, SSC),
    Group("sd", ABOUT_PATIENTS, SLS, SSC, donor=True),
    Group("ba", ABOUT_PATIENTS, CHU_B, SLE),
    Group("bb", ABOUT_PATIENTS, CHU_B, SSC),
    Group("bd", ABOUT_PATIENTS, CHU_B, SSC, donor=True),
)
STOCKS: Final = (Group("sk", ABOUT_NOBODY, SLS), Group("bk", ABOUT_NOBODY, CHU_B))
STUDIES: Final = (
    Group("ea", ("ResearchStudy",), study=SLE),
    Group("eb", ("ResearchStudy",), study=SSC),
)
GROUPS: Final = (*PATIENTS, *STOCKS, *STUDIES)
SENDERS: Final = {
    site: Sender(name=f"sender-{word}", systems=(f"{KEY}.{number}",), code_systems=(f"{KEY}.{number}.1",))
    for number, (site, word) in enumerate(((SLS, "s"), (CHU_B, "b")), 1)
}
_ARMS: Final = {SLE: "treatment", SSC: "recipient"}
_DEMONSTRATION: Final = {SLE: "msc-sle", SSC: "msc-ssc"}


def named(kind: str, group: Group) -> str:
    """The id of a group's resource; a study is called as it is."""
    return group.study or "" if kind == "ResearchStudy" else group.id(kind)


def document(group: Group, kind: str, *, edition: int = 1) -> Json:
    """A group's resource of a type, with its canary in every text there is room for."""
    body: Json = _referring(json.loads(json.dumps(_body(group, kind), default=float)), group)
    body["id"] = named(kind, group)
    body["meta"] = {"tag": body["meta"]["tag"]} | (_tag(group) if group.site else {})
    said = f"{group.canary(kind)} {edition}"
    for name, value in _further(kind, said, body):
        body.setdefault(name, value)
    if kind == "ResearchStudy":
        body["title"] = said
    elif "identifier" in _elements(kind):
        number = {"system": KEY, "value": group.key(kind).partition("|")[2]}
        body["identifier"] = [number] if _elements(kind)["identifier"].many else number
    _speak(body, said)
    return body


def _body(group: Group, kind: str) -> Json:
    if kind == "ResearchStudy":
        file = ROOT / "app" / "demo" / _DEMONSTRATION[group.study or ""] / "study.json"
        resources = (entry["resource"] for entry in json.loads(file.read_text())["entry"])
        found: Json = next(one for one in resources if one["resourceType"] == kind)
        alone: Json = {name: value for name, value in found.items() if '"reference"' not in json.dumps(value)}
        return alone | {"meta": BODIES["ResearchStudy"]["meta"]}
    body: Json = BODIES[kind]
    if kind == "ResearchSubject":
        return body | ({"assignedArm": "donor"} if group.donor else {})
    return body


def _tag(group: Group) -> Json:
    return {"security": [{"system": SITE, "code": group.site}]}


def _referring(value: Any, group: Group) -> Any:
    """The same with the references of the examples leading to what is the group's own."""
    if isinstance(value, list):
        return [_referring(one, group) for one in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("reference"), str):
        kind = value["reference"].partition("/")[0]
        own = next(one for one in (group, *_beside(group)) if kind in one.kinds)
        return {"reference": f"{kind}/{named(kind, own)}"}
    return {name: _referring(one, group) for name, one in value.items()}


def _beside(group: Group) -> Iterator[Group]:
    """The groups a group may refer to: the stock of its site, and its study."""
    yield from (one for one in STOCKS if one.site == group.site)
    yield from (one for one in STUDIES if one.study == group.study)


def _elements(kind: str) -> Mapping[str, Any]:
    found = definition(kind)
    return found.elements if found is not None else {}


_MADE: Final[Mapping[str, Callable[[str], Any]]] = {
    "string": lambda said: said,
    "markdown": lambda said: said,
    "Annotation": lambda said: {"text": said},
}
_NOT: Final = frozenset({"language", "implicitRules", "gender", "id", "assignedArm", "actualArm"})


def _further(kind: str, said: str, body: Json) -> Iterator[tuple[str, Any]]:
    """Texts R4 has room for in a resource of this type, beside those it has."""
    for name, element in _elements(kind).items():
        if element.type in _MADE and name not in _NOT and name not in body and not _is_choice(name):
            made = _MADE[element.type](said)
            yield name, [made] if element.many else made


def _is_choice(name: str) -> bool:
    """Whether an element is one of several of which a resource has one."""
    return name.startswith(("value", "effective", "onset", "abatement", "performed", "dose", "deceased"))


def _speak(value: Any, said: str) -> None:
    """Put the canary into every text and display of what is coded or written."""
    if isinstance(value, list):
        for one in value:
            _speak(one, said)
    elif isinstance(value, dict):
        if "coding" in value or ("text" in value and isinstance(value["text"], str)):
            value["text"] = said
        if "code" in value and "system" in value and "value" not in value:
            value["display"] = said
        for one in value.values():
            _speak(one, said)


@dataclass(frozen=True, slots=True)
class Target:
    """One stored resource, whose it is, and by which of the group's canaries it is told."""

    group: Group
    type: str
    label: str
    id: str

    @property
    def canary(self) -> str:
        return self.group.canary(self.label)

    @property
    def key(self) -> str:
        """The identifier it bears, as a search asks for it."""
        return self.group.key(self.label)

    @property
    def patient(self) -> str:
        """The patient it is about, or would be."""
        return self.group.id("Patient")

    @property
    def study(self) -> str:
        return self.group.study or SLE


SODIUM, GONE = "Sodium", "Gone"
"""Further Observations of each patient: of a code of its own, and one that was deleted."""
TARGETS: Final = tuple(
    Target(group, "Observation" if label in (SODIUM, GONE) else label, label, named(label, group))
    for group in GROUPS
    for label in (*group.kinds, *((SODIUM, GONE) if group in PATIENTS else ()))
)
_HEADERS: Final = {"Content-Type": "application/fhir+json"}


def stored_as(target: Target, *, edition: int = 1) -> Json:
    """The document of a target."""
    if target.label == target.type:
        return document(target.group, target.type, edition=edition)
    found = document(target.group, "Observation", edition=edition) | {
        "id": target.id,
        "identifier": [{"system": KEY, "value": target.key.partition("|")[2]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "2951-2"}]},
    }
    _speak(found, f"{target.canary} {edition}")
    for note in found.get("note", ()):
        note["text"] = f"{target.canary} {edition}"
    return found


async def fill(client: httpx.AsyncClient, store: Store) -> None:
    """Store everything twice, so that it has a history; delete what is gone; push what is pushed."""
    for edition in (1, 2):
        for group in sorted(GROUPS, key=lambda one: one in PATIENTS):
            own = [target for target in TARGETS if target.group == group]
            entries = [
                {
                    "resource": stored_as(target, edition=edition),
                    "request": {"method": "PUT", "url": f"{target.type}/{target.id}"},
                }
                for target in own
            ]
            await _post(client, "transaction", entries, reason=group.canary("AuditEvent"))
    gone = [target for target in TARGETS if target.label == GONE]
    entries = [{"request": {"method": "DELETE", "url": f"Observation/{target.id}"}} for target in gone]
    await _post(client, "transaction", entries, reason="made by mistake")
    for sender in SENDERS.values():
        await register(store, sender, at=datetime.now(UTC))
    store.desk.expire()
    for group in PATIENTS:
        await _push(client, group)
    for group in GROUPS:
        await _act(client, group)


async def _post(client: httpx.AsyncClient, kind: str, entries: Sequence[Json], *, reason: str) -> None:
    bundle = codec.write({"resourceType": "Bundle", "type": kind, "entry": entries})
    answer = await client.post("/fhir", content=bundle, headers=_HEADERS | {"X-Change-Reason": reason})
    assert answer.status_code == 200, answer.text


async def _act(client: httpx.AsyncClient, group: Group) -> None:
    """Sign and erase of each group, lock and unlock, each with a canary in what is said of it."""
    plain = {"view": "plain"}
    if "ResearchSubject" in group.kinds or group in STUDIES:
        kind = "ResearchStudy" if group in STUDIES else "ResearchSubject"
        at, said = f"/fhir/{kind}/{named(kind, group)}", group.canary(kind)
        for act in ("$lock", "$unlock"):
            await _done(client, f"{at}/{act}", plain | {"reason": f"{said} {act}"})
    if "Observation" not in group.kinds:
        return
    at, said = f"Observation/{group.id('Observation')}", group.canary("Observation")
    signed = {"meaning": "review", "signer": said, "reauthenticated": "true"}
    await _done(client, f"/fhir/{at}/$sign", plain | signed)
    await _done(client, f"/fhir/{at}/$erase", plain | {"reason": said, "version": "1", "confirm": at})


async def _done(client: httpx.AsyncClient, address: str, said: Mapping[str, str]) -> None:
    answer = await client.post(address, params=said)
    assert answer.status_code == 200, answer.text


async def _push(client: httpx.AsyncClient, group: Group) -> None:
    """A result whose code no map knows, and one that is parked because nobody here bears its subject."""
    sender = SENDERS[group.site or SLS]
    number, said = sender.systems[0], group.canary("Observation")
    result = document(group, "Observation") | {
        "code": {"coding": [{"system": sender.code_systems[0], "code": f"{said}code"}], "text": said},
        "issued": "2024-03-05T10:00:00+01:00",
    }
    result.pop("id")
    headers = _HEADERS | {"X-Correlation-Id": f"{said}message"}
    for name, whose in (("result", {}), ("lost", {"reference": f"Patient/{group.known}-lost"})):
        about = {"subject": whose} if whose else {}
        sent = result | about | {"identifier": [{"system": number, "value": f"{group.known}-{name}"}]}
        answer = await client.post("/fhir/Observation", content=codec.write(sent), headers=headers)
        assert answer.status_code in (201, 202, 412), answer.text
