"""A service that stands ready: its settings, its audit log, its clock, and the policies in force."""

from __future__ import annotations

import datetime as dt
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

import policies
from api.admission import Admission, InProgress
from api.audit.log import Log
from api.audit.moments import Clock
from api.audit.records import Catalogued, Record, make_record
from api.identities import new_id
from api.metrics import Metrics
from api.revisions import InForce, Revisions
from api.settings import Settings
from policies.diagnostics import Code, Diagnostic, Refused
from policies.ir import Bundle
from policies.source import decode


class PolicyFileError(Exception):
    """The policy file cannot be read."""


@dataclass(slots=True)
class Running:
    """What every request needs. `leave` ends the process once the record cannot be trusted."""

    settings: Settings
    audit: Log
    clock: Clock
    in_force: InForce
    revisions: Revisions
    metrics: Metrics
    admission: Admission
    in_progress: InProgress
    leave: Callable[[], None]


def utc_now() -> dt.datetime:
    """The machine's clock."""
    return dt.datetime.now(dt.UTC)


def terminate() -> None:
    """Ask this process to end the way Ctrl-C and `kill` do: answers under way are finished."""
    os.kill(os.getpid(), signal.SIGTERM)


def start(settings: Settings, clock: Clock, leave: Callable[[], None]) -> Running:
    """Read the policies and open the log; a text not seen before becomes the next revision.

    Raises PolicyFileError, policies.diagnostics.Refused (the policies are wrong) and AuditUnavailableError.
    """
    path = settings.policy_file
    try:
        raw = path.read_bytes()
    except OSError as error:
        msg = f"cannot read the policy file `{path}`: {error.strerror}"
        raise PolicyFileError(msg) from error
    bundle = policies.load(decode(str(path), raw))
    metrics = Metrics()
    audit = Log(settings.places(), settings.busy_timeout, clock, metrics.committed)
    try:
        number = _revise(audit, bundle)
    except BaseException:
        audit.close()
        raise
    metrics.watch(audit)
    admission = Admission(settings.queue)
    in_force = InForce(bundle, number)
    revisions = Revisions(audit.store)
    return Running(settings, audit, clock, in_force, revisions, metrics, admission, InProgress(), leave)


def _revise(audit: Log, bundle: Bundle) -> int:
    at, back = audit.moments.read()
    text = bundle.source.text.encode()
    return audit.revise(bundle.digest, bundle.name, text, lambda number: _revision_record(bundle, number, at, back))


def _revision_record(bundle: Bundle, number: int, at: dt.datetime, went_back: bool) -> Record:
    """The log's entry for a new revision. Only the first may have been in effect before it was recorded."""
    span = bundle.effective_span
    if number > 1 and bundle.effective is not None and span is not None and bundle.effective < at.date():
        said = f"{bundle.effective} has passed: a changed document cannot decide the past anew"
        raise Refused([Diagnostic(Code.BACKDATED, said, span, f"write {at.date()} or a later day")])
    digests = {name: policy.digest for name, policy in bundle.policies.items()}
    content = {"revision": number, "bundle": bundle.name, "bundle_digest": bundle.digest, "policies": digests}
    content |= {"clock_went_back": True} if went_back else {}
    return make_record("revision", new_id("rev", at), at, content, catalogued=Catalogued(revision=number))
