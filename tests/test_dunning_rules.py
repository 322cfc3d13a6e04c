"""Every dunning rule of the domain at its edges: equality, the day before, zero, absent."""

import datetime as dt
from decimal import Decimal
from typing import Literal

import pytest

from engine.decision import Fault
from engine.dunning import (
    Account,
    Action,
    ArrearsBasis,
    CarveOut,
    Credits,
    DunningBlock,
    Effect,
    Escalation,
    GraceMode,
    Ladder,
    Outcome,
    PreDueReminder,
    Promise,
    SideEffect,
)
from engine.dunning.ladder import ladder_faults
from engine.dunning.pinning import Migration, Pin, Procedure
from tests.dunning_accounts import account, day, fixed, invoice, item, ladder, level, levels_assigned, on_day

LETTER = Action("letter", "reminder")


def test_d1_no_notice_is_dated_before_the_last_one() -> None:
    result = on_day(9, ladder(1), account(last_notice_date=day(10)))
    assert result.skips == ("DN-SKP-09",)


@pytest.mark.parametrize(
    ("basis", "days"), [("original_due", 60), ("last_deadline", 30), ("last_notice", 40), ("end_of_month", 31)]
)
def test_d2_arrears_count_from_the_date_the_ladder_names(basis: str, days: int) -> None:
    noticed = invoice(notice_deadline=day(30), last_dunned_on=day(20), dunning_level=1)
    result = on_day(60, ladder(1, arrears_basis=ArrearsBasis(basis)), account(noticed))
    assert item(result).days_in_arrears == days


def test_d2_without_a_notice_arrears_count_from_the_due_date() -> None:
    for basis in (ArrearsBasis.LAST_DEADLINE, ArrearsBasis.LAST_NOTICE):
        assert item(on_day(60, ladder(1, arrears_basis=basis), account())).days_in_arrears == 60


@pytest.mark.parametrize(("grace", "run_on", "noticed"), [(0, 0, False), (0, 1, True), (5, 5, False), (5, 6, True)])
def test_d3_grace_is_over_the_day_after_it_ends(grace: int, run_on: int, noticed: bool) -> None:
    result = on_day(run_on, ladder(0, grace_days=grace), account())
    assert result.notice is noticed
    assert result.skips == (() if noticed else ("DN-SKP-01",))


@pytest.mark.parametrize(("mode", "reached"), [(GraceMode.GATE, 2), (GraceMode.SHIFT, 1)])
def test_d3_only_shift_takes_the_grace_off_the_days_of_the_level(mode: GraceMode, reached: int) -> None:
    rungs = ladder(1, 10, escalation=Escalation.JUMP, grace_days=3, grace_mode=mode)
    assert on_day(12, rungs, account()).level == reached
    assert on_day(13, rungs, account()).level == 2


@pytest.mark.parametrize(("run_on", "skips"), [(14, ("DN-SKP-11",)), (15, ())])
def test_d4_the_account_gate_opens_on_its_day(run_on: int, skips: tuple[str, ...]) -> None:
    assert on_day(run_on, ladder(1, min_days_in_arrears_account=15), account()).skips == skips


def test_d4_an_open_gate_lets_younger_items_through() -> None:
    rungs = ladder(1, min_days_in_arrears_account=15)
    result = on_day(15, rungs, account(invoice(), invoice(invoice_id="INV-2", due=13)))
    assert levels_assigned(result) == {"INV-1": 1, "INV-2": 1}


def test_d5_a_reminder_before_the_due_date_is_not_the_last_notice() -> None:
    assert on_day(1, ladder(1, interval_days=14), account(invoice(reminded_on=day(-3)))).notice


UNDATED = invoice(dunning_level=1)


