"""Fees, compensation, interest and claims of their own (domain D15, D16, D17, D19) at their edges, and their laws."""

import datetime as dt
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dunning import (
    Account,
    DayCount,
    DunningBlock,
    DunningCase,
    Escalation,
    Interest,
    InterestRounding,
    Ladder,
    OpenItem,
    PartialPayment,
)
from engine.dunning.charge_terms import Amount, BandedFee, Compensation, FeeBand, FixedFee, Per
from engine.dunning.interest import accrue
from engine.dunning.rates import Fixing, Schedule, Stage, constant, half_year_of, spans
from engine.dunning.wording import why_in
from policies.feel.parser import parse_tests
from tests.dunning_accounts import account, day, invoice, level, on_day, percent


def fixed(amount: str, per: Per = "notice", cap: str | None = None) -> FixedFee:
    return FixedFee(Decimal(amount), per, None if cap is None else Decimal(cap))


def banded(bands: dict[str, str], per: Per = "notice", cap: str | None = None) -> BandedFee:
    tests = tuple(FeeBand(parse_tests(text), Decimal(amount)) for text, amount in bands.items())
    return BandedFee(tests, per, None if cap is None else Decimal(cap))


@pytest.mark.parametrize(
    ("fee", "amounts"),
    [
        (fixed("5", cap="4"), ["4"]), (banded({"< 100": "40", ">= 100": "70"}, "invoice"), ["70", "70"]),
        (banded({"[0..100]": "40", "(100..200)": "70", ">= 200": "100"}, "invoice"), ["40", "100"]),
        (banded({"< 300": "40", ">= 300": "70"}), ["70"]), (banded({"< 300": "40", ">= 300": "70"}, cap="50"), ["50"]),
        (fixed("5"), ["5"]), (fixed("5", "invoice"), ["5", "5"]), (fixed("0"), []),
        (percent("1.5"), ["4.50"]), (percent("1.5", "invoice"), ["1.50", "3.00"]), (percent("0"), []),
        (percent("1.5", "notice", "4.50"), ["4.50"]), (percent("1.5", "notice", "4.49"), ["4.49"]),
        (percent("1.5", "invoice", "2"), ["1.50", "2"]), (percent("0.0051", "notice"), ["0.02"]),
    ],
)  # fmt: skip
def test_d15_fees_by_notice_or_invoice_capped_and_rounded_once(fee: object, amounts: list[str]) -> None:
    rungs = Ladder((level(1, 1, fee=fee),), Escalation.STEP)
    result = on_day(10, rungs, account(invoice("100", "A"), invoice("200", "B")))
    assert [claim.amount for claim in result.fees] == [Decimal(amount) for amount in amounts]
    assert result.total_claim == 300 + sum(claim.amount for claim in result.fees)


def test_d15_an_invoice_fee_is_not_charged_again_for_the_level_already_sent() -> None:
    rungs = Ladder((level(1, 1, fee=fixed("5", "invoice")),), Escalation.STEP)
    result = on_day(10, rungs, account(invoice("100", "A", dunning_level=1), invoice("200", "B")))
    assert [claim.invoice_id for claim in result.fees] == ["B"]


def bearing(rate: str, basis: str = "act/365", rounding: str = "total", minimum: str = "0") -> Ladder:
    terms = Interest(constant(Decimal(rate)), DayCount(basis), InterestRounding(rounding), Amount(Decimal(minimum)))
    return Ladder((level(1, 1, interest=True),), Escalation.STEP, interest=terms)


def test_d16_interest_is_split_at_part_payments_and_a_payment_counts_from_the_day_after() -> None:
    paid = invoice("600", partial_payments=(PartialPayment(day(10), Decimal(400)),))
    (claim,) = on_day(30, bearing("36.5"), account(paid)).interest
    assert [(period.days, period.outstanding) for period in claim.periods] == [(10, Decimal(1000)), (20, Decimal(600))]
    assert claim.amount == Decimal("22.00")
    assert (claim.rate, claim.basis, claim.round) == (Decimal("36.5"), DayCount.ACT_365, InterestRounding.TOTAL)


def test_d16_the_interest_on_what_was_paid_meanwhile_is_not_lost() -> None:
    # ERPNext 49621: after a part payment interest ran on the rest alone, from the due date on.
    before = on_day(10, bearing("36.5"), account(invoice("1000"))).interest[0].accrued
    after = on_day(
        10, bearing("36.5"), account(invoice("100", partial_payments=(PartialPayment(day(10), Decimal(900)),)))
    )
    assert after.interest[0].accrued == before == Decimal("10.00")


