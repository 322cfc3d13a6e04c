"""A dunning policy in YAML: what it decides, what it refuses and where; unknown never lets a notice through."""

import datetime as dt
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from engine.decide import decide
from engine.decision import Decision, Fault
from policies.check import load
from policies.diagnostics import Refused
from policies.ir import Bundle
from policies.nodes import Source
from policies.types import ContextOf, ListOf, Type

POLICY = """\
writ: 1
bundle: dunning-tests
reporting_currency: EUR
languages: [en]
facts:
  customer:
    fields:
      customer_id: text
      consumer: boolean?
      vip: {type: boolean, default: false}
      contact_channels: {type: list, of: text, optional: true}
  open_items:
    type: list
    optional: true
    fields:
      invoice_id: text
      document_type: {one_of: [invoice, credit_note, payment, fee, interest], default: invoice}
      due_date: date
      open_amount: money
      currency: text?
      disputed_amount: money?
      max_dunning_level: {type: count, optional: true}
      dunning_level: {type: count, optional: true}
      last_dunned_on: date?
      interest_charged: money?
      reminded_on: date?
      dunning_block: {optional: true, fields: {reason: text, valid_from: date?, valid_to: date?}}
      promise_to_pay: {optional: true, fields: {date: date, amount: money?}}
      partial_payments: {type: list, optional: true, fields: {date: date, amount: money}}
  dunning_case:
    optional: true
    fields: {last_notice_date: date?, legal_since: date?}
parameters:
  rate: {type: percent, values: [{from: 2026-01-01, value: 9}]}
  fee: {type: money, value: 15}
  grace: {type: days, value: 3}
policies:
  dunning:
    kind: dunning
    title: Dunning
    account:
      id: customer.customer_id
      items: open_items
      case: dunning_case
      channels: customer.contact_channels
    carve_outs:
      - {carve_out: consumer, when: customer.consumer, reason: DN-SKP-12}
    escalation: step
    on_event: {partial_payment: keep, credit_note: recompute, due_date_change: recompute}
    grace_days: 'if customer.vip then 10 else grace'
    interval_days: 10
    min_days_in_arrears: 5
    tolerance: 5
    credits: net
    interest: {rate: rate, basis: act/365, round: total, min_interest: 1}
    reminders:
      - {reminder: due-soon, days: -3, actions: [{send: due-soon, by: email}]}
    levels:
      - level: reminder
        min_days: 5
        min_amount: 25
        actions: [{send: reminder, by: email, fallback: letter}]
      - level: dunning-letter
        min_days: 19
        fee: {fixed: fee, per: notice}
        interest: true
      - level: order-hold
        min_days: 35
        min_pct: 5
        fee: {percent: 1, cap: 50, per: invoice}
        interest: true
        effects:
          - {effect: hold_orders, release_when: every dunned item is paid}
"""
DUE = dt.date(2026, 3, 2)
FACTS: dict[str, Any] = {
    "customer": {"customer_id": "C-1", "consumer": False},
    "open_items": [{"invoice_id": "INV-1", "due_date": "2026-03-02", "open_amount": "1000.00"}],
}


def bundle(*changes: tuple[str, str]) -> Bundle:
    text = POLICY
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return load(Source("dunning.yaml", text))


def decided(days: int, *changes: tuple[str, str], facts: dict[str, Any] | None = None, **item: Any) -> Decision:
    sent = deepcopy(facts or FACTS)
    if item:
        sent["open_items"][0] |= item
    return decide(bundle(*changes).policies["dunning"], sent, DUE + dt.timedelta(days=days))


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


