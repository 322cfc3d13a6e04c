"""The log as commands open it: the one that the settings name, for the time of one command."""

from __future__ import annotations

import datetime as dt
import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.audit.database import AuditUnavailableError
from api.audit.log import Log
from api.audit.signing import KEY_MEND, KeyFileError
from api.commands.terminal import fail, misused
from api.settings import Settings, SettingsError


@contextmanager
def opened(database: str | None, *, lost_key: bool = False) -> Iterator[Log]:
    """The log of a database, or of the settings; whatever is wrong with it ends the command with 1.

    A record that is not there is not made. With `lost_key` a signing key whose file is gone is replaced.
    """
    try:
        settings = Settings.read(os.environ, {"database": database})
    except SettingsError as error:
        misused(str(error))
    places = settings.places()
    if "://" not in places.database and not Path(places.database).exists():
        fail(f"there is no record `{places.database}`", "name it: --database FILE, or WRIT_DATABASE")
    try:
        lost = principal() if lost_key else None
        audit = Log(places, settings.busy_timeout, lambda: dt.datetime.now(dt.UTC), lost_key=lost)
    except KeyFileError as error:
        fail(
            str(error),
            KEY_MEND,
        )
    except AuditUnavailableError as error:
        fail(
            f"cannot open the record `{places.shown}`: {one_line(error)}",
            "see `Where it is kept` in api/audit/README.md",
        )
    try:
        yield audit
    except AuditUnavailableError as error:
        fail(one_line(error))
    finally:
        audit.close()


def one_line(error: Exception) -> str:
    """What an error says, on one line."""
    return " ".join(str(error).split())


def principal() -> str:
    """Who gives the command, for the log: the user of this machine."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"cli:{os.getuid()}"
