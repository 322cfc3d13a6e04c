"""P1 by `kill -9`: what was answered is in the log, byte for byte, whenever the process dies under load.

The services that are killed are forked from one process that has already imported everything: each is a process of its
own, with its own connection to the database file, but starts in a fraction of the time.
"""

from __future__ import annotations

import os
import random
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from zoneinfo import ZoneInfo

from api.governance.register import Register
from tests.calling import admit_to
from tests.faults import (
    FORKS,
    SEED,
    Caller,
    Load,
    assert_kept,
    assert_whole,
    empty_folder,
    forked,
    new_folder,
    opened,
    query,
    report,
    scaled,
    seeded,
    two_ports,
)
from tests.killable import run_answering_before_the_commit, run_quietly
from tests.serving import free_port

CALLERS = 8


def kill(process: BaseProcess) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)


def settle(port: int, load: Load, chance: random.Random) -> int:
    """Ask again for what nobody answered, and for some of what was answered; how many of the former were in the log."""
    there = 0
    with Caller(port) as caller:
        while load.unsettled:
            key = load.unsettled.pop()
            answer = caller.decide(key)
            assert answer.status == 200
            there += answer.replayed
            load.acknowledged[key] = answer.body
        known = list(load.acknowledged)
        for key in known[-CALLERS:] + chance.sample(known, min(CALLERS, len(known))):
            again = caller.decide(key)
            assert (again.status, again.replayed, again.body) == (200, True, load.acknowledged[key])
    return there


def test_kill_9_at_any_moment_loses_and_changes_no_answered_decision(tmp_path: Path) -> None:
    kills, chance, port = scaled(15, 500), seeded(), free_port()
    folder, load = new_folder(tmp_path), Load("k")
    started, unknown, there = time.monotonic(), 0, 0
    for n in range(kills):
        with forked(folder, port) as process:
            there += settle(port, load, chance)
            with load.running([port], CALLERS):
                time.sleep(chance.uniform(0, 0.4 if n % 10 else 1.5))  # also while a checkpoint is written
                kill(process)
        unknown += len(load.unsettled)
    answered = len(load.acknowledged)
    with forked(folder, port):
        there += settle(port, load, chance)
    with opened(folder) as log:
        decisions = assert_kept(log, load.acknowledged)
    report(
        f"kill -9, seed {SEED}",
        kills=kills,
        acknowledged=answered,
        lost=0,
        changed=0,
        unknown=unknown,
        of_them_in_the_log=there,
        decisions=decisions,
        refused=len(load.refused),
        seconds=round(time.monotonic() - started),
    )
    assert load.refused == []
    assert decisions == len(load.acknowledged), "each key was settled, and each decision has a key"
    assert answered > kills
    assert unknown > 0, "no kill met a decision under way"


def test_a_first_start_that_is_killed_is_followed_by_one_that_works(tmp_path: Path) -> None:
    """The tables, the signing key and the first revision are made in a moment: killed within it, the rest follows."""
    kills, chance, port = scaled(4, 150), seeded(), free_port()
    reached = {"before_the_key": 0, "with_an_empty_key": 0, "after_the_key": 0}
    for n in range(kills):
        folder = empty_folder(tmp_path / str(n))
        process = FORKS.Process(target=run_quietly, args=(str(folder), port))
        process.start()
        key, seen = folder / "writ.db.key", folder / ("writ.db.key" if n % 2 else "writ.db")
        while process.is_alive() and not seen.exists():
            pass  # without a pause: the moments in which a file is there, but not whole, are short
        time.sleep(0 if n % 2 else chance.uniform(0, 0.5))
        kill(process)
        process.join()
        process.close()
        state = ("with_an_empty_key", "after_the_key")[key.stat().st_size > 0] if key.exists() else "before_the_key"
        reached[state] += 1
        with opened(folder) as log:
            assert_whole(log.store)
            admit_to(Register(log, ZoneInfo("UTC")))
        with forked(folder, port), Caller(port) as caller:
            assert caller.decide("k").status == 200
    report(f"kill -9 of the first start, seed {SEED}", kills=kills, **reached)


def test_the_kill_test_finds_an_answer_before_the_commit(tmp_path: Path) -> None:
    """The negative control: with the commit after the answer, the answered decision is lost."""
    folder, port = new_folder(tmp_path), free_port()
    with forked(folder, port, run_answering_before_the_commit) as process, Caller(port) as caller:
        answer = caller.decide("k")
        kill(process)
    assert answer.status == 200
    with opened(folder) as log:
        assert not any(b'"kind":"decision"' in kept.body for kept in assert_whole(log.store))


def test_two_services_on_one_file_decide_at_once(tmp_path: Path) -> None:
    """One log of both: no gap, one tree, no error; a key of the one is known to the other. Also while one is killed."""
    seconds, folder, ports, load = scaled(2, 60), new_folder(tmp_path), two_ports(), Load("t")
    with forked(folder, ports[0]):
        with forked(folder, ports[1]), load.running(ports, CALLERS):
            time.sleep(seconds)
        assert load.refused == []
        assert load.unsettled == []
        with forked(folder, ports[1]) as killed, load.running(ports, CALLERS):
            time.sleep(seconds / 2)
            kill(killed)
            time.sleep(seconds / 2)
        assert load.refused == []
        for port in ports[:1]:
            settle(port, load, seeded())
    with opened(folder) as log:
        decisions = assert_kept(log, load.acknowledged)
    assert query(folder / "writ.db", "PRAGMA integrity_check") == [("ok",)]
    assert decisions == len(load.acknowledged)
    report("two services on one file", acknowledged=decisions, errors=0, seconds=seconds * 2)
