"""The register of acts: numbered without gaps, nothing lost between processes, refused when anything is missing."""

from __future__ import annotations

import datetime as dt
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil  # type: ignore[import-untyped]  # it ships no types; the wheel of the server requires it
import pytest

from api.access.api_keys import prefix_of
from api.audit.database import AuditUnavailableError
from api.audit.log import Log
from api.audit.places import Places
from api.governance import admissions, changes
from api.governance.acts import ACCESS_KEY, PRINCIPAL, REVISION
from api.governance.first import import_text
from api.governance.register import FRESH, STALE, Register, Text
from api.problems import Problem
from api.running import utc_now
from policies import load
from policies.source import decode
from tests.calling import places_in
from tests.faults import FORKS
from tests.granting import grant, put_in_force
from tests.postgres import Server, postgres
from tests.serving import POLICIES
from tests.tampering import Made, Tampering

__all__ = ["postgres"]  # pytest finds the fixture here; for ruff it is otherwise an unused name

UTC = ZoneInfo("UTC")
BUNDLE = load(decode("policies.yaml", POLICIES.encode()))
WAIT = 10.0


@contextmanager
def register_at(places: Places, wait: float = WAIT) -> Iterator[Register]:
    """The register of a log of its own, as each process has one."""
    log = Log(places, wait, utc_now)
    try:
        yield Register(log, UTC)
    finally:
        log.close()


def draft(register: Register, by: str, comment: str) -> int:
    """The number that the draft got when it was made."""
    text = Text(BUNDLE.digest, BUNDLE.name, BUNDLE.source.text.encode())
    got: list[int] = []

    def compose(state: object, _moment: object) -> dict[str, object]:
        content = changes.drafted(state, BUNDLE, comment, None)  # type: ignore[arg-type]  # as Register hands it over
        got.append(content["revision"])
        return content

    register.perform(REVISION, "drafted", by, compose, text)
    return got[-1]


def filled(places: Places) -> str:
    """A log with an imported text, a changed one and a person; the person's key."""
    with register_at(places) as register:
        import_text(register, BUNDLE, {})
        put_in_force(register, POLICIES + "# changed\n")
        return grant(register, "ann", ["decide"])


# Numbers