@pytest.mark.parametrize(
    ("owed", "interval", "skips"),
    [
        (account(UNDATED), 14, ("DT-MIS-01",)),
        (account(UNDATED), 0, ()),
        (account(UNDATED, last_notice_date=day(6)), 14, ()),
        (account(UNDATED, last_notice_date=day(7)), 14, ("DN-SKP-02",)),
        (account(UNDATED, invoice(invoice_id="B", dunning_level=1, last_dunned_on=day(6))), 14, ("DT-MIS-01",)),
        (account(UNDATED, invoice(invoice_id="B", dunning_level=1, last_dunned_on=day(7))), 14, ("DN-SKP-02",)),
        (account(invoice(dunning_level=0)), 14, ()),
    ],
)
def test_d5_the_interval_is_unknown_when_the_day_of_a_level_sent_is(
    owed: Account, interval: int, skips: tuple[str, ...]
) -> None:
    result = on_day(20, ladder(1, 5, interval_days=interval), owed)
    assert result.skips == skips
    assert result.notice is not bool(skips)


@pytest.mark.parametrize(("mode", "sent", "assigned", "passed"), [
    ("step", 0, 1, ()), ("step", 1, 2, ()), ("jump", 0, 3, (1, 2)), ("jump", 1, 3, (2,)),
    ("skip_forward", 0, 1, ()), ("skip_forward", 1, 3, (2,)),
])  # fmt: skip
def test_d6_each_escalation_mode_and_the_levels_it_passes_over(
    mode: str, sent: int, assigned: int, passed: tuple[int, ...]
) -> None:
    result = on_day(40, ladder(5, 20, 40, escalation=Escalation(mode)), account(invoice(dunning_level=sent)))
    found = item(result)
    assert (found.threshold_level, found.assigned_level, found.passed_over) == (3, assigned, passed)


def test_d6_fees_and_actions_of_levels_passed_over_do_not_apply() -> None:
    levels = (level(1, 5, fee=fixed("5"), actions=(LETTER,)), level(2, 20, fee=fixed("7")))
    result = on_day(20, Ladder(levels, Escalation.JUMP), account())
    assert [fee.amount for fee in result.fees] == [Decimal(7)]
    assert [notice.messages for notice in result.notices] == [()]


def test_d6_a_level_is_sent_once_and_the_reason_is_named() -> None:
    result = on_day(19, ladder(5, 20), account(invoice(dunning_level=1)))
    assert result.skips == item(result).skips == ("DN-SKP-09",)


def test_d7_the_level_drops_until_its_minimum_is_met_and_the_record_stands() -> None:
    levels = (level(1, 1, min_amount=Decimal(50)), level(2, 5, min_amount=Decimal("100.01")))
    rungs = Ladder(levels, Escalation.JUMP)
    assert on_day(9, rungs, account()).level == 1
    kept = on_day(9, rungs, account(invoice(dunning_level=2)))
    assert (kept.notice, item(kept).recorded_level) == (False, 2)
    assert on_day(9, rungs, account(invoice("49.99"))).skips == ("DN-SKP-03",)
    assert on_day(9, rungs, account(invoice("50"))).level == 1


def test_d7_blocked_items_are_in_neither_sum() -> None:
    rungs = Ladder((level(1, 1, min_pct=Decimal(50)),), Escalation.STEP)
    blocked = invoice("900", "B", dunning_block=DunningBlock("claim", None, None))
    assert levels_assigned(on_day(5, rungs, account(invoice("100"), blocked))) == {"INV-1": 1, "B": 0}


PRE_DUE = ladder(10, pre_due=(PreDueReminder(-7, (LETTER,)), PreDueReminder(-2, (LETTER,))))


@pytest.mark.parametrize(
    ("run_on", "reminded_on", "reminded"),
    [
        (-8, None, False), (-7, None, True), (-3, -7, False), (-2, -7, True),
        (0, None, True), (0, -2, False), (1, None, False),
    ],
)  # fmt: skip
def test_d9_each_reminder_before_the_due_date_goes_out_once(
    run_on: int, reminded_on: int | None, reminded: bool
) -> None:
    owed = account(invoice(reminded_on=None if reminded_on is None else day(reminded_on)))
    result = on_day(run_on, PRE_DUE, owed)
    assert result.outcome is (Outcome.REMINDER if reminded else Outcome.SKIP)
    assert (result.level, result.fees, result.total_claim, len(result.notices)) == (0, (), Decimal(0), int(reminded))


