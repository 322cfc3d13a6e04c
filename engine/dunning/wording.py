"""How amounts, days, items, and why a person has to look, are written in each language."""
# ruff: noqa: RUF001 (full-width punctuation is how Chinese is written)

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.decision import plain_decimal
from engine.dunning.notice import Deduction, ForReview, NamedItem
from policies.currencies import minor_units
from policies.kinds.review import REVIEW

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


_ON_A_DAY = re.compile(r"(\S+) on (\d{4}-\d\d-\d\d)")
"""How a parameter is named that is missing for a day (`engine.dunning.rates.Span.missing`)."""


_BREAKS = re.compile("[\\t-\\r\\x1c-\\x1e\\x85\\u2028\\u2029]+")
_UNSEEN = re.compile("[\\u200b\\u2060\\ufeff]")
"""Characters of no width that no script needs."""

FEW = 3
"""The most credits that a line names: of more it says only the amount."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language: what documents are called, when one is or was due, and how its amount came about."""

    documents: Mapping[str, str]
    item: str
    credit: str
    overdue: tuple[str, str]
    due_today: str
    due_in: tuple[str, str]
    moved: str
    converted: str
    deductions: Mapping[str, str]
    numbers: str
    also: str
    left: str
    none: str


_WORDINGS: Mapping[str, Wording] = {
    "en": Wording(
        documents={
            "invoice": "Invoice",
            "credit_note": "Credit note",
            "payment": "Payment not yet allocated",
            "fee": "Fee",
            "interest": "Interest",
        },
        item="{document} {id}, due {due}, {arrears}: {amount}",
        credit="{document} {id}: {amount}",
        overdue=("{days} day overdue", "{days} days overdue"),
        due_today="today",
        due_in=("in {days} day", "in {days} days"),
        moved="payable by {day}",
        converted="{own}, converted at {rate}, the rate of {day}: {amount}",
        deductions={
            "credits": "less {amount} in credits{numbers}",
            "disputed": "less {amount} disputed",
            "promised": "less {amount} promised by {until}",
        },
        numbers=" ({numbers})",
        also=", ",
        left="{amount} open, {deductions}, leaves {left}",
        none="none",
    ),
    "zh-Hans": Wording(
        documents={
            "invoice": "发票",
            "credit_note": "红字发票",
            "payment": "待核销收款",
            "fee": "催收费用",
            "interest": "逾期利息",
        },
        item="{document} {id}，到期日 {due}，{arrears}，金额 {amount}",
        credit="{document} {id}，金额 {amount}",
        overdue=("已逾期 {days} 天",) * 2,
        due_today="今日到期",
        due_in=("距到期日 {days} 天",) * 2,
        moved="顺延至{day}",
        converted="{own}，按{day}汇率 {rate} 折算为 {amount}",
        deductions={
            "credits": "贷项 {amount}{numbers}",
            "disputed": "争议金额 {amount}",
            "promised": "承诺于{until}前支付的 {amount}",
        },
        numbers="（{numbers}）",
        also="、",
        left="{amount}，扣除{deductions}，余 {left}",
        none="无",
    ),
    "zh-Hant": Wording(
        documents={
            "invoice": "發票",
            "credit_note": "折讓單",
            "payment": "待沖銷收款",
            "fee": "催收費用",
            "interest": "逾期利息",
        },
        item="{document} {id}，到期日 {due}，{arrears}，金額 {amount}",
        credit="{document} {id}，金額 {amount}",
        overdue=("已逾期 {days} 天",) * 2,
        due_today="今日到期",
        due_in=("距到期日 {days} 天",) * 2,
        moved="順延至{day}",
        converted="{own}，依{day}匯率 {rate} 換算為 {amount}",
        deductions={
            "credits": "貸項 {amount}{numbers}",
            "disputed": "爭議款項 {amount}",
            "promised": "承諾於{until}前支付之 {amount}",
        },
        numbers="（{numbers}）",
        also="、",
        left="{amount}，扣除{deductions}，餘 {left}",
        none="無",
    ),
}


def day_in(day: dt.date, language: str) -> str:
    """A day: `2 March 2026`, `2026年3月2日`."""
    if language == "en":
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def amount_in(amount: Decimal, currency: str) -> str:
    """An amount exactly: thousands set off by commas, with the decimals its currency has, or more if it has more."""
    written = f"{amount:f}"
    decimals = len(written.partition(".")[2].rstrip("0"))
    return f"{amount:,.{max(decimals, minor_units(currency) or 0)}f}"


def one_line(text: str) -> str:
    """A text as it may stand within a line of a letter: breaks and tabs are spaces, what nobody sees is left out."""
    return _BREAKS.sub(" ", _UNSEEN.sub("", text)).strip()


def lines_in(items: tuple[NamedItem, ...], language: str) -> str:
    """A line for each item; the language's word for none where there is none."""
    return "\n".join(_line(item, language) for item in items) or _WORDINGS[language].none


def why_in(entry: ForReview, language: str) -> str:
    """Why a person has to look, in one sentence."""
    figures = {
        name: figure if isinstance(figure, str) else _names(figure, language) for name, figure in entry.figures.items()
    }
    return REVIEW[entry.code][language].format(**figures)


def _names(names: tuple[str, ...], language: str) -> str:
    if language == "en":
        return ", ".join(names)
    return "、".join(_ON_A_DAY.sub(r"\2 的 \1", name) for name in names)


def _line(item: NamedItem, language: str) -> str:
    words = _WORDINGS[language]
    pattern = words.credit if item.amount < 0 else words.item
    return pattern.format(
        document=words.documents[item.document_type],
        id=one_line(item.invoice_id),
        due=day_in(item.due_date, language),
        arrears=_arrears(item, language),
        amount=_reckoned(item, language),
    )


def _reckoned(item: NamedItem, language: str) -> str:
    """The amount, and before it whatever leads to it: as invoiced, converted, and what is taken off."""
    words = _WORDINGS[language]
    reckoned = _money(item.open_amount, item.currency)
    if item.conversion is not None:
        reckoned = words.converted.format(
            own=_money(item.conversion.amount.copy_abs().copy_sign(item.open_amount), item.conversion.currency),
            rate=plain_decimal(item.conversion.rate.rate),
            day=day_in(item.conversion.rate.date, language),
            amount=reckoned,
        )
    if not item.deductions:
        return reckoned
    deductions = words.also.join(_deduction(each, item.currency, language) for each in item.deductions)
    return words.left.format(amount=reckoned, deductions=deductions, left=_money(item.amount, item.currency))


def _deduction(deduction: Deduction, currency: str, language: str) -> str:
    words = _WORDINGS[language]
    numbers = _names(tuple(one_line(number) for number in deduction.numbers), language)
    return words.deductions[deduction.because].format(
        amount=_money(deduction.amount, currency),
        numbers=words.numbers.format(numbers=numbers) if 0 < len(deduction.numbers) <= FEW else "",
        until="" if deduction.until is None else day_in(deduction.until, language),
    )


def _money(amount: Decimal, currency: str) -> str:
    return f"{currency} {amount_in(amount, currency)}"


def _arrears(item: NamedItem, language: str) -> str:
    words, days = _WORDINGS[language], item.days
    if item.moved_to is not None and days <= 0:
        return words.moved.format(day=day_in(item.moved_to, language))
    if days == 0:
        return words.due_today
    one, many = words.overdue if days > 0 else words.due_in
    return (one if abs(days) == 1 else many).format(days=abs(days))
