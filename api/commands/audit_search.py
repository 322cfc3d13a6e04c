"""`writ audit search`: entries of the log as a table, or counted."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from api.audit.search import GROUPS, Found, Query, counts, page
from api.commands.audit_log import opened
from api.commands.consoles import stdout
from api.commands.terminal import misused, write, write_json
from policies.diagnostics import visible

_COLUMNS = ("seq", "at (UTC)", "what", "outcome", "about, by", "id", "reasons")
"""Of a terminal's width; --json has the rest."""


def search(
    database: str | None, query: Query, before: int | None, limit: int, by: str | None, *, as_json: bool
) -> None:
    """Print the entries looked for, the newest first; with `by`, how many there are of each."""
    if by is not None and by not in GROUPS:
        misused(f"entries are counted by {', '.join(GROUPS)}, not by `{by}`")
    with opened(database) as audit:
        if by is not None:
            counted = counts(audit.store, query, by)
            if as_json:
                write_json({"by": by, "counts": [{"value": value, "entries": many} for value, many in counted]})
            else:
                _print([by, "entries"], [[_shown(value), str(many)] for value, many in counted])
            return
        found = page(audit.store, query, before, limit)
    if as_json:
        write_json([one.to_json() for one in found])
        return
    _print(_COLUMNS, [_row(one) for one in found])
    if len(found) == limit and found[-1].seq:
        write(f"more: --before {found[-1].seq}")


def _row(one: Found) -> list[str]:
    at = one.at[:19].replace("T", " ")
    # Of what is no decision: what it was done to, and by whom.
    decided = one.kind == "decision"
    what = one.policy if decided else " ".join(str(word) for word in (one.kind, one.revision, one.policy) if word)
    who = one.subject if decided or one.subject else f"by {one.principal}" if one.principal else None
    cells = (one.seq, at, what, one.outcome, who, one.id, " ".join(one.reasons))
    return [_shown(cell) for cell in cells]


def _print(columns: Sequence[str], rows: list[list[str]]) -> None:
    if not rows:
        write("nothing was found")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=column in ("seq", "at (UTC)", "id"))
    for row in rows:
        table.add_row(*row)
    stdout().print(table)


def _shown(value: object) -> str:
    return "" if value is None else visible(str(value))
