"""A decision as people read it: null is no "unknown", Chinese is Chinese throughout, lists stay short."""
# ruff: noqa: RUF001 (full-width punctuation is how Chinese is written)

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from rich.console import Console

import engine
from api.tree import render_decision
from api.tree_words import LANGUAGES, phrase_in
from engine.decision import Decision, Step
from policies import load
from policies.ir import Bundle, Policy
from policies.source import decode

ROOT = Path(__file__).resolve().parent.parent
AS_OF = dt.date(2026, 6, 30)

GATE = """\
writ: 1
bundle: gate
reporting_currency: USD
languages: [en, zh-Hans, zh-Hant]
facts:
  owed: money?
  limit_set: money?
  years: years?
  order: {fields: {amount: money, counted: boolean}}
  items: {type: list, optional: true, fields: {amount: money}}
policies:
  order-release:
    kind: credit
    title: {en: Order release, zh-Hans: 订单放行, zh-Hant: 訂單放行}
    let: {large: "items[amount > 10]"}
    scorecard:
      factors:
        - {factor: standing, of: years, weight: 40, missing: 0, bands: {"< 3": 0, ">= 3": 100},
           title: {en: Years standing, zh-Hans: 成立年限, zh-Hant: 成立年限}}
        - {factor: debt, of: owed, weight: 60, missing: worst, bands: {"< 10": 100, ">= 10": 0}}
    exposure: {components: {open_items: owed}}
    limit: {current: limit_set, none_set: refer}
    order: {amount: order.amount, included_in_exposure: order.counted, over_limit: decline}
    rules:
      - {rule: many, when: count(large) > 1, then: refer, reason: CR-HLD-01,
         title: {en: Many large items, zh-Hans: 多笔大额, zh-Hant: 多筆大額}}
    default: approve
    missing: refer
  plain:
    kind: credit
    title: {en: Plain, zh-Hans: 简单, zh-Hant: 簡單}
    default: approve
    missing: refer
"""
FACTS = {"owed": "5", "limit_set": "1000", "order": {"amount": "900", "counted": False}, "items": [{"amount": "50"}]}


@cache
def policy(name: str) -> Policy:
    return load(decode("gate.yaml", GATE.encode())).policies[name]


def lines(of: Policy, facts: Mapping[str, object], language: str = "en") -> list[str]:
    console = Console(width=160, highlight=False, markup=False, no_color=True, file=None)
    with console.capture() as captured:
        console.print(render_decision(engine.decide(of, facts, AS_OF), of, language))
    return captured.get().splitlines()


def test_what_does_not_apply_is_a_dash_and_not_unknown() -> None:
    told = lines(policy("plain"), {"order": FACTS["order"]})
    assert "  limit       –" in told
    assert "unknown" not in "\n".join(told)
    assert "未知" not in "\n".join(lines(policy("plain"), {"order": FACTS["order"]}, "zh-Hans"))


def test_a_part_that_is_unknown_says_so() -> None:
    told = lines(policy("order-release"), {**FACTS, "items": None})
    assert any("rule Many large items (many)  unknown" in line for line in told)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Order release (order-release, credit), as of 2026-06-30", "decision     approve"]),
        (
            "zh-Hans",
            [
                "订单放行 (order-release, credit), 基准日 2026-06-30",
                "decision     approve 批准",
                "订单 订单与额度核对  未命中",
                "905，额度 1000",
                "得 100 分（满分 100），权重 60",
                "无数值：0 分",
                "因子 成立年限 (standing)  未知",
                "规则 多笔大额 (many)  未命中",
                "items = 1 项",
                "refer 转人工",
                "仅为试算：本次决策不作记录",
            ],
        ),
        (
            "zh-Hant",
            [
                "訂單放行 (order-release, credit), 基準日 2026-06-30",
                "decision     approve 核准",
                "905，額度 1000",
                "refer 轉人工審核",
                "規則 多筆大額 (many)  未命中",
                "僅為試算：本次決策不作記錄",
            ],
        ),
    ],
)
def test_the_page_is_in_the_readers_language(language: str, said: list[str]) -> None:
    told = "\n".join(lines(policy("order-release"), FACTS, language))
    assert [piece for piece in said if piece not in told] == []


def test_no_line_ends_in_a_blank() -> None:
    for language in LANGUAGES:
        assert [line for line in lines(policy("order-release"), FACTS, language) if line != line.rstrip()] == []


def shipped() -> Bundle:
    return load(decode("policies.yaml", (ROOT / "policies.yaml").read_bytes()))


def test_each_record_of_a_list_has_one_line() -> None:
    request = json.loads((ROOT / "api" / "samples" / "dunmore-outfitters.json").read_text(encoding="utf-8"))
    told = lines(shipped().policies["dunning"], request["facts"])
    items = [line for line in told if line.startswith("  items[")]
    assert len(items) == len(request["facts"]["open_items"])
    assert items[0].split(maxsplit=1)[1].startswith("INV-19980, skip, days_in_arrears 109, dunnable 12250.5")
    assert items[0].endswith("skips DN-SKP-10")
    assert ["claims", "none"] in [line.split() for line in told]


def test_a_hold_says_what_lifts_it_in_the_readers_language() -> None:
    bundle = shipped()
    [case] = [case for case in bundle.tests if case.policy == "dunning" and case.expect.get("level") == "4"][:1]
    found = bundle.policies["dunning"]
    console = Console(width=300, no_color=True)
    with console.capture() as captured:
        console.print(render_decision(engine.decide(found, case.facts, case.as_of), found, "zh-Hans"))
    held = [line for line in captured.get().splitlines() if line.startswith("  holds[")]
    assert held
    assert all(re.search("[\u4e00-\u9fff]", line) for line in held)
    assert not any("zh-Hant" in line for line in held)


def decisions() -> Iterator[Decision]:
    """What every case of the shipped policies and of the corpus decides."""
    paths = [ROOT / "policies.yaml", *sorted((ROOT / "tests" / "corpus").glob("*/policy.yaml"))]
    for path in paths:
        if not path.parent.name.startswith("refused-"):
            bundle = load(decode(path.name, path.read_bytes()))
            for case in bundle.tests:
                yield engine.decide(bundle.policies[case.policy], case.facts, case.as_of)


def phrases(steps: tuple[Step, ...]) -> Iterator[str]:
    for step in steps:
        yield from step.undefined
        if step.note is not None:
            yield step.note
        yield from phrases(step.steps)


def test_every_sentence_the_engine_writes_has_its_chinese() -> None:
    written = {phrase for decision in decisions() for phrase in phrases(decision.trace) if " " in phrase}
    codes = re.compile(r"[A-Z]{2}-[A-Z]{3}-\d{2}(, [A-Z]{2}-[A-Z]{3}-\d{2})*")
    english = {phrase for phrase in written if phrase_in(phrase, "zh-Hans") == phrase and not codes.fullmatch(phrase)}
    assert english == set()
    assert len(written) > 20


def test_what_no_phrase_fits_is_shown_as_it_is() -> None:
    assert phrase_in("a phrase of tomorrow", "zh-Hans") == "a phrase of tomorrow"
    assert phrase_in("prepaid in full", "en") == "prepaid in full"
