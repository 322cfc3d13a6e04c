"""Whom a decision is about: the fact that the policy file marks, what it may be, and which one counts."""

from __future__ import annotations

import datetime as dt

import pytest

from api.recording import subject_of
from engine import decide
from engine.decision import Fault
from engine.facts import MAX_SUBJECT
from engine.facts_schema import facts_schema
from policies import load
from policies.diagnostics import Code, Refused
from policies.ir import Bundle
from policies.source import decode

POLICY = """\
writ: 1
bundle: two-sides
reporting_currency: EUR
facts:
  supplier: {optional: true, fields: {supplier_id: {type: text, subject: true}}}
  customer: {optional: true, fields: {customer_id: {type: text, subject: true}, name: text?}}
policies:
  any:
    kind: decision
    title: {en: Any}
    outcome:
      known: customer.customer_id != null
"""
DAY = dt.date(2026, 3, 1)


def loaded(text: str = POLICY) -> Bundle:
    return load(decode("policies.yaml", text.encode()))


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"customer": {"customer_id": "C-1"}}, ("customer.customer_id", "C-1")),
        ({"customer": {"customer_id": "C-1"}, "supplier": {"supplier_id": "S-1"}}, ("supplier.supplier_id", "S-1")),
        ({"supplier": None, "customer": {"customer_id": "C-1"}}, ("customer.customer_id", "C-1")),
        ({"customer": {"name": "C-1"}}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_the_first_marked_fact_that_was_sent_counts(facts: dict[str, object], found: object) -> None:
    assert subject_of(loaded().facts, facts) == found


def test_only_a_text_can_be_marked() -> None:
    with pytest.raises(Refused) as refused:
        loaded(POLICY.replace("{type: text, subject: true}, name", "{type: number, subject: true}, name"))
    [found] = refused.value.diagnostics
    assert (found.code, found.span.line) == (Code.SHAPE, 6)
    assert "`subject` marks a text" in found.message


def test_it_is_no_longer_than_an_index_takes() -> None:
    policy = loaded().policies["any"]
    decide(policy, {"customer": {"customer_id": "x" * MAX_SUBJECT}}, DAY)
    with pytest.raises(Fault) as fault:
        decide(policy, {"customer": {"customer_id": "x" * (MAX_SUBJECT + 1)}}, DAY)
    [misfit] = fault.value.misfits
    assert (misfit.code, misfit.pointer) == ("fact_text", "/customer/customer_id")
    assert f"'maxLength': {MAX_SUBJECT}" in str(facts_schema(policy.facts, policy.reads))