@pytest.mark.parametrize(
    ("basis", "days", "interest"),
    [("act/365", 10, "10.00"), ("act/366", 10, "9.97"), ("act/360", 10, "10.14"), ("30/360", 12, "12.17")],
)
def test_d16_each_day_count(basis: str, days: int, interest: str) -> None:
    # Ten days over the end of February, which 30/360 counts as twelve.
    (claim,) = on_day(0, bearing("36.5", basis), account(invoice("1000", due=-10))).interest
    assert (claim.periods[0].days, claim.amount) == (days, Decimal(interest))


def test_d16_the_point_of_rounding_decides() -> None:
    parts = tuple(PartialPayment(day(on), Decimal(1)) for on in (10, 20))
    found = {
        rounding: on_day(
            30, bearing("10", rounding=rounding), account(invoice("98", partial_payments=parts))
        ).total_claim
        for rounding in InterestRounding
    }
    # a day: 0.0274, 0.0271, 0.0268 -> 0.03 each; a period: 0.274, 0.271, 0.268 -> 0.27 each; all of it: 0.8137
    assert found == {
        InterestRounding.PER_DAY: Decimal("98.90"),
        InterestRounding.PER_PERIOD: Decimal("98.81"),
        InterestRounding.TOTAL: Decimal("98.81"),
    }


@pytest.mark.parametrize(("minimum", "charged"), [("10", True), ("10.01", False)])
def test_d16_interest_below_the_minimum_is_not_charged(minimum: str, charged: bool) -> None:
    assert bool(on_day(10, bearing("36.5", minimum=minimum), account(invoice("1000"))).interest) is charged


def test_d16_a_negative_rate_is_no_interest_and_fees_bear_none() -> None:
    assert on_day(10, bearing("-1"), account(invoice("1000"))).interest == ()
    fee = invoice("10", "F", document_type="fee")
    claims = on_day(10, bearing("36.5"), account(invoice("1000"), fee)).interest
    assert [claim.invoice_id for claim in claims] == ["INV-1"]


def test_d19_fees_and_interest_are_claims_of_their_own_and_nothing_is_claimed_twice() -> None:
    rungs = Ladder((level(1, 1, fee=fixed("5"), interest=True),), Escalation.STEP, interest=bearing("36.5").interest)
    result = on_day(10, rungs, account(invoice("1000", interest_charged=Decimal(4))))
    assert [claim.claim_id for claim in result.fees] == [f"fee:C-1:{day(10)}:1"]
    assert [(c.claim_id, c.accrued, c.amount) for c in result.interest] == [
        (f"interest:INV-1:{day(10)}", Decimal(10), Decimal(6))
    ]
    assert (result.principal, result.total_claim) == (Decimal(1000), Decimal(1011))


def test_amounts_round_to_what_the_currency_counts_in() -> None:
    rungs = Ladder((level(1, 1, fee=percent("1.5")),), Escalation.STEP)
    yen = Account("C", "JPY", (invoice("100", currency="JPY"),), DunningCase())
    assert [fee.amount for fee in on_day(5, rungs, yen).fees] == [2]


def compensated(amount: Decimal | None = Decimal(40)) -> Ladder:
    terms = Compensation(lambda _: Amount(amount, () if amount is not None else ("table on 2026-07-01",)), 2)
    return Ladder((level(1, 1), level(2, 10), level(3, 20)), Escalation.JUMP, compensation=terms)


@pytest.mark.parametrize(
    ("number", "facts", "claimed"),
    [
        (9, {}, False), (10, {}, True), (20, {}, True), (20, {"dunning_level": 1}, True),
        (20, {"dunning_level": 2}, False), (20, {"dunning_level": 2, "compensation_charged": False}, True),
        (20, {"compensation_charged": True}, False),
    ],
)  # fmt: skip
def test_d15_compensation_is_claimed_once_for_each_debt(number: int, facts: dict[str, Any], claimed: bool) -> None:
    result = on_day(number, compensated(), account(invoice("100", **facts)))
    assert [fee.claim_id for fee in result.fees] == (["compensation:INV-1"] if claimed else [])
    assert result.total_claim == (140 if claimed else 100)
    told = [step for step in result.trace if step.part == "compensation" and step.note != "D15"]
    assert bool(told) is (not claimed and number > 9)


