"""`writ demo`: real decisions over HTTP on the shipped policies, and a clean stop."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WRIT = [sys.executable, "-m", "api.cli"]
ENVIRON = {**os.environ, "COLUMNS": "200"}


def free_port() -> int:
    with closing(socket.socket()) as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def demo(*more: str) -> list[str]:
    return [*WRIT, "demo", "--policies", str(ROOT / "policies.yaml"), *more]


def decided_once(room: Path, port: int) -> str:
    """What a demo that ends by itself prints; it must end well and complain of nothing."""
    command = demo("--once", "--port", str(port))
    done = subprocess.run(command, cwd=room, env=ENVIRON, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_once_decides_all_three_kinds_and_records_each(tmp_path: Path) -> None:
    told = decided_once(tmp_path, free_port())
    for kind in ("classification", "credit", "dunning"):
        assert f" {kind} " in told
    assert "│ First dunning letter: please pay USD " in told
    assert re.search(r"if nothing is paid: .* level 3 and hold", told)
    shown = set(re.findall(r"dec_[0-9a-z]{26}", told))
    assert len(shown) >= 9
    [database] = tmp_path.glob(".demo/run-*/decisions.db")
    with closing(sqlite3.connect(database)) as opened:
        kept = "\n".join(opened.iterdump())
    assert all(decision_id in kept for decision_id in shown)


def test_a_taken_port_is_passed_over_and_said(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} is taken; using " in decided_once(tmp_path, port)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A demo that keeps serving, in a process group of its own, and its address."""
    process = subprocess.Popen(
        demo("--port", str(free_port())),
        cwd=tmp_path,
        env=ENVIRON,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        told = ""
        for line in process.stdout:
            told += line
            if "Ctrl-C stops it" in line:
                break
        found = re.search(r"^service\s+(\S+)$", told, re.MULTILINE)
        assert found, told
        yield process, found[1]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()
        process.wait()


@pytest.mark.parametrize("whole_group", [True, False], ids=["ctrl-c", "kill -INT"])
def test_it_keeps_running_until_it_is_stopped_and_stops_cleanly(
    running: tuple[subprocess.Popen[str], str], whole_group: bool
) -> None:
    process, address = running
    with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:
        assert answer.status == 200
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
    assert process.wait(20) == 0
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{address}/healthz", timeout=5)
