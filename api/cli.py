"""The command line `writ`: what its commands are called and what they take; what they do stands in `api.commands`.

Exit codes: 0 well, 1 refused or failed, 2 usage. Answers go to stdout, errors to stderr.
Every command imports what it needs when it runs, so that `writ check` never waits for the service's libraries.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.access_cli import app as access_app
from api.audit_cli import app as audit_app
from api.options import AsJson, KeyFile, OnFacts, OnRecorded, ServiceAt, asked, day, one_of
from api.revisions_cli import app as revisions_app

app = typer.Typer(
    name="writ",
    help="Credit, classification and dunning decisions from YAML policies, with reasons and proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(revisions_app)
app.add_typer(access_app)
app.add_typer(audit_app)


POLICIES = Path("policies.yaml")
PolicyFile = Annotated[Path, typer.Argument(metavar="FILE", help="The policy file.", exists=True, dir_okay=False)]
Policies = Annotated[
    Path, typer.Option("--policies", metavar="FILE", help="The policy file.", exists=True, dir_okay=False)
]
PolicyName = Annotated[str, typer.Argument(metavar="POLICY", help="The policy's name in the policy file.")]
AsOf = Annotated[dt.date | None, typer.Option("--as-of", metavar="DATE", parser=day, help="The day to decide for.")]
Rejected = Annotated[
    Path | None,
    typer.Option("--rejected", metavar="FILE", help="Where rejected rows go.", show_default="OUT.rejected.jsonl"),
]


@app.command()
def check(
    file: PolicyFile = POLICIES,
    form: Annotated[
        Literal["text", "json", "gnu"],
        typer.Option(
            "--format",
            metavar="text|json|gnu",
            parser=one_of("text", "json", "gnu"),
            help="For people, programs, editors.",
        ),
    ] = "text",
) -> None:
    """Check a policy file: every mistake with its line, its column and the mend."""
    from api.commands import policy

    policy.check(file, form)


@app.command()
def decide(
    policy: PolicyName,
    facts: Annotated[
        Path, typer.Option("--facts", metavar="FILE", help='One request {"facts": …}; `-` reads it from stdin.')
    ],
    as_of: AsOf = None,
    policies: Policies = POLICIES,
    as_json: AsJson = False,
    language: Annotated[
        str,
        typer.Option(
            "--lang",
            metavar="en|zh-Hans|zh-Hant",
            parser=one_of("en", "zh-Hans", "zh-Hant"),
            help="The language to show it in.",
        ),
    ] = "en",
    customer_text: Annotated[
        bool, typer.Option("--customer-text", help="Print only what the customer is told, in the language of --lang.")
    ] = False,
) -> None:
    """Decide on one customer's facts and show why. A what-if: nothing is recorded."""
    from api.commands import decision

    decision.decide(policy, facts, as_of, policies, as_json, language, customer_text)


@app.command()
def preview(
    policy: Annotated[
        str, typer.Option("--policy", metavar="POLICY", help="The dunning policy's name in the policy file.")
    ],
    facts: Annotated[
        Path, typer.Option("--facts", metavar="FILE", help="One request, `-` reads it from stdin; or many: .jsonl.")
    ],
    file: PolicyFile = POLICIES,
    as_of: AsOf = None,
    as_json: AsJson = False,
    language: Annotated[
        str,
        typer.Option(
            "--language",
            "--lang",
            metavar="en|zh-Hans|zh-Hant",
            parser=one_of("en", "zh-Hans", "zh-Hant"),
            help="The language to show it in.",
        ),
    ] = "en",
) -> None:
    """Show what an account is sent, and when, if nothing is paid. A what-if: nothing is recorded."""
    from api.commands import preview as previewing

    previewing.preview(file, policy, facts, as_of, as_json, language)


@app.command("test")
def run_cases(
    file: PolicyFile = POLICIES,
    form: Annotated[
        Literal["text", "json"],
        typer.Option(
            "--format", metavar="text|json", parser=one_of("text", "json"), help="For people or for programs."
        ),
    ] = "text",
) -> None:
    """Run the policy file's own test cases; say what failed and what no case reached."""
    from api.commands.cases import test

    test(file, form)


