"""`writ settings`: the settings the service would start with, and where each is from; no password is shown."""

from __future__ import annotations

import os

from rich.table import Table

from api.commands.consoles import stdout
from api.commands.terminal import misused, write_json
from api.settings import Settings, SettingsError
from policies.diagnostics import visible


def show(*, as_json: bool) -> None:
    """Print every setting; what is wrong with any of them ends the command with 2."""
    try:
        settings = Settings.read(os.environ)
    except SettingsError as error:
        misused(str(error))
    if as_json:
        write_json([{"setting": name, "value": value, "from": origin} for name, value, origin in settings.shown()])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("from", no_wrap=True)
    for name, value, origin in settings.shown():
        table.add_row(name, visible(value) or "not set", origin)
    stdout().print(table)
