"""Bundles that go out: stored bytes joined, never read or written again.

Source: https://hl7.org/fhir/R4/bundle.html
"""

from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from app.fhir_mapping import codec, links
from app.fhir_mapping.change import Version
from app.fhir_mapping.outcome import Issue, Refusal, operation_outcome
from app.fhir_mapping.past import HistoryPage, Past, page_link
from app.fhir_mapping.past import self_link as past_link
from app.fhir_mapping.query import Place
from app.fhir_mapping.search import Search, next_link, self_link
from app.fhir_mapping.search_account import Account
from app.fhir_mapping.search_explain import explanation

_TRUNCATED = Issue(
    "too-costly",
    "there is more to include than is shown: ask for fewer matches (_count), or search for the rest alone",
    severity="warning",
)


Shape = Callable[[bytes], bytes]
"""What makes of a stored resource the part that is asked for."""


class SearchPage(Protocol):
    """Some matches of a search."""

    @property
    def versions(self) -> Sequence[Version]:
        """The matches, in their order."""

    @property
    def included(self) -> Sequence[Version]:
        """What was added to them (`_include`), each once and no match again; never counted."""

    @property
    def truncated(self) -> bool:
        """Whether more was to be added than one page holds."""

    @property
    def after(self) -> Place | None:
        """Where the next page goes on, None on the last page."""

    @property
    def total(self) -> int | None:
        """How many match in all, None where they were not counted."""


def searchset(
    page: SearchPage,
    search: Search,
    *,
    base: str,
    key: bytes = b"",
    shape: Shape | None = None,
    account: Account | None = None,
) -> bytes:
    """The answer to a search: the matches, what was to be added, and what should be known of the question.

    Each resource stands as it is stored, or as `shape` makes it. `key` signs the link to the next page.
    `account` is what was counted for an explanation.
    """
    relations = [("self", self_link(search))]
    if page.after is not None:
        relations.append(("next", next_link(search, page.after, key=key)))
    entries = [*_listed(page.versions, "match", base, shape), *_listed(page.included, "include", base, shape)]
    said = [*search.warnings, *([_TRUNCATED] if page.truncated else ())]
    if search.explain:
        said += explanation(search, account)
    entries += _remarks(said)
    total = None if search.uncounted else page.total
    return _bundle(b"searchset", entries, relations=relations, total=total)


def gathered(
    versions: Iterable[Version],
    *,
    base: str,
    relations: Sequence[tuple[str, str]],
    total: int | None = None,
    shape: Shape | None = None,
    said: Sequence[Issue] = (),
) -> bytes:
    """The answer to an operation that gathers resources, such as $everything; `said` is told beside them."""
    entries = [*_listed(versions, "match", base, shape), *_remarks(said)]
    return _bundle(b"searchset", entries, relations=relations, total=total)


def _remarks(said: Sequence[Issue]) -> list[bytes]:
    """The entry that tells what should be known of the question; none where there is nothing to tell."""
    outcome = codec.write(operation_outcome(said))
    return [b'{"resource":%b,"search":{"mode":"outcome"}}' % outcome] if said else []


def _listed(versions: Iterable[Version], mode: str, base: str, shape: Shape | None) -> list[bytes]:
    """What was found, each with its address and why it is there."""
    prefix = b'{"fullUrl":%b' % codec.write(f"{base}/")[:-1]
    closing = b',"search":{"mode":"%b"}}' % mode.encode()
    return [
        b'%b%b/%b","resource":%b%b'
        % (
            prefix,
            version.type.encode(),
            version.id.encode(),
            shape(version.document or b"{}") if shape else version.document or b"{}",
            closing,
        )
        for version in versions
    ]


def history(
    page: HistoryPage, past: Past, *, base: str, key: bytes = b"", shape: Shape | None = None
) -> bytes:
    """The versions of a history, deletions among them without a resource.

    On the last page of one that begins with the oldest, the link `monitor` is the address to ask again for
    what will have come after.
    """
    relations = [("self", past_link(past))]
    if page.after is not None:
        relations.append(("next", page_link(past, page.after, key=key)))
    if page.monitor is not None:
        relations.append(("monitor", page_link(past, page.monitor, key=key)))
    entries = [_past(version, base, shape) for version in page.versions]
    return _bundle(b"history", entries, relations=relations, total=page.total)


