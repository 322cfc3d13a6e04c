"""A calendar in one sentence of the reader's language: what is sent on which day, if nothing is paid."""
# ruff: noqa: RUF001 (full-width punctuation is how Chinese is written)

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from api.tree_words import LANGUAGES
from engine.decision import Step
from policies.feel.values import Value

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_WORDS: Mapping[str, tuple[str, str, str]] = {
    "unpaid": ("if nothing is paid: ", "如未付款：", "如未付款："),
    "nothing": ("nothing is sent", "不再发送通知", "不再發送通知"),
    "until": ("not looked at after {}", "{}之后未作推算", "{}之後未作推算"),
    "level": ("level {}", "第{}级催收", "第{}級催收"),
    "reminder": ("reminder", "到期前提醒", "到期前提醒"),
    "skip": ("nothing", "不发送", "不發送"),
    "then": ("; ", "；", "；"),
    "as_of": ("as of", "基准日", "基準日"),
    "day": ("day", "日期", "日期"),
    "what": ("what is sent", "发送内容", "發送內容"),
    "items": ("items", "未清项", "未清項"),
    "fees": ("fees", "费用", "費用"),
    "interest": ("interest", "利息", "利息"),
    "total_claim": ("total claim", "应付总额", "應付總額"),
    "effects": ("effects", "措施", "措施"),
    "not_recorded": (
        "a what-if: nothing is recorded; carve-outs, parameters and classes stay as they are on the first day",
        "仅为试算，不作记录；排除条件、参数与分类均按基准日",
        "僅為試算，不作記錄；排除條件、參數與分類均依基準日",
    ),
    "between": (", ", "；", "；"),
    "within": (", ", "、", "、"),
    "item": (" ({} item)", "（{}项）", "（{}項）"),
    "many_items": (" ({} items)", "（{}项）", "（{}項）"),
    "and": (" and ", "并", "並"),
    "hold_orders": ("hold", "暂停订单", "暫停訂單"),
    "credit_stop": ("credit stop", "停止赊销", "停止賒銷"),
    "set_payment_terms": ("new payment terms", "调整付款条件", "調整付款條件"),
    "assign_collector": ("a collector", "指派催收专员", "指派催收專員"),
    "to_agency": ("collections", "委托第三方催收", "委外催收"),
}


@dataclass(frozen=True, slots=True)
class Coming:
    """What is sent on a day at one level (0 for a reminder): of how many items, with the words of its effects."""

    on: dt.date
    level: int
    items: int
    effects: tuple[str, ...]


def coming_of(calendar: Iterable[Mapping[str, Value]]) -> tuple[Coming, ...]:
    """The entries of an outcome's `calendar`."""
    return tuple(
        Coming(
            entry["on"], int(entry["level"]), len(entry["items"]), tuple(each["effect"] for each in entry["effects"])
        )
        for entry in calendar
    )


def sentence_in(step: Step, as_of: dt.date, language: str) -> str:
    """The sentence for the trace's step on the calendar."""
    coming = tuple(
        Coming(
            dt.date.fromisoformat(day.name),
            day.read.get("level", 0),
            day.read["items"],
            _effects(day.read.get("effects")),
        )
        for day in step.steps
    )
    return sentence(coming, step.read.get("until"), as_of, language)


def _effects(told: str | None) -> tuple[str, ...]:
    return tuple(told.split(", ")) if told else ()


def sentence(coming: Sequence[Coming], until: dt.date | None, as_of: dt.date, language: str) -> str:
    """All of the calendar: `if nothing is paid: 3 December level 1, 17 December level 2 and hold`.

    A day has its year where that is another than the one of the day before it. Of a day
    with letters of several levels it says of how many items each is. `until` is the day up to which the calendar goes,
    where that is not all.
    """
    return word("unpaid", language) + word("between", language).join(_told(coming, until, as_of, language))


def _told(coming: Sequence[Coming], until: dt.date | None, as_of: dt.date, language: str) -> Iterator[str]:
    year = as_of.year
    if not coming:
        yield word("nothing", language)
    for on, of_a_day in groupby(coming, key=lambda entry: entry.on):
        between = " " if language == "en" else ""
        yield day_in(on, language, year) + between + day_told(tuple(of_a_day), language)
        year = on.year
    if until is not None:
        yield word("until", language).format(day_in(until, language, year))


def day_in(day: dt.date, language: str, year: int) -> str:
    """A day as people write it, with its year where that is not this one."""
    if language == "en":
        told = f"{day.day} {_MONTHS[day.month - 1]}"
        return told if day.year == year else f"{told} {day.year}"
    told = f"{day.month}月{day.day}日"
    return told if day.year == year else f"{day.year}年{told}"


def day_told(entries: Sequence[Coming], language: str) -> str:
    """What is sent on one day."""
    if len(entries) == 1:
        return notice_in(entries[0], language)
    counts = (word("item" if entry.items == 1 else "many_items", language).format(entry.items) for entry in entries)
    told = (notice_in(entry, language) + count for entry, count in zip(entries, counts, strict=True))
    return word("within", language).join(told)


def notice_in(entry: Coming, language: str, *, effects: bool = True) -> str:
    """The level, with its effects; once a case is given to collections, that is what is told of it."""
    told = [effect for effect in entry.effects if effects and effect != "to_agency"]
    if effects and "to_agency" in entry.effects:
        what = word("to_agency", language)
    elif entry.level:
        what = word("level", language).format(entry.level)
    else:
        what = word("reminder", language)
    return word("and", language).join([what, *(word(effect, language) for effect in told)])


def word(key: str, language: str) -> str:
    """A word of the page."""
    return _WORDS[key][LANGUAGES.index(language)]
