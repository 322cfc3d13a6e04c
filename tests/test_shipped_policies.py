"""The policies shipped in policies.yaml: their own cases, and that leaving a fact out never wins an approval."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine import decide
from engine.cases import run_cases
from engine.decision import Decision, Fault, Status
from policies import load
from policies.ir import Bundle, Case
from policies.kinds.credit import OUTCOMES
from policies.source import decode

ROOT = Path(__file__).parent.parent
Step = str | int
APPROVALS = ("approve", "approve_with_conditions")


@cache
def shipped() -> Bundle:
    """The shipped bundle."""
    path = ROOT / "policies.yaml"
    return load(decode(path.name, path.read_bytes()))


def every_path(facts: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Every place of a facts document that can be taken out: members of objects at any depth, items of lists."""
    entries: Iterator[tuple[Step, Any]] = iter(())
    match facts:
        case Mapping():
            entries = ((key, value) for key, value in facts.items())
        case list():
            entries = enumerate(facts)
    for step, value in entries:
        if isinstance(step, str):
            yield (*path, step)
        yield from every_path(value, (*path, step))


def without(facts: Mapping[str, Any], path: tuple[Step, ...]) -> dict[str, Any]:
    """The facts less what stands at the path."""
    left: Any = copy.deepcopy(dict(facts))
    place = left
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return dict(left)


def decided(case: Case, facts: Mapping[str, Any]) -> Decision | None:
    """The case's policy on other facts; None for a Fault."""
    try:
        return decide(shipped().policies[case.policy], facts, case.as_of)
    except Fault:
        return None


def of_kind(kind: str) -> list[Case]:
    """The cases of the policies of a kind."""
    return [case for case in shipped().tests if shipped().policies[case.policy].kind == kind]


OLD_DEBT = {"invoice_id": "INV-1", "document_type": "invoice", "open_amount": "12000", "currency": "USD"}
ONE_THING_WRONG: list[tuple[str, dict[str, Any]]] = [
    ("order-approved", {"customer": {"insolvency_status": "petition"}}),
    ("order-approved", {"customer": {"legal_proceedings": "pending"}}),
    ("order-approved", {"customer": {"credit_hold": {"active": True, "valid_to": "2026-03-02"}}}),
    ("order-approved", {"open_items": [OLD_DEBT | {"due_date": "2025-10-01"}]}),
    ("order-approved", {"open_items": [OLD_DEBT | {"due_date": "2026-01-11"}]}),
    ("order-approved", {"open_items": [OLD_DEBT | {"due_date": "2026-02-15"}]}),
    ("order-approved", {"open_items": [OLD_DEBT | {"due_date": "2026-02-15", "disputed_amount": "9000"}]}),
    (
        "order-approved",
        {
            "open_items": [
                OLD_DEBT | {"due_date": "2026-02-15", "promise_to_pay": {"date": "2026-02-20", "status": "broken"}},
                OLD_DEBT | {"due_date": "2026-05-15", "invoice_id": "CN-1", "document_type": "credit_note"},
            ]
        },
    ),
    ("order-approved", {"open_items": [OLD_DEBT | {"due_date": "2026-03-20", "currency": "CAD"}]}),
    (
        "order-approved",
        {"payment_history": {"broken_promises": 2}, "open_items": [OLD_DEBT | {"due_date": "2026-03-01"}]},
    ),
    ("order-approved", {"credit_account": {"currency": "CAD"}}),
    ("order-approved", {"credit_account": {"limit_valid_to": "2026-03-01"}}),
    ("order-approved", {"credit_account": {"credit_limit": "0"}}),
    ("order-approved", {"credit_account": {"exposure": {"open_orders": "40000"}}}),
    ("order-approved", {"credit_account": {"exposure": {"open_deliveries": "40000"}}}),
    ("order-approved", {"credit_account": {"exposure": {"unbilled": "40000"}}}),
    ("order-approved", {"credit_account": {"exposure": {"open_items": "9000"}}}),
    ("order-approved", {"order": {"amount": "40000"}}),
    ("order-approved", {"order": {"amount": "40000", "prepaid_amount": "1000"}}),
    ("order-approved", {"order": {"amount": "300000", "prepaid_amount": "300000"}}),
    ("order-approved", {"order": {"currency": "EUR"}}),
    ("limit-by-need", {"customer": {"insolvency_status": "proceedings"}}),
    ("limit-by-need", {"customer": {"legal_proceedings": "judgment"}}),
    ("limit-by-need", {"customer": {"credit_hold": {"active": True}}}),
    ("limit-by-need", {"credit_account": {"currency": "CAD"}}),
    ("limit-by-need", {"open_items": [OLD_DEBT | {"due_date": "2026-02-10"}]}),
    (
        "limit-by-need",
        {"financials": {"shareholders_equity": "-200000", "total_liabilities": "1700000", "ebit": "900000"}},
    ),
    ("limit-by-need", {"financials": {"intangible_assets": "900000"}}),
    ("limit-by-need", {"financials": {"current_assets": "100000", "retained_earnings": "-900000"}}),
    ("limit-by-need", {"financials": {"period_end": "2024-06-30"}}),
    ("limit-by-need", {"financials": {"total_assets": "1600000"}}),
    ("limit-by-need", {"financials": {"currency": "EUR"}}),
    ("limit-by-need", {"financials": {"audited": False}, "transactions": {"revenue": "500000"}}),
    (
        "limit-small-account",
        {
            "customer": {"years_in_business": "1"},
            "payment_history": {"weighted_dbt": "25", "on_time_amount_ratio": "0.2"},
        },
    ),
    (
        "limit-small-account",
        {
            "customer": {"years_in_business": "1"},
            "payment_history": {"weighted_dbt": "45", "on_time_amount_ratio": "0.2"},
        },
    ),
]
"""An approved case, and one thing that turns it into a refusal."""


