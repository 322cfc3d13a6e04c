"""Letters: whole texts in three languages as a golden file, and every way a text can lack something."""
# ruff: noqa: RUF001 (full-width signs are how Chinese is written)

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rich.console import Console

from api.tree import render_decision
from engine.decide import decide
from engine.decision import Decision, Fault, Status
from engine.dunning.wording import amount_in
from engine.outcome_schema import outcome_schema
from policies.check import load
from policies.ir import Policy
from policies.kinds.blanks import BLANKS, Hole, Slip, holes
from policies.source import decode
from tests.conftest import Golden

FOLDER = Path(__file__).parent / "corpus" / "dunning-letters"


def decisions() -> dict[str, Decision]:
    bundle = load(decode("policy.yaml", (FOLDER / "policy.yaml").read_bytes()))
    return {case.name: decide(bundle.policies[case.policy], case.facts, case.as_of) for case in bundle.tests}


def written(name: str, decision: Decision) -> str:
    pages = []
    for notice in decision.to_json()["outcome"]["notices"]:
        for message in notice["messages"]:
            head = f"{name}: {message['send']} by {message['by']} to {notice['recipient']}"
            for language, text in message["texts"].items():
                pages.append(f"=== {head}, {language}\n{text['subject']}\n---\n{text['body']}\n")
    return "\n".join(pages)


def test_every_letter_of_the_ladder_in_every_language(golden: Golden) -> None:
    golden(FOLDER / "letters.txt", "\n".join(filter(None, (written(*pair) for pair in decisions().items()))))


# What a text may take, and how it is written

DOCUMENT = """\
writ: 1
bundle: letters
reporting_currency: {currency}
languages: [en, zh-Hans]
facts:
  account: text
  speaks: text?
  office: text?
  segment: text?
  limit: {{type: money, currency: JPY, optional: true}}
  orders: number?
  since: date?
  insolvent: boolean?
  overdue: boolean?
  items: {{type: list, fields: {{invoice_id: text, due_date: date, open_amount: money, disputed_amount: money?,
                                  dunning_level: {{type: count, optional: true}}}}}}
  file: {{optional: true, fields: {{holds: {{type: list, of: text, optional: true}}, recipient_blocked: boolean?}}}}
policies:
  dunning:
    kind: dunning
    title: {{en: Dunning, zh-Hans: 催收}}
    account: {{id: account, items: items, case: file, language: speaks, recipient: office}}
    carve_outs:
      - {{carve_out: insolvent, when: insolvent != null and insolvent, reason: DN-SKP-10}}
    escalation: step
    on_event: {{partial_payment: keep, credit_note: keep, due_date_change: keep}}
    credits: net
    levels:
      - level: first
        min_days: 1
        actions: [{{send: first, by: email}}]
        effects:
          - {{effect: credit_stop, release_when: paid, release_if: not(overdue)}}
      - level: second
        min_days: 30
        effects:
          - {{effect: credit_stop, release_when: paid in full, release_if: not(overdue) and orders = null}}
          - {{effect: to_agency, release_when: the agency is done}}
    templates:
      first:
        subject: {{en: "{subject}", zh-Hans: "{subject}"}}
        body: {{en: "{body}", zh-Hans: "{body}"}}
"""
FACTS: dict[str, Any] = {
    "account": "7",
    "items": [{"invoice_id": "A", "due_date": "2026-03-02", "open_amount": "1234567"}],
}


def decided(body: str, subject: str = "S", currency: str = "EUR", days: int = 5, **facts: Any) -> Decision:
    text = DOCUMENT.format(currency=currency, subject=subject, body=body)
    bundle = load(decode("letters.yaml", text.encode()))
    return decide(bundle.policies["dunning"], {**FACTS, **facts}, dt.date(2026, 3, 2) + dt.timedelta(days=days))


def texts(decision: Decision) -> dict[str, Any]:
    (notice,) = decision.to_json()["outcome"]["notices"]
    (message,) = notice["messages"]
    return dict(message["texts"])


