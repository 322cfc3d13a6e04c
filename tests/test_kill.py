"""No record, no decision, when the process or the disk fails: `kill -9` after an answer, locks, full and failing disks.

The services that are killed are forked from one process that has already imported everything: each is a process of its
own, with its own connection to the database file, but starts in a tenth of the time.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx
import pysqlite3.dbapi2 as driver
import pytest

from api import serve
from api.audit.store import Store
from api.audit.verify import leaf_hash
from tests.killable import run_answering_before_the_commit, run_quietly
from tests.serving import FACTS, POLICIES, ROOT, address, end, environment, free_port, served, spawn

FORKS = multiprocessing.get_context("forkserver")
NO_CERTIFICATES = ssl.SSLContext(
    ssl.PROTOCOL_TLS_CLIENT
)  # nothing here is https, and reading the machine's certificates takes longer than a start
FORKS.set_forkserver_preload(["tests.killable"])


@contextmanager
def forked(folder: Path, target: Callable[[str, int], None], port: int) -> Iterator[BaseProcess]:
    process = FORKS.Process(target=target, args=(str(folder), port))
    process.start()
    try:
        wait_until_it_listens(port, process)
        yield process
    finally:
        process.kill()
        process.join()
        process.close()


def wait_until_it_listens(port: int, process: BaseProcess) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until and process.is_alive():
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return
    pytest.fail("the service does not listen")


def get(port: int, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=15, verify=NO_CERTIFICATES)


def post(port: int, key: str) -> httpx.Response:
    return httpx.post(
        f"http://127.0.0.1:{port}/v1/decisions/small-order",
        json={"facts": dict(FACTS), "as_of": "2026-03-01"},
        headers={"Idempotency-Key": key},
        timeout=15,
        verify=NO_CERTIFICATES,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policies.yaml").write_text(POLICIES, encoding="utf-8")
    return tmp_path


def recorded(folder: Path) -> dict[str, tuple[bytes, bytes]]:
    store = Store(folder / "writ.db", 5)
    entries = store.entries(0, store.state().size)
    store.close()
    return {id_: (kept.body, kept.leaf) for kept in entries if (id_ := json.loads(kept.body)["id"]).startswith("dec_")}


def test_after_kill_9_every_answered_decision_is_there_unchanged(folder: Path) -> None:
    port = free_port()
    answers: dict[str, httpx.Response] = {}
    for n in range(100):
        with forked(folder, run_quietly, port) as process:
            if answers:
                id_, before = list(answers.items())[-1]
                read = get(port, f"/v1/decisions/{id_}")
                assert read.json() == {**before.json(), "facts": dict(FACTS)}
                assert post(port, f"k-{n - 1}").content == before.content
            answer = post(port, f"k-{n}")
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
        assert answer.status_code == 200
        answers[answer.json()["decision_id"]] = answer
    kept = recorded(folder)
    assert list(kept) == list(answers), "one record for each answer, in their order"
    for id_, answer in answers.items():
        body, leaf = kept[id_]
        assert leaf == leaf_hash(body)
        assert answer.json()["log"]["leaf"] == leaf.hex()


def test_the_kill_test_finds_an_answer_before_the_commit(folder: Path) -> None:
    """The negative control: with the commit after the answer, the answered decision is lost."""
    port = free_port()
    with forked(folder, run_answering_before_the_commit, port) as process:
        answer = post(port, "k")
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    assert answer.status_code == 200
    assert answer.json()["decision_id"] not in recorded(folder)


def test_kill_9_at_any_moment_leaves_a_log_without_gaps(folder: Path) -> None:
    """Killed while many decide: what was answered is there, numbers are contiguous, a retry settles the rest."""
    port = free_port()
    answered: list[httpx.Response] = []
    unsettled: list[str] = []

    def ask() -> None:
        while True:
            key = str(uuid.uuid4())
            try:
                answered.append(post(port, key))
            except httpx.TransportError:
                unsettled.append(key)
                return

    for wait in (0.05, 0.2, 0.35):
        with forked(folder, run_quietly, port) as process:
            callers = [threading.Thread(target=ask) for _ in range(8)]
            for caller in callers:
                caller.start()
            time.sleep(wait)
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            for caller in callers:
                caller.join()
    with forked(folder, run_quietly, port):
        for key in unsettled:
            assert post(port, key).content == post(port, key).content
    ids = {answer.json()["decision_id"] for answer in answered}
    kept = recorded(folder)
    assert ids <= set(kept)
    connection = driver.connect(str(folder / "writ.db"))
    assert connection.execute("SELECT min(seq), max(seq) + 1 - count(*) FROM entry").fetchone() == (0, 0)
    assert connection.execute("SELECT count(*) FROM idempotency").fetchone() == (len(kept),)
    connection.close()


def test_a_locked_database_answers_503_and_recovers(folder: Path) -> None:
    with served(folder, busy_timeout=0.5) as service:
        assert service.decide(key="before").status_code == 200
        other = driver.connect(str(folder / "writ.db"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        refused = service.decide(key="k")
        assert (refused.status_code, refused.json()["code"]) == (503, "audit_unavailable")
        assert int(refused.headers["retry-after"]) > 0
        assert httpx.get(f"{service.url}/readyz").json()["code"] == "not_ready"
        assert httpx.get(f"{service.url}/healthz").status_code == 200
        replayed = service.decide(key="before")
        assert replayed.headers["idempotency-replayed"] == "true"
        other.execute("ROLLBACK")
        other.close()
        assert "idempotency-replayed" not in service.decide(key="k").headers
        assert httpx.get(f"{service.url}/readyz").status_code == 200


def test_an_io_error_answers_503_and_ends_the_process_for_a_restart(folder: Path) -> None:
    """The file-size limit of the operating system makes the write itself fail (EFBIG, an I/O error to SQLite)."""
    process = spawn(folder)
    url = address(process, folder)

    def ask(key: str) -> httpx.Response:
        return post(int(url.rpartition(":")[2]), key)

    first = ask("first")
    size = (folder / "writ.db-wal").stat().st_size
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, size))
    refused = ask("second")
    assert (refused.status_code, refused.json()["code"]) == (503, "audit_unavailable")
    assert end(process) == serve.RECORD_LOST
    with served(folder) as service:
        assert service.decide(key="first").content == first.content
        second = service.decide(key="second")
        assert "idempotency-replayed" not in second.headers
        assert second.json()["log"]["seq"] == first.json()["log"]["seq"] + 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user who may not write the file")
def test_a_database_file_that_may_not_be_written_stops_the_start() -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "writ.db")
        Store(path, 1).close()
        Path(name).chmod(0o755)
        # Imported first: another user may not be able to read the interpreter's own files.
        code = (
            "import os, sys; from pathlib import Path; from api.audit.store import Store; from api.audit.database import AuditUnavailableError\n"
            "Store(Path(sys.argv[1], 'other.db'), 1).close(); os.seteuid(65534)\n"
            "try: Store(Path(sys.argv[1], 'writ.db'), 1)\n"
            "except AuditUnavailableError as error: print('refused:', error)\n"
        )
        done = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True, cwd=ROOT, check=True)
        assert done.stdout.startswith("refused:"), done.stdout


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace to see the order of system calls")
@pytest.mark.parametrize(("synchronous", "synced"), [("FULL", True), ("NORMAL", False)])
def test_the_answer_leaves_after_the_sync(folder: Path, synchronous: str, synced: bool) -> None:
    """A kill cannot show a missing sync (the page cache survives), the order of system calls can. NORMAL must fail."""
    trace = folder / "trace"
    code = (
        "import os, sys; from api import serve; from api.audit import sqlite; from api.settings import Settings; "
        f"sqlite._WRITER_PRAGMAS = tuple(p.replace('FULL', '{synchronous}') for p in sqlite._WRITER_PRAGMAS); "
        "sys.exit(serve.run(Settings.read(os.environ)))"
    )
    process = subprocess.Popen(
        ["strace", "-f", "-o", str(trace), "-e", "trace=fdatasync,fsync,sendto,write", sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    url = address(process, folder)
    for n in range(3):
        assert post(int(url.rpartition(":")[2]), f"k{n}").status_code == 200
    process.send_signal(signal.SIGTERM)
    os.kill(int(trace.read_text().split()[0]), signal.SIGTERM)
    end(process)
    calls = re.findall(r"(fdatasync|fsync)\(\d+\)\s+= 0|(HTTP/1\.1 200)", trace.read_text())
    order = ["answer" if answer else "sync" for _, answer in calls]
    before_each = [order[place - 1] == "sync" for place, call in enumerate(order) if call == "answer"]
    assert len(before_each) == 3
    assert all(before_each[1:]) is synced