@pytest.mark.parametrize(
    ("days", "item", "outcome", "level", "reasons"),
    [
        (-4, {}, "skip", None, ["DN-SKP-01"]),
        (-3, {}, "reminder", None, ["DN-PRE-01"]),
        (-2, {"reminded_on": "2026-02-27"}, "skip", None, ["DN-SKP-01", "DN-SKP-09"]),
        (3, {}, "skip", None, ["DN-SKP-01"]),
        (5, {}, "notice", "reminder", ["DN-LVL-01"]),
        (30, {}, "notice", "reminder", ["DN-LVL-01"]),
        (
            30,
            {"dunning_level": 1, "last_dunned_on": "2026-03-10", "interest_charged": "0"},
            "notice",
            "dunning-letter",
            ["DN-LVL-01", "DN-FEE-01", "DN-INT-01"],
        ),
        (
            40,
            {"dunning_level": 2, "last_dunned_on": "2026-03-25", "interest_charged": "0"},
            "notice",
            "order-hold",
            ["DN-LVL-01", "DN-FEE-01", "DN-INT-01", "DN-HLD-01"],
        ),
        (50, {"dunning_level": 3, "last_dunned_on": "2026-04-10"}, "skip", None, ["DN-SKP-09"]),
        (30, {"disputed_amount": "1000.00"}, "skip", None, ["DN-SKP-06"]),
        (30, {"promise_to_pay": {"date": "2026-04-30"}}, "skip", None, ["DN-SKP-07"]),
        (30, {"dunning_block": {"reason": "claim"}}, "skip", None, ["DN-SKP-05"]),
        (30, {"max_dunning_level": 0}, "skip", None, ["DN-CAP-01"]),
        (30, {"open_amount": "5.00"}, "skip", None, ["DN-SKP-03"]),
        (30, {"currency": "USD"}, "skip", None, ["DT-MIS-05"]),
    ],
)
def test_the_path_of_an_invoice_down_the_ladder(
    days: int, item: dict[str, Any], outcome: str, level: str | None, reasons: list[str]
) -> None:
    decision = decided(days, **item)
    assert (decision.outcome["outcome"], decision.outcome["level_name"]) == (outcome, level)
    assert sorted(codes(decision)) == sorted(reasons)


def test_fees_interest_and_the_hold_are_in_the_outcome_with_their_terms() -> None:
    paid = [{"date": "2026-03-22", "amount": "460.00"}]
    sent: dict[str, Any] = {"dunning_level": 2, "last_dunned_on": "2026-03-25", "interest_charged": "0"}
    outcome = decided(40, **sent, open_amount="540.00", partial_payments=paid).outcome
    # 1 % of 540; 1000 for 20 days and 540 for 20 days at 9 % over 365
    assert (outcome["fees"], outcome["interest"], outcome["total_claim"]) == (
        Decimal("5.40"),
        Decimal("7.59"),
        Decimal("552.99"),
    )
    fee, interest = outcome["claims"]
    assert (fee["claim_id"], fee["invoice_id"]) == ("fee:INV-1:2026-04-11:3", "INV-1")
    assert (interest["rate"], interest["basis"], interest["round"]) == (9, "act/365", "total")
    assert outcome["holds"] == [
        {"effect": "hold_orders", "to": None, "level": 3, "release_when": {"en": "every dunned item is paid"}}
    ]
    assert outcome["next_evaluation"] == DUE + dt.timedelta(days=50)


def test_days_of_grace_may_depend_on_the_customer() -> None:
    vip = deepcopy(FACTS)
    vip["customer"]["vip"] = True
    assert decided(10).outcome["outcome"] == "notice"
    assert decided(10, facts=vip).outcome["skips"] == ["DN-SKP-01"]


def test_the_case_and_the_credits_of_the_account_count() -> None:
    facts = deepcopy(FACTS)
    facts["dunning_case"] = {"last_notice_date": "2026-03-20"}
    facts["open_items"][0] |= {"dunning_level": 1, "interest_charged": "2.00"}
    assert decided(27, facts=facts).outcome["skips"] == ["DN-SKP-02"]
    after = decided(28, facts=facts).outcome
    assert (after["claims"][1]["accrued"], after["claims"][1]["amount"]) == (Decimal("6.90"), Decimal("4.90"))
    note = {"invoice_id": "CN", "document_type": "credit_note", "due_date": "2026-03-09", "open_amount": "1000.00"}
    facts["open_items"].append(note)
    assert decided(28, facts=facts).outcome["skips"][0] == "DN-SKP-08"


def test_a_message_goes_by_a_channel_the_customer_has() -> None:
    facts = deepcopy(FACTS)
    facts["customer"]["contact_channels"] = ["letter"]
    (notice,) = decided(5, facts=facts).outcome["notices"]
    assert [message["by"] for message in notice["messages"]] == ["letter"]


# Unknown is not false


@pytest.mark.parametrize(("absent", "missing"), [("consumer", "customer.consumer"), ("open_items", "open_items")])
def test_what_is_unknown_never_lets_a_notice_through(absent: str, missing: str) -> None:
    facts = deepcopy(FACTS)
    (facts if absent in facts else facts["customer"]).pop(absent)
    decision = decided(30, facts=facts)
    assert (decision.outcome["outcome"], decision.outcome["skips"][0]) == ("skip", "DT-MIS-01")
    assert decision.reasons[0].code == "DT-MIS-01"
    assert decision.reasons[0].missing == (missing,)
    assert decision.outcome["for_review"]


