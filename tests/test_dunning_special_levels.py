"""Levels that are repeated, that begin legal steps, that list everything (domain D20)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.dunning import (
    Action,
    DunningBlock,
    Effect,
    Escalation,
    Ladder,
    Outcome,
    PreDueReminder,
    Promise,
    SideEffect,
)
from engine.dunning.ladder import ladder_faults
from tests.dunning_accounts import account, day, fixed, invoice, item, ladder, level, on_day

REPEATED = Ladder((level(1, 5), level(2, 20, fee=fixed("10"), always_dun=True)), Escalation.STEP, interval_days=14)
LEGAL = Ladder(
    (
        level(1, 5, actions=(Action("letter", "first"),)),
        level(2, 20, legal=True, side_effects=(SideEffect(Effect.TO_AGENCY, {"en": "the case is closed"}),)),
    ),
    Escalation.STEP,
    pre_due=(PreDueReminder(-3, (Action("email", "soon"),)),),
)


@pytest.mark.parametrize(("run_on", "noticed"), [(33, False), (34, True), (48, True)])
def test_an_always_dunned_level_is_repeated_once_the_interval_has_passed(run_on: int, noticed: bool) -> None:
    result = on_day(run_on, REPEATED, account(invoice(dunning_level=2, last_dunned_on=day(20))))
    assert (result.notice, result.level) == (noticed, 2 if noticed else 0)
    assert result.skips == (() if noticed else ("DN-SKP-02",))
    assert result.fees == ()


def test_only_the_level_that_says_so_is_repeated() -> None:
    sent = invoice(dunning_level=1, last_dunned_on=day(2), due=0)
    assert on_day(19, REPEATED, account(sent)).skips == ("DN-SKP-09",)


def test_a_repeated_notice_takes_the_fee_only_of_what_rises() -> None:
    repeated, rising = invoice("100", "A", dunning_level=2, last_dunned_on=day(20)), invoice("50", "B", dunning_level=1)
    rungs = Ladder((level(1, 5), level(2, 20, fee=fixed("10", "invoice"), always_dun=True)), Escalation.STEP,
                   interval_days=14)  # fmt: skip
    result = on_day(40, rungs, account(repeated, rising, last_notice_date=day(20)))
    assert ([fee.invoice_id for fee in result.fees], result.total_claim) == (["B"], Decimal(160))


@pytest.mark.parametrize(
    ("facts", "skip"),
    [
        ({"dunning_block": DunningBlock("claim")}, "DN-SKP-05"),
        ({"disputed_amount": Decimal(100)}, "DN-SKP-06"),
        ({"promise_to_pay": Promise(day(90))}, "DN-SKP-07"),
    ],
)
def test_a_repeated_notice_still_obeys_blocks_disputes_and_promises(facts: dict[str, Any], skip: str) -> None:
    result = on_day(40, REPEATED, account(invoice(dunning_level=2, last_dunned_on=day(20), **facts)))
    assert result.skips == (skip,)


def test_a_repeated_notice_still_needs_a_balance() -> None:
    credit = invoice("100", "CN", document_type="credit_note")
    result = on_day(40, REPEATED, account(invoice(dunning_level=2, last_dunned_on=day(20)), credit))
    assert result.skips[0] == "DN-SKP-08"


def test_the_next_evaluation_of_a_repeated_level_is_after_the_interval() -> None:
    assert on_day(34, REPEATED, account(invoice(dunning_level=2, last_dunned_on=day(20)))).next_evaluation == day(48)


def test_a_repeated_level_needs_an_interval() -> None:
    assert [place for place, _ in ladder_faults(Ladder((level(1, 5, always_dun=True),), Escalation.STEP))] == [
        "interval_days"
    ]


def test_a_legal_level_is_internal_and_sets_legal_steps() -> None:
    result = on_day(20, LEGAL, account(invoice(dunning_level=1)))
    assert (result.outcome, result.level, result.notices) == (Outcome.NOTICE, 2, ())
    assert (result.legal_since, [hold.effect for hold in result.holds]) == (day(20), [Effect.TO_AGENCY])
    assert [finding.code for finding in result.findings] == ["DN-LVL-01", "DN-LEG-01", "DN-COL-01"]


def test_with_legal_steps_everything_else_of_the_account_stops() -> None:
    others = (invoice("50", "B"), invoice("70", "C", due=22))
    result = on_day(20, LEGAL, account(invoice(dunning_level=1), *others))
    assert [entry.outcome for entry in result.items] == [Outcome.NOTICE, Outcome.SKIP, Outcome.SKIP]
    assert item(result, "B").skips == ("DN-SKP-10",)
    assert item(result, "C").skips[0] == "DN-SKP-10"
    assert (item(result, "B").recorded_level, result.total_claim, result.notices) == (0, Decimal(100), ())


@pytest.mark.parametrize(("since", "run_on", "noticed"), [(20, 20, False), (20, 19, True), (None, 40, False)])
def test_external_steps_stop_from_the_day_legal_steps_began(since: int | None, run_on: int, noticed: bool) -> None:
    at_law = invoice(dunning_level=2, last_dunned_on=day(18))
    case = {} if since is None else {"legal_since": day(since)}
    result = on_day(run_on, LEGAL, account(at_law, invoice("50", "B"), **case))
    assert result.notice is noticed
    assert noticed or result.skips[0] == "DN-SKP-10"
    assert noticed or result.next_evaluation is None


def test_a_paid_item_at_a_legal_level_holds_nothing_back() -> None:
    paid = invoice("0", "A", dunning_level=2, last_dunned_on=day(20))
    assert on_day(40, LEGAL, account(paid, invoice("50", "B"))).level == 1


@pytest.mark.parametrize(("everything", "listed"), [(True, ["B", "D"]), (False, [])])
def test_listed_items_are_told_and_never_enter_sums_or_fees(everything: bool, listed: list[str]) -> None:
    rungs = Ladder((level(1, 5, fee=fixed("10"), list_all_items=everything, min_pct=Decimal(30)),), Escalation.STEP)
    young, disputed = invoice("50", "B", due=7), invoice("70", "D", disputed_amount=Decimal(70))
    result = on_day(8, rungs, account(invoice("100"), young, disputed))
    (letter,) = result.notices
    assert sorted(named.invoice_id for named in letter.listed) == listed
    assert (result.total_claim, result.principal) == (Decimal(110), Decimal(100))


def test_listed_items_do_not_help_a_level_to_stand() -> None:
    rungs = Ladder((level(1, 5, list_all_items=True, min_amount=Decimal(120)),), Escalation.STEP)
    assert on_day(8, rungs, account(invoice("100"), invoice("50", "B", due=8))).skips[-1] == "DN-SKP-03"


def test_escalation_goes_on_past_a_repeated_level() -> None:
    rungs = Ladder((level(1, 5, always_dun=True), level(2, 30, always_dun=True)), Escalation.STEP, interval_days=10)
    sent = invoice(dunning_level=1, last_dunned_on=day(5))
    assert [on_day(number, rungs, account(sent)).level for number in (14, 15, 29, 30)] == [0, 1, 1, 2]


def test_nothing_is_repeated_before_the_first_notice() -> None:
    assert on_day(4, ladder(5, interval_days=10), account()).skips == ("DN-SKP-01",)
