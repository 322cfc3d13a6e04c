"""Nothing that is sent can forge a line of the service's log (row 97)."""

from __future__ import annotations

import json
import logging
import re
import socket
import uuid
from pathlib import Path

import httpx

from api.serve import EventFormatter
from tests.calling import HEADERS
from tests.idempotency_workers import NO_CERTIFICATES, Caller, Worker, working
from tests.serving import FACTS

EVENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (INFO|WARNING|ERROR) \S+: \S.*")
FORGED = "\r\n2026-01-01 00:00:00,000 ERROR writ: FORGED"
FORGED_IN_PATH = "%0d%0a2026-01-01%2000:00:00,000%20ERROR%20writ:%20FORGED"


def send(service: Worker, raw: str) -> bytes:
    """The answer to bytes that no HTTP library would send."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall(raw.encode())
        return connection.recv(65_536)


def test_names_paths_and_headers_with_line_breaks_forge_nothing(tmp_path: Path) -> None:
    with working(tmp_path) as (service,):
        named = [{FORGED: 1}, {**FACTS, "remark" + FORGED: "x"}, {**FACTS, "amount": FORGED}]
        bodies = [json.dumps({"facts": facts}) for facts in named]
        bodies += [json.dumps({"facts": dict(FACTS), "as_of": FORGED}), json.dumps({FORGED: 1}), f'"{FORGED}"', FORGED]
        posts = [(f"/v1/decisions/{policy}", body) for policy in ("small-order", "echo") for body in bodies]
        posts.append((f"/v1/decisions/small-order{FORGED_IN_PATH}", json.dumps({"facts": dict(FACTS)})))
        for path, body in posts:
            headers = {**HEADERS, "Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
            answer = httpx.post(service.url + path, content=body, headers=headers, timeout=15, verify=NO_CERTIFICATES)
            assert 400 <= answer.status_code < 500, answer.text
        for path in ("policies/", "decisions/dec_", "log/entries?policy=", "log/entries?from=", "log/counts?by=", ""):
            assert (
                httpx.get(
                    f"{service.url}/v1/{path}{FORGED_IN_PATH}", headers=HEADERS, verify=NO_CERTIFICATES
                ).status_code
                < 500
            )
        for header in ("X-Request-Id", "X-Forwarded-For", "User-Agent", "Idempotency-Key", "Host"):
            for said in (FORGED_IN_PATH, FORGED.lstrip("\r"), f"\r{FORGED.strip()}", f"\x0b{FORGED.strip()}"):
                send(service, f"POST /v1/decisions/nobody HTTP/1.1\r\nHost: x\r\n{header}: a{said}\r\n\r\n")
        send(service, f"GET /{FORGED} HTTP/1.1\r\n\r\n")
        caller = Caller(service.port)
        assert caller.post("k").status == 200
        caller.close()
    lines = (tmp_path / "service.log").read_text().splitlines()
    greeting = next(line for line in lines if line.startswith("writ listens on "))  # it is on stdout: one file here
    lines.remove(greeting)
    assert not [line for line in lines if not EVENT.fullmatch(line)]
    assert "FORGED" not in "\n".join(lines)
    assert len(lines) >= len(posts), "each refusal is an event"


def test_an_exceptions_text_forges_nothing_either() -> None:
    """An unexpected failure is logged with its trace, in which what was sent may stand."""
    failure = ValueError(FORGED + "\x1b[2K\u2028")
    trace = (ValueError, failure, None)
    event = logging.LogRecord("writ", logging.ERROR, __file__, 1, "request %s failed", ("req_1",), trace)
    first, *others = EventFormatter("%(levelname)s %(name)s: %(message)s").format(event).split("\n")
    assert first == "ERROR writ: request req_1 failed"
    assert all(line.startswith("    ") for line in others)
    assert re.search(r"ValueError: \\x0d\n.*FORGED\\x1b\[2K\\x2028", "\n".join(others))
