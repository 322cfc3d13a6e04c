"""Logs for tests, filled without HTTP: real decisions by a policy text, appended as fast as the writer takes them."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from api.audit.appending import Key
from api.audit.log import Log
from api.audit.moments import Clock
from api.audit.store import Kept
from api.decisions import decided
from api.recording import decision_record
from api.request import Request
from api.running import Running, start
from api.settings import FILE, Settings
from tests.granting import keep_in_force
from tests.serving import POLICIES

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAY = NOON.date()
RUNNER = CliRunner(env={"WRIT_FAULTS": None})
"""Runs commands without the switch of the long tests, which is no setting."""

_NUMBERS = itertools.count()


def ticking(first: dt.datetime = NOON, step: dt.timedelta = dt.timedelta(seconds=1)) -> Clock:
    """A clock that goes on by a step each time it is read."""
    ticks = itertools.count()
    return lambda: first + next(ticks) * step


def settings_of(folder: Path, **given: object) -> Settings:
    """The settings of a log whose files stand in `folder`, whatever its database."""
    files = {"policy_file": folder / "policies.yaml", "database": folder / "writ.db"}
    files |= {"log_key": folder / "writ.db.key", "checkpoints": folder / "writ.db.checkpoints"}
    environ = {FILE: str(given.pop("settings"))} if "settings" in given else {}
    return Settings.read(environ, {name: str(value) for name, value in (files | given).items()})


@contextmanager
def running_with(folder: Path, text: str = POLICIES, clock: Clock | None = None, **given: object) -> Iterator[Running]:
    """The service without its HTTP: the policies in force, and the log, closed at the end."""
    (folder / "policies.yaml").write_text(text, encoding="utf-8")
    running = start(settings_of(folder, **given), clock or ticking(), lambda: None)
    try:
        keep_in_force(running.register, running.settings.policy_file)
        yield running
    finally:
        running.audit.close()


@contextmanager
def log_in(folder: Path, clock: Clock | None = None, **given: object) -> Iterator[Log]:
    """The log of a folder alone, closed at the end."""
    audit = Log(settings_of(folder, **given).places(), 5, clock or ticking(NOON + dt.timedelta(days=90)))
    try:
        yield audit
    finally:
        audit.close()


def record_all(
    running: Running, policy: str, many: Iterable[Mapping[str, Any]], principal: str = "local", day: dt.date = DAY
) -> list[Kept]:
    """Decide on each of the facts and record it; the entries in their order."""
    queued = []
    for facts in many:
        made = decided(running, policy, Request(dict(facts), day), day)
        name = str(next(_NUMBERS)).encode()
        key = Key(hashlib.sha256(name).digest(), hashlib.sha256(b"asked " + name).digest())
        at, back = running.audit.moments.read()
        record = decision_record(
            made.policy, made.deciding, facts, made.decision, key=key, principal=principal, at=at, went_back=back
        )
        queued.append(running.audit.writer.submit(record, key, time.monotonic() + 60))
    return [one.result() for one in queued]
