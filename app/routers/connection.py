"""One client's connection: what is no HTTP is answered before there is a request, as FHIR all the same."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.fhir_mapping import codec
from app.fhir_mapping.outcome import Issue, operation_outcome, passing
from app.routers.answers import FHIR_JSON
from app.routers.door import NOT_KEPT
from app.routers.guard import ALWAYS, DATA

LONGEST_HEAD = 65_536
"""So many bytes may the request line and the headers have together."""

HEAD_SECONDS = 10.0
"""How long a client may take to send the request line and the headers once it has begun."""

STALLED = 30.0
"""How long a client may take nothing of an answer that waits for it; then its connection is cut."""

_MALFORMED = Issue("structure", "this is not HTTP/1.1: check the request line and headers", "http.request")
_NO_HOST = Issue("structure", "send one Host header: check the request line and headers", "http.host")
_TOO_LONG = Issue(
    "too-long",
    f"the address and headers are longer than {LONGEST_HEAD} bytes; send a long search by POST _search",
    "http.headers",
)

_LATE = passing(408, "timeout", "the headers did not arrive in time", seconds=1, place="http.headers")
_NO_HEADERS: Mapping[str, str] = {}


class Connection(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn has it, but with bounded headers, and an OperationOutcome for what is none."""

    _in_head = False
    _wrong = _MALFORMED
    _length = 0
    _arrived = 0
    _piece = 0
    _head_awaited = False
    _patience: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connects; if it says nothing, it is let go like one that has no more to say."""
        super().connection_made(transport)
        self._wait(self.timeout_keep_alive)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._wait_no_longer()
        self._watch_no_longer()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """More of an answer waits than the client has taken: from here on it is watched."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """The client has taken what waited."""
        self._watch_no_longer()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Bytes from the client; those of a head that does not end are counted."""
        self._piece = len(data)
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._arrived += len(data)
            if self._arrived > LONGEST_HEAD:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _TOO_LONG)
            elif not self._head_awaited:
                self._head_awaited = True
                self._wait(HEAD_SECONDS)

    def on_message_begin(self) -> None:
        """A request begins, perhaps behind another one in the same piece, which does not count."""
        self._in_head, self._length, self._arrived = True, 0, -self._piece
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        self._lengthen(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._lengthen(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole: from here on the body is counted, by whoever reads it."""
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (hosts < 1 and self.parser.get_http_version() == "1.1"):
            self._wrong = _NO_HOST
            raise ValueError  # the parser gives up on this request
        self._in_head = self._head_awaited = False
        self._wait_no_longer()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 uvicorn's words say nothing to do next
        """Answer what the parser gave up on."""
        if self._length > LONGEST_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _TOO_LONG)
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, self._wrong)

    def _wait(self, seconds: float) -> None:
        """For so long and no longer; most heads come in one piece, for which nobody waits."""
        self._wait_no_longer()
        self._patience = self.loop.call_later(seconds, self._late)

    def _wait_no_longer(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _late(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._wait(HEAD_SECONDS)  # the answer to the request before comes first
        elif self._in_head and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, _LATE.issues[0], _LATE.headers)
        else:
            self.transport.close()

    def _watch(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._reading = self.loop.call_later(STALLED, self._cut, left)

    def _watch_no_longer(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _cut(self, left: int) -> None:
        """End a connection of which nothing was taken; however slowly it is read, it may go on."""
        if self.transport.get_write_buffer_size() < left:
            self._watch()
        else:
            self.transport.abort()

    def _lengthen(self, count: int) -> None:
        self._length += count
        if self._length > LONGEST_HEAD:
            raise ValueError  # the parser gives up on this request

    def _refuse(self, status: HTTPStatus, issue: Issue, further: Mapping[str, str] = _NO_HEADERS) -> None:
        body = codec.write(operation_outcome([issue]))
        length = (b"content-length", b"%d" % len(body))
        headers = [FHIR_JSON, *ALWAYS, DATA, NOT_KEPT, length, (b"connection", b"close")]
        headers += [(name.encode(), value.encode()) for name, value in further.items()]
        lines = [b"HTTP/1.1 %d %b" % (status, status.phrase.encode()), *(b"%b: %b" % one for one in headers)]
        self.transport.write(b"\r\n".join([*lines, b"", body]))
        self.transport.close()
