"""P7 and P15: every decision of a log is made again to the byte, and whatever was changed is named by its number."""

from __future__ import annotations

import datetime as dt
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.audit.canonical import canonical
from api.audit.log import Log
from api.audit.pack import export_pack
from api.audit.recorded import decisions_of_log, decisions_of_pack, opened_pack, texts_of_log, texts_of_pack
from api.audit.replay import Difference, Recorded, Replayed, replay
from api.audit.search import Query
from api.cli import app
from tests.faults import report, scaled
from tests.pinned_cases import GENTLER, REMINDERS, facts
from tests.recorded_logs import NOON, RUNNER, log_in, record_all, running_with, ticking
from tests.tampering import Made, Tampering

POLICIES = """\
writ: 1
bundle: replayed
reporting_currency: EUR
languages: [en, zh-Hans]
facts:
  amount: {type: money, currency: EUR}
  ratio: number
  days: {type: count, optional: true}
  customer: {type: text, subject: true}
reasons:
  RP-01: {kind: info, text: {en: The amount is large, zh-Hans: 金额较大}}
policies:
  large:
    kind: decision
    title: {en: Large, zh-Hans: 大额}
    let: {share: amount / ratio}
    rules:
      - {rule: large, when: amount > 1000, reason: RP-01}
    outcome:
      large: amount > 1000
      share: {is: share, otherwise: '0'}
      late: {is: days > 30, otherwise: 'false'}
"""
CHANGED = POLICIES.replace("amount > 1000", "amount > 500")
STRICTER = POLICIES.replace("days > 30", "days > 15")
DECISIONS, MANY = 2_000, scaled(2_000, 100_000)


