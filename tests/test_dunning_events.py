"""What becomes of a level after payments, credit notes and moved due dates: it never falls silently (domain D8)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.decision import Fault
from engine.dunning import Escalation, Ladder
from engine.dunning.account import DunningBlock, Event, EventKind, OpenItem, PartialPayment
from engine.dunning.due_terms import AfterEvent, OnEvent
from tests.dunning_accounts import account, day, invoice, item, ladder, level, on_day

THREE = (5, 20, 40)
KEEP, RECOMPUTE, RESET = AfterEvent.KEEP, AfterEvent.RECOMPUTE, AfterEvent.RESET


def happened(event: EventKind, on: int, before: int | None = None) -> Event:
    return Event(event, day(on), before)


def sent(number: int, on: int, *events: Event, amount: str = "100", **facts: Any) -> OpenItem:
    return invoice(amount, dunning_level=number, last_dunned_on=day(on), events=events, **facts)


def after(choice: AfterEvent, *min_days: int, **settings: Any) -> Ladder:
    return ladder(*(min_days or THREE), on_event=OnEvent(choice, choice, choice), **settings)


@pytest.mark.parametrize("event", ["partial_payment", "credit_note", "due_date_change"])
@pytest.mark.parametrize(("choice", "counted", "assigned"), [(KEEP, 2, 3), (RECOMPUTE, 2, 3), (RESET, 0, 1)])
def test_an_event_after_the_last_notice_does_what_is_stated_for_it(
    event: EventKind, choice: AfterEvent, counted: int, assigned: int
) -> None:
    result = on_day(45, after(choice), account(sent(2, 25, happened(event, 30))))
    assert item(result).assigned_level == assigned
    changes = [(change.event, change.before, change.after) for change in item(result).level_changes]
    assert changes == ([] if counted == 2 else [(event, 2, 0)])


def test_each_event_has_its_own_answer() -> None:
    rungs = ladder(*THREE, on_event=OnEvent(partial_payment=KEEP, credit_note=RESET, due_date_change=RECOMPUTE))
    assert item(on_day(45, rungs, account(sent(2, 25, happened("partial_payment", 30))))).assigned_level == 3
    assert item(on_day(45, rungs, account(sent(2, 25, happened("credit_note", 30))))).assigned_level == 1


@pytest.mark.parametrize(("on", "counts"), [(24, False), (25, False), (26, True), (45, True), (46, False)])
def test_only_what_is_later_than_the_last_notice_and_not_in_the_future_counts(on: int, counts: bool) -> None:
    result = on_day(45, after(RESET), account(sent(2, 25, happened("credit_note", on))))
    assert bool(item(result).level_changes) is counts


def test_a_payment_of_a_part_is_an_event_by_itself() -> None:
    paid = sent(2, 25, partial_payments=(PartialPayment(day(30), Decimal(50)),))
    changes = item(on_day(45, after(RESET), account(paid))).level_changes
    assert [(change.event, change.on, change.before, change.after) for change in changes] == [
        ("partial_payment", day(30), 2, 0)
    ]


def test_recompute_never_goes_above_the_level_sent_nor_above_what_stands_today() -> None:
    rungs = after(RECOMPUTE, escalation=Escalation.JUMP)
    moved = happened("due_date_change", 30)
    later = invoice(dunning_level=2, last_dunned_on=day(25), events=(moved,), due=30)
    assert [(change.before, change.after) for change in item(on_day(36, rungs, account(later))).level_changes] == [
        (2, 1)
    ]
    higher = on_day(45, after(RECOMPUTE), account(sent(1, 25, happened("credit_note", 30))))
    assert item(higher).level_changes == ()


def test_recompute_reads_todays_amounts_as_well() -> None:
    levels = (level(1, 5), level(2, 20, min_amount=Decimal(80)))
    rungs = Ladder(levels, Escalation.STEP, on_event=OnEvent(partial_payment=RECOMPUTE))
    paid = sent(2, 25, happened("partial_payment", 30), amount="50")
    result = on_day(45, rungs, account(paid))
    assert (item(result).recorded_level, result.notice) == (1, False)
    assert [(change.before, change.after) for change in item(result).level_changes] == [(2, 1)]


def test_a_payment_taken_back_restores_the_level_before_it() -> None:
    paid, reversed_ = happened("partial_payment", 30), happened("payment_reversed", 33, before=2)
    result = on_day(45, after(RESET), account(sent(2, 25, paid, reversed_)))
    assert [(change.event, change.before, change.after) for change in item(result).level_changes] == [
        ("partial_payment", 2, 0),
        ("payment_reversed", 0, 2),
    ]
    assert item(result).assigned_level == 3
    booked = on_day(45, after(RESET), account(sent(0, 25, happened("payment_reversed", 33, before=2))))
    assert item(booked).assigned_level == 3


def test_a_payment_taken_back_never_lowers_a_level() -> None:
    result = on_day(45, after(KEEP), account(sent(2, 25, happened("payment_reversed", 33, before=1))))
    assert (item(result).level_changes, item(result).assigned_level) == ((), 3)


@pytest.mark.parametrize(("choice", "missing"), [(KEEP, ()), (RESET, ("open_items[0].last_dunned_on",))])
def test_a_level_sent_on_an_unknown_day_is_not_guessed_where_it_matters(
    choice: AfterEvent, missing: tuple[str, ...]
) -> None:
    result = on_day(45, after(choice), account(invoice(dunning_level=2, events=(happened("credit_note", 30),))))
    assert result.skips == (("DT-MIS-01",) if missing else ())
    assert tuple(path for finding in result.findings for path in finding.missing) == missing


def test_an_event_after_the_accounts_last_notice_is_after_the_items_own() -> None:
    undated = invoice(dunning_level=2, events=(happened("credit_note", 30),))
    result = on_day(45, after(RESET), account(undated, last_notice_date=day(25)))
    assert [(change.before, change.after) for change in item(result).level_changes] == [(2, 0)]


def test_the_level_before_a_payment_taken_back_is_not_guessed() -> None:
    result = on_day(45, after(RESET), account(sent(0, 25, happened("payment_reversed", 33))))
    assert [finding.missing for finding in result.findings] == [("open_items[0].events[0].level_before",)]


def test_a_blocked_item_keeps_its_level_until_it_is_looked_at_again() -> None:
    moved = sent(2, 25, happened("credit_note", 30), due=30, dunning_block=DunningBlock("claim", None, day(50)))
    held = item(on_day(45, after(RECOMPUTE), account(moved)))
    assert (held.recorded_level, held.level_changes) == (2, ())


def test_a_paid_item_closes_its_case_without_a_fall() -> None:
    closed = item(on_day(45, after(RESET), account(sent(2, 25, happened("partial_payment", 30), amount="0"))))
    assert (closed.skips, closed.recorded_level, closed.level_changes) == (("DN-SKP-08",), 2, ())


def test_a_negative_level_before_is_an_input_error() -> None:
    with pytest.raises(Fault) as fault:
        on_day(45, after(RESET), account(sent(2, 25, happened("payment_reversed", 30, before=-1))))
    assert [misfit.pointer for misfit in fault.value.misfits] == ["/open_items/0/events/0/level_before"]


def test_every_change_of_level_is_in_the_trace() -> None:
    result = on_day(45, after(RESET), account(sent(2, 25, happened("credit_note", 30))))
    (step,) = [step for step in result.trace if step.name == "INV-1"]
    (change,) = step.steps
    assert (change.part, change.name, change.value, change.read) == (
        "event", "credit_note", 0, {"on": day(30), "from": 2},
    )  # fmt: skip


# What others got wrong


@pytest.mark.parametrize("choice", [KEEP, RECOMPUTE])
def test_a_part_payment_does_not_skip_a_level(choice: AfterEvent) -> None:
    """Kill Bill #2297: after a part payment the state was worked out anew and passed a level over."""
    rungs = after(choice)
    owed = sent(1, 6, amount="40", partial_payments=(PartialPayment(day(15), Decimal(60)),))
    assert item(on_day(41, rungs, account(owed))).assigned_level == 2
    assert item(on_day(41, rungs, account(owed))).passed_over == ()