@app.command()
def run(
    policy: PolicyName,
    rows: Annotated[
        Path,
        typer.Option("--in", metavar="FILE", help="Requests: .jsonl, .csv or .parquet.", exists=True, dir_okay=False),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Results: .jsonl, .csv or .parquet.")],
    policies: Policies = POLICIES,
    as_of: AsOf = None,
    rejected: Rejected = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that share the work.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Decide a whole file of facts, streamed; rows that do not fit are set aside with the reason."""
    from api.commands import portfolio

    portfolio.run_portfolio(
        policy, rows, out, policies=policies, as_of=as_of, rejected=rejected, workers=workers, as_json=as_json
    )


@app.command()
def calibrate(
    policy: Annotated[str, typer.Option("--policy", metavar="POLICY", help="The policy whose lets are looked at.")],
    facts: Annotated[
        Path,
        typer.Option(
            "--facts", metavar="FILE", help="The portfolio: .jsonl, .csv or .parquet.", exists=True, dir_okay=False
        ),
    ],
    as_of: Annotated[
        dt.date, typer.Option("--as-of", metavar="DATE", parser=day, help="The day of the breakpoints, for every row.")
    ],
    lets: Annotated[list[str], typer.Option("--let", metavar="NAME", help="A named value; once for each.")],
    file: PolicyFile = POLICIES,
    parts: Annotated[int, typer.Option(min=2, max=100, help="Parts of equal size; 5 are quintiles.")] = 5,
    ties: Annotated[
        Literal["refuse", "raise"],
        typer.Option(
            "--ties",
            metavar="refuse|raise",
            parser=one_of("refuse", "raise"),
            help="What to do with breakpoints that fall on one value.",
        ),
    ] = "refuse",
    as_json: AsJson = False,
) -> None:
    """Compute the breakpoints of a portfolio, such as RFM quintiles, as parameters ready to paste."""
    from api.commands import calibrate as calibrate_command

    calibrate_command.calibrate(file, policy, facts, as_of, lets, parts, ties, as_json=as_json)


@app.command()
def compare(  # noqa: PLR0913, PLR0917 (one for each argument of the command)
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="The policy file as it is, or a revision of the record by its number.")
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The policy file, or the revision, as it would be.")],
    facts: Annotated[
        Path | None,
        typer.Option(
            "--facts", metavar="FILE", help="Requests to decide by both: .jsonl.", exists=True, dir_okay=False
        ),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option("--policy", metavar="POLICY", help="Ask only this policy; once for each.", show_default="all"),
    ] = None,
    as_of: AsOf = None,
    recorded: Annotated[
        int | None,
        typer.Option("--recorded", metavar="N", min=1, max=100_000, help="The last N recorded decisions, by both."),
    ] = None,
    database: Annotated[
        str | None, typer.Option(metavar="FILE|URL", help="The record.", show_default="WRIT_DATABASE")
    ] = None,
    movers: Annotated[int, typer.Option(min=0, max=1000, help="How many customers that move are named.")] = 20,
    opened: Annotated[
        str | None, typer.Option("--open", metavar="REF", help="Show both decisions of one row, such as facts.jsonl:3.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two policy texts: what they say otherwise, and whom they decide otherwise. Nothing is recorded."""
    from api.commands.compare import Wanted, compare_texts

    compare_texts(
        old, new, Wanted(facts, recorded, database, tuple(policy or ()), as_of, movers, opened, as_json=as_json)
    )


@app.command()
def propose(  # noqa: PLR0913, PLR0917 (one for each option of the command)
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy file.", exists=True, dir_okay=False)],
    comment: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the record.")],
    revision: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="The open revision whose text this is to be.")
    ] = None,
    on_behalf_of: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who wrote it, where a system such as a pipeline sends it.")
    ] = None,
    facts: OnFacts = None,
    recorded: OnRecorded = None,
    service: ServiceAt = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Propose a policy file to who may approve it: checked, its cases run, compared with the text in force."""
    from api.commands import propose as proposing

    said = proposing.Proposal(file, comment, revision, on_behalf_of, facts, recorded)
    proposing.propose(asked(service, key_file), said, as_json=as_json)


@app.command()
def export(
    revision: Annotated[
        int | None, typer.Argument(metavar="REVISION", min=1, help="Its number.", show_default="the one in force")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The file to write.", show_default="stdout")
    ] = None,
    service: ServiceAt = None,
    key_file: KeyFile = None,
) -> None:
    """Write the exact text of a revision, to keep it in git."""
    from api.commands import propose as proposing

    proposing.export(asked(service, key_file), revision, out)


@app.command()
def facts(
    ledger: Annotated[
        Path,
        typer.Argument(
            metavar="LEDGER", help="The invoice list: .csv, .xlsx or .parquet.", exists=True, dir_okay=False
        ),
    ],
    map_: Annotated[
        Path, typer.Option("--map", metavar="MAP.yaml", help="What the columns mean.", exists=True, dir_okay=False)
    ],
    as_of: Annotated[
        dt.date, typer.Option("--as-of", metavar="DATE", parser=day, help="The day the facts are stated for.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="One request per customer, as JSON lines.")],
    customers: Annotated[
        Path | None,
        typer.Option("--customers", metavar="FILE", help="The customer master.", exists=True, dir_okay=False),
    ] = None,
    rejected: Rejected = None,
) -> None:
    """Make one facts document per customer out of an invoice list exported from an ERP or CRM."""
    from api.commands import ledger as ledger_command

    ledger_command.facts(ledger, map_, as_of, out, customers, rejected)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on; 0 takes a free one.")] = None,
    database: Annotated[str | None, typer.Option(metavar="FILE|URL", help="The record of every decision.")] = None,
    policies: Annotated[Path | None, typer.Option(metavar="FILE", help="The policies to begin with.")] = None,
) -> None:
    """Answer decision requests over HTTP, each recorded before it is answered."""
    from api.commands import serving

    serving.run_service(host, port, database, policies)


@app.command()
def settings(as_json: AsJson = False) -> None:
    """Show the settings the service would start with, and where each is from; passwords are left out."""
    from api.commands import settings as settings_command

    settings_command.show(as_json=as_json)


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Make the decisions, then end.")] = False,
    port: Annotated[int, typer.Option(help="The port to try first.")] = 8700,
    policies: Policies = POLICIES,
) -> None:
    """Start the service on a fresh database, make real decisions of all three kinds, and keep it running."""
    from api import demo as demo_

    raise typer.Exit(demo_.run(policies, port, once))


@app.command()
def schema(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The file to write.", show_default="stdout")
    ] = None,
) -> None:
    """Print the JSON Schema of the policy document, with which an editor completes and checks it."""
    from api.commands import policy

    policy.schema(out)


def main() -> None:
    """The entry point."""
    try:
        app()
    except BrokenPipeError:
        # Who reads the output has left (`writ check | head`): that is no failure worth a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
