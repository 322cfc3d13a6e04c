"""One key, one decision (P2), for any order of retries, batches, erasures, reopenings and kills, on both databases.

The model knows what each key was first used for. Two logs stand for two processes on one database.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard, TypeVar
from zoneinfo import ZoneInfo

import psycopg
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import make_url, select

import policies
from api.audit.appending import Key, find_key
from api.audit.database import AuditUnavailableError, KeyReusedError
from api.audit.erasure import erase
from api.audit.log import Log
from api.audit.personal import Personal
from api.audit.places import Places
from api.audit.records import Catalogued, Record, make_record
from api.audit.start_check import check_log
from api.audit.store import Kept
from api.audit.tables import idempotency
from api.audit.tree import Frontier
from api.audit.verify import leaf_hash
from api.governance.first import import_text
from api.governance.register import Register
from api.identities import new_id
from policies.source import decode
from tests.faults import scaled
from tests.granting import put_in_force
from tests.postgres import Server, postgres

__all__ = ["postgres"]  # pytest finds the fixture here; for ruff it is otherwise an unused name

TEXT = """\
writ: 1
bundle: keys
reporting_currency: EUR
facts:
  customer: {type: text, subject: true, optional: true}
  name: {type: text, pii: true, optional: true}
policies:
  greet: {kind: decision, title: {en: Greet}, outcome: {to: {is: name, otherwise: '"nobody"'}}}
"""
DECLARED = policies.load(decode("policies.yaml", TEXT.encode())).policies["greet"].facts
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
WAIT = 30.0
"""Seconds; a busy machine must not make the database seem unavailable."""

FILL = 90
"""Records without a key appended at once, so that three times make a whole tile of the tree."""


@dataclass(frozen=True)
class Ask:
    """A request: its key, what it asks, and whose name it holds, if anybody's."""

    name: str
    what: str
    person: str | None

    @property
    def key(self) -> Key:
        asked = hashlib.sha256(f"{self.what} {self.person}".encode()).digest()
        return Key(hashlib.sha256(self.name.encode()).digest(), asked)

    def record(self) -> Record:
        """As the service makes it: a new record for each try, with an id of its own."""
        person = {} if self.person is None else {"customer": self.person, "name": f"{self.person} of {self.what}"}
        facts = {"what": self.what, **person}
        content = {"key_sha256": self.key.hash.hex(), "fingerprint": self.key.asked.hex(), "facts": facts}
        taken, found = Personal(DECLARED, facts, "customer"), Catalogued(subject=self.person)
        return make_record("decision", new_id("dec", NOON), NOON, content, personal=taken, catalogued=found)


PEOPLE = ("ann", "bob")
ASKS = st.builds(Ask, st.sampled_from("abcdefgh"), st.sampled_from("xy"), st.none() | st.sampled_from(PEOPLE))
WORKERS = st.sampled_from((0, 1))
T = TypeVar("T")
Answer = Kept | KeyReusedError | AuditUnavailableError