def test_d15_compensation_that_is_not_known_is_not_claimed_and_told() -> None:
    result = on_day(10, compensated(None), account(invoice("100")))
    assert (result.notice, result.fees) == (True, ())
    assert [why_in(line, "en") for line in result.for_review] == [
        "compensation not claimed, not known: table on 2026-07-01"
    ]
    assert [finding.missing for finding in result.findings if finding.code == "DT-MIS-01"] == [("table on 2026-07-01",)]


def over_time(*rates: tuple[dt.date, str | None]) -> Schedule:
    stages = {
        start: Stage(None if rate is None else Decimal(rate), ("table",) if rate is None else ())
        for start, rate in rates
    }
    return Schedule((dt.date.min, *stages), lambda start: stages.get(start, Stage(None, ("table",))))


DOUBLED = over_time((dt.date(2026, 1, 1), "10"), (dt.date(2026, 3, 12), "20"), (dt.date(2026, 9, 1), None))


@pytest.mark.parametrize(
    ("fixing", "as_of", "expected"),
    [
        (Fixing.AS_OF, 30, [(30, "20", 30)]),
        (Fixing.AT_START, 30, [(30, "10", 1)]),
        (Fixing.FLOATING, 30, [(9, "10", 1), (21, "20", 10)]),  # day 10 is 12 March: its own day has the new rate
        (None, 30, [(9, "10", 1), (21, "20", 10)]),
        (Fixing.FLOATING_HALF_YEAR, 30, [(30, "10", -60)]),
        (Fixing.FLOATING_HALF_YEAR, 131, [(120, "10", -60), (11, "20", 121)]),
        (Fixing.AT_START, 200, [(200, "10", 1)]),
        (Fixing.FLOATING_HALF_YEAR, 200, [(120, "10", -60), (80, "20", 121)]),
        (Fixing.FLOATING, 183, None),
        (Fixing.AS_OF, 183, None),
        (Fixing.FLOATING_HALF_YEAR, 400, None),
    ],
)
def test_d17_each_fixing_asks_for_its_own_day(
    fixing: Fixing | None, as_of: int, expected: list[tuple[int, str, int]] | None
) -> None:
    found = accrue(Interest(DOUBLED, DayCount.ACT_365, InterestRounding.TOTAL, fixing=fixing), invoice("1000"),
                   Decimal(1000), day(as_of), "EUR")  # fmt: skip
    if expected is None:
        assert found.unknown
        assert found.periods == ()
    else:
        assert [(period.days, period.rate, period.span.source) for period in found.periods] == [
            (days, Decimal(rate), day(source)) for days, rate, source in expected
        ]


def test_d17_a_figure_published_anew_without_a_change_splits_nothing() -> None:
    table = over_time((dt.date(2026, 1, 1), "9"), (dt.date(2026, 3, 12), "9.00"))
    assert len(spans(table, Fixing.FLOATING, day(1), day(30), day(30))) == 1


def test_d17_a_day_whose_rate_is_not_known_names_what_is_missing_and_the_notice_goes_out() -> None:
    terms = Interest(DOUBLED, DayCount.ACT_365, InterestRounding.TOTAL, fixing=Fixing.FLOATING)
    rungs = Ladder((level(1, 1, interest=True),), Escalation.STEP, interest=terms)
    result = on_day(200, rungs, account(invoice("1000", "A"), invoice("1000", "B", due=199)))
    assert (result.notice, result.interest, result.total_claim) == (True, (), Decimal(2000))
    assert [why_in(line, "en") for line in result.for_review] == [
        "interest not charged, not known: table on 2026-09-01",
        "interest not charged, not known: table on 2026-09-18",
    ]


def test_d10_days_of_a_block_that_stops_interest_bear_none_and_hide_an_unknown_rate() -> None:
    stop = DunningBlock("complaint", dt.date(2026, 9, 1), stops_interest=True)
    item = invoice("1000", interest_stopped=(stop,))
    terms = Interest(DOUBLED, DayCount.ACT_365, InterestRounding.TOTAL, fixing=Fixing.FLOATING)
    found = accrue(terms, item, item.open_amount, day(200), "EUR")
    assert [(period.first, period.last) for period in found.periods] == [
        (day(1), dt.date(2026, 3, 11)), (dt.date(2026, 3, 12), dt.date(2026, 8, 31)),
    ]  # fmt: skip


