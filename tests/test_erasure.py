"""P17: what was erased is nowhere any more, and every proof still holds.

Canaries are random texts, each looked for in the raw bytes of every file and in everything that is compressed there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pysqlite3.dbapi2 as driver
import pytest
from sqlalchemy import select

from api.audit.appending import Key, find_key
from api.audit.database import AuditUnavailableError, KeyReusedError
from api.audit.erasure import Erased, erase
from api.audit.log import Log
from api.audit.pack import export_pack
from api.audit.packing import unpack_alone
from api.audit.recorded import decisions_of_log, texts_of_log
from api.audit.replay import replay
from api.audit.search import Query, page
from api.audit.tables import catalogue, dictionary, part, personal
from api.audit.tree import inclusion
from api.audit.verify import parse_note, verify_inclusion, verify_pack
from api.cli import app
from api.running import Running
from engine.decision import ENGINE_VERSION
from tests.faults import report, scaled
from tests.postgres import Server, postgres
from tests.recorded_logs import RUNNER, log_in, record_all, running_with
from tests.serving import served
from tests.subjects import POLICIES, Person, canaries_of, in_files, lease, people, recognised

__all__ = ["postgres"]  # pytest finds the fixture here; for ruff it is otherwise an unused name

SUBJECTS = scaled(60, 1000)


# Where canaries could be


def everything_compressed(audit: Log) -> Iterator[bytes]:
    """All that stands in the database in another form than its bytes."""
    yield from (kept.body for kept in audit.store.entries(0, audit.store.state().size))
    with audit.store.read() as connection:
        packed = [*connection.scalars(select(part.c.body)), *connection.scalars(select(dictionary.c.body))]
    yield from map(unpack_alone, packed)


def in_records(audit: Log) -> set[str]:
    return recognised(b"\n".join(everything_compressed(audit)))


def all_proofs_hold(audit: Log) -> bool:
    note = parse_note(audit.publisher.publish())
    return all(
        verify_inclusion(kept.leaf, kept.seq, note.size, inclusion(kept.seq, note.size, audit.nodes), note.root)
        for kept in audit.store.entries(0, note.size)
    )


# Erasure


def erase_all_but(running: Running, subjects: list[Person], kept: int) -> None:
    """Decide twice about each, erase all but a few: nothing is left of them, and everything of the others."""
    audit = running.audit
    entries = record_all(running, "lease", [one.facts for one in subjects] * 2)
    gone, others = subjects[kept:], subjects[:kept]
    assert not in_records(audit) & canaries_of(subjects)
    key = Key(*_key_of(audit, entries[-1].seq))
    assert json.loads(entries[-1].body)["personal"]
    done = [erase(audit, one.number, principal="tests", reason=f"asked for it, case {n}") for n, one in enumerate(gone)]
    assert {one.records for one in done} == {2}
    assert all(one.values >= 2 * len(subject.canaries) for one, subject in zip(done, gone, strict=True))
    with audit.store.read() as connection:
        values = recognised(b"\n".join(connection.scalars(select(personal.c.value))))
        named = set(connection.scalars(select(catalogue.c.subject)))
    assert named == {None, *(one.number for one in others)}
    assert values & canaries_of(gone) == set()
    assert values >= canaries_of(others)
    assert not in_records(audit) & canaries_of(subjects)
    _assert_the_log_says_so(audit, gone, done)
    _assert_it_replays(audit, len(gone), len(others))
    assert all_proofs_hold(audit)
    with pytest.raises(KeyReusedError):
        find_key(audit.store, Key(key.hash, bytes(32)))
    assert erase(audit, gone[0].number, principal="tests", reason="again") == Erased(0, 0, 0, None)
    for query in (Query(subject=gone[0].number), Query(subject=gone[-1].number)):
        assert page(audit.store, query) == []
    assert len(page(audit.store, Query(subject=others[0].number))) == 2


def _key_of(audit: Log, seq: int) -> tuple[bytes, bytes]:
    kept = audit.store.entry(seq)
    assert kept is not None
    record = json.loads(kept.body)
    assert record["fingerprint"] is None, "a hash of the whole request would give the last unknown value away"
    return bytes.fromhex(record["key_sha256"]), bytes(32)


def _assert_the_log_says_so(audit: Log, gone: list[Person], done: list[Erased]) -> None:
    for number, (one, subject) in enumerate(zip(done, gone, strict=True)):
        kept = audit.store.entry(one.seq or 0)
        assert kept is not None
        said = json.loads(kept.body)
        assert (said["kind"], said["principal"], said["reason"]) == ("erasure", "tests", f"asked for it, case {number}")
        assert len(said["entries"]) == 2
        assert not any(text in kept.body.decode() for text in subject.canaries)


def _assert_it_replays(audit: Log, gone: int, others: int) -> None:
    done = replay(decisions_of_log(audit, 0, audit.store.state().size), texts_of_log(audit))
    assert done.differences == []
    assert done.same >= 2 * others
    assert done.same + len(done.unsettled) == 2 * (gone + others)


def test_after_erasure_nothing_is_left_and_every_proof_holds(tmp_path: Path) -> None:
    subjects = people(SUBJECTS)
    folder = tmp_path / "log"
    folder.mkdir()
    kept = SUBJECTS // 6
    with running_with(folder, POLICIES) as running:
        erase_all_but(running, subjects, kept)
        assert not in_files(folder) & canaries_of(subjects[kept:])
        for personal_too in (False, True):
            out = tmp_path / f"pack-{personal_too}"
            export_pack(running.audit, Query(), out, principal="tests", personal=personal_too)
            assert not verify_pack(out, key=running.audit.verifier_keys()[0]).wrong
            handed_over = in_files(out) & canaries_of(subjects)
            assert handed_over == (canaries_of(subjects[:kept]) if personal_too else set())
    with log_in(folder) as audit:
        assert all_proofs_hold(audit)
    assert not in_files(tmp_path) & canaries_of(subjects[kept:])
    report("erased", subjects=len(subjects) - kept, canaries=len(canaries_of(subjects[kept:])))


def test_erasure_in_postgresql(postgres: Server, tmp_path: Path) -> None:
    with running_with(tmp_path, POLICIES, database=postgres.new_database()) as running:
        erase_all_but(running, people(6), 2)


def test_a_command_erases_while_the_service_runs(tmp_path: Path) -> None:
    one, other = people(2)
    erasing = ["audit", "erase", one.number, "--reason", "asked for it", "--json"]
    with served(tmp_path, POLICIES) as running, httpx.Client(base_url=running.url, timeout=15) as client:
        answers = [lease(client, each.facts) for each in (one, other)]
        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        done = RUNNER.invoke(app, [*erasing, "--database", str(tmp_path / "writ.db")])
        assert (done.exit_code, json.loads(done.stdout)["records"]) == (0, 1), done.output
        paths = [f"/v1/decisions/{answer.json()['decision_id']}" for answer in answers]
        read, whole = (client.get(path).json() for path in paths)
        shown = client.get(f"{paths[0]}/certificate")
        found = client.get("/v1/log/entries", params={"subject": one.number}).json()
        assert not in_files(tmp_path) & {*one.canaries}
    assert not in_files(tmp_path) & {*one.canaries}
    assert whole == {**answers[1].json(), "facts": other.facts}
    assert (found["entries"], shown.status_code) == ([], 200)
    assert not recognised(shown.content + json.dumps(read).encode()) & {*one.canaries}
    assert read["facts"]["customer"] == {"number": None, "name": None, "home": None}
    assert read["facts"]["contacts"] == [{"role": "tenant", "email": None}] * 2
    assert [read["facts"][name] for name in ("salary", "moved_in")] == [None, None]
    outcome = read["outcome"]
    assert outcome["lease"] == answers[0].json()["outcome"]["lease"]
    assert [outcome[name] for name in ("greeting", "label", "salary", "since")] == [None] * 4
    assert (outcome["home"], outcome["emails"]) == ({"flat": None, "street": None}, [None, None])
    assert outcome["lines"] == [None, None, "unchanged"]
    assert read["log"] == answers[0].json()["log"]


def test_files_that_could_not_be_cleaned_are_by_the_same_erasure_again(tmp_path: Path) -> None:
    """Somebody reads the database just then: the values are deleted, but the write-ahead log must keep them."""
    [one] = people(1)
    with running_with(tmp_path, POLICIES, busy_timeout=0.2) as running:
        record_all(running, "lease", [one.facts])
        reader = driver.connect(str(tmp_path / "writ.db"), isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM personal").fetchall()
        with pytest.raises(AuditUnavailableError, match="could not be emptied"):
            erase(running.audit, one.number, principal="tests", reason="asked for it")
        assert in_files(tmp_path) & {*one.canaries}
        reader.close()
        assert erase(running.audit, one.number, principal="tests", reason="again") == Erased(0, 0, 0, None)
        assert not in_files(tmp_path) & {*one.canaries}


@pytest.mark.parametrize("name", ["writ", "lease", "computed", "outcome", "ER-01", "info", "2026-03-01", "0", "a", ""])
def test_whatever_somebody_is_called_the_decision_can_still_be_read_and_replayed(tmp_path: Path, name: str) -> None:
    [one] = people(1)
    one.facts["customer"]["name"] = name
    one.facts["salary"] = "2026"
    with running_with(tmp_path, POLICIES) as running:
        [kept] = record_all(running, "lease", [one.facts])
        erase(running.audit, one.number, principal="tests", reason="asked for it")
        done = replay(decisions_of_log(running.audit, 0, kept.seq + 1), texts_of_log(running.audit))
    assert (done.same + len(done.unsettled), done.differences, done.other_engines) == (1, [], set())
    said = json.loads(kept.body)["decision"]
    assert (said["policy"], said["kind"], said["as_of"], said["engine"]) == (
        "lease",
        "decision",
        "2026-03-01",
        ENGINE_VERSION,
    )
    assert all(step["part"] and step["status"] for step in said["trace"])
    assert all((reason["code"], reason["kind"]) == ("ER-01", "info") for reason in said["reasons"])


@pytest.mark.parametrize(
    ("name", "inside_too"), [("王小明", True), ("李明", True), ("Žo", False), ("Li", False), ("李", False)]
)
def test_a_short_name_is_taken_out_too(tmp_path: Path, name: str, inside_too: bool) -> None:
    """Two Chinese characters are a name like any other; two Latin letters stand in half of all words."""
    [one] = people(1)
    one.facts["remark"] = name
    one.facts["customer"]["name"] = name
    with running_with(tmp_path, POLICIES) as running:
        [kept] = record_all(running, "lease", [one.facts])
    outcome = json.loads(kept.body)["decision"]["outcome"]
    assert outcome["said"] is None
    assert (outcome["greeting"] is None) is inside_too
