"""Whether an order released by a person earlier still is: it is not held again for a small edit (domain C17)."""

from __future__ import annotations

from decimal import Decimal

from engine.decision import Status
from engine.meaning import Notes
from engine.sitting import Judged, Sitting
from policies.feel.values import FEEL_DECIMAL
from policies.kinds.credit_order import Release

_HUNDRED = Decimal(100)
_HOLDS, _ENDED = "OV-MAN-01", "OV-EXP-01"


def released(release: Release, amount: Decimal | None, sitting: Sitting) -> bool:
    """Whether the release holds for the order as it is now. What cannot be told does not release it."""
    was, end = sitting.judge(release.amount), sitting.judge(release.valid_to)
    tolerance, changed = sitting.judge(release.tolerance_pct), sitting.judge(release.changed)
    notes = Notes()
    for judged in (was, end, tolerance, changed):
        notes.read.update(judged.notes.read)
    seen = Judged(None, notes)
    line = release.amount.line
    if was.value is None:
        sitting.steps.append(seen.step("override", "release", Status.NOT_FIRED, line, note="never released"))
        return False
    if amount is not None:
        notes.read["amount"] = amount
    said = _ended(was.value, amount, end, tolerance, changed, sitting)
    status = Status.FIRED if said is None else Status.NOT_FIRED
    sitting.steps.append(seen.step("override", "release", status, line, note=said))
    sitting.reason(_HOLDS if said is None else _ENDED, "release", seen)
    return said is None


def _ended(
    was: Decimal, amount: Decimal | None, end: Judged, tolerance: Judged, changed: Judged, sitting: Sitting
) -> str | None:
    """Why the release does not hold, None when it does: up to the tolerance, equality included, until its last day."""
    if changed.value is not False:
        return "customer, currency or terms have changed" if changed.value else "nobody knows what has changed since"
    if end.value is None:
        return "nobody knows until when it is valid"
    if sitting.as_of > end.value:
        return f"expired on {end.value.isoformat()}"
    if tolerance.value is None or tolerance.value < 0 or amount is None or was < 0:
        return "cannot be tested"
    highest = FEEL_DECIMAL.divide(FEEL_DECIMAL.multiply(was, FEEL_DECIMAL.add(_HUNDRED, tolerance.value)), _HUNDRED)
    return None if amount <= highest else f"risen above {highest}"