def test_d9_a_disputed_item_is_not_reminded() -> None:
    assert on_day(-1, PRE_DUE, account(invoice(disputed_amount=Decimal(100)))).skips == ("DN-SKP-06", "DN-SKP-01")


@pytest.mark.parametrize(("run_on", "noticed"), [(9, True), (10, False), (20, False), (21, True)])
def test_d10_a_block_holds_on_both_its_ends(run_on: int, noticed: bool) -> None:
    block = DunningBlock("claim open", day(10), day(20))
    for blocked in (account(invoice(dunning_block=block)), account(blocked=block)):
        result = on_day(run_on, ladder(1), blocked)
        assert result.notice is noticed
        assert result.skips == (() if noticed else ("DN-SKP-05",))
        assert bool(result.for_review) is not noticed


def test_d6_a_level_that_the_procedure_does_not_have_is_an_input_error() -> None:
    owed = account(invoice(dunning_level=99, last_dunned_on=day(1)))
    with pytest.raises(Fault) as fault:
        on_day(5, ladder(1, 10, 20, 30, 40), owed)
    (misfit,) = fault.value.misfits
    assert (misfit.code, misfit.pointer) == ("fact_range", "/open_items/0/dunning_level")
    assert misfit.message == "`INV-1` is at level 99, and the highest of this procedure is 5"


def test_d23_a_case_migrated_may_have_been_sent_more_levels() -> None:
    moved = Migration("old", "new", "M. Lin", day(2))
    owed = account(invoice(dunning_level=7, last_dunned_on=day(1)), pin=Pin("dunning", "new", moved))
    result = on_day(50, ladder(1, 10, procedure=Procedure("dunning", "new")), owed)
    assert (result.skips, item(result).recorded_level) == (("DN-SKP-09",), 7)


def test_d10_a_block_without_reason_is_an_input_error() -> None:
    with pytest.raises(Fault) as fault:
        on_day(5, ladder(1), account(invoice(dunning_block=DunningBlock(" "))))
    assert [misfit.pointer for misfit in fault.value.misfits] == ["/open_items/0/dunning_block/reason"]


@pytest.mark.parametrize(("disputed", "claimed"), [(None, "100"), ("0", "100"), ("40", "60"), ("100", "0")])
def test_d11_the_undisputed_part_is_dunned(disputed: str | None, claimed: str) -> None:
    result = on_day(5, ladder(1), account(invoice(disputed_amount=None if disputed is None else Decimal(disputed))))
    assert result.total_claim == Decimal(claimed)
    assert result.skips == (("DN-SKP-06",) if claimed == "0" else ())


def test_d11_more_disputed_than_open_is_an_input_error() -> None:
    with pytest.raises(Fault, match="only 100 is open"):
        on_day(5, ladder(1), account(invoice(disputed_amount=Decimal("100.01"))))


@pytest.mark.parametrize(
    ("run_on", "amount", "status", "claimed", "broken"),
    [
        (10, "100", "open", "0", False), (11, "100", "open", "100", True), (10, "30", "open", "70", False),
        (10, None, "open", "0", False), (10, "100", "kept", "100", False), (10, "100", "broken", "100", True),
    ],
)  # fmt: skip
def test_d11_a_running_promise_takes_its_amount_out(
    run_on: int, amount: str | None, status: Literal["open", "kept", "broken"], claimed: str, broken: bool
) -> None:
    promise = Promise(day(10), None if amount is None else Decimal(amount), status)
    result = on_day(run_on, ladder(1), account(invoice(promise_to_pay=promise)))
    assert result.total_claim == Decimal(claimed)
    assert result.broken_promises == (("INV-1",) if broken else ())
    assert result.skips == (("DN-SKP-07",) if claimed == "0" else ())


