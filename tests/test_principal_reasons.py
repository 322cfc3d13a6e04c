"""What the customer is told: which reasons, in which order, in which words, and what never."""
# ruff: noqa: RUF001 (full-width punctuation is how Chinese is written)

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.audit.canonical import canonical
from api.cli import app
from api.wire import DecisionReason
from engine import decide
from engine.cases import run_cases
from engine.decision import DOMAINS, Decision, Reason
from engine.principal import MOST
from engine.required import opposite
from policies import load
from policies.blocks import standard_reasons
from policies.feel.parser import parse_expression
from policies.feel.printer import print_expression
from policies.ir import Bundle, Policy
from policies.reason_codes import banned_in
from policies.source import decode
from tests.strategies import documents, facts_of
from tests.strategies import text_of as json_of

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "tests" / "corpus"
AS_OF = dt.date(2026, 3, 2)


@cache
def bundle(path: Path) -> Bundle:
    return load(decode(path.name, path.read_bytes()))


def policy(name: str, folder: str = "principal-reasons") -> Policy:
    return bundle(CORPUS / folder / "policy.yaml").policies[name]


GRID: dict[str, list[Any]] = {
    "insolvency": [None, "none", "open"],
    "held": [False, True],
    "listed": [None, False, True],
    "days_late": ["-5", "20", "60"],
    "paid_on_time": ["0", "1"],
    "current_ratio": ["0.5", "2"],
    "years": [None, "1"],
    "owed": ["0", "39500", "50000"],
    "amount": ["1000", "16000", "60000"],
}
"""Facts on either side of every threshold of the corpus policy `principal-reasons`."""


@cache
def all_decisions(name: str) -> tuple[tuple[dict[str, Any], Decision], ...]:
    facts = [dict(zip(GRID, values, strict=True)) for values in itertools.product(*GRID.values())]
    return tuple((each, decide(policy(name), each, AS_OF)) for each in facts)


def cases() -> Iterator[tuple[Bundle, Decision]]:
    """Every case of the shipped policies and of the corpus, decided."""
    for path in [ROOT / "policies.yaml", *sorted(CORPUS.glob("*/policy.yaml"))]:
        if not path.parent.name.startswith("refused-"):
            found = bundle(path)
            yield from ((found, decide(found.policies[case.policy], case.facts, case.as_of)) for case in found.tests)


def check_principal(decision: Decision) -> None:
    """Domain section 5, rules 1 to 4, on one decision."""
    codes = decision.principal_reasons
    assert len(codes) <= MOST
    assert len(set(codes)) == len(codes)
    told = [next(reason for reason in decision.reasons if reason.code == code) for code in codes]
    assert all(reason.disclosable for reason in told)
    outcome = decision.outcome.get("decision", decision.outcome.get("class"))
    assert all(any(led_to(reason, outcome) for reason in decision.reasons if reason.code == code) for code in codes)
    assert [reason.rank for reason in decision.reasons] == list(range(1, len(decision.reasons) + 1))
    assert is_in_order(codes, [reason.code for reason in decision.reasons])
    lost = [reason.points_lost for reason in decision.reasons if reason.points_lost is not None]
    assert lost == sorted(lost, reverse=True)
    if decision.kind not in {"credit", "classification"} or outcome == "approve":
        assert codes == ()


def led_to(reason: Reason, outcome: object) -> bool:
    """A rule's own doing, or something that lies behind one."""
    return reason.then in {None, outcome}


def is_in_order(codes: tuple[str, ...], among: list[str]) -> bool:
    """Whether the codes stand among others in this order."""
    rest = iter(among)
    return all(any(code == other for other in rest) for code in codes)


@pytest.mark.parametrize("name", ["terms", "tier"])
def test_every_decision_tells_at_most_four_that_led_to_it_in_order(name: str) -> None:
    decisions = all_decisions(name)
    for _, decision in decisions:
        check_principal(decision)
    assert {len(decision.principal_reasons) for _, decision in decisions} >= (
        {0, 1, 2, 3, 4} if name == "terms" else {0, 1, 2}
    )


def test_the_check_sees_one_too_many_one_that_may_not_be_told_one_that_did_not_lead_and_a_wrong_order() -> None:
    """The control: each of the ways to tell something else turns the tests red."""
    facts = {"insolvency": "open", "held": True, "listed": True, "days_late": "60", "paid_on_time": "0"}
    decision = decide(policy("terms"), facts | {"current_ratio": "0", "owed": "0", "amount": "60000"}, AS_OF)
    check_principal(decision)
    first, second, *_ = codes = decision.principal_reasons
    wrong = [(*codes, "CR-PAY-02"), ("MY-INT-01",), ("CR-EXP-01",), (second, first), (first, first)]
    for each in wrong:
        with pytest.raises(AssertionError):
            check_principal(replace(decision, principal_reasons=each))


def test_so_do_all_cases_of_the_shipped_policies_and_the_corpus() -> None:
    seen = 0
    for _, decision in cases():
        check_principal(decision)
        assert decision.principal_reasons or decision.outcome.get("decision") != "decline"
        seen += bool(decision.principal_reasons)
    assert seen > 20


