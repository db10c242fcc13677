"""Bundles that go out: stored bytes joined, never read or written again.

Source: https://hl7.org/fhir/R4/bundle.html
"""

from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from app.fhir_mapping import codec, links
from app.fhir_mapping.change import Version
from app.fhir_mapping.outcome import Issue, Refusal, operation_outcome
from app.fhir_mapping.query import Place
from app.fhir_mapping.search import Search, next_link, self_link
from app.fhir_mapping.search_explain import explanation


_TRUNCATED = Issue(
    "too-costly",
    "there is more to include than is shown: ask for fewer matches (_count), or search for the rest by itself",
    severity="warning",
)


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


class HistoryPage(Protocol):
    """Some versions of one resource, newest first; `before` is where the next page goes on."""

    @property
    def versions(self) -> Sequence[Version]:
        """The versions, newest first."""

    @property
    def total(self) -> int:
        """How many there are in all."""

    @property
    def before(self) -> int | None:
        """The oldest version of this page, None on the last page."""


def searchset(
    page: SearchPage,
    search: Search,
    *,
    base: str,
    key: bytes = b"",
    shape: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """The answer to a search: the matches, what was to be added, and what should be known of the question.

    Each resource stands as it is stored, or as `shape` makes it. `key` signs the link to the next page.
    """
    relations = [("self", self_link(search))]
    if page.after is not None:
        relations.append(("next", next_link(search, page.after, key=key)))
    entries = [*_listed(page.versions, "match", base, shape), *_listed(page.included, "include", base, shape)]
    said = [*search.warnings, *([_TRUNCATED] if page.truncated else ())]
    if search.explain:
        said += explanation(search)
    if said:
        outcome = codec.write(operation_outcome(said))
        entries.append(b'{"resource":%b,"search":{"mode":"outcome"}}' % outcome)
    return _bundle(b"searchset", entries, relations=relations, total=page.total)


def _listed(
    versions: Iterable[Version], mode: str, base: str, shape: Callable[[bytes], bytes] | None
) -> list[bytes]:
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


def history(page: HistoryPage, *, address: str, base: str, count: int, before: int | None = None) -> bytes:
    """The versions of a resource, newest first, deletions among them without a resource."""
    place = [] if before is None else [("_before", str(before))]
    relations = [("self", _page_address(address, count, place))]
    if page.before is not None:
        relations.append(("next", _page_address(address, count, [("_before", str(page.before))])))
    entries = [_past(version, base) for version in page.versions]
    return _bundle(b"history", entries, relations=relations, total=page.total)


def response(kind: str, entries: Iterable[bytes]) -> bytes:
    """The answer to a transaction or batch; the entries stand in the order of the request's."""
    return _bundle(b"%b-response" % kind.encode(), list(entries))


def written(version: Version, *, base: str, representation: bool = False) -> bytes:
    """The entry that says a resource was created or updated, with what is stored where that is asked for."""
    location = links.address(base, version.type, version.id, version.version)
    response = {"status": status_line(201 if version.created else 200), "location": location}
    return _answered(response | _times(version), version.document if representation else None)


def deleted(version: Version) -> bytes:
    """The entry that says a resource is gone; version 0 where there was none."""
    return _answered({"status": status_line(204)} | (_times(version) if version.version else {}))


def found(version: Version) -> bytes:
    """The entry that answers a read."""
    return _answered({"status": status_line(200)} | _times(version), version.document)


def answered(resource: bytes) -> bytes:
    """The entry that answers a question with a resource made for it, such as a searchset."""
    return _answered({"status": status_line(200)}, resource)


def failed(refused: Refusal) -> bytes:
    """The entry that says why it was not carried out."""
    return _answered({"status": status_line(refused.status), "outcome": operation_outcome(refused.issues)})


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


def _page_address(address: str, count: int, place: list[tuple[str, str]]) -> str:
    return links.with_parameters(address, [("_count", str(count)), *place])


def _past(version: Version, base: str) -> bytes:
    """One version as an entry: what was asked for then, and what was answered.

    Who chose the id of a first version is not remembered; it is told as the creation it was.
    """
    own = f"{version.type}/{version.id}"
    if version.deleted:
        request, status = {"method": "DELETE", "url": own}, 204
    elif version.version == 1:
        request, status = {"method": "POST", "url": version.type}, 201
    else:
        request, status = {"method": "PUT", "url": own}, 201 if version.created else 200
    return b'{"fullUrl":%b,%b"request":%b,"response":%b}' % (
        codec.write(f"{base}/{own}"),
        b'"resource":%b,' % version.document if version.document is not None else b"",
        codec.write(request),
        codec.write({"status": status_line(status)} | _times(version)),
    )