@pytest.mark.parametrize(("key", "sent", "assigned", "skips"), [
    (None, 2, 3, ()), (2, 1, 2, ()), (2, 2, 0, ("DN-SKP-09",)), (1, 2, 0, ("DN-SKP-09",)), (0, 0, 0, ("DN-CAP-01",)),
])  # fmt: skip
def test_d12_the_dunning_key_caps_the_level_and_keeps_one_sent_before(
    key: int | None, sent: int, assigned: int, skips: tuple[str, ...]
) -> None:
    result = on_day(50, ladder(5, 20, 40), account(invoice(max_dunning_level=key, dunning_level=sent)))
    assert (item(result).assigned_level, item(result).recorded_level) == (assigned, max(sent, assigned))
    assert result.skips == skips


@pytest.mark.parametrize(("credit", "claims"), [("0", {"A": 100, "B": 50}), ("30", {"A": 70, "B": 50}),
                                                ("120", {"A": 0, "B": 30})])  # fmt: skip
def test_d13_net_credits_reduce_the_oldest_item_first(credit: str, claims: dict[str, int]) -> None:
    owed = account(invoice("50", "B", due=1), invoice("100", "A"), invoice(credit, "CN", document_type="credit_note"))
    result = on_day(10, ladder(1), owed)
    assert {entry.invoice_id: entry.dunnable for entry in result.items if entry.invoice_id != "CN"} == claims
    assert result.total_claim == sum(claims.values())


@pytest.mark.parametrize("mode", Credits)
def test_d13_a_balance_of_nothing_is_skipped_in_every_mode(mode: Credits) -> None:
    owed = account(invoice("100"), invoice("100", "PAY", document_type="payment"))
    result = on_day(10, ladder(1, credits=mode), owed)
    assert result.skips == ("DN-SKP-08",)
    assert {entry.outcome for entry in result.items} == {Outcome.SKIP}


@pytest.mark.parametrize("mode", [Credits.LIST, Credits.IGNORE])
def test_d13_credits_that_are_not_netted_leave_the_claim_whole(mode: Credits) -> None:
    owed = account(invoice("100"), invoice("30", "CN", document_type="credit_note"))
    assert on_day(10, ladder(1, credits=mode), owed).total_claim == 100


@pytest.mark.parametrize(("amount", "noticed"), [("5.00", False), ("5.01", True)])
def test_d14_an_amount_within_the_tolerance_is_ignored(amount: str, noticed: bool) -> None:
    result = on_day(10, ladder(1, tolerance={"EUR": Decimal(5)}), account(invoice(amount)))
    assert (result.notice, result.skips) == (noticed, () if noticed else ("DN-SKP-03",))


@pytest.mark.parametrize(("run_on", "noticed"), [(9, True), (10, False), (11, False)])
def test_d20_external_steps_stop_on_the_day_legal_steps_begin(run_on: int, noticed: bool) -> None:
    result = on_day(run_on, ladder(1), account(legal_since=day(10)))
    assert (result.notice, result.skips) == (noticed, () if noticed else ("DN-SKP-10",))


@pytest.mark.parametrize(("reachable", "channel"), [
    (None, "email"), (("email", "letter"), "email"), (("letter",), "letter"), ((), None),
])  # fmt: skip
def test_d21_a_message_falls_back_or_goes_to_a_person(reachable: tuple[str, ...] | None, channel: str | None) -> None:
    rungs = Ladder((level(1, 1, actions=(Action("email", "first", "letter"),)),), Escalation.STEP)
    result = on_day(5, rungs, Account("C-1", "EUR", (invoice(),), channels=reachable))
    assert [message.channel for notice in result.notices for message in notice.messages] == (
        [channel] if channel else []
    )
    assert [(entry.code, entry.figures) for entry in result.for_review] == (
        [] if channel else [("no_channel", {"template": "first", "recipient": "C-1"})]
    )


def test_d21_a_hold_names_what_lifts_it() -> None:
    hold = SideEffect(Effect.HOLD_ORDERS, {"en": "every dunned item is paid"})
    result = on_day(5, Ladder((level(1, 1, side_effects=(hold,)),), Escalation.STEP), account())
    assert [(held.effect, held.release_when) for held in result.holds] == [(hold.effect, hold.release_when)]
    assert "DN-HLD-01" in {finding.code for finding in result.findings}