def test_a_level_sent_on_a_day_nobody_knows_lets_no_notice_through() -> None:
    decision = decided(30, dunning_level=1)
    assert (decision.outcome["outcome"], decision.outcome["skips"]) == ("skip", ["DT-MIS-01"])
    assert [(reason.code, reason.rule, reason.missing) for reason in decision.reasons] == [
        ("DT-MIS-01", "interval_days", ("open_items[0].last_dunned_on",))
    ]
    assert decision.outcome["for_review"] == [
        {"subject": "", "code": "not_known", "why": {"en": "not known: open_items[0].last_dunned_on"}}
    ]


def test_amounts_of_34_digits_are_dunned_to_the_last_one() -> None:
    most = "9" * 34
    decision = decided(40, dunning_level=2, last_dunned_on="2026-03-25", interest_charged="0", open_amount=most)
    assert decision.outcome["principal"] == Decimal(most)
    assert decision.outcome["interest"] == Decimal("98630136986301369863013698630136.99")


def test_the_sums_of_the_claims_keep_every_digit() -> None:
    facts = deepcopy(FACTS)
    sent = {"due_date": "2026-03-02", "dunning_level": 1, "last_dunned_on": "2026-03-10"}
    owed = {"A": "1" + "0" * 30, "B": "100.00"}
    facts["open_items"] = [{"invoice_id": key, "open_amount": amount, **sent} for key, amount in owed.items()]
    outcome = decided(393, facts=facts).outcome
    accrued = [claim["amount"] for claim in outcome["claims"] if claim["kind"] == "interest"]
    assert accrued == [Decimal("96904109589041095890410958904.11"), Decimal("9.69")]
    assert outcome["interest"] == Decimal("96904109589041095890410958913.80")


def test_a_dispute_is_held_against_every_digit_of_the_open_amount() -> None:
    opened = "1" * 30
    assert decided(30, open_amount=opened, disputed_amount=opened).outcome["skips"] == ["DN-SKP-06"]


def test_a_parameter_without_a_value_on_the_day_is_named() -> None:
    old = deepcopy(FACTS)
    old["open_items"][0]["due_date"] = "2025-03-02"
    dated = ("fee: {type: money, value: 15}", "fee: {type: money, values: [{from: 2026-01-01, value: 15}]}")
    decision = decide(bundle(dated).policies["dunning"], old, dt.date(2025, 4, 11))
    assert decision.outcome["outcome"] == "skip"
    assert [(reason.code, reason.rule, reason.missing) for reason in decision.reasons] == [
        ("DT-MIS-01", "levels[1].fee", ("fee",))
    ]
    assert [item["skips"] for item in decision.outcome["items"]] == [["DT-MIS-01"]]


def test_a_rate_that_is_not_known_for_a_day_leaves_out_the_interest_and_not_the_letter() -> None:
    old = deepcopy(FACTS)
    old["open_items"][0] |= {"due_date": "2025-12-20", "dunning_level": 1, "last_dunned_on": "2026-01-02"}
    decision = decide(bundle().policies["dunning"], old, dt.date(2026, 1, 20))
    assert (decision.outcome["level"], decision.outcome["fees"], decision.outcome["interest"]) == (2, 15, 0)
    assert decision.outcome["for_review"] == [
        {
            "subject": "INV-1",
            "code": "interest_not_known",
            "why": {"en": "interest not charged, not known: rate on 2025-12-21"},
        }
    ]
    named = [(reason.rule, reason.missing) for reason in decision.reasons if reason.code == "DT-MIS-01"]
    assert named == [("interest", ("rate on 2025-12-21",))]


def test_a_ladder_computed_into_nonsense_duns_nobody() -> None:
    decision = decided(30, ("min_days: 19", "min_days: 'if customer.vip then 19 else 4'"))
    assert decision.outcome["skips"] == ["DT-UND-01"]
    assert decision.reasons[0].observed == {"levels[1].min_days": "level 2 must come later than level 1 (5 days)"}
    half = decided(30, ("interval_days: 10", "interval_days: grace / 2"))
    assert (half.outcome["skips"], half.reasons[0].rule) == (["DT-UND-01"], "interval_days")


def test_what_cannot_be_is_a_fault_that_points_at_the_fact() -> None:
    with pytest.raises(Fault) as fault:
        decided(30, disputed_amount="1000.01")
    assert [misfit.pointer for misfit in fault.value.misfits] == ["/open_items/0/disputed_amount"]