@given(data=st.data())
def test_no_policy_declines_without_telling_why(data: st.DataObject) -> None:
    doc = data.draw(documents("credit"))
    found = load(decode("made.yaml", json_of(doc).encode())).policies["p"]
    decision = decide(found, data.draw(facts_of(found.facts)), AS_OF)
    check_principal(decision)
    told = {"decline": 1, "approve": 0}.get(str(decision.outcome["decision"]))
    assert told is None or bool(decision.principal_reasons) == bool(told)


def test_what_was_adverse_and_has_a_reason_to_tell_tells_one() -> None:
    for facts, decision in all_decisions("terms"):
        leads = [reason for reason in decision.reasons if reason.then == decision.outcome["decision"]]
        adverse = decision.outcome["decision"] != "approve"
        assert bool(decision.principal_reasons) == (adverse and any(reason.disclosable for reason in leads)), facts


def test_knock_outs_stand_before_factors_and_factors_before_conditions_bindings_and_gaps() -> None:
    order = ["knockout", "score_factor", "condition", "limit_binding", "data"]
    for _, decision in all_decisions("terms"):
        kinds = [
            next(reason.kind for reason in decision.reasons if reason.code == code)
            for code in decision.principal_reasons
        ]
        assert [order.index(kind) for kind in kinds] == sorted(order.index(kind) for kind in kinds)


