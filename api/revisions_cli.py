"""The commands `writ revisions …`: what they are called and what they take; `api.commands.revisions` does it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from api.options import AsJson, KeyFile, Number, OnFacts, OnRecorded, ServiceAt, asked, day

app = typer.Typer(
    name="revisions",
    help="What becomes of a policy text: approve it, put it in force, take it back, see what it would change.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_LEAST_DIGITS = 8


def _digest(text: str) -> str:
    digest = text.lower()
    if len(digest) < _LEAST_DIGITS or not set(digest) <= set("0123456789abcdef"):
        raise typer.BadParameter(f"`{text}` is no digest: name at least its first {_LEAST_DIGITS} hexadecimal digits")
    return digest


Why = Annotated[str, typer.Option("--comment", metavar="TEXT", help="Why, for the record.")]
Digest = Annotated[
    str | None,
    typer.Option(
        "--digest",
        metavar="SHA256",
        parser=_digest,
        help="The text you have seen; without it, it is shown and you are asked.",
    ),
]
Comment = Annotated[str | None, typer.Option("--comment", metavar="TEXT", help="Why, for the record.")]


@app.command("list")
def list_(service: ServiceAt = None, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """List the revisions, the newest first."""
    from api.commands import revisions

    revisions.list_all(asked(service, key_file), as_json=as_json)


@app.command()
def show(number: Number, service: ServiceAt = None, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """Show one revision: where it stands, who approved it, every act on it."""
    from api.commands import revisions

    revisions.show(asked(service, key_file), number, as_json=as_json)


@app.command()
def approve(
    number: Number,
    digest: Digest = None,
    comment: Comment = None,
    service: ServiceAt = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Approve exactly the text that you have seen, as a second person."""
    from api.commands import revisions

    revisions.approve(asked(service, key_file), number, digest, comment, as_json=as_json)


@app.command()
def activate(
    number: Number,
    effective: Annotated[
        dt.date | None,
        typer.Option(
            "--from", metavar="DATE", parser=day, help="Its first day.", show_default="the day it states, or at once"
        ),
    ] = None,
    service: ServiceAt = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Put an approved text in force, at once or from a day on."""
    from api.commands import revisions

    revisions.activate(asked(service, key_file), number, effective, as_json=as_json)


@app.command()
def withdraw(
    number: Number, comment: Why, service: ServiceAt = None, key_file: KeyFile = None, as_json: AsJson = False
) -> None:
    """Take out a text that does not decide yet."""
    from api.commands import revisions

    revisions.withdraw(asked(service, key_file), number, comment, as_json=as_json)


@app.command()
def rollback(
    number: Number,
    comment: Why,
    emergency: Annotated[
        bool, typer.Option("--emergency", help="At once, by you alone; a second person has to confirm it.")
    ] = False,
    service: ServiceAt = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Bring an earlier text back as a new revision."""
    from api.commands import revisions

    revisions.roll_back(asked(service, key_file), number, comment, emergency=emergency, as_json=as_json)


@app.command()
def confirm(
    number: Number,
    digest: Digest = None,
    comment: Comment = None,
    service: ServiceAt = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Confirm, as the second person, what one person put in force in an emergency."""
    from api.commands import revisions

    revisions.confirm(asked(service, key_file), number, digest, comment, as_json=as_json)


@app.command()
def shadow(
    number: Number,
    until: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="Run it until then, such as 2026-12-31T18:00:00Z.")
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="End it; shows once more what it has found.")] = False,
    service: ServiceAt = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Run a text beside the one in force, answering nobody; or show what it would have decided otherwise."""
    from api.commands import revisions

    if until is not None and end:
        raise typer.BadParameter("--until starts a shadow, --end ends it")
    revisions.shadow(asked(service, key_file), number, until, end=end, as_json=as_json)


@app.command()
def compare(
    number: Number,
    facts: OnFacts = None,
    recorded: OnRecorded = None,
    service: ServiceAt = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Compare a revision with the one in force: stored, for whoever approves it."""
    from api.commands import revisions

    revisions.compare(asked(service, key_file), number, facts, recorded, as_json=as_json)


@app.command()
def comparison(
    number: Number,
    id_: Annotated[str | None, typer.Argument(metavar="COMPARISON", help="Its id.", show_default="the newest")] = None,
    opened: Annotated[
        int | None, typer.Option("--open", metavar="RANK", min=1, help="Both decisions of one who moves.")
    ] = None,
    service: ServiceAt = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Show a stored comparison, or one customer of it."""
    from api.commands import revisions

    revisions.comparison(asked(service, key_file), number, id_, opened, as_json=as_json)
