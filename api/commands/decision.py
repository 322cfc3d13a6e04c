"""`writ decide`: one decision on one request, shown with its reasons and its trace; a what-if, never recorded."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import NoReturn

import typer

import engine
from api.commands import policy_file
from api.commands.consoles import stdout
from api.commands.terminal import REFUSED, fail, write, write_json
from api.request import Request, in_request, json_misfit, misfit_json, read_request
from api.strict_json import BadJson, parse
from api.tree import render_decision
from engine.decision import Decision, Fault, Misfit
from policies.diagnostics import visible
from policies.ir import Policy


def decide(
    policy: str,
    facts: Path,
    as_of: dt.date | None,
    policies: Path,
    as_json: bool,
    language: str,
    customer_text: bool,
) -> None:
    """Decide one request and print it, or only what the customer is told; `facts` is a file, or `-` for standard input.

    `as_of` comes before the request's own; where neither is given it is today in UTC.
    """
    found = policy_file.find(policy_file.load(policies, as_json=as_json), policy)
    decision = decide_one(found, facts, as_of, as_json=as_json)[0]
    if as_json:
        write_json({"recorded": False, **decision.to_json()})
        return
    if customer_text:
        write(_told_to_customer(decision, language))
        return
    stdout().print(render_decision(decision, found, language))


def decide_one(policy: Policy, facts: Path, as_of: dt.date | None, *, as_json: bool) -> tuple[Decision, Request]:
    """The decision of the one request in a file (`-`: standard input), and the request; a misfit ends the command."""
    request = read_one(facts)
    if not isinstance(request, Request):
        refuse(request, as_json)
    try:
        return engine.decide(policy, request.facts, as_of or request.as_of or today()), request
    except Fault as fault:
        refuse(in_request(fault.misfits), as_json)


def _told_to_customer(decision: Decision, language: str) -> str:
    if not decision.customer_text:
        fail("there is nothing to tell the customer: only credit decisions that are no plain approval have such a text")
    if language not in decision.customer_text:
        fail(f"the policies have no texts in {language}", f"they have: {', '.join(decision.customer_text)}")
    return "\n".join(visible(line) for line in decision.customer_text[language].splitlines())


def today() -> dt.date:
    """The day in UTC, which is what the service takes too."""
    return dt.datetime.now(dt.UTC).date()


def read_one(facts: Path) -> Request | tuple[Misfit, ...]:
    """The request in a file, or on standard input for `-`; everything that keeps it from being one."""
    try:
        raw = sys.stdin.buffer.read() if str(facts) == "-" else facts.read_bytes()
    except OSError as error:
        fail(f"cannot read {facts}: {error.strerror}")
    if not raw.strip():
        return (Misfit("no_request", "", "no request was read: the input is empty", 'write {"facts": {…}}'),)
    try:
        return read_request(parse(raw))
    except BadJson as bad:
        return (json_misfit(bad),)


def refuse(misfits: tuple[Misfit, ...], as_json: bool) -> NoReturn:
    """Show all misfits, then end with 1."""
    if as_json:
        write_json({"recorded": False, "misfits": [misfit_json(misfit) for misfit in misfits]})
    else:
        for misfit in misfits:
            sys.stderr.write(
                f"{visible(misfit.pointer) or '(whole request)'}: {visible(misfit.message)} [{misfit.code}]\n"
            )
            if misfit.help:
                sys.stderr.write(f"  help: {visible(misfit.help)}\n")
        of_facts = sum(misfit.pointer.startswith("/facts/") for misfit in misfits)
        many = "1 fact does not fit; " if of_facts == 1 else f"{of_facts} facts do not fit; " if of_facts else ""
        sys.stderr.write(f"{many}nothing was decided\n")
    raise typer.Exit(REFUSED)
