"""`writ serve`: the service with settings from the command line and the environment."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from api import serve
from api.commands.terminal import misused
from api.settings import Settings, SettingsError


def run_service(host: str | None, port: int | None, database: str | None, policies: Path | None) -> None:
    """Serve until Ctrl-C; ends with the service's own exit code."""
    given = {"host": host, "port": port, "database": database, "policy_file": policies}
    try:
        settings = Settings.read(os.environ, given)
    except SettingsError as error:
        misused(str(error))
    raise typer.Exit(serve.run(settings))
