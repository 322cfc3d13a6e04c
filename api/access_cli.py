"""The commands `writ access …`: their names and options; what they do stands in `api.commands.access`."""

from __future__ import annotations

from typing import Annotated

import typer

from api.options import AsJson, KeyFile, ServiceAt, asked

app = typer.Typer(
    name="access",
    help="People and systems: who is let in, with which roles and API keys.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The person's or system's name, which never changes.")]


@app.command("list")
def list_(service: ServiceAt = None, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """List everybody with their roles and live keys."""
    from api.commands import access

    access.list_all(asked(service, key_file), as_json=as_json)


@app.command()
def add(
    name: Name,
    roles: Annotated[
        str, typer.Option(metavar="ROLE,…", help="Of decide, author, approve, audit, administer; no others remain.")
    ],
    system: Annotated[
        bool | None,
        typer.Option("--system/--person", help="Which of the two.", show_default="one has to be said"),
    ] = None,
    oidc_subject: Annotated[
        str | None, typer.Option(metavar="SUB", help="The `sub` of the person's tokens of the identity provider.")
    ] = None,
    service: ServiceAt = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Register a person or system, or change its roles."""
    from api.commands import access

    if system is None:
        raise typer.BadParameter("say which it is: --person or --system")
    type_ = "system" if system else "person"
    access.add(asked(service, key_file), name, type_, roles, oidc_subject, as_json=as_json)


@app.command()
def key(
    name: Name,
    days: Annotated[int | None, typer.Option(metavar="N", min=1, max=400, help="How long.", show_default="365")] = None,
    service: ServiceAt = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key and print it, this once."""
    from api.commands import access

    access.key(asked(service, key_file), name, days, as_json=as_json)


@app.command()
def revoke(
    name: Name,
    prefix: Annotated[str, typer.Argument(metavar="KEY", help="The key's prefix, as `writ access list` has it.")],
    service: ServiceAt = None,
    key_file: KeyFile = None,
) -> None:
    """Revoke an API key: it opens nothing from now on."""
    from api.commands import access

    access.revoke(asked(service, key_file), name, prefix)


@app.command()
def rescue(
    database: Annotated[
        str | None,
        typer.Option("--database", metavar="FILE|URL", help="The record.", show_default="WRIT_DATABASE, or writ.db"),
    ] = None,
) -> None:
    """Make a new administrator's key where all are lost: on the machine with the log, and for all to see in it."""
    from api.commands import access

    access.rescue(database)