# What a policy may not say


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ([("    escalation: step\n", "")], None, "`escalation` is missing"),
        ([("min_days: 19", "min_days: 5")], "5", "must come later than `reminder` (5 days)"),
        ([("min_days: 5\n        min_amount", "min_days: -5\n        min_amount")], "-5", "may not be negative"),
        ([("interval_days: 10", "interval_days: 2.5")], "2.5", "days are counted whole"),
        ([("tolerance: 5", "tolerance: -1")], "-1", "may not be negative"),
        ([("min_amount: 25", "min_amount: -25")], "-25", "may not be negative"),
        ([("min_pct: 5", "min_pct: -5")], "-5", "may not be negative"),
        ([("days: -3", "days: 0")], "0", "a reminder comes before the due date"),
        ([("days: -3", "days: -3, fee: {fixed: 5, per: notice}")], "fee", "unknown key `fee`"),
        ([(", release_when: every dunned item is paid", "")], None, "`release_when` is missing"),
        ([("fixed: fee, per", "fixed: fee, percent: 1, per")], None, "one of `fixed`, `percent` and `bands`"),
        ([("fixed: fee, per", "fixed: 15, cap: 5, per")], "cap", "`cap` bounds nothing that is computed"),
        ([("effect: hold_orders", "effect: set_payment_terms")], "set_payment_terms", "must say `to` what"),
        ([("effect: hold_orders", "effect: hold_orders, to: me")], "to", "sets nothing"),
        ([("level: order-hold", "level: reminder")], "reminder", "stands twice"),
        ([("reason: DN-SKP-12", "reason: DN-SKP-05")], "DN-SKP-05", "is not known here"),
        ([("credits: net", "credits: nett")], "nett", None),
        ([("basis: act/365", "basis: 365")], "365", None),
        ([("items: open_items", "items: customer")], "customer", "must be a list of records"),
        ([("items: open_items", "items: 'open_items[open_amount > 0]'")], None, "must be the name of a fact"),
        ([("due_date: date", "due_on: date")], "open_items", "has no `due_date`"),
        ([("open_amount: money", "open_amount: money?")], "open_items", "dunning cannot do without it"),
        ([("disputed_amount: money?", "disputed_amount: text?")], "open_items", "but dunning reads money (EUR)"),
        ([("fixed: fee", "fixed: grace")], "grace", None),
        ([("rate: rate, basis", "rate: fee, basis")], "fee", None),
        (
            [("    interest: {rate: rate, basis: act/365, round: total, min_interest: 1}\n", "")],
            "true",
            "no terms are stated",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_at_its_place(changes: list[tuple[str, str]], place: str | None, said: str | None) -> None:
    with pytest.raises(Refused) as refused:
        bundle(*changes)
    found = refused.value.diagnostics
    assert said is None or any(said in diagnostic.message for diagnostic in found), found
    if place is not None:
        spans = [diagnostic.span for diagnostic in found]
        assert place in [span.source.text[span.start : span.end] for span in spans], spans


def test_interest_terms_that_no_level_uses_are_a_warning() -> None:
    idle = bundle(("        fee: {fixed: fee, per: notice}\n        interest: true\n", ""),
                  ("per: invoice}\n        interest: true\n", "per: invoice}\n"))  # fmt: skip
    assert sum("no level bears interest" in warning.message for warning in idle.warnings) == 1


# The outcome is of the type stated, which policies that need it are checked against


@pytest.mark.parametrize(("days", "item"), [
    (-3, {}), (40, {"dunning_level": 2, "last_dunned_on": "2026-03-25", "interest_charged": "0"}),
    (40, {"dunning_level": 2}), (30, {"disputed_amount": "1000"}),
])  # fmt: skip
def test_the_outcome_has_the_shape_its_type_states(days: int, item: dict[str, Any]) -> None:
    policy = bundle().policies["dunning"]
    assert shaped(decided(days, **item).outcome, policy.outcome)


def shaped(value: object, type_: Type) -> bool:
    match type_:
        case _ if value is None:
            return type_.nullable
        case ContextOf(fields=fields):
            return (
                isinstance(value, dict)
                and list(value) == [name for name, _ in fields]
                and all(shaped(value[name], inner) for name, inner in fields)
            )
        case ListOf(item=inner):
            return isinstance(value, list) and all(shaped(entry, inner) for entry in value)
        case _:
            return isinstance(value, (str, bool, Decimal, dt.date))
