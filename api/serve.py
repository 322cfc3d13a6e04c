"""Run the service: one process, one port, limits on what a connection may take, a clean stop."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from types import FrameType

import uvicorn

from api.app import create_app
from api.audit.database import AuditUnavailableError
from api.audit.signing import KEY_MEND, KeyFileError
from api.connections import Connection
from api.governance.first import FirstKeyError
from api.running import PolicyFileError, Running
from api.settings import Settings, SettingsError
from policies.diagnostics import Refused, render_text

STOPPED, NOT_STARTED, RECORD_LOST = 0, 1, 74
"""Exit codes; 74 is EX_IOERR of sysexits.h: start the service again, so that it reads the record anew."""

_LARGEST_HEADERS = 32_768
_KEEP_ALIVE_SECONDS = 5
_GRACE_SECONDS = 10


_UNSEEN = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160), 0x2028, 0x2029) if chr(code) not in "\t\n"}


class EventFormatter(logging.Formatter):
    """Writes an event so that nothing in it can pass for another one: only its first line begins at the margin."""

    def format(self, record: logging.LogRecord) -> str:
        """The event's text, control characters escaped."""
        return super().format(record).translate(_UNSEEN).replace("\n", "\n    ")


class _Server(uvicorn.Server):
    """Says where it listens once it does."""

    def __init__(self, config: uvicorn.Config, greeting: str) -> None:
        super().__init__(config)
        self.greeting = greeting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(f"{self.greeting}\n")
        sys.stdout.flush()


def run(settings: Settings) -> int:
    """Serve until Ctrl-C, SIGTERM or the loss of the record; the process's exit code.

    Says on stdout where it listens, and on stderr why it does not start.
    """
    events = logging.StreamHandler()
    events.setFormatter(EventFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[events])
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        listening = _listen(settings.host, settings.port)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "this is no host's name"
        return _not_started(f"cannot listen on {settings.host} port {settings.port}: {why}")
    try:
        app = create_app(settings)
    except Refused as refused:
        return _not_started(render_text(refused.diagnostics).rstrip("\n"))
    except (PolicyFileError, FirstKeyError) as error:
        return _not_started(str(error))
    except KeyFileError as error:
        return _not_started(f"{error}\n{KEY_MEND}")
    except AuditUnavailableError as error:
        return _not_started(f"cannot keep a record in `{settings.places().shown}`: {error}")
    running: Running = app.state.running
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=settings.concurrency,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        h11_max_incomplete_event_size=_LARGEST_HEADERS,
    )
    # uvicorn raises the signal that stopped it again, once it has stopped: nothing is left to do then.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _nothing)
    _Server(config, _greeting(running, listening)).run(sockets=[listening])
    return RECORD_LOST if running.audit.store.broken else STOPPED


def _nothing(_number: int, _frame: FrameType | None) -> None:
    pass


def _not_started(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return NOT_STARTED


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError:
        listening.close()
        raise
    return listening


def _greeting(running: Running, listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    what = f"revision {running.revisions.today().revision}; record in {running.audit.store.database.name}"
    greeting = f"writ listens on http://{shown}:{port} ({what}; http://{shown}:{port}/docs)"
    if running.first_key is not None:
        greeting += (
            f"\nthe administrator's key, shown this once: {running.first_key}\n"
            "it lets people and systems in (writ access --help) and opens nothing else"
        )
    return greeting


if __name__ == "__main__":
    try:
        sys.exit(run(Settings.read(os.environ)))
    except SettingsError as error:
        sys.exit(_not_started(str(error)))