def bodies(decision: Decision) -> list[str]:
    return [text["body"] for text in texts(decision).values() if text is not None]


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [
        ("EUR", "1234567", "1,234,567.00"),
        ("EUR", "0.5", "0.50"),
        ("JPY", "1234567", "1,234,567"),
        ("KWD", "999.125", "999.125"),
        ("EUR", "12345678901234567890123456789012.34", "12,345,678,901,234,567,890,123,456,789,012.34"),
    ],
)
def test_an_amount_is_written_exactly_with_its_currencys_decimals(currency: str, amount: str, shown: str) -> None:
    items = [{**FACTS["items"][0], "open_amount": amount}]
    assert bodies(decided("{currency} {total_claim}", currency=currency, items=items)) == [f"{currency} {shown}"] * 2


def test_an_amount_with_more_decimals_than_its_currency_loses_none() -> None:
    assert amount_in(Decimal("1.2345"), "EUR") == "1.2345"
    assert amount_in(Decimal("1.2300"), "EUR") == "1.23"
    assert amount_in(Decimal("-1E+3"), "JPY") == "-1,000"


def test_days_are_written_as_each_language_does() -> None:
    assert bodies(decided("{as_of}")) == ["7 March 2026", "2026年3月7日"]


@pytest.mark.parametrize(
    ("blank", "fact", "shown"),
    [
        ("segment", "key account", "key account"),
        ("limit", "1200000", "1,200,000"),
        ("orders", "12500.50", "12500.5"),
        ("since", "2019-12-01", "1 December 2019"),
    ],
)
def test_a_text_takes_facts_of_four_kinds(blank: str, fact: str, shown: str) -> None:
    facts: dict[str, Any] = {blank: fact}
    assert texts(decided(f"{{{blank}}}", **facts))["en"]["body"] == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{as_of} {account_id}}", "{as_of} 7}"),
        ("{{braces}}", "{braces}"),
        ("{{{account_id}}}", "{7}"),
        ("a } b", "a } b"),
    ],
)
def test_two_braces_are_one_and_a_lone_closing_one_stands_for_itself(text: str, shown: str) -> None:
    assert bodies(decided(text)) == [shown] * 2


def test_a_subject_is_one_line_whatever_a_fact_holds() -> None:
    subject = texts(decided("B", subject="To {segment}", segment="a\r\nBcc: all@example.com"))["en"]["subject"]
    assert subject == "To a Bcc: all@example.com"


def test_an_item_is_one_line_whatever_its_number_holds() -> None:
    items = [{**FACTS["items"][0], "invoice_id": "A\nB"}]
    assert bodies(decided("{items}", items=items))[0].splitlines() == [
        "Invoice A B, due 2 March 2026, 5 days overdue: EUR 1,234,567.00"
    ]


def test_one_day_is_not_days() -> None:
    assert "1 day overdue" in bodies(decided("{items}", days=1))[0]


def test_nothing_listed_is_said_in_a_word() -> None:
    assert bodies(decided("{items_listed}")) == ["none", "无"]


def test_the_level_of_an_answer_is_sent_back_as_it_came() -> None:
    (item,) = decided("B").to_json()["outcome"]["items"]
    assert item["recorded_level"] == "1"
    again = [{**FACTS["items"][0], "dunning_level": item["recorded_level"]}]
    (item,) = decided("B", days=6, items=again).to_json()["outcome"]["items"]
    assert (item["outcome"], item["recorded_level"], item["skips"]) == ("skip", "1", ["DN-SKP-09"])


# Which language


@pytest.mark.parametrize(
    ("speaks", "written"), [("zh-Hans", ["zh-Hans"]), ("ja", ["en", "zh-Hans"]), (None, ["en", "zh-Hans"])]
)
def test_a_known_language_is_the_only_one(speaks: str | None, written: list[str]) -> None:
    found = texts(decided("B", speaks=speaks))
    assert [language for language, text in found.items() if text is not None] == written


# Never a letter with a hole


