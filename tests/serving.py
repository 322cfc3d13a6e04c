"""A real service for the tests: its own process, its own port, its own database file."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from api.problems import PROBLEMS
from api.settings import Settings
from tests.granting import let_in

ROOT = Path(__file__).resolve().parent.parent

POLICIES = """\
writ: 1
bundle: order-desk
reporting_currency: EUR
languages: [en, zh-Hans]
facts:
  amount: {type: money, currency: EUR, title: {en: Amount of the order, zh-Hans: 订单金额}}
  days_overdue: {type: number, unit: days, whole: true}
  insured: boolean?
  ordered_at: date-time?
  remark: text?
reasons:
  OD-01: {kind: info, text: {en: The order is small, zh-Hans: 订单金额较小}}
policies:
  small-order:
    kind: decision
    title: {en: Small order, zh-Hans: 小额订单}
    rules:
      - {rule: small, when: amount <= 1000, reason: OD-01}
    outcome:
      release: amount <= 1000 and days_overdue <= 30
      asked: amount
      insured: {is: insured, otherwise: "false"}
  echo:
    kind: decision
    title: {en: Echo, zh-Hans: 回声}
    outcome:
      remark: {is: remark, otherwise: '"none"'}
      hour: {is: ordered_at.hour, otherwise: "0"}
tests:
  - case: small-order-of-a-payer
    policy: small-order
    as_of: 2026-03-01
    given: {amount: 250.50, days_overdue: 0, insured: true}
    expect: {release: true}
"""

FACTS: Mapping[str, object] = {"amount": "250.50", "days_overdue": 3}


URL = "/v1/decisions/small-order"


@dataclass
class Served:
    """A service that runs."""

    process: subprocess.Popen[str]
    url: str
    """Its address, with the tester's key as password: whoever asks there is let in."""

    def decide(self, policy: str = "small-order", key: str | None = None, **facts: object) -> httpx.Response:
        """Post a decision with a new key unless one is given."""
        body = {"facts": {**FACTS, **facts}, "as_of": "2026-03-01"}
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        return httpx.post(f"{self.url}/v1/decisions/{policy}", json=body, headers=headers, timeout=15)


def environment(folder: Path, **settings: object) -> dict[str, str]:
    """The environment of a service whose files stand in `folder`."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("WRIT_")}
    given = {"policy_file": folder / "policies.yaml", "database": folder / "writ.db", "port": 0, **settings}
    return outside | {f"WRIT_{name.upper()}": str(value) for name, value in given.items()}


def spawn(folder: Path, **settings: object) -> subprocess.Popen[str]:
    """A service process, started."""
    with (folder / "service.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "api.serve"],
            cwd=ROOT,
            env=environment(folder, **settings),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )


@contextmanager
def served(folder: Path, text: str = POLICIES, **settings: object) -> Iterator[Served]:
    """A service on a free port, stopped at the end."""
    (folder / "policies.yaml").write_text(text, encoding="utf-8")
    key = let_in(Settings.read(environment(folder, **settings)))
    process = spawn(folder, **settings)
    try:
        yield Served(process, address(process, folder).replace("://", f"://tester:{key}@"))
    finally:
        process.terminate()
        end(process)


def end(process: subprocess.Popen[str]) -> int:
    """Wait for the service to end; its exit code."""
    try:
        process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return process.returncode


def address(process: subprocess.Popen[str], folder: Path) -> str:
    """The address that the service says it listens on."""
    assert process.stdout is not None
    greeting = process.stdout.readline()
    assert greeting.startswith("writ listens on "), (folder / "service.log").read_text()
    return greeting.split()[3]


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def new_key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def post(client: httpx.Client, raw: bytes | str, path: str = URL, **headers: str) -> httpx.Response:
    sent = (
        {"Content-Type": "application/json"}
        | new_key()
        | {name.replace("_", "-"): text for name, text in headers.items()}
    )
    return client.post(path, content=raw, headers=sent)


def decided(client: httpx.Client, **facts: Any) -> dict[str, Any]:
    answer = client.post(URL, json={"facts": {**FACTS, **facts}}, headers=new_key())
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    body: dict[str, Any] = answer.json()
    assert body["code"] == code, body
    assert PROBLEMS[code].status == status
    assert body["status"] == status
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["title"]
    assert body["detail"]
    return body
