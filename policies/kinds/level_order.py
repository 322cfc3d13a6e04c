"""Whether every level of a ladder can be reached, and stand: their order, bases and special levels (D6, D7, D20)."""

from __future__ import annotations

from decimal import Decimal

from policies.desk import Desk
from policies.diagnostics import Code
from policies.kinds.ladder import Level
from policies.kinds.ladder_figures import literal
from policies.kinds.ladder_part import DunningPart, LevelPart

_HUNDRED = Decimal(100)
_COUNTED_AFRESH = frozenset({"last_deadline", "last_notice"})
"""Bases whose date moves with every notice: under `step` each level counts from the one before it."""


def check_level_order(part: DunningPart, levels: tuple[Level, ...], desk: Desk) -> None:
    """Report levels that no item can ever come to, or that nobody would hear of."""
    if part.levels and part.levels[0].basis == "last_notice":
        said = "the first level cannot count from the last notice: none was sent before it"
        desk.error(Code.DUNNING, said, part.levels[0].span("basis"), "write another basis, such as `original_due`")
    _check_days(part, levels, desk)
    legal: str | None = None
    loud: str | None = None
    bearing: str | None = None
    for written, level in zip(part.levels, levels, strict=True):
        if legal is not None:
            said = f"`{level.name}` can never be reached: with `{legal}` the dunning stops and legal steps begin"
            desk.error(Code.DUNNING, said, written.span("level"), "put the legal level last")
        pct = None if level.min_pct is None else literal(level.min_pct)
        if pct is not None and pct > _HUNDRED:
            said = f"`{level.name}` can never stand: nothing is more than 100 percent of what is open"
            desk.error(Code.DUNNING, said, written.span("min_pct"), "write 100 or less")
        if loud is not None and not level.always_dun and not level.legal:
            said = f"`{loud}` is repeated, but `{level.name}` after it is not: there the dunning falls silent"
            desk.warn(Code.DUNNING, said, written.span("level"), "add `always_dun: true` to it")
            loud = None
        if bearing is not None and not level.interest and not level.legal:
            said = f"`{bearing}` bears interest, but the stricter `{level.name}` after it does not"
            desk.warn(Code.DUNNING, said, written.span("level"), "add `interest: true` to it")
        _check_special(part, written, desk)
        bearing = level.name if level.interest else None
        legal = level.name if level.legal else legal
        loud = level.name if level.always_dun and not level.legal else loud


def _check_days(part: DunningPart, levels: tuple[Level, ...], desk: Desk) -> None:
    before: dict[str, Level] = {}
    for level in levels:
        earlier, later = before.get(level.basis), literal(level.min_days)
        reached = None if earlier is None else literal(earlier.min_days)
        afresh = part.escalation == "step" and level.basis in _COUNTED_AFRESH
        if earlier is not None and reached is not None and later is not None and later <= reached and not afresh:
            said = f"`{level.name}` must come later than `{earlier.name}` ({reached} days)"
            mend = f"write more than {reached}, or change the order of the levels"
            desk.error(Code.DUNNING, said, level.min_days.scalar.span, mend)
        before[level.basis] = level


def _check_special(part: DunningPart, written: LevelPart, desk: Desk) -> None:
    if written.always_dun and part.interval_days is None:
        said = "a level that is repeated needs an interval, or it would be sent every day"
        desk.error(Code.DUNNING, said, written.span("always_dun"), "add `interval_days:` to the policy")
    if not written.legal:
        return
    mend = "delete it: nothing is sent at a legal level"
    for key, stated in (
        ("actions", written.actions),
        ("always_dun", written.always_dun),
        ("list_all_items", written.list_all_items),
        ("payment_days", written.payment_days is not None),
    ):
        if stated:
            desk.error(Code.DUNNING, f"a legal level is internal and has no `{key}`", written.key_span(key), mend)
