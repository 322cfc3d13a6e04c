"""What the customer is told it must still send, what never, and of what it is asked to pay in advance."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from engine import decide
from engine.decision import Decision
from policies import load
from policies.source import decode

AS_OF = dt.date(2026, 3, 2)
DOCUMENTS = Path(__file__).parent / "corpus" / "credit-documents" / "policy.yaml"

GATE = """\
writ: 1
bundle: gate
reporting_currency: USD
facts:
  ours: boolean
  accounts:
    optional: true
    from_customer: true
    title: annual accounts
    fields: {net_income: money?, assets: {type: money, optional: true, title: total assets}, debts: money?}
  customer: {fields: {on_hold: boolean?, legal_form: {type: text, optional: true, from_customer: true}}}
policies:
  gate:
    kind: credit
    title: Gate
    default: approve
    missing: refer
    rules:
      - {rule: stop, when: 'WHEN', then: decline, reason: CR-HLD-01}
      - {rule: prepay, when: ours, then: approve_with_conditions, reason: CD-PRE-01, conditions: {ASKED}}
"""


def told(
    when: str, *, asked: str = "prepayment_pct: 100", ours: bool = False, **facts: Any
) -> tuple[Decision, list[str]]:
    found = load(decode("gate.yaml", GATE.replace("WHEN", when).replace("ASKED", asked).encode()))
    decision = decide(found.policies["gate"], {"customer": {}, "ours": ours} | facts, AS_OF)
    return decision, decision.customer_text.get("en", "").splitlines()


OUR_OWN = "We are still completing our own records."


@pytest.mark.parametrize(
    ("when", "accounts", "still_needed"),
    [
        ("accounts.assets < 5", None, ["Still needed: total assets."]),
        ("accounts.assets < 5", {}, ["Still needed: total assets."]),
        ("accounts.net_income < 5", {}, ["Still needed: net income."]),
        ('customer.legal_form = "trust"', {}, ["Still needed: legal form."]),
        ("customer.on_hold", {}, [OUR_OWN]),
        ("customer.on_hold and accounts.assets < 5", {}, ["Still needed: total assets.", OUR_OWN]),
    ],
)
def test_only_what_the_customer_supplies_is_named_to_it(
    when: str, accounts: dict[str, Any] | None, still_needed: list[str]
) -> None:
    _, lines = told(when, accounts=accounts)
    assert lines[1 : lines.index("The main reasons:")] == still_needed
    asked_to_send = any("Send the figure or document named" in line for line in lines)
    assert asked_to_send == (still_needed != [OUR_OWN])


def test_that_something_could_not_be_computed_is_told_only_where_nothing_else_is() -> None:
    ratio, zero = "accounts.assets / accounts.debts < 1", {"assets": "1", "debts": "0"}
    alone, _ = told(ratio, accounts=zero)
    assert alone.principal_reasons == ("DT-UND-01",)
    beside, _ = told(f"{ratio} or customer.on_hold", accounts=zero)
    assert [reason.code for reason in beside.reasons] == ["DT-MIS-01", "DT-UND-01"]
    assert beside.principal_reasons == ("DT-MIS-01",)


def test_an_amount_in_another_currency_leads_by_itself() -> None:
    found = load(decode("policy.yaml", DOCUMENTS.read_bytes()))
    case = next(each for each in found.tests if each.name == "other-currency")
    decision = decide(found.policies[case.policy], case.facts, case.as_of)
    [reason] = decision.reasons
    assert (reason.code, reason.then, reason.rule) == ("DT-MIS-05", "refer", "documents[1]")
    assert reason.observed["currency"] == "USD"
    assert decision.principal_reasons == ("DT-MIS-05",)


GROUP = """\
writ: 1
bundle: group
reporting_currency: USD
facts:
  members: {type: list, fields: {customer_id: text, exposure: money, currency: text}}
  paid: money
policies:
  order-check:
    kind: credit
    title: Order of a member
    exposure: {components: {owed: "0"}}
    limit: {current: "100", none_set: refer}
    order: {amount: "10", included_in_exposure: "false", prepaid: paid, over_limit: decline}
    group: {when: "true", limit: "500", none_set: refer, members: {of: members}, over_limit: refer}
    default: approve
    missing: refer
"""


@pytest.mark.parametrize(("paid", "codes"), [("0", ["DT-MIS-05"]), ("10", [])])
def test_so_does_that_of_a_member_of_the_group_unless_the_order_needs_no_credit(paid: str, codes: list[str]) -> None:
    found = load(decode("group.yaml", GROUP.encode()))
    members = [{"customer_id": "A", "exposure": "5", "currency": "EUR"}]
    decision = decide(found.policies["order-check"], {"members": members, "paid": paid}, AS_OF)
    assert decision.outcome["group_exposure"] is None
    assert [reason.code for reason in decision.reasons] == codes
    assert list(decision.principal_reasons) == codes


def test_payment_in_full_in_advance_alone_is_no_offer_of_credit() -> None:
    _, lines = told("accounts.assets < 5", ours=True, accounts={"assets": "9"})
    assert lines[:2] == [
        "We can supply you against payment in full in advance; please tell us whether you accept this.",
        "The main reasons:",
    ]


@pytest.mark.parametrize("asked", ["prepayment_pct: 99", 'prepayment_pct: 100, guarantee: "true"'])
def test_any_other_condition_is_one_of_credit(asked: str) -> None:
    _, lines = told("accounts.assets < 5", asked=asked, ours=True, accounts={"assets": "9"})
    assert lines[0].startswith("We can grant credit on the following conditions")
