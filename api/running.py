"""A service that stands ready: its settings, its audit log, its clock, who may do what, and the policies in force."""

from __future__ import annotations

import datetime as dt
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import policies
from api.access.gate import Gate
from api.admission import Admission, InProgress
from api.audit.log import Log
from api.audit.moments import Clock
from api.comparison.worker import Worker
from api.governance.checks import checked
from api.governance.first import first_key, import_text
from api.governance.register import Register
from api.metrics import Metrics
from api.problems import Problem
from api.revisions import Revisions, Texts
from api.settings import Settings
from api.shadows import Shadows
from policies.source import decode

COMPARING = 2
"""Comparisons under way at once: each holds a thread and waits for the one process that compares."""


class PolicyFileError(Exception):
    """The policy file cannot be read, or cannot become the first revision."""


@dataclass(slots=True)
class Running:
    """What every request needs.

    `first_key` is the key that lets the first administrator in, on the first start only: it is to be shown once.
    """

    settings: Settings
    audit: Log
    clock: Clock
    register: Register
    revisions: Revisions
    gate: Gate
    metrics: Metrics
    admission: Admission
    comparing: Admission
    in_progress: InProgress
    worker: Worker
    shadows: Shadows
    first_key: str | None = None


def utc_now() -> dt.datetime:
    """The machine's clock."""
    return dt.datetime.now(dt.UTC)


def terminate() -> None:
    """Ask this process to end the way Ctrl-C and `kill` do: answers under way are finished."""
    os.kill(os.getpid(), signal.SIGTERM)


def start(settings: Settings, clock: Clock, leave: Callable[[], None]) -> Running:
    """Open the log and read who may do what; on the first start, the policy file becomes the first revision.

    `leave` ends the process once the record cannot be trusted, whoever finds that out.

    Raises PolicyFileError, policies.diagnostics.Refused (the policies are wrong) and AuditUnavailableError.
    """
    metrics = Metrics()
    audit = Log(settings.places(), settings.busy_timeout, clock, metrics.committed)
    try:
        register = Register(audit, ZoneInfo(settings.time_zone))
        texts = Texts(audit.store)
        if not register.current().revisions:
            _import(settings, register, texts)
        key = first_key(register, settings.first_key)
        revisions = Revisions(register, texts)
        revisions.today()
        gate = Gate(settings, register, clock)
    except BaseException:
        audit.close()
        raise
    metrics.watch(audit)
    audit.store.when_broken = leave
    shown = key if settings.first_key is None else None
    worker = Worker()
    return Running(
        settings=settings,
        audit=audit,
        clock=clock,
        register=register,
        revisions=revisions,
        gate=gate,
        metrics=metrics,
        admission=Admission(settings.queue),
        comparing=Admission(COMPARING, "comparisons"),
        in_progress=InProgress(),
        worker=worker,
        shadows=Shadows(audit, register, texts, worker),
        first_key=shown,
    )


def _import(settings: Settings, register: Register, texts: Texts) -> None:
    path = settings.policy_file
    try:
        raw = path.read_bytes()
    except OSError as error:
        msg = f"cannot read the policy file `{path}`: {error.strerror}"
        raise PolicyFileError(msg) from error
    bundle = policies.load(decode(str(path), raw))
    try:
        evidence = checked(bundle)
    except Problem as problem:
        failed = "\n".join(f"{path}:{one['line']}: case `{one['case']}`: {one['detail']}" for one in problem.errors)
        msg = f"{path}: {problem.detail}; `writ test` shows them\n{failed}"
        raise PolicyFileError(msg) from problem
    import_text(register, bundle, evidence)
    texts.keep(bundle)