def orders(count: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    chance = random.Random(seed)  # noqa: S311 (made-up orders need no protection)
    for n in range(count):
        days = {"days": chance.randrange(60)} if n % 3 else {}
        ratio = f"{chance.randrange(400)}.{chance.randrange(100):02}"
        yield {"amount": f"{chance.randrange(2000)}.5", "ratio": ratio, "customer": f"C-{n % 50}", **days}


def recorded(audit: Log) -> Iterator[Recorded]:
    return decisions_of_log(audit, 0, audit.store.state().size)


def replayed(audit: Log, workers: int = 1) -> Replayed:
    return replay(recorded(audit), texts_of_log(audit), workers)


def seqs(done: Replayed) -> list[int]:
    return [one.seq for one in done.differences]


def of_three_starts(folder: Path, decisions: int) -> Path:
    """A log of three revisions: most decisions by the first, some by the second, and by the first one's text again."""
    for days, (text, tenths) in enumerate(((POLICIES, 8), (STRICTER, 1), (POLICIES, 1))):
        wanted = decisions * tenths // 10
        begun = NOON + dt.timedelta(days=3 * days)
        with running_with(folder, text, ticking(begun)) as running:
            for start in range(0, wanted, 2_000):
                some = orders(min(2_000, wanted - start), seed=days + start)
                record_all(running, "large", some, day=begun.date())
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return of_three_starts(tmp_path_factory.mktemp("replayed"), DECISIONS)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Path:
    return folder if MANY == DECISIONS else of_three_starts(tmp_path_factory.mktemp("large"), MANY)


@pytest.fixture
def audit(folder: Path) -> Iterator[Log]:
    with log_in(folder) as opened:
        yield opened


def test_a_log_of_several_revisions_comes_out_the_same_whatever_the_workers(large: Path) -> None:
    with log_in(large) as audit:
        for workers in (1, 2):
            told: list[int] = []
            started = time.monotonic()
            done = replay(recorded(audit), texts_of_log(audit), workers, told.append)
            took = time.monotonic() - started
            assert (done.same, done.differences, done.unsettled, done.other_engines) == (MANY, [], [], set())
            assert sum(told) == MANY
            report("replayed", decisions=MANY, workers=workers, a_second=round(MANY / took))


def test_one_altered_outcome_among_all_is_named(large: Path) -> None:
    with log_in(large) as audit:
        seq = MANY * 2 // 3
        changed = {seq: lambda record: record["decision"]["outcome"].update(late="perhaps")}
        done = replay(altering(audit, changed), texts_of_log(audit), 2)
    assert (done.differences, done.same) == ([Difference(seq, "outcome came out otherwise")], MANY - 1)


def test_a_pack_replays_as_its_log_does(audit: Log, tmp_path: Path) -> None:
    size, whole = audit.store.state().size, replayed(audit)
    for path in (tmp_path / "pack", tmp_path / "pack.zip"):
        export_pack(audit, Query(), path, principal="tests")
        with opened_pack(path) as pack:
            assert texts_of_pack(pack) == texts_of_log(audit)
            decisions = list(decisions_of_pack(pack))
            assert decisions == list(decisions_of_log(audit, 0, size))
            assert replay(decisions, texts_of_pack(pack), 2) == whole


def test_a_changed_policy_text_is_found_in_every_decision_it_would_have_made(audit: Log) -> None:
    """The text kept for a revision is another one: none of its decisions can be trusted, all others can."""
    texts = dict(texts_of_log(audit))
    (stricter,) = [digest for digest, text in texts.items() if text == STRICTER.encode()]
    by_it = [one for one in recorded(audit) if one.record["bundle_digest"] == stricter]
    theirs = [one.seq for one in by_it]
    texts[stricter] = CHANGED.encode()
    for workers in (1, 2):
        done = replay(recorded(audit), texts, workers)
        assert seqs(done) == theirs
        assert {one.what.partition(":")[0] for one in done.differences} == {
            f"the policy text {stricter[:12]} was altered"
        }
        assert done.same == DECISIONS - len(theirs)
    del texts[stricter]
    assert {one.what for one in replay(by_it, texts).differences} == {f"the policy text {stricter[:12]} is not there"}
    texts[stricter] = b"no policy"
    assert seqs(replay(by_it, texts)) == theirs


def altering(audit: Log, wanted: Mapping[int, Callable[[dict[str, Any]], object]]) -> Iterator[Recorded]:
    """The decisions of a log, some of whose records were altered."""
    for one in recorded(audit):
        if one.seq in wanted:
            record = json.loads(canonical(one.record))
            wanted[one.seq](record)
            yield replace(one, record=record)
        else:
            yield one


def claiming(changed: Mapping[str, Any]) -> Callable[[dict[str, Any]], object]:
    return lambda record: record["decision"].update(changed)


def test_altered_records_are_named_and_no_others(audit: Log) -> None:
    chance = random.Random(3)  # noqa: S311 (a sample protects nothing)
    numbers = sorted(chance.sample([one.seq for one in recorded(audit)], 8))
    changes: list[tuple[Callable[[dict[str, Any]], object], str]] = [
        (lambda record: record["decision"]["outcome"].update(large="maybe"), "outcome came out otherwise"),
        (lambda record: record["decision"]["outcome"].update(share="1.000"), "outcome came out otherwise"),
        (lambda record: record["decision"]["reasons"].append({"code": "RP-02"}), "reasons came out otherwise"),
        (lambda record: record["decision"]["trace"].pop(), "trace came out otherwise"),
        (lambda record: record["facts"].update(amount="9999999.5"), "reasons, trace came out otherwise"),
        (lambda record: record["facts"].update(amount="nothing"), "the facts do not fit any more: "),
        (claiming({"policy_digest": "0" * 64}), "`large` is not the policy that decided: "),
        (claiming({"policy": "huge"}), "the policy text has no policy `huge`"),
    ]
    wanted = {seq: change for seq, (change, _) in zip(numbers, changes, strict=True)}
    for workers in (1, 2):
        done = replay(altering(audit, wanted), texts_of_log(audit), workers)
        assert seqs(done) == numbers
        for one, (_, said) in zip(done.differences, changes, strict=True):
            assert said.replace("reasons, trace", "") in one.what
        assert done.same == DECISIONS - len(numbers)


def test_a_decision_by_another_text_than_its_revision_says_is_named(audit: Log) -> None:
    """It was decided by the second text, and says that it was by the first: the same policy, other figures in it."""
    texts = texts_of_log(audit)
    digest = {text: digest for digest, text in texts.items()}
    first, second = digest[POLICIES.encode()], digest[STRICTER.encode()]
    seq = next(one.seq for one in recorded(audit) if one.record["bundle_digest"] == second)
    swap = {seq: lambda record: record.update(bundle_digest=first, revision=1)}
    [found] = replay(altering(audit, swap), texts).differences
    assert found.seq == seq
    assert found.what.startswith("`large` is not the policy that decided: ")


def test_a_case_pinned_to_an_earlier_revision_replays_by_it(tmp_path: Path) -> None:
    with running_with(tmp_path, REMINDERS) as running:
        [begun] = record_all(running, "reminders", [facts()], day=dt.date(2026, 3, 8))
        procedure = json.loads(begun.body)["decision"]["outcome"]["procedure"]
    pinned = facts(procedure_id=procedure["id"], procedure_version=procedure["version"])
    with running_with(tmp_path, GENTLER, ticking(NOON + dt.timedelta(days=1))) as running:
        entries = record_all(running, "reminders", [facts(), pinned, facts()], day=dt.date(2026, 3, 8))
        assert [json.loads(kept.body)["revision"] for kept in entries] == [2, 1, 2]
        assert replayed(running.audit).same == 4
        assert replayed(running.audit).differences == []
        texts = dict(texts_of_log(running.audit))
        del texts[running.revisions.today().bundle.digest]
        assert seqs(replay(recorded(running.audit), texts)) == [entries[0].seq, entries[2].seq]


def test_a_record_of_another_engine_is_said_to_be_so(audit: Log) -> None:
    first = next(recorded(audit)).seq
    done = replay(altering(audit, {first: claiming({"engine": "writ 0.0.9"})}), texts_of_log(audit))
    assert done.other_engines == {"writ 0.0.9"}
    assert done.differences == [Difference(first, "engine came out otherwise")]


def test_the_command_names_what_was_altered_in_the_database(tmp_path: Path) -> None:
    with running_with(tmp_path, POLICIES) as running:
        record_all(running, "large", orders(30))
    database = ["--json", "--database", str(tmp_path / "writ.db")]
    done = RUNNER.invoke(app, ["audit", "replay", *database])
    assert (done.exit_code, json.loads(done.stdout)["same"]) == (0, 30)
    with log_in(tmp_path) as audit:
        bodies = [kept.body for kept in audit.store.entries(0, 32)]
        export_pack(audit, Query(), tmp_path / "pack.zip", principal="tests")
    tampering = Tampering(Made(tmp_path, tmp_path, (), tmp_path, ""), tmp_path, random.Random(0))  # noqa: S311 (as above)
    seq = next(seq for seq, body in enumerate(bodies) if b'"large":true' in body and seq < 20)
    with tampering.opened():
        tampering.put_rehashed(seq, bodies[seq].replace(b'"large":true', b'"large":false'))
        tampering.regrow()
    (tmp_path / "writ.db.checkpoints").unlink()
    with tampering.opened():
        tampering.do("DELETE FROM checkpoint")
    done = RUNNER.invoke(app, ["audit", "replay", *database])
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert said["differences"] == [{"seq": seq, "what": "outcome came out otherwise"}]
    assert said["same"] == 29
    whole = RUNNER.invoke(app, ["audit", "replay", str(tmp_path / "pack.zip"), "--json", "--workers", "2"])
    assert (whole.exit_code, json.loads(whole.stdout)["same"]) == (0, 30)
