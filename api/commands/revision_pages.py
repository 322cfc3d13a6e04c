"""What a service says of revisions, as pages for people: the list, and one with its history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from api.commands.consoles import stdout
from api.commands.terminal import write
from api.comparison.page import NOTHING
from policies.diagnostics import visible

NAMED = 10
"""Parts that no case reached which are named."""

_STYLES = {"active": "green", "scheduled": "green", "proposed": "yellow", "approved": "yellow"}


def show_list(said: Mapping[str, Any]) -> None:
    """All revisions, a line for each, and what of them needs somebody's eye."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("revision", justify="right")
    for head in ("state", "from", "to", "author", "drafted"):
        table.add_column(head, no_wrap=True)
    table.add_column("comment", overflow="fold")
    for line in said["revisions"]:
        table.add_row(
            str(line["revision"]),
            Text(line["state"], _STYLES.get(line["state"], "")),
            line["effective_from"] or NOTHING,
            _last(line),
            visible(line["author"]),
            line["drafted_at"][:10],
            visible(line["comment"]),
        )
    console = stdout()
    console.print(table)
    console.print()
    console.print(f"revision {said['in_force']} decides today")
    for number in said["unconfirmed"]:
        words = f"revision {number} was put in force by one person alone: a second one has to confirm it"
        console.print(Text(words, "red"))
    file = said["policy_file"]
    if file["state"] in {"known", "differs"}:
        whose = f"is the text of revision {file['revision']}" if file["state"] == "known" else "is nobody's revision"
        console.print(Text(f"{visible(file['path'])} {whose}, and is not what decides", "yellow"))


def show_revision(said: Mapping[str, Any]) -> None:
    """One revision: where it stands, who approved it, every act on it."""
    console = stdout()
    console.print(Text.assemble((f"revision {said['revision']}", "bold"), f" {said['state']}{_days(said)}"))
    console.print(Text(f"  {visible(said['bundle'])}, {said['bundle_digest']}"))
    console.print(Text(f"  {visible(said['author'])}: {visible(said['comment'])}"))
    if said["unconfirmed"]:
        console.print(Text("  put in force by one person alone: a second one has to confirm it", "red"))
    if said["shadow_until"]:
        console.print(Text(f"  runs beside the text in force until {said['shadow_until']}"))
    show_coverage(said)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("when", "entry", "act", "by"):
        table.add_column(head, no_wrap=True)
    table.add_column("said", overflow="fold")
    for act in said["history"]:
        words = act.get("comment") or act.get("effective") or act.get("until") or _found(act.get("shadow", {}))
        text = act.get("bundle_digest", "")[:12]
        table.add_row(act["at"], str(act["seq"]), act["act"], visible(act["by"]), visible(f"{text} {words}".strip()))
    console.print()
    console.print(table)


def show_coverage(said: Mapping[str, Any]) -> None:
    """What the cases of a text reached, if they were run."""
    checked = said["checked"]
    if checked is None:
        return
    reached = f"{checked['reached']} of {checked['reachable']} parts reached"
    write(f"\n{checked['cases']} of its own cases passed, {reached}, {checked['warnings']} warnings")
    unreached = checked["unreached"]
    for part in unreached[:NAMED]:
        write(visible(f"  not reached: {part['policy']}: {part['part']} {part['name']} (line {part['line']})"))
    more = checked["reachable"] - checked["reached"] - min(len(unreached), NAMED)
    if more > 0:
        write(f"  and {more} more")


def _found(shadow: Mapping[str, Any]) -> str:
    """What a shadow has found, in a line."""
    told = (
        f"{one['changed']} of {one['questions']} beside revision {one['revision']}" for one in shadow.get("beside", ())
    )
    return f"changed: {', '.join(told)}" if shadow.get("beside") else ""


def _last(line: Mapping[str, Any]) -> str:
    first, last = line["effective_from"], line["effective_to"]
    return NOTHING if last is None else "same day" if first is not None and last < first else str(last)


def _days(said: Mapping[str, Any]) -> str:
    if said["effective_from"] is None:
        return ""
    last = _last(said)
    until = "" if last == NOTHING else f" to {last}"
    return f", decides as of {said['effective_from']}{until}"