class Keys(RuleBasedStateMachine):
    """A log in a file or, by its URL, on a server; what each key was first used for, and what was answered then."""

    def __init__(self, url: str | None = None) -> None:
        super().__init__()
        self.url = url
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name, "0")
        self.folder.mkdir()
        self.first: dict[str, tuple[Ask, Kept]] = {}
        self.erased: set[str] = set()
        self.revisions = 0
        self.open_both()
        self.import_first()

    def import_first(self) -> None:
        """Policies as they are imported at a service's first start."""
        import_text(self.registers[0], policies.load(decode("policies.yaml", TEXT.encode())), {})
        self.revisions += 1

    def open_both(self) -> None:
        self.logs = [self.opened(), self.opened()]
        self.registers = [Register(log, ZoneInfo("UTC")) for log in self.logs]

    def opened(self) -> Log:
        database = self.url or str(self.folder / "writ.db")
        return Log(Places(database, self.folder / "writ.key", self.folder / "checkpoints"), WAIT, lambda: NOON)

    def teardown(self) -> None:
        for log in self.logs:
            log.close()
        self.temporary.cleanup()

    # What happens

    @rule(ask=ASKS, worker=WORKERS)
    def asked(self, ask: Ask, worker: int) -> None:
        self.settle([(ask, self.answer(ask, worker))])

    @precondition(lambda self: self.first)
    @rule(data=st.data(), worker=WORKERS)
    def asked_again(self, data: st.DataObject, worker: int) -> None:
        ask, _ = self.first[data.draw(st.sampled_from(sorted(self.first)))]
        self.settle([(ask, self.answer(ask, worker))])

    @rule(asks=st.lists(ASKS, min_size=2, max_size=12), both=st.booleans())
    def many_asked_at_once(self, asks: list[Ask], both: bool) -> None:
        """Queued while the log is held, so that they are one batch, of each process if both are asked."""
        with self.logs[0].store.write():
            futures = list(self.queued(asks, both))
        self.settle([(ask, answer_of(future)) for ask, future in futures])

    @rule(worker=WORKERS)
    def others_recorded(self, worker: int) -> None:
        writer, until = self.logs[worker].writer, time.monotonic() + WAIT
        records = [make_record("note", new_id("not", NOON), NOON, {"number": number}) for number in range(FILL)]
        assert not any(one.result().replayed for one in [writer.submit(each, None, until) for each in records])

    @rule(subject=st.sampled_from(PEOPLE), worker=WORKERS)
    def personal_data_erased(self, subject: str, worker: int) -> None:
        erase(self.logs[worker], subject, principal="officer", reason="asked for")
        self.erased |= {name for name, (ask, _) in self.first.items() if ask.person == subject}

    @rule(worker=WORKERS)
    def policies_changed(self, worker: int) -> None:
        """Of each log the register is as old as the log itself: it takes in what the other process has done."""
        self.revisions += 1
        text = f"{TEXT}# {self.revisions}\n"
        assert put_in_force(self.registers[worker], text) == self.revisions

    @rule(worker=WORKERS)
    def checkpoint_published(self, worker: int) -> None:
        self.logs[worker].publisher.publish()

    @rule(worker=WORKERS)
    def reopened(self, worker: int) -> None:
        self.logs[worker].close()
        self.logs[worker] = self.opened()
        self.registers[worker] = Register(self.logs[worker], ZoneInfo("UTC"))

    @precondition(lambda self: self.url is None)
    @rule(asks=st.lists(ASKS, max_size=6))
    def killed(self, asks: list[Ask]) -> None:
        """Both processes end with requests queued; the next ones find the files as they stand."""
        with self.logs[0].store.write():
            list(self.queued(asks, both=True))
            after = self.folder.with_name(str(int(self.folder.name) + 1))
            shutil.copytree(self.folder, after, ignore=shutil.ignore_patterns("*-shm"))
        for log in self.logs:
            log.close()
        self.folder = after
        self.open_both()

    @precondition(lambda self: self.url is not None)
    @rule(asks=st.lists(ASKS, max_size=6))
    def connections_lost(self, asks: list[Ask]) -> None:
        """The server ends every session while requests are queued: what became of them, the next try finds out."""
        futures = list(self.queued(asks, both=True))
        assert self.url is not None
        url = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'writ'"
            )
        self.settle([(ask, answer_of(future)) for ask, future in futures], lost=True)
        for log in self.logs:
            patiently(lambda log=log: log.store.prove_writable("again"))  # type: ignore[misc]  # mypy infers no default

    # What must hold

    @invariant()
    def one_record_for_each_key_in_a_valid_log(self) -> None:
        log = self.logs[0]
        patiently(log.store.state)  # a connection that was lost is noticed here, on one of each kind
        state = log.store.state()
        entries = log.store.entries(0, state.size)
        assert [one.seq for one in entries] == list(range(state.size))
        assert Frontier().extend(leaf_hash(one.body) for one in entries) == state.frontier
        check_log(log.store, log.file)
        records = [(one.seq, json.loads(one.body)) for one in entries]
        keyed = [(record["key_sha256"], seq) for seq, record in records if "key_sha256" in record]
        with log.store.read() as connection:
            rows = connection.execute(select(idempotency.c.key_hash, idempotency.c.seq)).all()
        assert sorted((row.key_hash.hex(), row.seq) for row in rows) == sorted(keyed)
        assert dict(keyed) == {ask.key.hash.hex(): kept.seq for ask, kept in self.first.values()}
        assert len(keyed) == len(self.first)

    # Asking

    def answer(self, ask: Ask, worker: int) -> Answer:
        """As the service does it: the known answer, or a new record's."""
        log = self.logs[worker]
        try:
            known = patiently(lambda: find_key(log.store, ask.key))
            return known or log.writer.append(ask.record(), ask.key)
        except (KeyReusedError, AuditUnavailableError) as error:
            return error

    def queued(self, asks: Sequence[Ask], both: bool) -> Iterator[tuple[Ask, Future[Kept]]]:
        until = time.monotonic() + WAIT
        for log in self.logs if both else self.logs[:1]:
            yield from ((ask, log.writer.submit(ask.record(), ask.key, until)) for ask in asks)

    def settle(self, answers: Sequence[tuple[Ask, Answer]], *, lost: bool = False) -> None:
        """Judge the answers to requests that were under way together, and remember the first use of each key."""
        assert lost or not any(isinstance(got, AuditUnavailableError) for _, got in answers), answers
        by_name: Mapping[str, list[tuple[Ask, Answer]]] = defaultdict(list)
        for ask, answer in answers:
            by_name[ask.name].append((ask, answer))
        for name, some in by_name.items():
            new = [(ask, got) for ask, got in some if isinstance(got, Kept) and not got.replayed]
            assert len(new) <= 1, f"{name} was decided {len(new)} times"
            if name not in self.first:
                unknown = any(isinstance(got, AuditUnavailableError) for _, got in some)
                if not new and unknown:
                    new = [(ask, got) for ask, got in ((ask, self.answer(ask, 0)) for ask, _ in some) if good(got)]
                self.first[name] = new[0]
            else:
                assert not new, f"{name} was decided a second time"
            first, kept = self.first[name]
            for ask, got in some:
                if name not in self.erased and ask == first:
                    assert isinstance(got, AuditUnavailableError) or same(got, kept), (ask, got)
                else:
                    assert isinstance(got, (KeyReusedError, AuditUnavailableError)), (ask, got)


def good(answer: Answer) -> TypeGuard[Kept]:
    return isinstance(answer, Kept)


def same(answer: Answer, kept: Kept) -> bool:
    return good(answer) and (answer.seq, answer.body, answer.leaf) == (kept.seq, kept.body, kept.leaf)


def answer_of(future: Future[Kept]) -> Answer:
    try:
        return future.result(WAIT + 5)
    except (KeyReusedError, AuditUnavailableError) as error:
        return error


def patiently(read: Callable[[], T]) -> T:
    """What is read, at the second try when a lost connection was noticed at the first."""
    try:
        return read()
    except AuditUnavailableError:
        return read()


def test_one_key_one_decision_in_a_file() -> None:
    steps = settings(max_examples=scaled(8, 150), stateful_step_count=scaled(25, 50))
    run_state_machine_as_test(Keys, settings=steps)


def test_one_key_one_decision_on_a_server(postgres: Server) -> None:
    steps = settings(max_examples=scaled(3, 25), stateful_step_count=scaled(12, 40))

    class OnServer(Keys):
        def __init__(self) -> None:
            super().__init__(postgres.new_database())

    run_state_machine_as_test(OnServer, settings=steps)
