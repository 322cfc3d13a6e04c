"""P3, fail closed: while the record cannot be written nothing is decided, callers are told soon, and it recovers.

Each fault is a real one: a database that is read-only, a file system that is full, a lock that another process holds, a
PostgreSQL server that is down or hangs, a checkpoint file that cannot be written. No service is restarted.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types; the wheel of the server requires it
import pysqlite3.dbapi2 as driver
import pytest

from api.audit.checkpoint_file import CheckpointFile
from tests.faults import Answer, Caller, assert_kept, forked, new_folder, opened, report, scaled
from tests.killable import run_quietly, run_read_only_at_times
from tests.postgres import Server, postgres
from tests.serving import free_port

__all__ = ["postgres"]  # pytest finds the fixture here; for ruff it is otherwise an unused name

LONGEST = 10.0
"""Seconds in which every request is answered, whatever the fault (P3)."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return new_folder(tmp_path)


def assert_refused(answer: Answer) -> None:
    assert (answer.status, answer.code) == (503, "audit_unavailable"), answer
    assert int(answer.retry_after or 0) > 0
    assert answer.seconds < LONGEST


def asked_at_once(port: int, keys: list[str]) -> list[Answer]:
    """The answers to requests that are all under way at the same time."""

    def ask(key: str) -> Answer:
        with Caller(port, timeout=2 * LONGEST) as caller:
            return caller.decide(key)

    with ThreadPoolExecutor(len(keys)) as pool:
        return list(pool.map(ask, keys))


def ready(port: int) -> int:
    with Caller(port) as caller:
        return caller.get("/readyz")[0]


@contextmanager
def healthy(port: int) -> Iterator[list[float]]:
    """Ask `/healthz` all the while; how many seconds each answer took."""
    took, stop = list[float](), threading.Event()

    def ask() -> None:
        with Caller(port) as caller:
            while not stop.wait(0.05):
                started = time.monotonic()
                assert caller.get("/healthz")[0] == 200
                took.append(time.monotonic() - started)

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        try:
            yield took
        finally:
            stop.set()
            asking.result()


def recovered(port: int, keys: list[str]) -> dict[str, bytes]:
    """What the keys that were refused are answered now: nothing had been decided under them."""
    with Caller(port) as caller:
        until = time.monotonic() + LONGEST
        while caller.get("/readyz")[0] != 200:
            assert time.monotonic() < until, "the service does not recover"
            time.sleep(0.05)
        answers = {key: caller.decide(key) for key in keys}
    assert [(answer.status, answer.replayed) for answer in answers.values()] == [(200, False)] * len(keys)
    return {key: answer.body for key, answer in answers.items()}


def test_a_database_that_becomes_read_only_refuses_until_it_is_not(folder: Path) -> None:
    port, keys = free_port(), [f"k{n}" for n in range(8)]
    with forked(folder, port, run_read_only_at_times), Caller(port) as caller:
        before = caller.decide("before")
        (folder / "read-only").touch()
        for answer in asked_at_once(port, keys):
            assert_refused(answer)
        assert ready(port) == 503
        assert caller.decide("before").body == before.body
        (folder / "read-only").unlink()
        answered = recovered(port, keys) | {"before": before.body}
    with opened(folder) as log:
        assert assert_kept(log, answered) == len(answered)


