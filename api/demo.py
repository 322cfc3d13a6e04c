"""`writ demo`: a running service on a fresh database, asked for real decisions of all three kinds."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
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
from dataclasses import dataclass, field, replace
from importlib.resources import as_file, files
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.text import Text

from api.commands.consoles import stdout
from api.commands.terminal import fail
from api.preview_words import Coming, sentence
from api.receivables import write_facts
from policies.diagnostics import visible

FOLDER = Path(".demo")
"""Where demos keep their databases, in the folder they are started in; git ignores it."""

HOST = "127.0.0.1"
PORTS_TRIED = 50
READY_SECONDS = 30
STOP_SECONDS = 15

KINDS: Mapping[str, tuple[str, ...]] = {
    "classification": ("class", "score"),
    "credit": ("decision", "limit", "terms_days"),
    "dunning": ("outcome", "level", "total_claim"),
}
"""The kinds asked, and the members of their outcomes that are shown."""

REASONS = 2
"""Reasons shown of each decision; the address printed last has them all."""

MISSING = 3
"""Missing facts named of each decision."""

LETTER_LINES = 4
"""Lines shown of each letter a dunning decision writes: its subject and the text's first ones, blank ones left out."""

FIRST_KEY = "administrator.key"
"""The file that the service writes its first key to."""

CAST: Mapping[str, tuple[str, str]] = {
    "order-system": ("system", "decide"),
    "risk-officer": ("person", "author"),
    "credit-manager": ("person", "approve"),
    "auditor": ("person", "audit"),
}
"""Who is let in, beside the administrator: by name, a person or a system, and the role."""

LEDGER, MAP = "zoho-books.csv", "zoho-books.yaml"
LEDGER_DAY = dt.date(2026, 6, 30)
"""The day of the sample export."""


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
    keys: Mapping[str, str] = field(default_factory=dict)
    """By role, the API key of the one who has it."""


def run(policies: Path, port: int, once: bool) -> int:
    """Start the service, make and print the decisions, then, unless `once`, serve until Ctrl-C; the exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    console = stdout()
    FOLDER.mkdir(exist_ok=True)
    room = Path(tempfile.mkdtemp(prefix="run-", dir=FOLDER))
    try:
        with _service(policies, _free_port(port, console), room) as started:
            service = _let_in(started, (room / FIRST_KEY).read_text(encoding="utf-8").strip())
            listed = _get(service, "/v1/policies", "decide")["policies"]
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
    settings = {**os.environ, "WRIT_FIRST_KEY": str(room / FIRST_KEY)}
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=settings)  # noqa: S603 (this program itself)
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


def _let_in(service: Service, first: str) -> Service:
    """The service with a key for each role, made by the first administrator: the same who a company would let in."""
    keys = {"administer": first}
    for name, (type_, role) in CAST.items():
        body = json.dumps({"type": type_, "roles": [role]}).encode()
        _send(service, first, f"/v1/principals/{name}", body, "PUT")
        keys[role] = _send(service, first, f"/v1/principals/{name}/keys", b"{}", "POST")["secret"]
    return replace(service, keys=keys)


def _get(service: Service, path: str, role: str | None = None) -> Any:
    headers = {} if role is None else {"Authorization": f"Bearer {service.keys[role]}"}
    request = urllib.request.Request(service.address + path, headers=headers)  # noqa: S310 (the address above: http)
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 (as above)
        return json.load(answer)


def _send(service: Service, key: str, path: str, body: bytes, method: str) -> Any:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(service.address + path, body, headers, method=method)  # noqa: S310 (as above)
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 (as above)
        return json.load(answer)


def _post(service: Service, policy: str, body: bytes) -> Mapping[str, Any]:
    """The answer, or the problem document that came instead of one."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    headers["Authorization"] = f"Bearer {service.keys['decide']}"
    url = f"{service.address}/v1/decisions/{policy}"
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 (the address above: http)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 (as above)
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        return dict(json.load(error))


def _questions() -> Iterator[Asked]:
    """The sample ledger's customers, as `writ facts` states them, then the credit applications among the samples."""
    receivables, samples = files("api.receivables"), files("api.samples")
    with as_file(receivables / "samples" / LEDGER) as ledger, as_file(receivables / "maps" / MAP) as map_:
        facts = io.StringIO()
        write_facts(ledger, map_, LEDGER_DAY, facts, None)
    yield from (Asked(LEDGER, line.encode()) for line in facts.getvalue().splitlines())
    for sample in sorted(samples.iterdir(), key=lambda found: found.name):
        if sample.name.endswith(".json"):
            yield Asked(sample.name, sample.read_bytes())