def response(kind: str, entries: Iterable[bytes]) -> bytes:
    """The answer to a transaction or batch; the entries stand in the order of the request's."""
    return _bundle(b"%b-response" % kind.encode(), list(entries))


def written(version: Version, *, base: str, representation: bool = False, informed: bool = False) -> bytes:
    """The entry that says a resource was created or updated, or was there already.

    With what is stored (`representation`), or with words about it (`informed`), where that is asked for; with
    remarks wherever there are any.
    """
    location = links.address(base, version.type, version.id, version.version)
    response = {"status": status_line(201 if version.created else 200), "location": location}
    said = [*([_told(version)] if informed else ()), *version.remarks]
    return _answered(
        response | _times(version) | _outcome(said), version.document if representation else None
    )


def deleted(version: Version) -> bytes:
    """The entry that says a resource is gone; version 0 where there was none."""
    return _answered({"status": status_line(204)} | (_times(version) if version.version else {}))


def found(version: Version, *, shape: Shape | None = None, bare: bool = False) -> bytes:
    """The entry that answers a read; `bare` without the resource."""
    document = version.document or b"{}"
    given = document if shape is None else shape(document)
    return _answered({"status": status_line(200)} | _times(version), None if bare else given)


def unchanged(version: Version) -> bytes:
    """The entry that answers a read of what the asker has already."""
    return _answered({"status": status_line(304)} | _times(version))


def answered(resource: bytes | None) -> bytes:
    """The entry that answers a question with a resource made for it, such as a searchset."""
    return _answered({"status": status_line(200)}, resource)


def failed(refused: Refusal) -> bytes:
    """The entry that says why it was not carried out."""
    return _answered({"status": status_line(refused.status)} | _outcome(refused.issues))


def _told(version: Version) -> Issue:
    """What was done, in words."""
    done = "was there already" if version.matched else "is stored"
    return Issue("informational", f"{version.type}/{version.id} {done}", severity="information")


def _outcome(issues: Sequence[Issue]) -> dict[str, Any]:
    return {"outcome": operation_outcome(issues)} if issues else {}


def _answered(response: dict[str, Any], resource: bytes | None = None) -> bytes:
    if resource is None:
        return b'{"response":%b}' % codec.write(response)
    return b'{"resource":%b,"response":%b}' % (resource, codec.write(response))


def _times(version: Version) -> dict[str, str]:
    return {"etag": links.etag(version.version), "lastModified": links.instant(version.last_updated)}


def status_line(status: int) -> str:
    """A status as an entry's response spells it: `201 Created`."""
    return f"{status} {HTTPStatus(status).phrase}"


def _bundle(
    kind: bytes, entries: list[bytes], *, relations: Sequence[tuple[str, str]] = (), total: int | None = None
) -> bytes:
    parts = [b'{"resourceType":"Bundle","type":"%b"' % kind]
    if total is not None:
        parts.append(b',"total":%d' % total)
    if relations:
        parts.append(b',"link":%b' % codec.write([{"relation": name, "url": url} for name, url in relations]))
    if entries:
        parts += [b',"entry":[', b",".join(entries), b"]"]
    parts.append(b"}")
    return b"".join(parts)


def _past(version: Version, base: str, shape: Shape | None) -> bytes:
    """One version as an entry: what was asked for then, and what was answered.

    Who chose the id of a first version is not remembered; it is told as the creation it was. One that was
    erased has no resource, and says so.
    """
    own, document = f"{version.type}/{version.id}", version.document
    erased = version.remarks if version.erased else ()
    if version.deleted:
        request, status = {"method": "DELETE", "url": own}, 204
    elif version.version == 1:
        request, status = {"method": "POST", "url": version.type}, 201
    else:
        request, status = {"method": "PUT", "url": own}, 201 if version.created else 200
    return b'{"fullUrl":%b,%b"request":%b,"response":%b}' % (
        codec.write(f"{base}/{own}"),
        b'"resource":%b,' % (document if shape is None else shape(document)) if document is not None else b"",
        codec.write(request),
        codec.write({"status": status_line(status)} | _times(version) | _outcome(erased)),
    )