def laid_on(facts: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """The facts with others laid on them; lists are replaced."""
    both = dict(facts)
    for key, value in over.items():
        old = both.get(key)
        both[key] = laid_on(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return both


class TestItself:
    def test_is_accepted_without_a_warning(self) -> None:
        assert [warning.message for warning in shipped().warnings] == []

    def test_every_case_comes_out_as_expected(self) -> None:
        failed = [(result.case.name, result.differences) for result in run_cases(shipped()).failed]
        assert failed == []

    def test_every_rule_row_band_and_level_is_reached(self) -> None:
        assert run_cases(shipped()).unreached == ()

    def test_every_level_and_reminder_is_reached(self) -> None:
        decisions = [decided(case, case.facts) for case in of_kind("dunning")]
        steps = [step for decision in decisions if decision is not None for step in decision.trace]
        written = {(step.part, step.name) for step in steps if step.part in {"level", "reminder"}}
        fired = {(step.part, step.name) for step in steps if step.status is Status.FIRED}
        assert len(written) == 5
        assert written <= fired

    def test_every_text_stands_in_three_languages(self) -> None:
        bundle = shipped()
        texts = [policy.title for policy in bundle.policies.values()]
        texts += [reason.text for policy in bundle.policies.values() for reason in policy.reason_texts.values()]
        assert all(set(text) == {"en", "zh-Hans", "zh-Hant"} for text in texts)

    def test_every_figure_has_a_source(self) -> None:
        parameters = {p.name: p for policy in shipped().policies.values() for p in policy.parameters}
        assert [p.name for p in parameters.values() if not all(dated.source for dated in p.values)] == []


class TestUnknownIsNotFalse:
    """Domain: a knock-out that is unknown never lets an approval through."""

    @pytest.mark.parametrize("case", of_kind("credit"), ids=lambda case: case.name)
    def test_leaving_a_fact_out_wins_no_approval(self, case: Case) -> None:
        base = decided(case, case.facts)
        assert base is not None
        if base.outcome["decision"] in APPROVALS:
            return
        for path in every_path(case.facts):
            less = decided(case, without(case.facts, path))
            assert less is None or less.outcome["decision"] not in APPROVALS, f"approved without {path}"

    @pytest.mark.parametrize(("name", "wrong"), ONE_THING_WRONG)
    def test_leaving_out_the_one_thing_that_is_wrong_wins_no_approval(self, name: str, wrong: dict[str, Any]) -> None:
        case = next(case for case in shipped().tests if case.name == name)
        good, facts = decided(case, case.facts), laid_on(case.facts, wrong)
        bad = decided(case, facts)
        assert good is not None
        assert bad is not None
        assert good.outcome["decision"] == "approve"
        assert bad.outcome["decision"] not in APPROVALS
        for path in every_path(facts):
            less = decided(case, without(facts, path))
            assert less is None or less.outcome["decision"] not in APPROVALS, f"approved without {path}"

    @pytest.mark.parametrize("case", of_kind("credit"), ids=lambda case: case.name)
    def test_a_milder_refusal_says_what_was_missing(self, case: Case) -> None:
        """A decline may become a referral to a person, who is then told what to look for."""
        base = decided(case, case.facts)
        assert base is not None
        for path in every_path(case.facts):
            less = decided(case, without(case.facts, path))
            if less is None or OUTCOMES.index(less.outcome["decision"]) >= OUTCOMES.index(base.outcome["decision"]):
                continue
            named = [missing for reason in less.reasons for missing in reason.missing]
            assert base.outcome["decision"] != "decline" or named, f"milder without {path}, and nothing is said"

    def test_leaving_two_facts_out_wins_no_approval(self) -> None:
        for case in of_kind("credit"):
            base = decided(case, case.facts)
            assert base is not None
            if base.outcome["decision"] in APPROVALS:
                continue
            wide = [path for path in every_path(case.facts) if len(path) <= 1 or path[0] in {"customer", "order"}]
            for one, other in itertools.combinations(wide, 2):
                facts = without(case.facts, one)
                if other[: len(one)] == one:
                    continue
                less = decided(case, without(facts, other))
                assert less is None or less.outcome["decision"] not in APPROVALS, (case.name, one, other)

    @pytest.mark.parametrize("case", of_kind("classification"), ids=lambda case: case.name)
    def test_leaving_a_figure_out_makes_no_vip(self, case: Case) -> None:
        base = decided(case, case.facts)
        assert base is not None
        if base.outcome["base_class"] == "vip":
            return
        for path in every_path(case.facts):
            less = decided(case, without(case.facts, path))
            assert less is None or less.outcome["base_class"] != "vip", f"a VIP without {path}"

    def test_nothing_but_a_name_is_not_an_approval(self) -> None:
        facts = {"customer": {"customer_id": "1"}}
        for case in of_kind("credit"):
            answer = decided(case, facts)
            assert answer is not None
            assert answer.outcome["decision"] not in APPROVALS
            assert "customer.insolvency_status" in json.dumps(answer.to_json())
