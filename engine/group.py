"""A group of companies: its limit, and what its members owe, each counted once (domain C15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from engine.decision import Status
from engine.documents import ZERO, Tally, foreign_currency
from engine.meaning import Notes
from engine.order import Against
from engine.sitting import Judged, Sitting, shown
from policies.feel.values import FEEL_DECIMAL, Value
from policies.ir import Expression
from policies.kinds.credit_order import Group
from policies.scope import dotted

TEST = "order against group limit"
WHOSE = "group_"
"""Stands before the names of the group's limit and exposure, in traces and in the outcome."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """What the group says of an order: the test to make, or the route that follows where there is no limit to test.

    Both are None for a customer without a group.
    """

    against: Against | None = None
    route: str | None = None


def belonging(group: Group, sitting: Sitting, missing_route: str) -> Belonging:
    """The group's limit and exposure. Whether the customer has a group must be known."""
    line = group.when.line
    when = sitting.judge(group.when)
    if when.value is False:
        sitting.steps.append(when.step("group", "group", Status.SKIPPED, line, note="no group"))
        return Belonging()
    if when.value is None:
        sitting.steps.append(when.step("group", "group", Status.UNKNOWN, line))
        sitting.data_reason("group", when.notes, missing_route)
        return Belonging(route=missing_route)
    exposure = _with_the_customer(_exposure(group, sitting), sitting)
    limit = sitting.judge(group.limit)
    if limit.value is None:
        sitting.steps.append(limit.step("group", "group limit", Status.UNKNOWN, group.limit.line, note="no limit set"))
        sitting.data_reason("group limit", limit.notes, group.none_set)
        against = Against(TEST, exposure, None, limit, unlimited=False, line=group.limit.line, whose=WHOSE)
        return Belonging(against, group.none_set)
    if limit.value < 0:
        limit.notes.undefined[f"group limit is negative: {limit.value}"] = None
        limit = Judged(None, limit.notes)
    status = Status.UNKNOWN if limit.value is None else Status.COMPUTED
    sitting.steps.append(limit.step("group", "group limit", status, group.limit.line, value=limit.value))
    counted = None if exposure.value is None else max(exposure.value, ZERO)
    return Belonging(Against(TEST, exposure, counted, limit, unlimited=False, line=group.limit.line, whose=WHOSE))


def _exposure(group: Group, sitting: Sitting) -> Judged:
    if group.members is not None:
        return _summed(group.members, sitting)
    assert group.exposure is not None  # noqa: S101 (a checked group has one of the two)
    judged = sitting.judge(group.exposure)
    status = Status.UNKNOWN if judged.value is None else Status.COMPUTED
    line = group.exposure.line
    sitting.steps.append(judged.step("group", "group exposure", status, line, value=judged.value))
    return judged


def _with_the_customer(exposure: Judged, sitting: Sitting) -> Judged:
    """The group's exposure, unless it is less than the customer's own: somebody is then missing from the group."""
    own = sitting.meaning.names.get("exposure")
    if own is None or exposure.value is None or exposure.value >= own:
        return exposure
    notes = Notes(dict(exposure.notes.read))
    notes.undefined[f"group exposure of {exposure.value} is less than the customer's own of {own}"] = None
    return Judged(None, notes)


def _summed(members: Expression, sitting: Sitting) -> Judged:
    """The members' exposures less what another member's holds as well; a wrong structure makes it unknown."""
    judged = sitting.judge(members)
    tally = Tally()
    source = dotted(members.syntax) or "members"
    if not isinstance(judged.value, list):
        tally.unknown(judged, "member", source, members.line)
    else:
        _check_structure(judged.value, tally.notes)
        for at, item in enumerate(judged.value):
            tally.add(*_member(item, f"{source}[{at}]", sitting.policy.currency))
    value = None if tally.notes.undefined else tally.total
    status = Status.UNKNOWN if value is None else Status.COMPUTED
    seen = Judged(value, Notes(dict(judged.notes.read)))
    seen.notes.because_of(tally.notes)
    below = tuple(tally.steps)
    sitting.steps.append(seen.step("group", "group exposure", status, members.line, value=value, steps=below))
    return seen


def _member(item: Mapping[str, Value], path: str, reporting: str) -> tuple[Judged, str, str, Value, str | None]:
    """A member's part, as `Tally.add` takes it."""
    notes = Notes(read=shown({key: value for key, value in item.items() if value is not None}))
    owes, shared = item.get("exposure"), item.get("intra_group")
    value = None
    if owes is None:
        notes.missing[f"{path}.exposure"] = None
    elif owes < 0:
        notes.undefined[f"{path}.exposure is negative: {owes}"] = None
    elif shared is not None and not ZERO <= shared <= owes:
        notes.undefined[f"{path}.intra_group is {shared}"] = None
    elif not foreign_currency(item, path, notes, reporting):
        value = FEEL_DECIMAL.subtract(owes, shared or ZERO)
    said = None if shared is None or value is None else f"{shared} counts with another member"
    return Judged(value, notes), "member", path, value, said


def _check_structure(members: list[Mapping[str, Value]], notes: Notes) -> None:
    """A member that stands twice, and parents in a circle, are input errors (C15)."""
    for name, times in Counter(item["customer_id"] for item in members).items():
        if times > 1:
            notes.undefined[f"member {name} stands twice"] = None
    parents = {item["customer_id"]: item.get("parent_id") for item in members}
    done: set[str] = set()
    for start in parents:
        way: dict[str, None] = {}
        at: str | None = start
        while at is not None and at not in done and at not in way:
            way[at] = None
            at = parents.get(at)
        if at in way:
            notes.undefined[f"member {at} is its own parent"] = None
        done |= set(way)
