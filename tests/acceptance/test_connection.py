"""What comes over the wire and is no HTTP, or more of it than anyone needs, is answered as FHIR."""

import socket
from urllib.parse import urlsplit

import pytest

from app.fhir_mapping import codec
from tests.servers import Server

KB = 1024
HOST = b"Host: a\r\n"


def answered(server: Server, *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
    """The status, headers and body of what the server says to these bytes before it closes the connection."""
    where = urlsplit(server.url)
    received = b""
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=20) as client:
        try:
            for piece in pieces:
                client.sendall(piece)
            while more := client.recv(65536):
                received += more
        except (ConnectionResetError, BrokenPipeError):
            received += rest(client)  # it did not wait for all of ours
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, body


def rest(client: socket.socket) -> bytes:
    """What had arrived already when the connection was reset."""
    try:
        return client.recv(65536)
    except OSError:
        return b""


def test_a_head_that_does_not_end_is_waited_for_no_longer(server: Server) -> None:
    status, headers, body = answered(server, b"GET /fhir/metadata HTTP/1.1\r\nHo")

    assert (status, codec.read(body)["issue"][0]["code"]) == (408, "timeout")
    assert (headers["retry-after"], headers["connection"]) == ("1", "close")


MALFORMED = [
    b"nonsense\r\n\r\n",
    b"GET /fhir/Patient HTTP/1.1\r\nHost a\r\n\r\n",
    b"GET /fhir/metadata HTTP/1.1\r\n\r\n",
    b"GET /fhir/metadata HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n",
    b"GET /fhir/Patient HTTP/1.1\r\nHost: a\r\nX-\x00: 1\r\n\r\n",
    b"GET /fhir/Pati ent HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /fhir/Pati\xe9nt HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
]


@pytest.mark.parametrize("raw", MALFORMED)
def test_what_is_no_http_is_answered_with_an_operation_outcome(server: Server, raw: bytes) -> None:
    status, headers, body = answered(server, raw)

    outcome = codec.read(body)
    assert (status, outcome["resourceType"]) == (400, "OperationOutcome")
    assert headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert (headers["content-length"], headers["connection"]) == (str(len(body)), "close")
    assert "check the request line" in outcome["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    "head",
    [
        b"X-Long: " + b"a" * 70 * KB + b"\r\n\r\n",
        b"".join(b"X-%d: %b\r\n" % (number, b"a" * 100) for number in range(1000)) + b"\r\n",
        b"X-Endless: " + b"a" * 1000 * KB,
    ],
)
def test_headers_have_a_bound(server: Server, head: bytes) -> None:
    status, _, body = answered(server, b"GET /fhir/Patient HTTP/1.1\r\n" + HOST, head)

    assert (status, codec.read(body)["issue"][0]["code"]) == (431, "too-long")


def test_a_long_body_and_a_request_behind_it_are_not_taken_for_headers(server: Server) -> None:
    form = b"_count=1&identifier=" + b"a" * 5000
    search = b"POST /fhir/Patient/_search HTTP/1.1\r\n" + HOST
    search += b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(form)
    last = b"GET /fhir/Patient/none HTTP/1.1\r\nConnection: close\r\nX-Some: %b\r\n" % (b"a" * 50 * KB) + HOST

    status, _, rest = answered(server, (search + form) * 20 + last, b"\r\n")

    assert status == 200
    assert b"HTTP/1.1 404" in rest
    assert b"HTTP/1.1 431" not in rest