def test_d17_a_daily_rate_needs_no_basis_and_interest_for_review_is_not_claimed() -> None:
    terms = Interest(constant(Decimal("0.05")), None, InterestRounding.TOTAL, claimed=False)
    rungs = Ladder((level(1, 1, interest=True),), Escalation.STEP, interest=terms)
    result = on_day(30, rungs, account(invoice("100000")))
    assert (result.interest, result.total_claim) == ((), Decimal(100000))
    assert [claim.amount for claim in result.not_claimed] == [Decimal(1500)]
    assert [why_in(line, "en") for line in result.for_review] == ["interest of 1500.00 computed, not claimed"]


@pytest.mark.parametrize(("rate", "told"), [("12", False), ("11.99", True)])
def test_d17_a_rate_below_the_legal_minimum_is_charged_and_told(rate: str, told: bool) -> None:
    lowest = over_time((dt.date(2026, 1, 1), "5"), (dt.date(2026, 3, 12), "12"))
    terms = Interest(constant(Decimal(rate)), DayCount.ACT_365, InterestRounding.TOTAL, legal_minimum=lowest)
    rungs = Ladder((level(1, 1, interest=True),), Escalation.STEP, interest=terms)
    result = on_day(30, rungs, account(invoice("1000")))
    assert len(result.interest[0].periods) == 1
    why = [f"rate {rate} below the legal minimum 12 on 2026-03-12"] if told else []
    assert [why_in(line, "en") for line in result.for_review] == why


@pytest.mark.parametrize(("basis", "year"), [("act/365", "100.27"), ("act/366", "100.00"), ("act/360", "101.67")])
def test_d16_a_leap_year_has_366_days(basis: str, year: str) -> None:
    item = OpenItem("I", dt.date(2023, 12, 31), Decimal(1000), "EUR")
    terms = Interest(constant(Decimal(10)), DayCount(basis), InterestRounding.TOTAL)
    (period,) = accrue(terms, item, item.open_amount, dt.date(2024, 12, 31), "EUR").periods
    assert (period.days, round(period.interest, 2)) == (366, Decimal(year))


# Laws

amounts = st.integers(1, 1_000_000).map(lambda cents: Decimal(cents) / 100)
payments = st.lists(st.tuples(st.integers(-5, 420), amounts), max_size=3)
fixings = st.sampled_from([None, *Fixing])
actual = st.sampled_from([DayCount.ACT_365, DayCount.ACT_366, DayCount.ACT_360, None])
counts = st.sampled_from([*DayCount, None])


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    changes = sorted(draw(st.sets(st.integers(-200, 420), max_size=4)))
    rates = [st.integers(-100, 2000).map(lambda hundredths: Decimal(hundredths) / 100) for _ in range(len(changes) + 1)]
    stages = dict(zip([dt.date.min, *map(day, changes)], [Stage(draw(rate)) for rate in rates], strict=True))
    return Schedule(tuple(stages), stages.__getitem__)


def paid(pairs: list[tuple[int, Decimal]]) -> tuple[PartialPayment, ...]:
    return tuple(PartialPayment(day(number), amount) for number, amount in pairs)


def source_of(on: dt.date, fixing: Fixing | None, as_of: dt.date) -> dt.date:
    match fixing:
        case Fixing.AS_OF:
            return as_of
        case Fixing.AT_START:
            return day(1)
        case Fixing.FLOATING_HALF_YEAR:
            return half_year_of(on)
        case _:
            return on


def interest_of(terms: Interest, item: OpenItem, as_of: int) -> Decimal:
    return sum(
        (period.interest for period in accrue(terms, item, item.open_amount, day(as_of), "EUR").periods), Decimal(0)
    )


@given(
    schedules(),
    fixings,
    actual,
    amounts,
    payments,
    st.integers(0, 400),
    st.tuples(st.integers(0, 400), st.integers(0, 90)),
)
def test_interest_is_that_of_its_days_one_by_one(
    rates: Schedule, fixing: Fixing | None, basis: DayCount | None, left: Decimal, pairs: list[tuple[int, Decimal]],
    as_of: int, stop: tuple[int, int],
) -> None:  # fmt: skip
    block = DunningBlock("complaint", day(stop[0]), day(stop[0] + stop[1]), stops_interest=True)
    item = invoice(str(left), partial_payments=paid(pairs), interest_stopped=(block,))
    year = Decimal(1 if basis is None else int(basis.value[4:]))
    expected = Decimal(0)
    for number in range(1, as_of + 1):
        if not block.active(day(number)):
            owed = left + sum(payment.amount for payment in item.partial_payments if payment.date >= day(number))
            rate = rates.on(source_of(day(number), fixing, day(as_of))).percent or Decimal(0)
            expected += owed * max(rate, Decimal(0)) / 100 / year
    found = interest_of(Interest(rates, basis, InterestRounding.TOTAL, fixing=fixing), item, as_of)
    assert abs(found - expected) < Decimal("1e-15")


