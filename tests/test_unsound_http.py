"""What is no sound HTTP is refused with a problem document, and neither decides nor stops anything; on raw sockets."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest

from tests.serving import FACTS, URL, Served, served

BODY = json.dumps({"facts": dict(FACTS)}).encode()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("unsound")
    with served(folder) as running:
        yield running
    assert "Traceback" not in (folder / "service.log").read_text()


def request(*headers: str, body: bytes = BODY, start: str = f"POST {URL} HTTP/1.1") -> bytes:
    """A decision request with a key of its own and these headers."""
    lines = [start, *headers, f"Idempotency-Key: {uuid.uuid4()}", "Content-Type: application/json"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def authorization(service: Served) -> str:
    """The header that lets the tester in."""
    return f"Authorization: Bearer {urlsplit(service.url).password}"


def sent(service: Served, raw: bytes) -> bytes:
    """All that is answered until the service closes the connection."""
    host, port = urlsplit(service.url).hostname, urlsplit(service.url).port
    with socket.create_connection((host, port), timeout=4) as connection:
        with suppress(OSError):  # it may be answered, and closed, before all was sent
            connection.sendall(raw)
        answer = b""
        while True:
            try:
                some = connection.recv(65_536)
            except ConnectionResetError:
                return answer
            if not some:
                return answer
            answer += some


def size_of_log(service: Served) -> int:
    return int(httpx.get(f"{service.url}/v1/log/checkpoint").text.split("\n")[1])


def assert_refused(service: Served, raw: bytes, status: int, code: str) -> None:
    """One problem is answered, the connection is closed, nothing is recorded, and the next one is served."""
    before = size_of_log(service)
    answer = sent(service, raw)
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
    assert first.startswith(f"HTTP/1.1 {status} "), answer
    assert (headers["content-type"], headers["connection"]) == ("application/problem+json", "close")
    assert int(headers["content-length"]) == len(body)  # a second answer would follow
    said = json.loads(body)
    assert (said["status"], said["code"]) == (status, code)
    assert said["request_id"].startswith("req_")
    assert said["detail"]
    assert size_of_log(service) == before
    assert service.decide().status_code == 200


CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
SMUGGLED = b"0\r\n\r\n" + request("Host: inner", f"Content-Length: {len(BODY)}")
LENGTH = f"Content-Length: {len(BODY)}"


@pytest.mark.parametrize(
    ("lengths", "body"),
    [
        ((LENGTH, "Transfer-Encoding: chunked"), BODY),
        (("Transfer-Encoding: chunked", f"Content-Length: {len(CHUNKED)}"), CHUNKED),
        (("content-length: 4", "transfer-ENCODING: chunked"), SMUGGLED),
    ],
)
def test_two_statements_of_where_the_body_ends_are_refused(
    service: Served, lengths: tuple[str, ...], body: bytes
) -> None:
    assert_refused(service, request("Host: writ", *lengths, body=body), 400, "http_invalid")


@pytest.mark.parametrize(
    "headers",
    [
        ("Host: writ", "Host: other", LENGTH),
        ("Host: writ", "Host: writ", LENGTH),
        (LENGTH,),
        ("Host: writ", LENGTH, "Content-Length: 7"),
        ("Host: writ", "Content-Length: -1"),
        ("Host: writ", LENGTH, "A header without a colon"),
        ("Host: writ", LENGTH, "Spaced : name"),
    ],
)
def test_headers_that_are_not_sound_are_refused(service: Served, headers: tuple[str, ...]) -> None:
    assert_refused(service, request(*headers), 400, "http_invalid")


def test_headers_that_are_too_large_are_refused(service: Served) -> None:
    many = [f"X-Filler-{number}: {'x' * 8192}" for number in range(200)]
    assert_refused(service, request("Host: writ", *many, LENGTH), 431, "headers_too_large")
    assert_refused(service, b"GET /" + b"x" * 100_000, 431, "headers_too_large")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200 + b"\r\n\r\n",
        b"\0\xff\xfe garbage\r\n\r\n",
        request(LENGTH, start=f"POST {URL}"),
        request(LENGTH, start=f"POST {URL} HTTPS/1.1"),
    ],
)
def test_bytes_that_are_no_request_are_refused(service: Served, garbage: bytes) -> None:
    assert_refused(service, garbage, 400, "http_invalid")


def test_a_body_that_breaks_its_own_chunks_decides_nothing(service: Served) -> None:
    before = size_of_log(service)
    raw = request("Host: writ", "Transfer-Encoding: chunked", body=b"zz\r\n" + BODY)
    assert sent(service, raw).startswith(b"HTTP/1.1 400 ")
    assert size_of_log(service) == before
    assert service.decide().status_code == 200


def test_a_body_that_breaks_its_chunks_after_the_answer_ends_the_connection_only(service: Served) -> None:
    raw = request("Host: writ", "Transfer-Encoding: chunked", body=b"", start="POST /v1/nothing HTTP/1.1")
    host, port = urlsplit(service.url).hostname, urlsplit(service.url).port
    with socket.create_connection((host, port), timeout=4) as connection:
        connection.sendall(raw)
        answer = b""
        while not answer.endswith(b"}"):
            answer += connection.recv(65_536)
        connection.sendall(b"zz\r\n")
        with suppress(ConnectionResetError):
            assert not connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert service.decide().status_code == 200


def test_what_follows_a_sound_request_and_is_none_is_refused_on_its_own(service: Served) -> None:
    answer = sent(service, request("Host: writ", authorization(service), LENGTH) + b"\0\0 garbage\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1 400 ") == 1
    assert b'"code":"http_invalid"' in answer
    assert service.decide().status_code == 200
