"""One client's connection: what is no HTTP is answered before there is a request, as FHIR all the same."""

from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.fhir_mapping import codec
from app.fhir_mapping.outcome import Issue, operation_outcome
from app.routers.answers import FHIR_JSON
from app.routers.door import ALWAYS, NOT_KEPT

LONGEST_HEAD = 65_536
"""So many bytes may the request line and the headers have together."""

_MALFORMED = Issue("structure", "this is not HTTP/1.1: check the request line and headers", "http.request")
_TOO_LONG = Issue(
    "too-long",
    f"the address and headers are longer than {LONGEST_HEAD} bytes; send a long search by POST _search",
    "http.headers",
)


class Connection(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn has it, but with bounded headers, and an OperationOutcome for what is none."""

    _in_head = False
    _length = 0
    _arrived = 0
    _piece = 0

    def data_received(self, data: bytes) -> None:
        """Bytes from the client; those of a head that does not end are counted."""
        self._piece = len(data)
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._arrived += len(data)
            if self._arrived > LONGEST_HEAD:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _TOO_LONG)

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
        self._in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 uvicorn's words say nothing to do next
        """Answer what the parser gave up on."""
        if self._length > LONGEST_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _TOO_LONG)
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, _MALFORMED)

    def _lengthen(self, count: int) -> None:
        self._length += count
        if self._length > LONGEST_HEAD:
            raise ValueError  # the parser gives up on this request

    def _refuse(self, status: HTTPStatus, issue: Issue) -> None:
        body = codec.write(operation_outcome([issue]))
        length = (b"content-length", b"%d" % len(body))
        headers = [FHIR_JSON, *ALWAYS, NOT_KEPT, length, (b"connection", b"close")]
        lines = [b"HTTP/1.1 %d %b" % (status, status.phrase.encode()), *(b"%b: %b" % one for one in headers)]
        self.transport.write(b"\r\n".join([*lines, b"", body]))
        self.transport.close()
