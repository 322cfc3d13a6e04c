"""What a customer owes or is about to owe (domain C1), and whether an order fits under the limit (domain C3, C16)."""

from __future__ import annotations

from decimal import Decimal

from engine.decision import Status, Step
from engine.meaning import Notes
from engine.sitting import Judged, Sitting
from policies.feel.values import FEEL_DECIMAL
from policies.kinds.credit import Exposure, OrderCheck

_ZERO = Decimal(0)


def measure_exposure(exposure: Exposure, sitting: Sitting) -> Judged:
    """The sum of the components less credits; unknown when a component is unknown or negative (an input error)."""
    notes, steps, total = Notes(), [], _ZERO
    known = True
    parts = [(name, value, 1) for name, value in exposure.components]
    if exposure.credits is not None:
        parts.append(("credits", exposure.credits, -1))
    for name, expression, sign in parts:
        judged = sitting.judge(expression)
        value = judged.value
        if isinstance(value, Decimal) and value < 0:
            judged.notes.undefined[f"{name} is negative: {value}"] = None
            value = None
        notes.read.update(judged.notes.read)
        if value is None:
            known = False
            notes.because_of(judged.notes)
        else:
            total = FEEL_DECIMAL.add(total, FEEL_DECIMAL.multiply(value, Decimal(sign)))
        status = Status.UNKNOWN if value is None else Status.COMPUTED
        steps.append(judged.step("component", name, status, expression.line, value=value))
    status = Status.COMPUTED if known else Status.UNKNOWN
    result = total if known else None
    sitting.steps.append(
        Step(
            "exposure",
            "exposure",
            status,
            value=result,
            missing=tuple(notes.missing),
            undefined=tuple(notes.undefined),
            steps=tuple(steps),
        )
    )
    return Judged(result, notes if not known else Notes(read=notes.read))


def counted(exposure: Decimal) -> Decimal:
    """Exposure as it counts against a limit: credits beyond the debt do not raise what is available (C1)."""
    return max(exposure, _ZERO)


def check_order(order: OrderCheck, sitting: Sitting, exposure: Judged, limit: Judged, missing_route: str) -> Status:
    """Fired when the order does not fit under the limit, unknown when that cannot be known.

    A return (negative amount) and a fully prepaid order fit; a part prepaid is not tested; equality fits. A prepayment
    that is not known is none.
    """
    amount, included = sitting.judge(order.amount), sitting.judge(order.included)
    prepaid = None if order.prepaid is None else sitting.judge(order.prepaid)
    notes = Notes()
    for judged in (amount, included, exposure, limit, *((prepaid,) if prepaid else ())):
        notes.read.update(judged.notes.read)
    paid = prepaid.value if prepaid is not None and prepaid.value is not None else _ZERO
    status, said = Status.NOT_FIRED, "fits"
    if paid < 0:
        status, said = Status.UNKNOWN, "cannot be tested"
        notes.undefined[f"the prepayment is negative: {paid}"] = None
    elif amount.value is not None and amount.value < 0:
        said = "a return is never refused"
    elif amount.value is not None and paid > 0 and paid >= amount.value:
        said = "prepaid in full"
    elif any(judged.value is None for judged in (amount, included, exposure, limit)):
        status, said = Status.UNKNOWN, "cannot be tested"
        for judged in (amount, included, exposure, limit):
            if judged.value is None:
                notes.because_of(judged.notes)
    else:
        owed = counted(exposure.value)
        tested = owed if included.value else FEEL_DECIMAL.add(owed, FEEL_DECIMAL.subtract(amount.value, paid))
        said = f"{tested} against a limit of {limit.value}"
        notes.read.update({"exposure": exposure.value, "limit": limit.value})
        if tested > limit.value:
            status = Status.FIRED
    judged = Judged(None, notes)
    line = order.amount.line
    sitting.steps.append(judged.step("order", "order against limit", status, line, note=said))
    if status is Status.FIRED:
        sitting.reason(order.reason, "order against limit", judged, order.over_limit)
    elif status is Status.UNKNOWN:
        sitting.data_reason("order against limit", notes, missing_route)
    return status
