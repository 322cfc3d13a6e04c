"""The page of a comparison for people, made of its JSON, so that one that was stored reads like one just made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from policies.diagnostics import visible

NOTHING = "–"  # noqa: RUF001 (a dash as printed tables have it)
"""Stands for what does not apply."""


def render_replay(replay: Mapping[str, Any]) -> RenderableType:
    """What two texts decide otherwise, from `api.comparison.document.replay_document`; fits 100 columns."""
    parts: list[RenderableType] = []
    if "rows" in replay:
        parts += [Text(line) for line in _rows(replay["rows"])]
    parts.append(Text(f"{counted(replay['questions'], 'question')} asked of both texts", "bold"))
    for policy in replay["policies"]:
        parts += [Text(), *_policy(policy)]
    parts += [Text(), *_movers(replay["movers"])]
    return Group(*parts)


def counted(count: int, noun: str) -> str:
    """A number with its noun: `1 row`, `2 rows`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _rows(rows: Mapping[str, Any]) -> Iterator[str]:
    rejected, unasked = rows["rejected"], rows["unasked"]
    said = f"{visible(rows['name'])}: {counted(rows['read'], 'row')} read, {rejected} rejected"
    yield said + (f", {unasked} with the facts of no policy" if unasked else "")
    if rows["undated"]:
        yield f"{counted(rows['undated'], 'row')} without an `as_of`: decided as of {rows['as_of']}"
    for each in rows["first_rejected"]:
        misfits = "; ".join(f"{one['pointer']} {one.get('message', one['code'])}".strip() for one in each["misfits"])
        yield visible(f"  line {each['line']} rejected: {misfits}")
    if rejected > len(rows["first_rejected"]):
        yield f"  and {rejected - len(rows['first_rejected'])} more rejected"
    if unasked:
        more = unasked - len(rows["first_unasked"])
        lines = ", ".join(map(str, rows["first_unasked"]))
        yield f"  facts of no policy: line {lines}" + (f" and {more} more" if more else "")


def _policy(policy: Mapping[str, Any]) -> Iterator[RenderableType]:
    changed, compared = policy["changed"], policy["compared"]
    head = f"{changed} of {counted(compared, 'decision')} changed"
    about = f", on {counted(policy['customers'], 'customer')}" if policy["customers"] != compared else ""
    elsewhere = f" ({policy['changed_elsewhere']} in neither word nor sum)" if policy["changed_elsewhere"] else ""
    reasons = f", {policy['reasons_changed']} more for other reasons" if policy["reasons_changed"] else ""
    pinned = f", {policy['pinned']} pinned to an earlier text" if policy["pinned"] else ""
    yield Text.assemble(
        (policy["policy"], "bold"),
        f" ({policy['kind'] or 'in neither text'}): ",
        (head, "yellow" if changed else ""),
        about,
        elsewhere,
        reasons,
        pinned,
    )
    if policy["migration"]:
        yield _migration(policy["migration"])
    if policy["money"]:
        yield _money(policy["money"], policy["currency"])
    yield from (Text(f"  {line}", "red") for line in _undecided(policy["undecided"]))


def _migration(pairs: Sequence[Mapping[str, Any]]) -> Table:
    """From what to what, the most frequent first; what stays is dim."""
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right")
    for pair in pairs:
        stays = pair["from"] == pair["to"]
        told = f"{_label(pair['from'])} stays" if stays else f"{_label(pair['from'])} → {_label(pair['to'])}"
        table.add_row(f"  {pair['count']}", Text(told, "dim" if stays else "bold"))
    return table


def _money(money: Mapping[str, Any], currency: str) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    for _ in range(3):
        table.add_column(justify="right", overflow="fold")
    table.add_row(
        *(Text(head, "dim") for head in (f"  {currency}", "old", "new", "change")),
        Text("not counted" if any(map(_apart, money.values())) else "", "dim"),
    )
    for name, moved in money.items():
        amounts = [_amount(moved["old"]), _amount(moved["new"]), _signed(moved["delta"])]
        style = "bold" if str(moved["delta"]) != "0" else ""
        table.add_row(
            f"  {name.replace('_', ' ')}", *(Text(each, style) for each in amounts), Text(_apart(moved), "dim")
        )
    return table


def _apart(moved: Mapping[str, Any]) -> str:
    """What is in no sum: how often the amount is unknown or there is no limit, `unknown 3 → 5`."""
    found = ((what, moved.get(what, {"old": 0, "new": 0})) for what in ("unknown", "unlimited"))
    return ", ".join(f"{what} {sides['old']} → {sides['new']}" for what, sides in found if any(sides.values()))


def _undecided(undecided: Mapping[str, Any]) -> Iterator[str]:
    where = {"old": "under the old text", "new": "under the new text", "both": "under both"}
    told = [f"{undecided[side]} {words}" for side, words in where.items() if undecided[side]]
    if not told:
        return
    yield f"not decided: {', '.join(told)}"
    for each in undecided["first"]:
        sides = dict.fromkeys(_misfit(each[side]) for side in ("old", "new") if side in each)
        yield visible(f"  {each['ref']}: {'; '.join(sides)}")
    if more := sum(undecided[side] for side in where) - len(undecided["first"]):
        yield f"  and {more} more"


def _misfit(misfit: Mapping[str, Any]) -> str:
    """A misfit in a line; a stored one has no detail, which may quote what was sent."""
    said = f"{misfit['pointer']} {misfit.get('detail', misfit['code'])}".strip()
    return said + (f" (and {misfit['more']} more)" if misfit["more"] else "")


def _movers(movers: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    """Each mover on two lines: who, what and by how much; below it which decision, to open it by."""
    if not movers:
        yield Text("nobody moves", "bold")
        return
    yield Text("who moves most", "bold")
    table = Table.grid(padding=(0, 2))
    for justify in ("right", "left", "left", "right", "right", "right"):
        table.add_column(justify=justify, overflow="fold")
    table.add_row("", *(Text(head, "dim") for head in ("customer", "from what to what", "old", "new", "change")))
    for number, mover in enumerate(movers, start=1):
        before, after = _label(mover["from"]), _label(mover["to"])
        told = before if before == after else f"{before} → {after}"
        sums = mover["measure"] is not None
        amounts = [_amount(mover["old"]), _amount(mover["new"]), _signed(mover["delta"])] if sums else [""] * 3
        table.add_row(f"{number}", Text(visible(mover["subject"] or mover["ref"]), "bold"), told, *amounts)
        measure = f", {mover['measure'].replace('_', ' ')} in {mover['currency']}" if sums else ""
        where = f"{mover['policy']}{measure}"
        table.add_row("", Text(visible(mover["ref"]), "dim"), Text(where, "dim"), "", "", Text(mover["as_of"], "dim"))
    yield table


def _label(label: str | None) -> str:
    return "unknown" if label is None else visible(label)


def _amount(amount: str | int | None) -> str:
    return "unknown" if amount is None else str(amount)


def _signed(delta: str | int | None) -> str:
    if delta is None:
        return NOTHING
    return str(delta) if str(delta) == "0" or str(delta).startswith("-") else f"+{delta}"