def test_instalments_are_dunned_each_by_its_own_due_date() -> None:
    """ERPNext, scenarios 5: only the instalment that is due is dunned, and it is settled by itself."""
    rungs = ladder(1)
    first, second = invoice("50", "I-1", due=5), invoice("50", "I-2", due=10)
    assert [entry.assigned_level for entry in on_day(6, rungs, account(first, second)).items] == [1, 0]
    settled = on_day(6, rungs, account(invoice("0", "I-1", due=5, dunning_level=1), second))
    assert (settled.notice, [entry.skips for entry in settled.items]) == (False, [("DN-SKP-08",), ("DN-SKP-01",)])
    taken_back = sent(0, 6, Event("payment_reversed", day(8), 1), amount="50", due=5)
    assert item(on_day(9, ladder(1, 4), account(taken_back))).assigned_level == 2


@pytest.mark.parametrize(("open_amounts", "notice"), [(("100", "0"), True), (("0", "100"), True), (("0", "0"), False)])
def test_a_case_is_resolved_when_every_item_is_settled_not_when_the_last_one_is(
    open_amounts: tuple[str, str], notice: bool
) -> None:
    """ERPNext: the flag was overwritten by each item, so that only the last one decided."""
    first, second = (invoice(amount, f"I-{number}") for number, amount in enumerate(open_amounts))
    assert on_day(9, ladder(1), account(first, second)).notice is notice


def test_a_draft_is_no_notice_sent() -> None:
    """Tryton, OCA: what was drafted and not sent leaves no trace in the facts, and the same level comes again."""
    drafted = on_day(30, ladder(*THREE), account())
    assert (drafted.level, on_day(31, ladder(*THREE), account()).level) == (1, 1)


def test_editing_the_policy_does_not_reset_what_was_sent() -> None:
    """Lago #2861: a changed campaign set its counters to zero; here what was sent stands in the facts."""
    owed = account(invoice(dunning_level=2, last_dunned_on=day(25)))
    for rungs in (ladder(5, 20, 40), ladder(3, 10, 30), ladder(10, 25, 44)):
        assert item(on_day(45, rungs, owed)).assigned_level == 3
