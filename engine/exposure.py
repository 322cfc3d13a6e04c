"""What a customer owes or is about to owe (domain C1)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.decision import Status, Step
from engine.documents import ZERO, Tally, count_documents, count_reservations
from engine.meaning import Notes
from engine.sitting import Judged, Sitting
from policies.feel.values import FEEL_DECIMAL
from policies.ir import Expression
from policies.kinds.credit_exposure import Exposure


@dataclass(frozen=True, slots=True)
class Measured:
    """Exposure as it stands, and as it counts against a limit; `orders` are those that the documents hold.

    `reserved` says that reservations are known, so that two decisions at once cannot use the same room (C22).
    """

    judged: Judged
    counted: Decimal | None
    orders: frozenset[str]
    reserved: bool


def measure_exposure(exposure: Exposure, order_id: str | None, sitting: Sitting) -> Measured:
    """The sum of what counts less credits and the secured part; unknown when a part is unknown or an input error."""
    sums = _Sums(Notes(), [])
    owed = ZERO
    for name, expression in exposure.components:
        owed = FEEL_DECIMAL.add(owed, sums.amount(name, expression, sitting))
    orders: frozenset[str] = frozenset()
    if exposure.documents is not None:
        tally = count_documents(exposure.documents, sitting)
        owed, orders = FEEL_DECIMAL.add(owed, sums.tally("documents", tally)), tally.orders
    reserved = exposure.reservations is not None
    if exposure.reservations is not None:
        served = orders | ({order_id} if order_id is not None else frozenset())
        tally = count_reservations(exposure.reservations, served, sitting)
        owed, reserved = FEEL_DECIMAL.add(owed, sums.tally("reservations", tally)), tally.total is not None
    credits_ = ZERO if exposure.credits is None else sums.amount("credits", exposure.credits, sitting)
    secured = ZERO if exposure.secured is None else sums.amount("secured", exposure.secured, sitting)
    total = FEEL_DECIMAL.subtract(FEEL_DECIMAL.subtract(owed, credits_), secured)
    status = Status.COMPUTED if sums.known else Status.UNKNOWN
    notes = sums.notes
    sitting.steps.append(
        Step(
            "exposure",
            "exposure",
            status,
            value=total if sums.known else None,
            missing=tuple(notes.missing),
            undefined=tuple(notes.undefined),
            steps=tuple(sums.steps),
        )
    )
    if not sums.known:
        return Measured(Judged(None, notes), None, orders, reserved)
    unsecured = max(FEEL_DECIMAL.subtract(owed, secured), ZERO)
    # Security beyond the debt never makes room, and credits beyond it only where the policy says so (C1).
    counted = FEEL_DECIMAL.subtract(unsecured, credits_) if exposure.credits_raise_available else max(total, ZERO)
    return Measured(Judged(total, Notes(read=notes.read)), counted, orders, reserved)


@dataclass(slots=True)
class _Sums:
    """The amounts of an exposure as they are added up."""

    notes: Notes
    steps: list[Step]
    known: bool = True

    def amount(self, name: str, expression: Expression, sitting: Sitting) -> Decimal:
        """One amount, written into the trace; 0 stands for one that makes the sum unknown."""
        judged = sitting.judge(expression)
        value = judged.value
        if isinstance(value, Decimal) and value < 0:
            judged.notes.undefined[f"{name} is negative: {value}"] = None
            value = None
        self.notes.read.update(judged.notes.read)
        if value is None:
            self.known = False
            self.notes.because_of(judged.notes)
        status = Status.UNKNOWN if value is None else Status.COMPUTED
        self.steps.append(judged.step("component", name, status, expression.line, value=value))
        return ZERO if value is None else value

    def tally(self, name: str, tally: Tally) -> Decimal:
        """The sum of a list, with its records below it in the trace."""
        if tally.total is None:
            self.known = False
            self.notes.because_of(tally.notes)
        status = Status.UNKNOWN if tally.total is None else Status.COMPUTED
        self.steps.append(Step("component", name, status, value=tally.total, steps=tuple(tally.steps)))
        return ZERO if tally.total is None else tally.total