def text_problems(found: Policy, decision: Decision, languages: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the text for the customer of one credit decision."""
    adverse = decision.outcome["decision"] != "approve"
    if set(decision.customer_text) != (set(languages) if adverse else set()):
        yield f"texts in {list(decision.customer_text)}"
    for language, text in decision.customer_text.items():
        sentences = found.adverse_action[language]
        for reason in decision.reasons:
            words = reason.text.get(language) or next(iter(reason.text.values()))
            if reason.code in decision.principal_reasons and words.rstrip(".。") not in text:
                yield f"{reason.code} is not told in {language}"
            if not reason.disclosable and words in text:
                yield f"{reason.code} is told in {language}"
        if sentences["right"] not in text or banned_in(text) or "{" in text:
            yield text


def test_the_text_is_there_in_every_language_of_the_document_and_tells_what_may_be_told() -> None:
    for _, decision in all_decisions("terms"):
        assert list(text_problems(policy("terms"), decision, ("en", "zh-Hans", "zh-Hant"))) == []
    for found, decision in cases():
        if decision.kind == "credit":
            of = found.policies[decision.policy]
            assert list(text_problems(of, decision, found.languages)) == [], (found.name, decision.policy)
        else:
            assert decision.customer_text == {}


def test_the_text_holds_no_figure_but_those_of_the_conditions() -> None:
    for _, decision in all_decisions("terms"):
        offered = {f"{value:,f}" for value in decision.outcome["conditions"].values()}
        for language, text in decision.customer_text.items():
            fixed = policy("terms").adverse_action[language]["right"]
            figures = set(
                re.findall(r"\d[\d,.]*\d|\d", re.sub(r"^\d\. ", "", text.replace(fixed, ""), flags=re.MULTILINE))
            )
            assert figures <= (offered if decision.outcome["decision"] == "approve_with_conditions" else set()), text


def text_of(facts: dict[str, Any], language: str, folder: str = "adverse-action-sentences", name: str = "gate") -> str:
    return decide(policy(name, folder), facts, AS_OF).customer_text[language]


def test_a_counter_offer_in_the_documents_own_words_rounded_so_that_nothing_is_promised_in_vain() -> None:
    facts = {"held": False, "share": "12.34567"}
    assert text_of(facts, "en").splitlines() == [
        "We can grant credit on the following conditions; please tell us whether you accept them:",
        "- no more than JPY 123,456",
        "The main reasons:",
        "1. Smaller amount of credit offered than asked for.",
        "Write to credit@example.com within 60 days to have these reasons in writing.",
    ]
    assert text_of(facts, "zh-Hans").splitlines() == [
        "我方可在下列条件下给予贵公司赊销，请告知是否接受：",
        "- 不超过 JPY 123,456",
        "主要理由：",
        "1. 给予的赊销金额低于申请金额。",
        "贵公司可在60日内致函我方索取书面理由。",
    ]


def test_a_refusal_has_each_reason_with_what_can_be_done() -> None:
    assert text_of({"held": True, "share": "100"}, "en").splitlines() == [
        "We regret that we cannot supply you on credit.",
        "The main reasons:",
        "1. Account is on hold for new credit. Contact us to settle the cause of the hold.",
        "Write to credit@example.com within 60 days to have these reasons in writing.",
    ]


def test_a_referral_names_what_is_missing_by_its_title() -> None:
    facts = {name: values[0] for name, values in GRID.items()} | {
        "listed": False,
        "paid_on_time": "1",
        "current_ratio": "2",
        "years": "9",
    }
    told = text_of(facts, "zh-Hant", "principal-reasons", "terms").splitlines()
    assert told[:2] == ["貴公司的申請尚未作成決定，現由專人審核中。", "尚需提供：破產狀態。"]


def test_what_only_a_rule_that_may_not_be_told_asks_for_is_not_named_as_missing() -> None:
    for facts, decision in all_decisions("terms"):
        told = decision.customer_text.get("en", "")
        assert "on our list" not in told
        referred = decision.outcome["decision"] == "refer"
        assert ("Still needed: insolvency" in told) == (facts["insolvency"] is None and referred)


def test_a_reason_says_what_would_have_had_to_be_otherwise_and_on_which_facts_it_rests() -> None:
    facts = {name: values[0] for name, values in GRID.items()} | {"insolvency": "none", "days_late": "60"}
    decision = decide(policy("terms"), facts | {"years": "1"}, AS_OF)
    told = {reason["code"]: reason for reason in decision.to_json()["reasons"]}
    weak = told["MY-SCR-01"]
    assert (weak["required"], weak["observed"], weak["rank"]) == ("score >= 40", {"score": "0"}, 1)
    assert weak["fact_paths"] == ["days_late", "paid_on_time", "current_ratio", "years"]
    assert "hint" not in weak
    assert "domain" not in weak
    late = told["CR-PAY-01"]
    assert (late["required"], late["domain"], late["points_lost"]) == ("days_late <= 0", "credit", "40")
    assert late["hint"]["zh-Hans"] == "请在到期日前付清发票"
    assert "fact_paths" not in late
    for reason in told.values():
        DecisionReason.model_validate(reason)


def test_every_area_of_the_standard_codes_has_a_domain() -> None:
    assert {code.partition("-")[0] for code in standard_reasons().codes} == set(DOMAINS)


def test_a_decision_goes_into_a_record_the_same_whenever_it_is_made() -> None:
    for facts, decision in all_decisions("terms")[::97]:
        assert canonical(decide(policy("terms"), facts, AS_OF).to_json()) == canonical(decision.to_json())


CONDITIONS = """\
writ: 1
bundle: opposites
reporting_currency: USD
facts: {{a: number?, b: number?, yes: boolean?}}
policies:
  p:
    kind: decision
    title: P
    outcome:
      one: {{is: {0}, otherwise: null}}
      other: {{is: {1}, otherwise: null}}
"""


@pytest.mark.parametrize(
    ("condition", "required"),
    [
        ("a > 1", "a <= 1"),
        ("a >= 1 and b = 2", "a < 1 or b != 2"),
        ("a < b or not(yes)", "a >= b and yes"),
        ("yes and (a <= 1 or b != 2)", "not(yes) or a > 1 and b = 2"),
        ("a = null", "a != null"),
        ("a between 1 and 2", "not(a between 1 and 2)"),
    ],
)
def test_the_opposite_holds_exactly_where_the_condition_fails(condition: str, required: str) -> None:
    printed = print_expression(opposite(parse_expression(condition)))
    assert printed == required
    found = load(decode("p.yaml", CONDITIONS.format(condition, printed).encode())).policies["p"]
    for a, b, yes in itertools.product([None, "0", "1", "2", "3"], [None, "1", "2"], [None, True, False]):
        outcome = decide(found, {"a": a, "b": b, "yes": yes}, AS_OF).outcome
        assert outcome["other"] is (None if outcome["one"] is None else not outcome["one"])


class TestCommandLine:
    def told(self, *words: str) -> Any:
        path = CORPUS / "adverse-action-sentences" / "policy.yaml"
        asked = json.dumps({"facts": {"held": "--held" in words, "share": "100"}})
        options = [word for word in words if word != "--held"]
        return CliRunner().invoke(
            app, ["decide", "gate", "--facts", "-", "--policies", str(path), *options], input=asked
        )

    def test_the_tree_shows_what_the_customer_is_told_before_all_reasons(self) -> None:
        told = self.told("--held").stdout
        assert told.index("principal reasons") < told.index("1. CR-HLD-01") < told.index("\nreasons")
        assert "→ Contact us to settle the cause of the hold" in told

    def test_the_text_for_the_customer_is_printed_alone(self) -> None:
        told = self.told("--held", "--customer-text", "--lang", "zh-Hans")
        assert told.stdout == text_of({"held": True, "share": "100"}, "zh-Hans") + "\n"

    def test_an_approval_has_nothing_to_tell(self) -> None:
        told = self.told("--customer-text")
        assert (told.exit_code, told.stdout) == (1, "")
        assert "there is nothing to tell the customer" in told.stderr

    def test_a_language_that_the_document_does_not_speak(self) -> None:
        told = self.told("--held", "--customer-text", "--lang", "zh-Hant")
        assert told.exit_code == 1
        assert "they have: en, zh-Hans" in told.stderr


def test_a_case_that_expects_other_principal_reasons_fails() -> None:
    text = (CORPUS / "adverse-action-sentences" / "policy.yaml").read_text(encoding="utf-8")
    wrong = text.replace("principal_reasons: [CR-HLD-01]", "principal_reasons: [CR-HLD-01, CR-OVD-01]")
    [failed] = run_cases(load(decode("policy.yaml", wrong.encode()))).failed
    assert failed.differences == ("principal_reasons: expected CR-HLD-01, CR-OVD-01, got CR-HLD-01",)