@given(schedules(), fixings, counts, amounts, amounts, st.integers(0, 400))
def test_splitting_an_invoice_in_two_leaves_the_interest_within_rounding(
    rates: Schedule, fixing: Fixing | None, basis: DayCount | None, one: Decimal, other: Decimal, as_of: int
) -> None:
    terms = Interest(rates, basis, InterestRounding.TOTAL, fixing=fixing)
    rungs = Ladder((level(1, 1, interest=True),), Escalation.STEP, interest=terms)
    whole = on_day(as_of, rungs, account(invoice(str(one + other))))
    parts = on_day(as_of, rungs, account(invoice(str(one), "A"), invoice(str(other), "B")))
    charged = [sum((claim.amount for claim in result.interest), Decimal(0)) for result in (whole, parts)]
    assert abs(charged[0] - charged[1]) <= Decimal("0.01")


@given(schedules(), fixings, counts, st.sampled_from(InterestRounding), amounts, payments, amounts, st.data())
def test_paying_more_or_earlier_never_raises_interest(
    rates: Schedule, fixing: Fixing | None, basis: DayCount | None, rounding: InterestRounding, left: Decimal,
    pairs: list[tuple[int, Decimal]], more: Decimal, data: st.DataObject,
) -> None:  # fmt: skip
    as_of = data.draw(st.integers(0, 400))
    terms = Interest(rates, basis, rounding, fixing=fixing)
    as_paid = interest_of(terms, invoice(str(left), partial_payments=paid(pairs)), as_of)
    again = (data.draw(st.integers(0, as_of)), min(more, left))
    further = interest_of(terms, invoice(str(left - again[1]), partial_payments=paid([*pairs, again])), as_of)
    sooner = [(number - data.draw(st.integers(0, 30)), amount) for number, amount in pairs]
    earlier = interest_of(terms, invoice(str(left), partial_payments=paid(sooner)), as_of)
    # A period cut in two by the payment is rounded twice: half a cent for each of its parts.
    slack = Decimal("0.02") * (2 + len(pairs)) if rounding is InterestRounding.PER_PERIOD else Decimal("1e-15")
    assert further <= as_paid + slack
    assert earlier <= as_paid + slack


@given(schedules(), fixings, st.lists(amounts, min_size=2, max_size=4), amounts, st.randoms(use_true_random=False))
def test_equal_facts_in_any_order_give_the_same_claims(
    rates: Schedule, fixing: Fixing | None, opened: list[Decimal], charged: Decimal, chance: Random
) -> None:
    terms = Interest(rates, DayCount.ACT_365, InterestRounding.PER_PERIOD, fixing=fixing)
    compensation = Compensation(lambda debt: Amount(debt / 10), 1)
    rungs = Ladder((level(1, 1, interest=True, fee=percent("1.5", "invoice")),), Escalation.STEP, interest=terms,
                   compensation=compensation)  # fmt: skip
    items = [
        invoice(str(amount), f"I-{number}", due=-number, interest_charged=charged / (number + 1))
        for number, amount in enumerate(opened)
    ]
    shuffled = chance.sample(items, len(items))
    one, other = (on_day(60, rungs, account(*order)) for order in (items, shuffled))
    assert one.interest == other.interest
    assert sorted(one.fees, key=lambda fee: fee.claim_id) == sorted(other.fees, key=lambda fee: fee.claim_id)
    assert one.total_claim == other.total_claim


@given(st.dates(dt.date(2012, 1, 1), dt.date(2030, 1, 1)), st.integers(0, 900), schedules(), fixings)
def test_spans_cover_every_day_once(first: dt.date, length: int, rates: Schedule, fixing: Fixing | None) -> None:
    last = first + dt.timedelta(days=length)
    found = spans(rates, fixing, first, last, last)
    assert (found[0].first, found[-1].last) == (first, last)
    assert all(later.first == earlier.last + dt.timedelta(days=1) for earlier, later in pairwise(found))
