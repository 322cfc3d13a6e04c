"""The lines and blanks of a letter: what a customer can reconcile, and what never comes into one."""
# ruff: noqa: RUF001 (full-width signs are how Chinese is written)

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from engine.decision import Fault
from engine.dunning.account import ExchangeRate
from engine.dunning.conversion import Conversion
from engine.dunning.notice import Deduction, NamedItem
from engine.dunning.wording import lines_in
from tests.test_letters import FACTS, bodies, decided

NAMED = NamedItem("A", "invoice", dt.date(2026, 3, 2), 5, "EUR", Decimal(90))
IN_DOLLARS = Conversion("USD", Decimal(100), ExchangeRate("USD", "EUR", Decimal("0.9"), dt.date(2026, 3, 1), "bank"))
NETTED = Deduction("credits", Decimal(30), ("CN-1", "CN\n2"))
DISPUTED = Deduction("disputed", Decimal("20.5"))
PROMISED = Deduction("promised", Decimal(10), until=dt.date(2026, 3, 9))


@pytest.mark.parametrize(
    ("item", "reckoned"),
    [
        (
            replace(NAMED, conversion=IN_DOLLARS),
            (
                "5 days overdue: USD 100.00, converted at 0.9, the rate of 1 March 2026: EUR 90.00",
                "已逾期 5 天，金额 USD 100.00，按2026年3月1日汇率 0.9 折算为 EUR 90.00",
                "已逾期 5 天，金額 USD 100.00，依2026年3月1日匯率 0.9 換算為 EUR 90.00",
            ),
        ),
        (
            replace(NAMED, deductions=(NETTED, DISPUTED, PROMISED)),
            (
                (
                    "5 days overdue: EUR 150.50 open, less EUR 30.00 in credits (CN-1, CN 2), less EUR 20.50 disputed, "
                    "less EUR 10.00 promised by 9 March 2026, leaves EUR 90.00"
                ),
                (
                    "已逾期 5 天，金额 EUR 150.50，扣除贷项 EUR 30.00（CN-1、CN 2）、争议金额 EUR 20.50、"
                    "承诺于2026年3月9日前支付的 EUR 10.00，余 EUR 90.00"
                ),
                (
                    "已逾期 5 天，金額 EUR 150.50，扣除貸項 EUR 30.00（CN-1、CN 2）、爭議款項 EUR 20.50、"
                    "承諾於2026年3月9日前支付之 EUR 10.00，餘 EUR 90.00"
                ),
            ),
        ),
        (
            replace(NAMED, amount=Decimal("69.5"), conversion=IN_DOLLARS, deductions=(DISPUTED,)),
            (
                (
                    "USD 100.00, converted at 0.9, the rate of 1 March 2026: EUR 90.00 open, less EUR 20.50 disputed, "
                    "leaves EUR 69.50"
                ),
                "折算为 EUR 90.00，扣除争议金额 EUR 20.50，余 EUR 69.50",
                "換算為 EUR 90.00，扣除爭議款項 EUR 20.50，餘 EUR 69.50",
            ),
        ),
        (
            replace(NAMED, deductions=(replace(NETTED, numbers=("1", "2", "3", "4")),)),
            (
                "EUR 120.00 open, less EUR 30.00 in credits, leaves EUR 90.00",
                "金额 EUR 120.00，扣除贷项 EUR 30.00，余 EUR 90.00",
                "金額 EUR 120.00，扣除貸項 EUR 30.00，餘 EUR 90.00",
            ),
        ),
        (
            replace(NAMED, document_type="credit_note", amount=Decimal(-90), conversion=IN_DOLLARS),
            (
                "Credit note A: USD -100.00, converted at 0.9, the rate of 1 March 2026: EUR -90.00",
                "红字发票 A，金额 USD -100.00，按2026年3月1日汇率 0.9 折算为 EUR -90.00",
                "折讓單 A，金額 USD -100.00，依2026年3月1日匯率 0.9 換算為 EUR -90.00",
            ),
        ),
        (
            replace(NAMED, days=0, due_date=dt.date(2026, 2, 28), moved_to=dt.date(2026, 3, 2)),
            (
                "due 28 February 2026, payable by 2 March 2026: EUR 90.00",
                "到期日 2026年2月28日，顺延至2026年3月2日，金额 EUR 90.00",
                "到期日 2026年2月28日，順延至2026年3月2日，金額 EUR 90.00",
            ),
        ),
    ],
)
def test_a_line_says_how_its_amount_came_about(item: NamedItem, reckoned: tuple[str, str, str]) -> None:
    for language, words in zip(("en", "zh-Hans", "zh-Hant"), reckoned, strict=True):
        assert lines_in((item,), language).endswith(words)


def test_a_customer_can_reconcile_what_a_letter_asks_for() -> None:
    items = [
        {"invoice_id": "A", "due_date": "2026-03-02", "open_amount": "500", "disputed_amount": "150"},
        {"invoice_id": "B", "due_date": "2026-03-03", "open_amount": "200"},
    ]
    text = bodies(decided("{items}\\n{open_amount}", items=items, speaks="en"))[0]
    assert text.splitlines() == [
        "Invoice A, due 2 March 2026, 5 days overdue: EUR 500.00 open, less EUR 150.00 disputed, leaves EUR 350.00",
        "Invoice B, due 3 March 2026, 4 days overdue: EUR 200.00",
        "550.00",
    ]


def test_a_blank_is_one_line_in_the_body_too_and_holds_nothing_unseen() -> None:
    segment = " key\r\n\tacc\u200bount\ufeff\n"
    assert bodies(decided("{segment}|{account_id}", segment=segment, account="7\n8")) == ["key account|7 8"] * 2


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u2028", "\u2029", "\x85", "\x07"])
def test_what_reorders_or_breaks_a_line_unseen_never_comes_near_a_letter(sign: str) -> None:
    items = [{**FACTS["items"][0], "invoice_id": f"A{sign}B"}]
    with pytest.raises(Fault) as raised:
        decided("{items}", account=f"7{sign}", items=items)
    found = [(misfit.code, misfit.pointer) for misfit in raised.value.misfits]
    assert found == [("fact_text", "/account"), ("fact_text", "/items/0/invoice_id")]


@pytest.mark.parametrize("nothing", ["", " ", "\n", "\u200b"])
def test_no_letter_goes_to_an_account_or_about_an_item_without_a_number(nothing: str) -> None:
    with pytest.raises(Fault) as raised:
        decided("{items}", account=nothing, items=[{**FACTS["items"][0], "invoice_id": nothing}])
    assert [(misfit.code, misfit.pointer, misfit.message) for misfit in raised.value.misfits] == [
        ("fact_text", "/account", "the number of the account is empty"),
        ("fact_text", "/items/0/invoice_id", "the number of an item is empty"),
    ]
