"""Security that lifts a limit: the smaller of collateral and insurance, in part, while it is valid (domain C19)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from engine.decision import Status
from engine.limit import Granted, down_to, smallest_unit
from engine.meaning import Notes
from engine.sitting import Judged, Sitting
from policies.feel.values import FEEL_DECIMAL
from policies.kinds.credit_limit import Security

_ZERO, _HUNDRED = Decimal(0), Decimal(100)
_EXPIRED = "CR-VAL-04"


def lift(security: Security, granted: Granted, sitting: Sitting, missing_route: str) -> Granted:
    """The limit with what the security adds to it. What cannot be told of a security leaves the limit unknown."""
    if granted.judged.value is None:
        return granted
    worth, notes = _worth(security, sitting)
    pct, end = sitting.judge(security.pct), sitting.judge(security.valid_to)
    for judged in (pct, end):
        notes.read.update(judged.notes.read)
    if pct.value is not None and not _ZERO <= pct.value <= _HUNDRED:
        notes.undefined[f"pct is {pct.value}"] = None
    elif pct.value is None and worth is not None:
        notes.because_of(pct.notes)
    if notes.missing or notes.undefined:
        seen = Judged(None, notes)
        sitting.steps.append(seen.step("security", "security", Status.UNKNOWN, security.pct.line))
        sitting.data_reason("security", notes, missing_route)
        return replace(granted, judged=seen, binding=[], route=missing_route)
    added, said = _added(security, granted.judged.value, worth, pct.value, end, notes, sitting)
    status = Status.COMPUTED if said is None else Status.NOT_FIRED
    step = Judged(added, notes).step("security", "security", status, security.pct.line, value=added, note=said)
    sitting.steps.append(step)
    lifted = FEEL_DECIMAL.add(granted.judged.value, added)
    return replace(granted, judged=Judged(lifted, granted.judged.notes), lift=added)


def _worth(security: Security, sitting: Sitting) -> tuple[Decimal | None, Notes]:
    """The smaller of the two, the only one that is known, or None; a negative one is an input error."""
    notes = Notes()
    known: list[Decimal] = []
    for name, expression in (("collateral", security.collateral), ("insured", security.insured)):
        if expression is None:
            continue
        judged = sitting.judge(expression)
        notes.read.update(judged.notes.read)
        if judged.value is not None and judged.value < 0:
            notes.undefined[f"{name} is negative: {judged.value}"] = None
        elif judged.value is not None:
            known.append(judged.value)
    return min(known, default=None), notes


def _added(
    security: Security,
    limit: Decimal,
    worth: Decimal | None,
    pct: Decimal | None,
    end: Judged,
    notes: Notes,
    sitting: Sitting,
) -> tuple[Decimal, str | None]:
    """What the security adds, and why it adds nothing."""
    if worth is None or pct is None:
        return _ZERO, "no security known"
    if end.value is not None and sitting.as_of > end.value:
        sitting.reason(_EXPIRED, "security", Judged(None, notes))
        return _ZERO, f"expired on {end.value.isoformat()}"
    if end.value is None and security.no_end == "no_lift":
        sitting.data_reason("security", end.notes)
        return _ZERO, "nobody knows until when it is valid"
    if limit == 0 and not security.at_zero_limit:
        return _ZERO, "no lift for a limit of 0"
    share = FEEL_DECIMAL.divide(FEEL_DECIMAL.multiply(worth, pct), _HUNDRED)
    source = security.collateral or security.insured
    return (share if source is None else down_to(smallest_unit(source), share)), None
