"""The register: acts read from the log into the state they add up to, and new ones written, one after another."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, insert, select

from api.audit.appending import Item, append
from api.audit.database import AuditUnavailableError
from api.audit.log import Log
from api.audit.nodes import Nodes, Tiles
from api.audit.records import Catalogued, make_record
from api.audit.store import State, read_state
from api.audit.tables import act as act_table
from api.audit.tables import policy_text
from api.audit.whole import whole_record
from api.governance.acts import PREFIXES, Act
from api.governance.governed import Governed
from api.governance.unbroken import check_in_tree, check_none_left_out
from api.identities import new_id

FRESH = 0.5
"""Seconds for which the state needs no look at what other processes have done."""

STALE = 1.0
"""Seconds after which a state that could not be looked after opens nothing any more: a key may have been revoked."""


@dataclass(frozen=True, slots=True)
class Text:
    """A policy text to be kept with an act: its SHA-256, its bundle's name and its exact bytes."""

    digest: str
    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Moment:
    """When an act is done: the moment, and the day it is in the service's time zone."""

    at: dt.datetime
    today: dt.date


Compose = Callable[[Governed, Moment], Mapping[str, Any]]
"""Says what an act's record holds, given the state it meets; raises Problem where it is not allowed."""


class Register:
    """The state of one log's acts. Other processes' acts are seen within `FRESH` seconds, one's own at once."""

    def __init__(self, audit: Log, zone: ZoneInfo) -> None:
        """Read all acts. Raises AuditUnavailableError, also for a record of acts that has a gap."""
        self.audit = audit
        self.zone = zone
        self._governed = Governed()
        self._looked = -STALE
        self._lock = threading.Lock()
        self.current()
        with audit.store.read() as connection:
            seqs = frozenset(connection.scalars(select(act_table.c.seq)))
        check_none_left_out(audit, self._governed.acts, seqs)

    def current(self) -> Governed:
        """The state, at most `FRESH` seconds old, `STALE` when the database is slow. Raises AuditUnavailableError."""
        age = time.monotonic() - self._looked
        if age <= FRESH:
            return self._governed
        if not self._lock.acquire(blocking=age > STALE, timeout=self.audit.store.wait if age > STALE else -1):
            if age <= STALE:
                return self._governed  # another thread is looking
            raise AuditUnavailableError("who may do what cannot be read now", passing=True)
        try:
            if time.monotonic() - self._looked > FRESH:
                started = time.monotonic()
                with self.audit.store.read() as connection:
                    self._catch_up(connection)
                self._looked = started
            return self._governed
        finally:
            self._lock.release()

    def looked(self, within: float = 0.0) -> Governed:
        """The state of now, also where another process has just acted; at most `within` seconds old.

        Raises AuditUnavailableError.
        """
        with self._lock:
            started = time.monotonic()
            if started - self._looked < within:
                return self._governed
            with self.audit.store.read() as connection:
                self._catch_up(connection)
            self._looked = started
            return self._governed

    def fresh(self) -> Governed | None:
        """The state, where it needs no look at the database; it never waits."""
        return self._governed if time.monotonic() - self._looked <= FRESH else None

    def day(self, at: dt.datetime) -> dt.date:
        """The day that a moment falls on in the service's time zone."""
        return at.astimezone(self.zone).date()

    def today(self) -> dt.date:
        """The present day in the service's time zone."""
        return self.day(self.audit.moments.clock())

    def perform(self, kind: str, word: str, principal: str, compose: Compose, text: Text | None = None) -> Governed:
        """Do an act: what it meets cannot change before it is recorded. The state after it.

        Raises what `compose` raises, and AuditUnavailableError.
        """
        with self._lock:
            after = self._performed(kind, word, principal, compose, text)
            self._governed = after
        return after

    def _performed(self, kind: str, word: str, principal: str, compose: Compose, text: Text | None) -> Governed:
        store = self.audit.store
        with store.write() as connection:
            state = read_state(connection, lock=True)
            self._catch_up(connection)
            before = self._governed
            at, back = self.audit.moments.read()
            content = dict(compose(before, Moment(at, self.day(at))))
            found = Catalogued(outcome=word, revision=content.get("revision"), principal=principal)
            members = {"act": word, "act_number": before.acts + 1, "principal": principal, **content}
            members |= {"clock_went_back": True} if back else {}
            record = make_record(kind, new_id(PREFIXES[kind], at), at, members, catalogued=found)
            after = before.after(Act.of({**members, "kind": kind, "at": at.isoformat()}, state.size))
            append(store, connection, state, [Item.of(store, record)])
            connection.execute(insert(act_table).values(number=after.acts, seq=state.size))
            if text is not None:
                _keep_text(connection, text)
        return after

    def _catch_up(self, connection: Connection) -> None:
        """Take in the acts that were done since."""
        last = int(connection.scalar(select(func.coalesce(func.max(act_table.c.number), 0))) or 0)
        if last < self._governed.acts:
            raise self.audit.store.fail(f"the record of acts went back from {self._governed.acts} to {last}")
        if last == self._governed.acts:
            return
        wanted = select(act_table).where(act_table.c.number > self._governed.acts).order_by(act_table.c.number)
        governed = self._governed
        rows = [(row.number, row.seq) for row in connection.execute(wanted)]
        state, nodes = read_state(connection), Nodes(self.audit.store, Tiles())
        for number, seq in rows:
            try:
                governed = governed.after(self._act(number, seq, state, nodes))
            except ValueError as error:
                raise AuditUnavailableError(str(error)) from error
        self._governed = governed

    def _act(self, number: int, seq: int, state: State, nodes: Nodes) -> Act:
        store = self.audit.store
        kept = store.entry(seq)
        if kept is None:
            raise AuditUnavailableError(f"entry {seq}, act {number}, is missing in the database")
        check_in_tree(nodes, kept, state)
        record, _ = whole_record(store, kept)
        try:
            return Act.of(record, seq)
        except (ValueError, LookupError, TypeError) as error:
            raise AuditUnavailableError(f"act {number} cannot be read: {error}") from error


def _keep_text(connection: Connection, text: Text) -> None:
    known = connection.scalar(select(policy_text.c.digest).where(policy_text.c.digest == text.digest))
    if known is None:
        connection.execute(insert(policy_text).values(digest=text.digest, name=text.name, text=text.body))
