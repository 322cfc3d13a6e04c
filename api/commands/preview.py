"""`writ preview`: what an account is sent, and when, if nothing is paid; of a file of accounts, a line for each."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import typer
from rich.table import Table
from rich.text import Text

import engine
from api.bulk.reading import open_rows
from api.bulk.rows import FileRefused, Row
from api.commands import policy_file
from api.commands.consoles import stdout
from api.commands.decision import decide_one, today
from api.commands.terminal import REFUSED, fail, misused, write, write_json
from api.preview import has_calendar, now_of, preview_json, words_of
from api.preview_words import coming_of, day_in, day_told, notice_in, word
from api.request import in_request, misfit_json
from api.tree import show
from api.tree_words import text_in
from engine.decision import Decision, Fault, Misfit
from policies.diagnostics import visible
from policies.ir import Bundle, Policy, Texts
from policies.scope import dotted


def preview(file: Path, policy: str, facts: Path, as_of: dt.date | None, as_json: bool, language: str) -> None:
    """Print the calendar of one request (a file, or `-` for standard input), or a line for each of a `.jsonl` file.

    `as_of` comes before a request's own; where neither is given it is today in UTC.
    """
    bundle = policy_file.load(file, as_json=as_json)
    found = policy_file.find(bundle, policy)
    if not has_calendar(found):
        misused(f"`{policy}` is of kind `{found.kind}`: only dunning has a calendar")
    if facts.suffix.lower() == ".jsonl":
        _many(bundle, found, facts, as_of, as_json, language)
        return
    decision, request = decide_one(found, facts, as_of, as_json=as_json)
    if as_json:
        write_json(preview_json(decision))
    else:
        _show(decision, found, _account(found, request.facts), language)


def _many(bundle: Bundle, policy: Policy, facts: Path, as_of: dt.date | None, as_json: bool, language: str) -> None:
    """A line for each account, as it is read; ends with 1 when some of them could not be previewed."""
    refused = 0
    try:
        with open_rows(facts, bundle.facts) as rows:
            for row in rows.rows:
                told = _line(policy, row, as_of, as_json, language)
                refused += told is None
                if told is not None:
                    write(told)
    except FileRefused as error:
        fail(str(error), error.help)
    if refused:
        many = "1 line was" if refused == 1 else f"{refused} lines were"
        sys.stderr.write(f"{many} refused\n")
        raise typer.Exit(REFUSED)


def _line(policy: Policy, row: Row, as_of: dt.date | None, as_json: bool, language: str) -> str | None:
    misfits = row.misfits
    if not misfits:
        try:
            decision = engine.decide(policy, row.facts, as_of or row.as_of or today())
        except Fault as fault:
            misfits = in_request(fault.misfits)
    account = _account(policy, row.facts) or f"line {row.line}"
    if misfits:
        _refused_line(row.line, misfits, as_json)
        return None
    if as_json:
        return orjson.dumps({"line": row.line, "account": account, **preview_json(decision)}).decode()
    return f"{visible(account)}  {_now(decision, language)}{word('then', language)}{words_of(decision, language)}"


def _refused_line(line: int, misfits: tuple[Misfit, ...], as_json: bool) -> None:
    if as_json:
        told = {"line": line, "recorded": False, "misfits": [misfit_json(misfit) for misfit in misfits]}
        write(orjson.dumps(told).decode())
        return
    for misfit in misfits:
        sys.stderr.write(f"line {line}: {visible(misfit.pointer)}: {visible(misfit.message)} [{misfit.code}]\n")


def _account(policy: Policy, facts: Mapping[str, Any]) -> str | None:
    """The account's number, where the policy takes it from one fact."""
    place: Any = facts
    for step in (dotted(policy.body.account.id.syntax) or "").split("."):
        place = place.get(step) if isinstance(place, Mapping) else None
    return place if isinstance(place, str) else None


def _now(decision: Decision, language: str) -> str:
    """What is sent on the day itself, in words; of a skip its reason codes."""
    outcome: Any = decision.outcome
    now = coming_of(now_of(decision))
    return day_told(now, language) if now else f"{word('skip', language)} ({', '.join(outcome['skips'])})"


def _show(decision: Decision, policy: Policy, account: str | None, language: str) -> None:
    outcome: Any = decision.outcome
    titles = {level.name: level.title for level in policy.body.levels}
    console = stdout()
    whose = f" {visible(account)}," if account else ""
    title = visible(text_in(policy.title, language)) or policy.name
    console.print(Text(f"{title}:{whose} {word('as_of', language)} {decision.as_of.isoformat()}", "bold"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("day", "what", "items", "fees", "interest", "total_claim", "effects"):
        amount = column in {"fees", "interest", "total_claim"}
        table.add_column(word(column, language), justify="right" if amount else "left")
    now = now_of(decision)
    if not now:
        table.add_row(day_in(decision.as_of, language, 0), Text(visible(_now(decision, language))))
    for entry in [*now, *outcome["calendar"]]:
        table.add_row(*_cells(entry, titles, language))
    console.print(table)
    console.print(Text(f"\n{words_of(decision, language)}"), soft_wrap=True)
    console.print(Text(word("not_recorded", language)))


def _cells(entry: Any, titles: Mapping[str, Texts], language: str) -> list[Text]:
    [coming] = coming_of([entry])
    what = notice_in(coming, language, effects=False)
    title = text_in(titles.get(entry["level_name"], {}), language)
    effects = [
        word(effect["effect"], language) + (f" {effect['to']}" if effect["to"] else "") for effect in entry["effects"]
    ]
    sums = [show(entry[name]) if entry["outcome"] == "notice" else "" for name in ("fees", "interest", "total_claim")]
    told = [
        day_in(entry["on"], language, 0),
        f"{what}: {title}" if title else what,
        ", ".join(entry["items"]),
        *sums,
        ", ".join(effects),
    ]
    return [Text(visible(cell)) for cell in told]
