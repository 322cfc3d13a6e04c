"""The PostgreSQL server of the tests keeps what it committed, whatever ends it, and goes when the tests go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.postgres import Server, postgres

ROOT = Path(__file__).resolve().parent.parent

__all__ = ["postgres"]  # pytest finds the fixture here; for ruff it is otherwise an unused name

STOPPED_TESTS = """\
import time
from tests.postgres import Server
with Server() as server:
    print(server.folder, server.process.pid, flush=True)
    time.sleep(60)
"""


def asked(url: str, *statements: str) -> list[str]:
    """The answer to the last statement, as text; committed."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements[:-1]:
            connection.execute(text(statement))
        answer = [str(value) for value in connection.execute(text(statements[-1])).scalars()]
    engine.dispose()
    return answer


def kill_and_start(server: Server) -> None:
    server.kill()
    server.start()


def stop_and_start(server: Server) -> None:
    server.stop()
    server.start()


@pytest.mark.parametrize(
    ("setting", "value"), [("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on")]
)
def test_committed_means_on_disk(postgres: Server, setting: str, value: str) -> None:
    assert asked(postgres.url("postgres"), f"SHOW {setting}") == [value]


def test_the_server_is_the_wheels(postgres: Server) -> None:
    (version,) = asked(postgres.url("postgres"), "SHOW server_version")
    assert version.startswith("18")


@pytest.mark.parametrize("end", [Server.restart_immediately, kill_and_start, stop_and_start])
def test_a_committed_row_outlives_the_server(postgres: Server, end: Callable[[Server], None]) -> None:
    url = postgres.new_database()
    insert = "INSERT INTO kept VALUES (1), (2) RETURNING n"
    assert asked(url, "CREATE TABLE kept (n integer)", insert) == ["1", "2"]
    end(postgres)
    assert asked(url, "SELECT n FROM kept ORDER BY n") == ["1", "2"]


def test_databases_are_apart(postgres: Server) -> None:
    one, other = postgres.new_database(), postgres.new_database()
    asked(one, "CREATE TABLE apart (n integer)", "SELECT 1")
    assert asked(other, "SELECT to_regclass('apart')") == ["None"]


def test_tests_that_are_killed_leave_no_server() -> None:
    with subprocess.Popen([sys.executable, "-c", STOPPED_TESTS], cwd=ROOT, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        folder, pid = tests.stdout.readline().split()
        os.kill(int(pid), 0)
        tests.kill()
    assert tests.returncode == -signal.SIGKILL
    late = time.monotonic() + 15
    while Path(folder).exists() and time.monotonic() < late:
        time.sleep(0.02)
    assert not Path(folder).exists()
    assert not Path(f"/proc/{pid}/exe").exists()
