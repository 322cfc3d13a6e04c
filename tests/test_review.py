"""What a decision leaves to a person: a sentence for each code, in three languages, with the figures in it."""
# ruff: noqa: RUF001 (full-width signs are how Chinese is written)

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

import engine.dunning
from engine.dunning import Account, DayCount, Escalation, Interest, InterestRounding, Ladder
from engine.dunning.account import CarveOut, DunningBlock
from engine.dunning.charge_terms import Amount, Compensation
from engine.dunning.notice import ForReview, Result
from engine.dunning.rates import Schedule, Stage, constant
from engine.dunning.wording import why_in
from policies.document_fields import LANGUAGES
from policies.kinds.review import REVIEW
from tests.dunning_accounts import account, day, invoice, level, on_day

SOURCES = "".join(path.read_text(encoding="utf-8") for path in Path(engine.dunning.__file__).parent.glob("*.py"))
NOWHERE = Amount(None, undefined=("no value: 1 / 0",))
TERMS = Interest(constant(Decimal(10)), DayCount.ACT_365, InterestRounding.TOTAL)
RUNGS = Ladder((level(1, 1, interest=True),), Escalation.STEP, interest=TERMS)
UNVALUED = Schedule(constant(Decimal(1)).changes, lambda _: Stage(None, undefined=("no value: 1 / 0",)))


@pytest.mark.parametrize("code", REVIEW)
def test_every_sentence_has_the_same_places_in_every_language(code: str) -> None:
    places = {language: sorted(re.findall(r"\{(\w+)\}", text)) for language, text in REVIEW[code].items()}
    assert tuple(places) == LANGUAGES
    assert places["en"] == places["zh-Hans"] == places["zh-Hant"]


@pytest.mark.parametrize("code", REVIEW)
def test_every_sentence_is_said_somewhere(code: str) -> None:
    subject = re.sub(r"_(not_known|no_value)$", "", code)
    assert f'"{code}"' in SOURCES or f'"{subject}"' in SOURCES


def told(result: Result) -> list[tuple[str, str, str]]:
    return [(entry.subject, why_in(entry, "en"), why_in(entry, "zh-Hans")) for entry in result.for_review]


@pytest.mark.parametrize(
    ("rungs", "owed", "expected"),
    [
        (
            RUNGS,
            replace(account(), carve_outs=(CarveOut("vip", "DN-SKP-12"),)),
            ("", "left to a person: vip", "转由人工处理：vip"),
        ),
        (
            RUNGS,
            replace(account(), carve_outs=(CarveOut("vip", "DT-UND-01"),)),
            ("", "has no value: vip", "无法计算：vip"),
        ),
        (
            RUNGS,
            account(invoice(dunning_block=DunningBlock("goods {returned}", valid_to=day(40)))),
            ("INV-1", "blocked: goods {returned}", "已设催收冻结：goods {returned}"),
        ),
        (
            RUNGS,
            account(blocked=DunningBlock("claim")),
            ("", "blocked until someone lifts it: claim", "已设催收冻结，未设截止日：claim"),
        ),
        (
            RUNGS,
            account(invoice(), invoice(invoice_id="B", currency="USD")),
            ("B", "in a currency that is not converted: USD", "该币种无法折算：USD"),
        ),
        (
            RUNGS,
            account(last_notice_date=dt.date(2062, 3, 7)),
            (
                "",
                "the last notice is dated 2062-03-07, after 2026-04-01: nothing is sent until then",
                "上次催款通知日期为 2062-03-07，晚于 2026-04-01，在此之前不发送催款通知",
            ),
        ),
        (
            RUNGS,
            account(invoice(dunning_level=1, last_dunned_on=dt.date(2062, 3, 7))),
            (
                "INV-1",
                "the last notice is dated 2062-03-07, after 2026-04-01: nothing is sent until then",
                "上次催款通知日期为 2062-03-07，晚于 2026-04-01，在此之前不发送催款通知",
            ),
        ),
        (
            RUNGS,
            account(invoice(invoice_date=day(1))),
            (
                "INV-1",
                "invoiced on 2026-03-03, after its due date 2026-03-02",
                "开票日期 2026-03-03 晚于到期日 2026-03-02",
            ),
        ),
        (
            replace(RUNGS, compensation=Compensation(lambda _: NOWHERE, 1)),
            account(),
            (
                "INV-1",
                "compensation not claimed, it has no value for these figures",
                "未计收法定补偿，依现有数据无法计算",
            ),
        ),
        (
            replace(RUNGS, interest=replace(TERMS, min_interest=NOWHERE)),
            account(),
            ("INV-1", "interest not charged, it has no value for these figures", "未计收利息，依现有数据无法计算"),
        ),
        (
            replace(RUNGS, interest=replace(TERMS, legal_minimum=UNVALUED)),
            account(),
            ("INV-1", "legal minimum has no value for these figures", "法定下限依现有数据无法计算"),
        ),
    ],
)
def test_what_is_left_to_a_person_is_said_in_their_language(
    rungs: Ladder, owed: Account, expected: tuple[str, str, str]
) -> None:
    assert told(on_day(30, rungs, owed)) == [expected]


def test_what_is_missing_for_a_day_is_named_with_the_day() -> None:
    entry = ForReview("A", "interest_not_known", {"what": ("base on 2026-07-01", "agreed")})
    assert why_in(entry, "en") == "interest not charged, not known: base on 2026-07-01, agreed"
    assert why_in(entry, "zh-Hant") == "未計收利息，缺少：2026-07-01 的 base、agreed"
