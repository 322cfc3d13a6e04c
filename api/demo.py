"""`writ demo`: a running service on a fresh database, asked for real decisions of all three kinds."""

from __future__ import annotations

import datetime as dt
import io
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.commands.consoles import stdout
from api.commands.terminal import fail
from api.receivables import write_facts
from policies.diagnostics import visible

FOLDER = Path(".demo")
"""Where demos keep their databases, in the folder they are started in; git ignores it."""

HOST = "127.0.0.1"
PORTS_TRIED = 50
READY_SECONDS = 30
STOP_SECONDS = 15
KINDS = ("classification", "credit", "dunning")

LEDGERS = (("zoho-books.csv", "zoho-books.yaml"), ("erpnext.csv", "erpnext.yaml"))
LEDGER_DAY = dt.date(2026, 6, 30)
"""The day of the sample exports."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One decision request of the demo, as the bytes that are sent."""

    source: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: its process, its address and the file it logs to."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path


def run(policies: Path, port: int, once: bool) -> int:
    """Start the service, make and print the decisions, then, unless `once`, serve until Ctrl-C; the exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    console = stdout()
    FOLDER.mkdir(exist_ok=True)
    room = Path(tempfile.mkdtemp(prefix="run-", dir=FOLDER))
    try:
        with _service(policies, _free_port(port, console), room) as service:
            listed = _get(service, "/v1/policies")["policies"]
            names = [line["name"] for line in listed if line["kind"] in KINDS]
            if not names:
                fail(f"{policies} has no policy of the kinds {', '.join(KINDS)}")
            _print_addresses(service, _decide_all(service, names, console), console)
            if not once:
                console.print("\nthe service keeps running; Ctrl-C stops it")
                return service.process.wait()
    except KeyboardInterrupt:
        console.print("\nstopped")
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _free_port(first: int, console: Console) -> int:
    free = next((port for port in range(first, first + PORTS_TRIED) if _is_free(port)), None)
    if free is None:
        fail(f"no port between {first} and {first + PORTS_TRIED - 1} is free", "name another one: writ demo --port N")
    if free != first:
        console.print(f"port {first} is taken; using {free}")
    return free


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError:
            return False
    return True


@contextmanager
def _service(policies: Path, port: int, room: Path) -> Iterator[Service]:
    log = room / "service.log"
    command = [sys.executable, "-m", "api.cli", "serve", "--host", HOST, "--port", str(port)]
    command += ["--database", str(room / "decisions.db"), "--policies", str(policies)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)  # noqa: S603 (this program itself)
        service = Service(process, f"http://{HOST}:{port}", log)
        try:
            _wait_until_ready(service)
            yield service
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C reaches the whole process group; a signal sent to this process alone is passed on."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_ready(service: Service) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if service.process.poll() is not None:
            break
        try:
            _get(service, "/readyz")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
        else:
            return
    sys.stderr.write(service.log.read_text(encoding="utf-8", errors="replace"))
    fail("the service did not start", f"its log is {service.log}")


def _get(service: Service, path: str) -> Any:
    with urllib.request.urlopen(service.address + path, timeout=10) as answer:  # noqa: S310 (the address above: http)
        return json.load(answer)


def _post(service: Service, policy: str, body: bytes) -> Mapping[str, Any]:
    """The answer, or the problem document that came instead of one."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    url = f"{service.address}/v1/decisions/{policy}"
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 (the address above: http)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 (as above)
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        return dict(json.load(error))


def _questions() -> Iterator[Asked]:
    """The sample ledgers' customers, as `writ facts` states them, then the credit applications among the samples."""
    receivables, samples = files("api.receivables"), files("api.samples")
    for export, map_ in LEDGERS:
        with as_file(receivables / "samples" / export) as ledger, as_file(receivables / "maps" / map_) as path:
            facts = io.StringIO()
            write_facts(ledger, path, LEDGER_DAY, facts, None)
        yield from (Asked(export, line.encode()) for line in facts.getvalue().splitlines())
    for sample in sorted(samples.iterdir(), key=lambda found: found.name):
        if sample.name.endswith(".json"):
            yield Asked(sample.name, sample.read_bytes())


def _decide_all(service: Service, names: Sequence[str], console: Console) -> Mapping[str, Any]:
    """Ask every policy of the three kinds about every customer; print the answers, return the last one."""
    table = Table(title="decisions made just now, each recorded before it was answered", title_justify="left")
    for heading in ("customer", "policy", "outcome", "main reasons", "record", "decision id"):
        table.add_column(heading, overflow="fold")
    last: Mapping[str, Any] = {}
    for asked in _questions():
        customer = json.loads(asked.body)["facts"]["customer"]
        name = customer.get("name") or customer["customer_id"]
        for policy in names:
            answer = _post(service, policy, asked.body)
            if "decision_id" not in answer:
                fail(f"{asked.source}, {policy}: {answer.get('detail')}", answer.get("help"))
            table.add_row(*(Text(visible(cell)) for cell in _cells(name, answer)))
            last = answer
    console.print(table)
    return last


def _cells(customer: str, answer: Mapping[str, Any]) -> tuple[str, ...]:
    reasons = "; ".join(reason["text"].get("en", reason["code"]) for reason in answer["reasons"][:2])
    more = f" (and {len(answer['reasons']) - 2} more)" if len(answer["reasons"]) > 2 else ""  # noqa: PLR2004 (as above)
    return (
        customer,
        f"{answer['policy']} ({answer['kind']})",
        _outcome(answer["outcome"]),
        reasons + more,
        f"seq {answer['log']['seq']}",
        answer["decision_id"],
    )


def _outcome(outcome: Mapping[str, Any]) -> str:
    """The members that say most, `decision approve, limit 50000`: scalars only, the first few of them."""
    plain = [
        (name, value) for name, value in outcome.items() if value is not None and not isinstance(value, (list, dict))
    ]
    return ", ".join(f"{name} {value}" for name, value in plain[:3])


def _print_addresses(service: Service, last: Mapping[str, Any], console: Console) -> None:
    address = service.address
    lines = [
        ("service", address),
        ("documentation", f"{address}/docs"),
        ("policies in force", f"{address}/v1/policies"),
        ("a decision, with its trace", f"{address}/v1/decisions/{last['decision_id']}"),
        ("the record", str(service.log.parent / "decisions.db")),
        ("log", str(service.log)),
    ]
    console.print()
    for what, where in lines:
        console.print(Text(f"{what:<28}{where}"), soft_wrap=True)
    console.print(Text("\nask for a decision of your own:"))
    curl = (
        f"curl -s {address}/v1/decisions/{last['policy']} -H 'Content-Type: application/json' "
        f'-H "Idempotency-Key: $(date +%s%N)" -d @api/samples/{_first_sample()}'
    )
    console.print(Text(curl), soft_wrap=True)


def _first_sample() -> str:
    return min(sample.name for sample in files("api.samples").iterdir() if sample.name.endswith(".json"))