@contextmanager
def small_disk(path: Path) -> Iterator[Path]:
    """A file system of 16 MB: room for the log of this test, and soon filled."""
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(path)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted: {mounted.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", path], check=True)


def fill(disk: Path) -> None:
    with (disk / "ballast").open("wb", buffering=0) as file:
        for size in (65_536, 512):
            try:
                while True:
                    file.write(os.urandom(size))
            except OSError:
                continue


def test_a_full_disk_refuses_until_there_is_room(tmp_path: Path) -> None:
    """Filled and emptied again and again; the checkpoints stand on the same disk."""
    times, port = scaled(2, 30), free_port()
    refused, slowest = 0, 0.0
    with small_disk(tmp_path / "disk") as disk:
        new_folder(disk)
        with forked(disk, port), Caller(port) as caller:
            answered = {"before": caller.decide("before").body}
            for n in range(times):
                fill(disk)
                keys = [f"{n}-{number}" for number in range(3000)]
                # The write-ahead log may still have room in itself: it is used up first.
                for key in keys:
                    if (answer := caller.decide(key)).status != 200:
                        break
                    answered[key] = answer.body
                assert_refused(answer)
                asked = [key, *(f"{n}-late-{number}" for number in range(8))]
                late = dict(zip(asked, asked_at_once(port, asked), strict=True))
                # A smaller transaction may find a place in what the larger one has left: then it is an answer as any.
                answered |= {name: one.body for name, one in late.items() if one.status == 200}
                without = {name: one for name, one in late.items() if name not in answered}
                for one in without.values():
                    assert_refused(one)
                assert caller.get("/healthz")[0] == 200
                assert caller.decide("before").body == answered["before"]
                (disk / "ballast").unlink()
                answered |= recovered(port, list(without))
                refused += 1 + len(without)
                slowest = max(slowest, answer.seconds, *(one.seconds for one in late.values()))
                status, note = caller.get("/v1/log/checkpoint")
                assert status == 200
                assert CheckpointFile(disk / "writ.db.checkpoints").latest() == note.decode(), "no checkpoint is lost"
        with opened(disk) as log:
            assert assert_kept(log, answered) == len(answered)
    report("disk full", times=times, refused=refused, acknowledged=len(answered), slowest_refusal=round(slowest, 2))


def test_a_lock_that_another_process_holds_refuses_in_time(folder: Path) -> None:
    """Held for 30 seconds, with the default wait, or shortly, with a short one."""
    held, wait, port = scaled(2, 30), scaled(1, 5), free_port()
    with forked(folder, port, partial(run_quietly, busy_timeout=wait)), Caller(port) as caller:
        before = caller.decide("before")
        other = driver.connect(str(folder / "writ.db"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        until, refused = time.monotonic() + held, list[Answer]()
        with healthy(port) as took:
            while time.monotonic() < until:
                keys = [f"k{len(refused) + n}" for n in range(20)]
                refused += asked_at_once(port, keys)
                again = caller.decide("before")
                assert (again.replayed, again.body) == (True, before.body)
                assert again.seconds < 1
                assert ready(port) == 503
        for answer in refused:
            assert_refused(answer)
        other.execute("ROLLBACK")
        other.close()
        answered = recovered(port, [f"k{n}" for n in range(len(refused))]) | {"before": before.body}
    with opened(folder) as log:
        assert assert_kept(log, answered) == len(answered)
    slowest = max(answer.seconds for answer in refused)
    figures = {"slowest_refusal": round(slowest, 2), "slowest_healthz": round(max(took), 3)}
    report(f"lock held {held} s", refused=len(refused), **figures)
    assert max(took) < 1


@contextmanager
def down(server: Server) -> Iterator[None]:
    """The server was stopped."""
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def hung(server: Server) -> Iterator[None]:
    """All processes of the server are stopped, as on a machine whose disk does not answer: its sockets stay open."""
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
def test_without_its_server_a_service_refuses_until_it_is_back(
    tmp_path: Path, postgres: Server, fault: Callable[[Server], AbstractContextManager[None]]
) -> None:
    url, port, held, wait = postgres.new_database(), free_port(), scaled(1, 20), scaled(1, 8)
    folder = new_folder(tmp_path, url)
    with forked(folder, port, partial(run_quietly, busy_timeout=wait), url), Caller(port) as caller:
        answered = {"before": caller.decide("before").body}
        refused = list[Answer]()
        with fault(postgres), healthy(port) as took:
            until = time.monotonic() + held
            while time.monotonic() < until:
                refused += asked_at_once(port, [f"k{len(refused) + n}" for n in range(12)])
                assert ready(port) == 503
        for answer in refused:
            assert_refused(answer)
        again = caller.decide("before")
        answered |= recovered(port, [f"k{n}" for n in range(len(refused))])
    with opened(folder, url) as log:
        assert assert_kept(log, answered) == len(answered)
    figures = {"slowest_refusal": round(max(answer.seconds for answer in refused), 2)}
    report(f"PostgreSQL {fault.__name__}", refused=len(refused), slowest_healthz=round(max(took), 3), **figures)
    assert again.body == answered["before"]
    assert max(took) < 1


def test_without_its_checkpoint_file_a_service_decides_and_says_what_is_missing(folder: Path) -> None:
    """The file stands elsewhere, and elsewhere may be away: the database still has each checkpoint."""
    port, away = free_port(), folder / "elsewhere"
    away.mkdir()
    target = partial(run_quietly, checkpoints=str(away / "checkpoints"))
    with forked(folder, port, target), Caller(port) as caller:
        answered = {"k0": caller.decide("k0").body}
        assert caller.get("/v1/log/checkpoint")[0] == 200
        shutil.rmtree(away)
        answered["k1"] = caller.decide("k1").body
        status, problem = caller.get("/v1/log/checkpoint")
        assert (status, b'"audit_unavailable"' in problem) == (503, True)
        until = time.monotonic() + LONGEST
        while "no checkpoint was published: cannot write" not in (folder / "service.log").read_text():
            assert time.monotonic() < until
            time.sleep(0.05)
        answered["k2"] = caller.decide("k2").body
        away.mkdir()
        status, note = caller.get("/v1/log/checkpoint")
        assert status == 200
        assert CheckpointFile(away / "checkpoints").latest() == note.decode()
    assert all(b'"decision_id"' in body for body in answered.values())