def _decide_all(service: Service, names: Sequence[str], console: Console) -> Mapping[str, Any]:
    """Ask every policy of the three kinds whose required facts are there about every customer; the last answer."""
    console.print(Text("decisions made just now, each recorded before it was answered", "bold"))
    wanted = {
        name: set(_get(service, f"/v1/policies/{name}", "decide")["facts_schema"].get("required", ())) for name in names
    }
    last: Mapping[str, Any] = {}
    for asked in _questions():
        facts = json.loads(asked.body)["facts"]
        customer = facts["customer"]
        named = f"{customer.get('name', '')} ({customer['customer_id']}, {asked.source})".lstrip()
        console.print(Text(f"\n{visible(named)}", "bold"))
        for policy in (name for name in names if wanted[name] <= facts.keys()):
            answer = _post(service, policy, asked.body)
            if "decision_id" not in answer:
                fail(f"{asked.source}, {policy}: {answer.get('detail')}", answer.get("help"))
            _print_answer(answer, console)
            last = answer
    return last


def _print_answer(answer: Mapping[str, Any], console: Console) -> None:
    """A line for the outcome and the record, then one for each of the main reasons."""
    line = f"{answer['policy']:<15} {answer['kind']:<15} {_outcome(answer):<50}  "
    record = f"seq {answer['log']['seq']:<3} {answer['decision_id']}"
    console.print(Text.assemble("  ", visible(line), (record, "dim")), soft_wrap=True)
    texts = dict.fromkeys(reason["text"].get("en", reason["code"]) for reason in answer["reasons"])
    missing = dict.fromkeys(path for reason in answer["reasons"] for path in reason.get("missing", ()))
    for text in [*texts][:REASONS]:
        console.print(Text(visible(f"{'':<18}{text}"), "dim"), soft_wrap=True)
    if missing:
        more = f" and {len(missing) - MISSING} more" if len(missing) > MISSING else ""
        shown = ", ".join([*missing][:MISSING])
        console.print(Text(visible(f"{'':<18}missing: {shown}{more}"), "yellow"), soft_wrap=True)
    if answer["kind"] == "dunning":
        for line in _letters_and_calendar(answer):
            console.print(Text(visible(f"{'':<18}{line}")), soft_wrap=True)


def _letters_and_calendar(answer: Mapping[str, Any]) -> Iterator[str]:
    """The first lines of each letter; then what follows if nothing is paid, where anything does."""
    outcome = answer["outcome"]
    for message in (message for notice in outcome["notices"] for message in notice["messages"]):
        texts = [text for text in message["texts"].values() if text is not None]
        for text in texts[:1]:
            lines = [text["subject"], *(line for line in text["body"].splitlines() if line)]
            yield from (f"│ {line}" for line in [*lines[:LETTER_LINES], "…"])
    coming = [
        Coming(
            dt.date.fromisoformat(day["on"]),
            int(day["level"]),
            len(day["items"]),
            tuple(each["effect"] for each in day["effects"]),
        )
        for day in outcome["calendar"]
    ]
    if coming:
        until = outcome["calendar_until"]
        ends = None if until is None else dt.date.fromisoformat(until)
        yield sentence(coming, ends, dt.date.fromisoformat(answer["as_of"]), "en")


def _outcome(answer: Mapping[str, Any]) -> str:
    """The members of the outcome that say most, `decision approve, limit 50000`."""
    outcome = answer["outcome"]
    members = (name for name in KINDS[answer["kind"]] if outcome.get(name) is not None)
    return ", ".join(f"{name.replace('_', ' ')} {outcome[name]}" for name in members)


def _print_addresses(service: Service, last: Mapping[str, Any], console: Console) -> None:
    address = service.address
    lines = [
        ("service", address),
        ("documentation", f"{address}/docs"),
        ("policies in force", f"{address}/v1/policies"),
        ("policy revisions", f"{address}/v1/revisions"),
        ("a decision, with its trace", f"{address}/v1/decisions/{last['decision_id']}"),
        ("the same, to print", f"{address}/v1/decisions/{last['decision_id']}/certificate"),
        ("the log's checkpoint", f"{address}/v1/log/checkpoint"),
        ("the record", str(service.log.parent / "decisions.db")),
        ("log", str(service.log)),
    ]
    console.print()
    for what, where in lines:
        console.print(Text(f"{what:<28}{where}"), soft_wrap=True)
    console.print(Text("\none key for each role; in a browser: any user name, the key as password", "bold"))
    for name, (_, role) in {**CAST, "administrator": ("person", "administer")}.items():
        console.print(Text(f"{name:<16}{role:<12}{service.keys[role]}"), soft_wrap=True)
    console.print(Text("\nask for a decision of your own:"))
    curl = (
        f"curl -s {address}/v1/decisions/{last['policy']} -H 'Content-Type: application/json' "
        f"-H 'Authorization: Bearer {service.keys['decide']}' "
        f'-H "Idempotency-Key: $(date +%s%N)" -d @api/samples/{_first_sample()}'
    )
    console.print(Text(curl), soft_wrap=True)


def _first_sample() -> str:
    return min(sample.name for sample in files("api.samples").iterdir() if sample.name.endswith(".json"))