def test_a_letter_for_which_a_fact_is_missing_goes_to_a_person() -> None:
    decision = decided("Dear {segment}, {since}", segment="key account")
    outcome = decision.to_json()["outcome"]
    assert (outcome["outcome"], outcome["skips"], outcome["notices"]) == ("skip", ["DT-MIS-01", "DN-SKP-15"], [])
    assert (outcome["total_claim"], outcome["holds"], outcome["notice_key"]) == ("0", [], None)
    assert (outcome["items"][0]["assigned_level"], outcome["items"][0]["recorded_level"]) == ("0", "0")
    assert outcome["for_review"] == [
        {
            "subject": "",
            "code": "text_lacks",
            "why": {
                "en": "not sent, `first` cannot be written to 7: since not known",
                "zh-Hans": "未发出，致 7 的 `first` 无法成文：缺少 since",
            },
        }
    ]
    assert [reason.missing for reason in decision.reasons if reason.code == "DT-MIS-01"] == [("since",)]
    (step,) = (step.steps[0] for step in decision.trace if step.part == "notice")
    assert (step.status, step.missing) == (Status.UNKNOWN, ("since",))


def test_a_language_without_a_text_is_not_written_in_another() -> None:
    text = DOCUMENT.format(currency="EUR", subject="S", body="B").replace(', zh-Hans: "B"}', "}")
    policy = load(decode("letters.yaml", text.encode())).policies["dunning"]
    as_of = dt.date(2026, 3, 7)
    outcome = decide(policy, {**FACTS, "speaks": "zh-Hans"}, as_of).to_json()["outcome"]
    assert (outcome["outcome"], outcome["skips"], outcome["notices"]) == ("skip", ["DN-SKP-15"], [])
    assert [(entry["code"], entry["why"]["en"]) for entry in outcome["for_review"]] == [
        ("no_text", "not sent, `first` cannot be written to 7: no text in zh-Hans")
    ]
    (found,) = decide(policy, FACTS, as_of).to_json()["outcome"]["notices"][0]["messages"]
    assert found["texts"] == {"en": {"subject": "S", "body": "B"}, "zh-Hans": None}


def test_a_blocked_recipient_gets_nothing() -> None:
    outcome = decided("B", office="R-1", file={"recipient_blocked": True}).to_json()["outcome"]
    assert (outcome["outcome"], outcome["skips"], outcome["notices"]) == ("skip", ["DN-SKP-15"], [])
    assert [entry["why"]["en"] for entry in outcome["for_review"]] == ["not sent, recipient blocked: R-1"]


def test_letters_of_one_decision_end_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.dunning.writing.LONGEST", 10)
    assert bodies(decided("12345678", subject="S", speaks="en"))[0] == "12345678"
    with pytest.raises(Fault) as raised:
        decided("1234567890", subject="S", speaks="en")
    assert [misfit.code for misfit in raised.value.misfits] == ["too_much_work"]


# D21: what is lifted again


@pytest.mark.parametrize(
    ("days", "facts", "releases", "review"),
    [
        (0, {"overdue": False}, [("credit_stop", "2", "paid in full")], []),
        (0, {"overdue": True}, [], []),
        (0, {"overdue": False, "orders": "1"}, [], []),
        (0, {}, [], ["`credit_stop` is in force, and whether it is released is not known: overdue"]),
        (5, {"overdue": False}, [], []),
        (0, {"overdue": False, "insolvent": True}, [], ["`credit_stop` is in force, and the account is left alone"]),
    ],
)
def test_d21_what_is_in_force_is_lifted_where_its_condition_holds(
    days: int, facts: dict[str, Any], releases: list[tuple[str, str, str]], review: list[str]
) -> None:
    outcome = decided("B", days=days, file={"holds": ["credit_stop"]}, **facts).to_json()["outcome"]
    assert [(each["effect"], each["level"], each["because"]["en"]) for each in outcome["releases"]] == releases
    assert [each["why"]["en"] for each in outcome["for_review"] if each["code"].startswith("hold_")] == review


def test_d21_what_no_level_sets_and_what_is_lifted_in_words_is_left_to_a_person() -> None:
    decision = decided("B", days=0, overdue=False, file={"holds": ["to_agency", "assign_collector", "to_agency"]})
    assert decision.outcome["releases"] == []
    steps = [(step.name, step.note) for step in decision.trace if step.part == "release"]
    assert steps == [
        ("to_agency", "released by a person: its condition stands in words"),
        ("assign_collector", "no level sets it"),
    ]
    review = [entry["why"]["en"] for entry in decision.to_json()["outcome"]["for_review"]]
    assert review == ["`assign_collector` is in force, and no level sets it"]


