"""Shadows: a text that does not decide yet is asked everything that is decided, after the answer has left.

Each decision that was recorded since the shadow began is decided again by the shadow's text and by the one that was in
force then, in the worker's process. Nothing is sampled and nothing is slowed: the log itself is the queue.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from api.audit.database import AuditUnavailableError
from api.audit.log import Log
from api.audit.recorded import decisions_of_log
from api.audit.replay import Recorded
from api.audit.tables import catalogue
from api.comparison.recorded import question_of
from api.comparison.worker import CHUNK, ComparisonLostError, Worker
from api.comparison.worker import Running as UnderWay
from api.governance.acts import REVISION
from api.governance.governed import Governed
from api.governance.register import Moment, Register
from api.governance.revision import Revision, Shadow
from api.problems import Problem
from api.revisions import Texts
from engine.comparing import Question
from engine.decision import Json

log = logging.getLogger("writ")

PAUSE = 0.5
"""Seconds between looks at the log."""


@dataclass(slots=True)
class Following:
    """One shadow's way through the log: how far it has come, and a comparison for each text it ran beside.

    `erasure` is the last one in the log when it began.
    """

    shadow: Shadow
    digest: str
    erasure: int
    next: int
    erased: int = 0
    beside: dict[str, tuple[int, UnderWay]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """The differences so far. Raises ComparisonLostError."""
        return {
            "followed_to": self.next,
            "erased": self.erased,
            "beside": [
                {"revision": number, "bundle_digest": digest, "replay": under_way.result()}
                for digest, (number, under_way) in self.beside.items()
            ],
        }


class Shadows:
    """Follows the log with every shadow's text, in a thread of its own."""

    def __init__(self, audit: Log, register: Register, texts: Texts, worker: Worker) -> None:
        self.audit = audit
        self.register = register
        self.texts = texts
        self.worker = worker
        self._following: dict[int, Following] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="writ-shadows", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def close(self) -> None:
        """Stop following."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def summary(self, revision: Revision) -> dict[str, Json] | None:
        """What a revision's shadow has found up to the log's present end; None where none runs.

        Raises AuditUnavailableError and ComparisonLostError.
        """
        if revision.shadow is None:
            return None
        with self._lock:
            try:
                return self._follow(revision, revision.shadow).to_json()
            except ComparisonLostError:
                # The log still has everything: once more, from the shadow's own entry.
                self._drop(revision.number)
                return self._follow(revision, revision.shadow).to_json()

    def end(self, revision: int, principal: str, check: Callable[[Governed, Moment], object] | None = None) -> Governed:
        """End a shadow and record what it found, in figures.

        Raises Problem, AuditUnavailableError and what `check` raises.
        """
        one = self.register.current().revisions.get(revision)
        found = {} if one is None else self.found(one)

        def compose(state: Governed, moment: Moment) -> Mapping[str, Any]:
            now = state.revisions.get(revision)
            if now is None or now.shadow is None:
                raise Problem("revision_state", f"revision {revision} has no shadow that runs")
            if check is not None:
                check(state, moment)
            return {"revision": revision, "bundle_digest": now.digest, **found}

        return self.register.perform(REVISION, "shadow_ended", principal, compose)

    def found(self, revision: Revision) -> Mapping[str, Any]:
        """What a shadow has found, in figures, for the act that ends it; empty where none runs.

        Raises AuditUnavailableError.
        """
        try:
            summary = self.summary(revision)
        except ComparisonLostError:
            return {"shadow": {"lost": True}}
        return {} if summary is None else {"shadow": figures(summary)}

    def _run(self) -> None:
        while not self._closing.wait(PAUSE):
            try:
                self._look()
            except (AuditUnavailableError, ComparisonLostError) as error:
                log.warning("a shadow waits: %s", error)
            except Exception:
                log.exception("a shadow failed")

    def _look(self) -> None:
        governed = self.register.current()
        at = self.audit.moments.clock()
        running = {one.number: one for one in governed.revisions.values() if one.shadow is not None}
        with self._lock:
            for number in [number for number in self._following if number not in running]:
                self._drop(number)
            for one in running.values():
                if one.shadow is not None:
                    self._follow(one, one.shadow)
        for number, one in running.items():
            if one.shadow is not None and at > one.shadow.until:
                try:
                    self.end(number, "system")
                except Problem:
                    continue  # another process was first

    def _follow(self, revision: Revision, shadow: Shadow) -> Following:
        """Take in what was decided since; the caller holds the lock."""
        following = self._following.get(revision.number)
        erasure = self._last_erasure()
        same = (shadow, revision.digest, erasure)
        if following is None or (following.shadow, following.digest, following.erasure) != same:
            # What was erased must not live on in the worker's memory.
            self._drop(revision.number)
            following = self._following[revision.number] = Following(*same, shadow.seq + 1)
        try:
            self._take_in(following, self.audit.store.state().size)
        except BaseException:
            self._drop(revision.number)  # some of it may be counted: it begins anew from the shadow's own entry
            raise
        return following

    def _last_erasure(self) -> int:
        with self.audit.store.read() as connection:
            wanted = select(func.max(catalogue.c.seq)).where(catalogue.c.kind == "erasure")
            return int(connection.scalar(wanted) or 0)

    def _take_in(self, following: Following, end: int) -> None:
        waiting: dict[str, list[Question]] = {}
        new = self.texts.bundle(following.digest)
        for one in decisions_of_log(self.audit, following.next, end):
            if one.wrong is None and not self._closing.is_set() and not _after(one, following.shadow):
                if one.missing:
                    following.erased += 1
                else:
                    digest = one.record["bundle_digest"]
                    self._beside(following, digest, int(one.record["revision"]))
                    waiting.setdefault(digest, []).append(question_of(one.record, self.texts.bundle(digest), new))
            for digest, some in waiting.items():
                if len(some) >= CHUNK:
                    following.beside[digest][1].add(some)
                    some.clear()
        for digest, some in waiting.items():
            following.beside[digest][1].add(some)
        following.next = end

    def _beside(self, following: Following, digest: str, number: int) -> None:
        if digest not in following.beside:
            texts = self.texts.bundle(digest), self.texts.bundle(following.digest)
            following.beside[digest] = (number, self.worker.open(*texts))

    def _drop(self, number: int) -> None:
        following = self._following.pop(number, None)
        for _, under_way in (following.beside if following is not None else {}).values():
            under_way.close()


def figures(found: Mapping[str, Any]) -> dict[str, Json]:
    """A summary in figures alone, for the log: no customer is named."""
    return {
        "followed_to": found["followed_to"],
        "erased": found["erased"],
        "beside": [
            {
                "revision": one["revision"],
                "bundle_digest": one["bundle_digest"],
                "questions": one["replay"]["questions"],
                "changed": one["replay"]["changed"],
                "policies": [
                    {"policy": each["policy"], "compared": each["compared"], "changed": each["changed"]}
                    for each in one["replay"]["policies"]
                ],
            }
            for one in found["beside"]
        ],
    }


def _after(one: Recorded, shadow: Shadow) -> bool:
    return str(one.record["at"]) > shadow.until.isoformat(timespec="microseconds").replace("+00:00", "Z")