def test_acts_are_numbered_without_gaps_and_survive_a_restart(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    filled(places)
    with register_at(places) as register:
        before = register.current()
        bodies = [json.loads(kept.body) for kept in register.audit.store.entries(0, 100)]
    acts = [body["act_number"] for body in bodies if "act_number" in body]
    assert acts == list(range(1, before.acts + 1))
    assert {revision.number: revision.stage for revision in before.revisions.values()} == {
        1: "activated",
        2: "activated",
    }
    with register_at(places) as register:
        assert register.current() == before
        assert draft(register, "ann", "again") == 3
        assert register.current().acts == before.acts + 1


def test_an_act_that_is_refused_leaves_no_number_and_no_entry(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    filled(places)
    with register_at(places) as register:
        before, size = register.current(), register.audit.store.state().size
        with pytest.raises(Problem):
            register.perform(
                REVISION, "withdrawn", "ann", lambda state, moment: changes.withdrawn(
                    state, moment, 2, "ann", frozenset({"approve"}), "no"
                )
            )  # fmt: skip
        assert (register.current(), register.audit.store.state().size) == (before, size)
        assert draft(register, "ann", "goes on") == 3
        assert register.current().acts == before.acts + 1


@pytest.mark.parametrize("server", [False, True])
def test_two_registers_that_act_at_once_lose_nothing_and_agree(tmp_path: Path, postgres: Server, server: bool) -> None:
    places, each = places_in(tmp_path, postgres.new_database() if server else None), 6
    with ExitStack() as stack:
        registers = [stack.enter_context(register_at(places)) for _ in range(2)]
        import_text(registers[0], BUNDLE, {})

        def act(worker: int) -> list[int]:
            register = registers[worker % 2]
            numbers = [draft(register, f"person{worker}", f"{worker} {n}") for n in range(each)]
            register.perform(
                PRINCIPAL,
                "registered",
                "system",
                lambda state, _: admissions.registered(state, f"person{worker}", "person", ["author"], None),
            )
            return numbers

        with ThreadPoolExecutor(4) as pool:
            numbers = list(pool.map(act, range(4)))
        time.sleep(FRESH)
        one, other = (register.current() for register in registers)
        assert one == other
        assert one.acts == 1 + 4 * each + 4
        assert sorted(number for some in numbers for number in some) == list(range(2, 2 + 4 * each))
        for worker, some in enumerate(numbers):
            assert [one.revisions[number].comment for number in some] == [f"{worker} {n}" for n in range(each)]
        assert set(one.principals) == {f"person{worker}" for worker in range(4)}
        seqs = [act.seq for revision in one.revisions.values() for act in revision.history]
        assert len(set(seqs)) == len(seqs)
        assert registers[0].audit.store.state().size == 1 + one.acts, "the signing key and the acts"
    with register_at(places) as again:
        assert again.current() == one


# What was tampered with


def altered(old: bytes, new: bytes, *, rehashed: bool = True) -> Callable[[Tampering], object]:
    """The latest record that has some bytes gets others, and the leaf that they have."""

    def alter(t: Tampering) -> None:
        bodies = {
            seq: t.unpacked(number, packed) for seq, number, packed in t.do("SELECT seq, dictionary, body FROM entry")
        }
        seq = max(seq for seq, body in bodies.items() if body is not None and old in body)
        (t.put_rehashed if rehashed else t.put)(seq, (bodies[seq] or b"").replace(old, new))

    return alter


def done(*statements: str) -> Callable[[Tampering], object]:
    return lambda t: [t.do(statement) for statement in statements]


def renumbered(t: Tampering) -> None:
    t.do("DELETE FROM entry WHERE seq = 3")
    t.regrow()


SWAPPED = (
    "UPDATE act SET seq = -1 WHERE number = 2",
    "UPDATE act SET seq = 2 WHERE number = 3",
    "UPDATE act SET seq = 3 WHERE number = 2",
)
DOUBLED = (
    "INSERT INTO entry SELECT seq + 1, id || 'x', dictionary, body, leaf FROM entry ORDER BY seq DESC LIMIT 1",
    "INSERT INTO act SELECT number + 1, seq + 1 FROM act ORDER BY number DESC LIMIT 1",
)
GAP = r"act {} \(entry {}\) follows act {}: the record of acts has a gap"
TAMPERINGS: Mapping[str, tuple[Callable[[Tampering], object], str]] = {
    "the first row is missing": (done("DELETE FROM act WHERE number = 1"), GAP.format(2, 2, 0)),
    "a row is missing": (done("DELETE FROM act WHERE number = 3"), GAP.format(4, 4, 2)),
    "the last row is missing": (
        done("DELETE FROM act WHERE number = (SELECT max(number) FROM act)"),
        "entry 11 is an act that the record of acts does not have",
    ),
    "rows are swapped": (done(*SWAPPED), GAP.format(3, 3, 1)),
    "a row names another entry": (
        done("INSERT INTO act SELECT max(number) + 1, 0 FROM act"),
        "act 12 cannot be read: entry 0 is no act: `key`",
    ),
    "an act is doubled": (done(*DOUBLED), GAP.format(11, 12, 11)),
    "an entry is missing": (done("DELETE FROM entry WHERE seq = 3"), "entry 3 is missing"),
    "an entry is missing, and the others are renumbered": (
        renumbered,
        GAP.format(4, 3, 2),
    ),
    "a record is altered": (
        altered(b'"name":"ann"', b'"name":"bob"', rehashed=False),
        "entry 10 does not have the bytes its leaf hash was made of",
    ),
    "a record's number is altered": (altered(b'"act_number":3,', b'"act_number":4,'), GAP.format(4, 3, 2)),
    "a record's word is altered": (
        altered(b'"act":"made"', b'"act":"gone"'),
        "act 11 cannot be read: entry 11 is no act: `access_key`, `gone`",
    ),
    "a record names a revision that there is not": (
        altered(b'"revision":2', b'"revision":7'),
        r"act 9 \(entry 9\) names what there is not: revision 7",
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_acts_that_were_tampered_with_are_refused_at_the_start(tmp_path: Path, name: str) -> None:
    """Also where the tamperer has made every hash agree, and nobody holds a checkpoint."""
    tamper, said = TAMPERINGS[name]
    places = places_in(tmp_path)
    filled(places)
    tampering = Tampering(Made(tmp_path, tmp_path, (), tmp_path, ""), tmp_path, random.Random(0))  # noqa: S311 (nothing is random here)
    with tampering.opened():
        tamper(tampering)
        if "leaf" not in said and tampering.one("SELECT max(seq) + 1 = count(*) FROM entry"):
            tampering.regrow()
        tampering.do("DELETE FROM checkpoint")
    places.checkpoints.unlink(missing_ok=True)
    with pytest.raises(AuditUnavailableError, match=said), register_at(places):
        pass


# Other processes


def revoke(folder: str, prefix: str) -> None:
    """A process of its own, which revokes a key."""
    with register_at(places_in(Path(folder))) as register:
        register.perform(
            ACCESS_KEY,
            "revoked",
            "system",
            lambda state, moment: admissions.key_revoked(state, moment, "ann", prefix),
        )


def test_a_revocation_by_another_process_is_seen_within_a_second(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    prefix = prefix_of(filled(places)) or ""
    with register_at(places) as register:
        assert register.current().keys[prefix].live(utc_now())
        process = FORKS.Process(target=revoke, args=(str(tmp_path), prefix))
        process.start()
        process.join(30)
        ended = time.monotonic()
        assert process.exitcode == 0
        while register.current().keys[prefix].live(utc_now()):
            assert time.monotonic() - ended < 1
            time.sleep(0.01)
        revoked = register.current().keys[prefix].revoked
        assert revoked is not None
        assert utc_now() - revoked < dt.timedelta(seconds=30)


@contextmanager
def down(server: Server) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def hung(server: Server) -> Iterator[None]:
    assert server.process is not None
    postmaster = psutil.Process(server.process.pid)
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


@pytest.mark.parametrize("fault", [down, hung])
def test_a_state_that_cannot_be_looked_after_is_not_used_any_more(
    tmp_path: Path, postgres: Server, fault: Callable[[Server], AbstractContextManager[None]]
) -> None:
    """A key may have been revoked meanwhile; with the database back, the register goes on."""
    with register_at(places_in(tmp_path, postgres.new_database()), wait=1) as register:
        grant(register, "ann")
        time.sleep(FRESH + 0.1)
        before = register.current()
        with fault(postgres):
            time.sleep(STALE + 0.1)
            assert register.fresh() is None
            started = time.monotonic()
            with ThreadPoolExecutor(4) as pool:
                asked = [pool.submit(register.current) for _ in range(4)]
            assert all(isinstance(one.exception(), AuditUnavailableError) for one in asked)
            assert time.monotonic() - started < 10
        until = time.monotonic() + 10
        while True:
            try:
                assert register.current() == before
            except AuditUnavailableError:
                assert time.monotonic() < until
                time.sleep(0.1)
            else:
                break
