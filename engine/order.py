"""Whether an order fits under a limit, and what would make it fit (domain C3, C14, C16, C22)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal

from engine.decision import Status
from engine.documents import ZERO, last_counting_day
from engine.exposure import Measured
from engine.limit import down_to, smallest_unit
from engine.meaning import Notes
from engine.release import released
from engine.sitting import Judged, Sitting
from policies.feel.values import FEEL_DECIMAL, Value
from policies.kinds.credit_exposure import Exposure
from policies.kinds.credit_order import OrderCheck

_HUNDRED = Decimal(100)


@dataclass(slots=True)
class Due:
    """An order as it is to be tested: what it adds to an exposure, or why it need not be tested.

    `amount` and `paid` are the order's; `included` says that the exposure holds it already; `notes` what was read and
    why it cannot be tested when it cannot.
    """

    amount: Decimal | None
    paid: Decimal
    included: bool | None
    adds: Decimal | None
    excused: str | None
    released: bool
    shipped: bool
    locked: bool
    notes: Notes = field(default_factory=Notes)


@dataclass(frozen=True, slots=True)
class Fit:
    """How an order stands against one limit; `room` is what the limit leaves for the order, `excess` what is too much.

    Both are None unless it was tested and does not fit. `seen` is what was read, and why it could not be tested.
    """

    status: Status
    seen: Judged
    room: Decimal | None = None
    excess: Decimal | None = None


def order_due(order: OrderCheck, exposure: Exposure, measured: Measured, order_id: str | None, sitting: Sitting) -> Due:
    """What of the order is to be tested. A prepayment, shipment or lock that is not known is none."""
    amount, included = sitting.judge(order.amount), sitting.judge(order.included)
    asked = (order.prepaid, order.shipped, order.locked, order.delivery_date)
    known = [None if expression is None else sitting.judge(expression) for expression in asked]
    prepaid, shipped, locked, delivery = (None if judged is None else judged.value for judged in known)
    due = Due(amount.value, prepaid or ZERO, included.value, None, None, False, shipped is True, locked is True)
    for judged in (amount, included, *(judged for judged in known if judged is not None)):
        due.notes.read.update(judged.notes.read)
    if order.release is not None:
        due.released = released(order.release, amount.value, sitting)
    if due.paid < 0:
        due.notes.undefined[f"the prepayment is negative: {due.paid}"] = None
    elif due.amount is not None and due.amount < 0:
        due.excused = "a return is never refused"
    elif due.amount is not None and due.paid > 0 and due.paid >= due.amount:
        due.excused = "prepaid in full"
    elif due.shipped:
        due.excused = "the goods have left: invoicing is never blocked"
    elif due.released:
        due.excused = "released"
    elif included.value is False and order_id in measured.orders:
        due.notes.undefined[f"order {order_id} is among the documents and said not to be"] = None
    elif amount.value is None or included.value is None:
        for judged in (amount, included):
            if judged.value is None:
                due.notes.because_of(judged.notes)
    elif included.value:
        due.adds = ZERO
    else:
        due.adds = FEEL_DECIMAL.subtract(amount.value, due.paid)
        if delivery is not None and exposure.documents is not None:
            horizon = last_counting_day(exposure.documents, sitting, due.notes)
            beyond = horizon.last_day is not None and delivery > horizon.last_day
            due.adds = ZERO if beyond else due.adds if horizon.known else None
    return due


@dataclass(frozen=True, slots=True)
class Against:
    """A limit and the exposure it is tested with.

    `name` is what the trace calls the test, `whose` stands before the names of the two: `group_`, or nothing.
    """

    name: str
    exposure: Judged
    counted: Decimal | None
    limit: Judged
    unlimited: bool
    line: int
    whose: str = ""


def fit(due: Due, against: Against, sitting: Sitting) -> Fit:
    """Fired when the order does not fit under the limit, unknown when that cannot be known. Equality fits."""
    notes = Notes(dict(due.notes.read), dict(due.notes.missing), dict(due.notes.undefined))
    for judged in (against.exposure, against.limit):
        notes.read.update(judged.notes.read)
    limit, counted = against.limit.value, against.counted
    status, said, room, excess = Status.NOT_FIRED, "unlimited", None, None
    if due.excused is not None:
        said = due.excused
    elif due.adds is None or counted is None or (limit is None and not against.unlimited):
        status, said = Status.UNKNOWN, "cannot be tested"
        for judged in (against.exposure, *(() if against.unlimited else (against.limit,))):
            if judged.value is None:
                notes.because_of(judged.notes)
    elif limit is not None:
        tested = FEEL_DECIMAL.add(counted, due.adds)
        said = f"{tested} against a limit of {limit}"
        notes.read.update({f"{against.whose}exposure": against.exposure.value, f"{against.whose}limit": limit})
        if tested > limit:
            own = due.amount if due.included and due.amount is not None else ZERO
            status, excess = Status.FIRED, FEEL_DECIMAL.subtract(tested, limit)
            room = FEEL_DECIMAL.add(FEEL_DECIMAL.subtract(limit, counted), own)
    seen = Judged(None, notes)
    sitting.steps.append(seen.step("order", against.name, status, against.line, note=said))
    return Fit(status, seen, room, excess)


def way_out(order: OrderCheck, due: Due, found: Fit) -> tuple[str, dict[str, Value]]:
    """What follows for an order that does not fit, with the conditions under which it would (C14, C16)."""
    if order.over_limit in {"refer", "decline"} or found.room is None or found.excess is None:
        return order.over_limit, {}
    if order.over_limit == "counter_offer":
        if found.room <= 0:
            return "decline", {}  # an offer of nothing is a refusal (C14)
        offer = found.room if due.included else FEEL_DECIMAL.add(found.room, due.paid)
        return "approve_with_conditions", {"amount_counter_offer": down_to(smallest_unit(order.amount), offer)}
    if due.amount is None or due.amount <= 0:
        return "refer", {}  # an order of nothing cannot be prepaid: the breach is older than it
    whole = FEEL_DECIMAL.add(found.excess, due.paid)
    share = min(FEEL_DECIMAL.divide(FEEL_DECIMAL.multiply(whole, _HUNDRED), due.amount), _HUNDRED)
    return "approve_with_conditions", {"prepayment_pct": share.quantize(Decimal("0.01"), ROUND_UP)}
