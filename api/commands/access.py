"""`writ access …`: people and systems, their roles and keys, asked of a running service by who administers it."""

from __future__ import annotations

import os
import sys
from urllib.parse import quote
from zoneinfo import ZoneInfo

from rich.table import Table

from api.commands.audit_log import opened, principal
from api.commands.client import Service, refused
from api.commands.consoles import stdout
from api.commands.terminal import write, write_json
from api.comparison.page import NOTHING
from api.governance.first import ADMINISTRATOR, rescue_key
from api.governance.register import Register
from api.problems import Problem, problem_json
from api.settings import Settings
from policies.diagnostics import visible


def list_all(service: Service, *, as_json: bool) -> None:
    """Everybody, with their roles and live keys."""
    said = service.get("/v1/principals")
    if as_json:
        write_json(said)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("name", "is a", "roles", "key", "opens until"):
        table.add_column(head, no_wrap=head != "roles")
    for one in said["principals"]:
        keys = [key for key in one["keys"] if key["live"]]
        prefixes = "\n".join(key["key"] for key in keys) or NOTHING
        ends = "\n".join(key["expires_at"][:10] for key in keys) or NOTHING
        table.add_row(visible(one["id"]), one["type"], ", ".join(one["roles"]) or NOTHING, prefixes, ends)
    stdout().print(table)


def add(service: Service, name: str, type_: str, roles: str, subject: str | None, *, as_json: bool) -> None:
    """Register a person or system, or give it other roles: those named, and no others."""
    wanted = [role.strip() for role in roles.split(",") if role.strip()]
    said = service.send("PUT", _path(name), type=type_, roles=wanted, oidc_subject=subject)
    if as_json:
        write_json(said)
    else:
        write(visible(f"{said['id']} is a {said['type']} with the roles {', '.join(said['roles']) or 'of nobody'}"))


def key(service: Service, name: str, days: int | None, *, as_json: bool) -> None:
    """Make a key. Alone on stdout, so that a script can take it; what is to be known of it goes to stderr."""
    said = service.post(f"{_path(name)}/keys", days=days)
    if as_json:
        write_json(said)
        return
    write(said["secret"])
    sys.stderr.write(
        f"{said['key']} opens for {visible(said['holder'])} until {said['expires_at'][:10]}; shown this once\n"
    )


def revoke(service: Service, name: str, prefix: str) -> None:
    """Have a key open nothing any more."""
    service.ask("DELETE", f"{_path(name)}/keys/{quote(prefix, safe='')}")
    write(visible(f"{prefix} opens nothing any more"))


def rescue(database: str | None) -> None:
    """A new administrator's key, made in the log itself under the name of this machine's user."""
    with opened(database) as audit:
        register = Register(audit, ZoneInfo(Settings.read(os.environ).time_zone))
        try:
            secret = rescue_key(register, principal())
        except Problem as problem:
            refused(problem_json(problem, ""))
    write(secret)
    sys.stderr.write(f"the key of `{ADMINISTRATOR}`; it is in the log that you made it, and shown this once\n")


def _path(name: str) -> str:
    return f"/v1/principals/{quote(name, safe='')}"
