"""The commands `writ audit …`: what they are called and what they take; what they do stands in `api.commands.audit`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.options import AsJson

app = typer.Typer(
    name="audit",
    help="Search the log of all decisions, prove it, replay it, export it, erase personal data.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def _moment(text: str) -> str:
    from api.log_queries import read_moment

    try:
        read_moment(text, last=False)
    except ValueError:
        raise typer.BadParameter(
            f"`{text}` is no day or moment with its zone: 2026-06-30, 2026-06-30T09:00:00Z"
        ) from None
    return text


Database = Annotated[
    str | None,
    typer.Option("--database", metavar="FILE|URL", help="The record.", show_default="WRIT_DATABASE, or writ.db"),
]
Since = Annotated[
    str | None, typer.Option("--from", metavar="TIME", parser=_moment, help="The first day (UTC) or moment.")
]
Until = Annotated[
    str | None, typer.Option("--to", metavar="TIME", parser=_moment, help="The last day, or the moment after.")
]
Note = Annotated[
    Path | None,
    typer.Option("--checkpoint", metavar="NOTE", help="Your own older checkpoint.", exists=True, dir_okay=False),
]


@app.command()
def search(  # noqa: PLR0913, PLR0917 (a filter for each thing that entries are found by)
    subject: Annotated[str | None, typer.Option(metavar="TEXT", help="Whom it is about.")] = None,
    policy: Annotated[str | None, typer.Option(metavar="NAME", help="The policy.")] = None,
    outcome: Annotated[str | None, typer.Option(metavar="WORD", help="The decision, class or dunning outcome.")] = None,
    reason: Annotated[str | None, typer.Option(metavar="CODE", help="A reason that was given.")] = None,
    revision: Annotated[int | None, typer.Option(metavar="N", min=1, help="The policy text's number.")] = None,
    principal: Annotated[str | None, typer.Option(metavar="WHO", help="Who asked.")] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="decision, test, override, revision, principal, comparison …")
    ] = None,
    since: Since = None,
    until: Until = None,
    before: Annotated[int | None, typer.Option(metavar="SEQ", min=0, help="Below this number only.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="The most shown.")] = 50,
    by: Annotated[str | None, typer.Option("--count", metavar="BY", help="Count by policy, outcome, reason …")] = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Find entries, the newest first; or count them."""
    from api.audit.search import Query
    from api.commands import audit_search

    query = Query(kind, policy, outcome, revision, principal, subject, reason, *_times(since, until))
    audit_search.search(database, query, before, limit, by, as_json=as_json)


@app.command()
def export(
    out: Annotated[
        Path,
        typer.Option("--out", metavar="PACK", help="A new folder or .zip; .csv, .xlsx or .parquet for reading."),
    ],
    since: Since = None,
    until: Until = None,
    checkpoint: Note = None,
    personal: Annotated[bool, typer.Option("--personal", help="With personal data.")] = False,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Write an evidence pack, or a table for reading. The export is recorded in the log."""
    from api.audit.search import Query
    from api.commands import audit

    begin, end = _times(since, until)
    audit.export(database, Query(since=begin, until=end), out, checkpoint, personal=personal, as_json=as_json)


@app.command()
def verify(
    pack: Annotated[Path, typer.Argument(metavar="PACK", help="An evidence pack: folder or .zip.", exists=True)],
    checkpoint: Note = None,
    key: Annotated[str | None, typer.Option(metavar="VKEY", help="The log's verifier key, or a file with it.")] = None,
) -> None:
    """Prove an evidence pack; the first wrong record is named. `verify.py` in the pack does the same."""
    from api.commands import audit

    audit.verify(pack, checkpoint, key)


@app.command()
def replay(
    pack: Annotated[
        Path | None, typer.Argument(metavar="PACK", help="An evidence pack; else the whole record.", exists=True)
    ] = None,
    since: Since = None,
    until: Until = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that share the work.")] = 1,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Decide every recorded decision anew with its own policy text, and report every byte that differs."""
    from api.audit.search import Query
    from api.commands import audit

    begin, end = _times(since, until)
    audit.replay(pack, database, Query(since=begin, until=end), workers, as_json=as_json)


@app.command()
def erase(
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="Whom the records are about.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it goes into the log, so name nobody in it.")],
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Erase the personal data of one subject for good. Records and proofs stay as they are."""
    from api.commands import audit

    audit.erase(database, subject, reason, as_json=as_json)


@app.command("rotate-key")
def rotate_key(
    lost: Annotated[bool, typer.Option("--lost", help="The old key's file is lost; the log will say so.")] = False,
    database: Database = None,
) -> None:
    """Make a new signing key and enter it into the log; the old one's file is kept under another name."""
    from api.commands import audit

    audit.rotate_key(database, lost=lost)


@app.command()
def certificate(
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="Its id.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.html", help="The page to write.")],
    language: Annotated[
        Literal["en", "zh-Hans", "zh-Hant"], typer.Option("--lang", metavar="en|zh-Hans|zh-Hant", help="Its language.")
    ] = "en",
    database: Database = None,
) -> None:
    """Write the certificate of one decision: facts, rules, reasons, policy text and proof, to print."""
    from api.commands import audit

    audit.certificate(database, decision, out, language)


def _times(since: str | None, until: str | None) -> tuple[dt.datetime | None, dt.datetime | None]:
    from api.log_queries import read_moment

    begin = None if since is None else read_moment(since, last=False)
    return begin, None if until is None else read_moment(until, last=True)
