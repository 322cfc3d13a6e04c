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
from api.commands.terminal import REFUSED, fail, write_json
from api.request import Request, in_request, json_misfit, misfit_json, read_request
from api.strict_json import BadJson, parse
from api.tree import render_decision
from engine.decision import Fault, Misfit
from policies.diagnostics import visible


def decide(policy: str, facts: Path, as_of: dt.date | None, policies: Path, as_json: bool, language: str) -> None:
    """Decide one request and print it; `facts` is a file, or `-` for standard input.

    `as_of` comes before the request's own; where neither is given it is today in UTC.
    """
    found = policy_file.find(policy_file.load(policies, as_json=as_json), policy)
    request = _request(facts)
    if not isinstance(request, Request):
        _refuse(request, as_json)
    try:
        decision = engine.decide(found, request.facts, as_of or request.as_of or today())
    except Fault as fault:
        _refuse(in_request(fault.misfits), as_json)
    if as_json:
        write_json({"recorded": False, **decision.to_json()})
        return
    stdout().print(render_decision(decision, found, language))


def today() -> dt.date:
    """The day in UTC, which is what the service takes too."""
    return dt.datetime.now(dt.UTC).date()


def _request(facts: Path) -> Request | tuple[Misfit, ...]:
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


def _refuse(misfits: tuple[Misfit, ...], as_json: bool) -> NoReturn:
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
