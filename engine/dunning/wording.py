"""How amounts, days, items, and why a person has to look, are written in each language."""
# ruff: noqa: RUF001 (full-width punctuation is how Chinese is written)

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.decision import plain_decimal
from engine.dunning.conversion import Conversion
from engine.dunning.notice import ForReview, NamedItem
from policies.currencies import minor_units
from policies.kinds.review import REVIEW

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


_ON_A_DAY = re.compile(r"(\S+) on (\d{4}-\d\d-\d\d)")
"""How a parameter is named that is missing for a day (`engine.dunning.rates.Span.missing`)."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language: what documents are called, and how a line says when one is or was due."""

    documents: Mapping[str, str]
    item: str
    credit: str
    overdue: tuple[str, str]
    due_today: str
    due_in: tuple[str, str]
    converted: str
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
        converted=" (converted from {currency} at {rate}, the rate of {day})",
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
        converted="（由 {currency} 按{day}汇率 {rate} 折算）",
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
        converted="（由 {currency} 依{day}匯率 {rate} 換算）",
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
        id=" ".join(item.invoice_id.splitlines()),
        due=day_in(item.due_date, language),
        arrears=_arrears(item.days, words),
        amount=f"{item.currency} {amount_in(item.amount, item.currency)}{_conversion(item.conversion, language)}",
    )


def _conversion(conversion: Conversion | None, language: str) -> str:
    if conversion is None:
        return ""
    rate = conversion.rate
    return _WORDINGS[language].converted.format(
        currency=conversion.currency, rate=plain_decimal(rate.rate), day=day_in(rate.date, language)
    )


def _arrears(days: int, words: Wording) -> str:
    if days == 0:
        return words.due_today
    one, many = words.overdue if days > 0 else words.due_in
    return (one if abs(days) == 1 else many).format(days=abs(days))