def test_d21_a_condition_without_a_value_releases_nothing() -> None:
    text = DOCUMENT.format(currency="EUR", subject="S", body="B")
    text = text.replace("release_if: not(overdue) and orders = null", "release_if: 1 / orders > 0")
    policy = load(decode("letters.yaml", text.encode())).policies["dunning"]
    facts = {**FACTS, "orders": "0", "overdue": False, "file": {"holds": ["credit_stop"]}}
    outcome = decide(policy, facts, dt.date(2026, 3, 2)).to_json()["outcome"]
    assert (outcome["releases"], [entry["code"] for entry in outcome["for_review"]]) == ([], ["hold_release_no_value"])


# The list of blanks


def test_the_language_document_lists_every_blank_and_no_other() -> None:
    text = (Path(__file__).parent.parent / "policies" / "LANGUAGE.md").read_text(encoding="utf-8")
    table = text[text.index("| blank | is |") :].split("\n\n")[0]
    assert set(re.findall(r"`([a-z_]+)`", table)) >= set(BLANKS)


@given(st.text("{}ab｛\n", max_size=12))
def test_every_character_of_a_text_is_kept_or_told(text: str) -> None:
    parts = list(holes(text))
    if not any(isinstance(part, Slip) for part in parts):
        kept = [f"{{{part.name}}}" if isinstance(part, Hole) else str(part).replace("{", "{{") for part in parts]
        assert "".join(kept).replace("}", "") == text.replace("}", "")
        assert "}}}" in text or "".join(kept).count("}") == text.count("}") - text.count("}}")
    for part in parts:
        if isinstance(part, Hole):
            assert text[part.start : part.end] == part.name


def test_the_example_of_the_language_document_is_written() -> None:
    text = (Path(__file__).parent.parent / "policies" / "LANGUAGE.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```yaml\n(templates:\n.*?)^```", text, re.MULTILINE | re.DOTALL)
    plain = DOCUMENT.format(currency="EUR", subject="", body="")
    plain = plain[: plain.index("    templates:")].replace("{send: first", "{send: reminder")
    document = plain.replace("min_days: 1\n", "min_days: 1\n        payment_days: 7\n") + indent(example, "    ")
    policy = load(decode("letters.yaml", document.encode())).policies["dunning"]
    found = texts(decide(policy, FACTS, dt.date(2026, 3, 7)))
    assert found["zh-Hans"]["subject"] == "付款提醒：账户 7"
    assert found["en"]["body"].endswith("Please pay EUR 1,234,567.00 by 14 March 2026.")


# What callers and readers see of it


def test_the_letters_have_the_shape_that_the_outcomes_schema_states() -> None:
    bundle = load(decode("policy.yaml", (FOLDER / "policy.yaml").read_bytes()))
    validator = Draft202012Validator(outcome_schema(bundle.policies["dunning"].outcome))
    for decision in decisions().values():
        validator.validate(decision.to_json()["outcome"])
    validator = Draft202012Validator(outcome_schema(load_plain().outcome))
    validator.validate(decide(load_plain(), FACTS, dt.date(2026, 3, 7)).to_json()["outcome"])


def load_plain() -> Policy:
    """The same policy with its texts kept elsewhere."""
    text = DOCUMENT.format(currency="EUR", subject="S", body="B")
    return load(decode("letters.yaml", text[: text.index("    templates:")].encode())).policies["dunning"]


def test_texts_kept_elsewhere_are_named_and_not_written() -> None:
    (message,) = decide(load_plain(), FACTS, dt.date(2026, 3, 7)).to_json()["outcome"]["notices"][0]["messages"]
    assert message == {"send": "first", "by": "email", "fallback": None, "texts": {"en": None, "zh-Hans": None}}


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
def test_a_reader_sees_the_letter_in_their_language(language: str) -> None:
    bundle = load(decode("policy.yaml", (FOLDER / "policy.yaml").read_bytes()))
    decision = decisions()["final-dunning"]
    console = Console(width=400, no_color=True)
    with console.capture() as captured:
        console.print(render_decision(decision, bundle.policies["dunning"], language))
    text = decision.to_json()["outcome"]["notices"][0]["messages"][0]["texts"][language]
    shown = [line.strip() for line in captured.get().splitlines()]
    assert text["subject"] in shown
    assert [line for line in text["body"].splitlines() if line and line not in shown] == []