def test_d25_a_carve_out_comes_before_everything_and_an_unknown_one_holds_too() -> None:
    carved = Account("C-1", "EUR", (invoice(dunning_block=DunningBlock("claim")),),
                     carve_outs=(CarveOut("consumer", "DT-MIS-01", ("customer.entity_type",)),))  # fmt: skip
    result = on_day(5, ladder(1), carved)
    assert result.skips == item(result).skips == ("DT-MIS-01", "DN-SKP-05")
    assert result.next_evaluation is None


@pytest.mark.parametrize(
    ("run_on", "owed", "following"),
    [
        (-9, account(), -7), (-7, account(), -2), (0, account(), 1), (3, account(), 6),
        (6, account(), 13), (6, account(invoice(dunning_level=1), last_notice_date=day(6)), 13),
        (20, account(invoice(dunning_level=2), last_notice_date=day(20)), 27),
        (27, account(invoice(dunning_level=2), last_notice_date=day(20)), None),
        (8, account(invoice(dunning_block=DunningBlock("claim", None, day(9)))), 10),
        (8, account(invoice(promise_to_pay=Promise(day(10)))), 11),
        (8, account(invoice("0")), None),
        (30, account(invoice(dunning_block=DunningBlock("claim", None, dt.date.max))), None),
    ],
)  # fmt: skip
def test_d26_the_next_evaluation_is_the_first_day_any_gate_moves(
    run_on: int, owed: Account, following: int | None
) -> None:
    rungs = ladder(6, 14, interval_days=7, grace_days=5, pre_due=PRE_DUE.pre_due)
    expected = None if following is None else day(following)
    assert on_day(run_on, rungs, owed).next_evaluation == expected


def test_d26_without_an_interval_the_next_evaluation_is_never_today() -> None:
    assert on_day(20, ladder(1, 5), account()).next_evaluation == day(21)


def test_d27_all_reasons_are_named_the_main_one_first() -> None:
    held = invoice(
        disputed_amount=Decimal(60),
        promise_to_pay=Promise(day(90), Decimal(40)),
        dunning_block=DunningBlock("claim", day(0), day(90)),
    )
    result = on_day(5, ladder(1, interval_days=14, grace_days=9), account(held, last_notice_date=day(1)))
    expected = ("DN-SKP-05", "DN-SKP-06", "DN-SKP-07", "DN-SKP-01", "DN-SKP-02")
    assert result.skips == item(result).skips == expected


def test_d27_an_account_without_items_is_skipped_by_name() -> None:
    assert on_day(5, ladder(1), Account("C-1", "EUR", ())).skips == ("DN-SKP-08",)


def test_c21_an_item_in_another_currency_is_left_out_by_name() -> None:
    result = on_day(5, ladder(1), account(invoice("100"), invoice("70", "USD-1", currency="USD")))
    assert (result.total_claim, item(result, "USD-1").skips) == (Decimal(100), ("DT-MIS-05",))


def test_a_broken_ladder_names_each_place() -> None:
    broken = Ladder(
        (level(1, 5), level(3, 5, min_amount=Decimal(-1), fee=fixed("-1"))),
        Escalation.STEP, grace_days=-1, pre_due=(PreDueReminder(0),),
    )  # fmt: skip
    assert [place for place, _ in ladder_faults(broken)] == [
        "grace_days", "pre_due[0].offset",
        "levels[1].number", "levels[1].min_days", "levels[1].min_amount", "levels[1].fee",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="grace_days"):
        on_day(5, broken, account())


def test_the_trace_shows_threshold_and_assigned_level_and_what_shut_a_gate() -> None:
    result = on_day(45, ladder(5, 20, 40, interval_days=7), account(invoice(dunning_level=1), last_notice_date=day(40)))
    by_name = {step.name: step for step in result.trace}
    assert by_name["interval"].to_json()["status"] == "fired"
    assert by_name["INV-1"].read["threshold_level"] == 3
    assert by_name["INV-1"].to_json()["note"] == "DN-SKP-02"
