"""A decision for people to read: the outcome, the reasons, then the trace as a tree."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import assert_never

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from engine.decision import Decision, Reason, Status, Step, value_to_json
from policies.diagnostics import visible
from policies.feel.values import Value

LANGUAGES = ("en", "zh-Hans", "zh-Hant")

WORDS: Mapping[str, tuple[str, str, str]] = {
    "outcome": ("outcome", "结果", "結果"),
    "reasons": ("reasons", "理由", "理由"),
    "trace": ("trace", "过程", "過程"),
    "as_of": ("as of", "基准日", "基準日"),
    "line": ("line", "行", "行"),
    "missing": ("missing", "缺少", "缺少"),
    "unknown": ("unknown", "未知", "未知"),
    "none": ("none", "无", "無"),
    "fired": ("fired", "命中", "命中"),
    "not_fired": ("not fired", "未命中", "未命中"),
    "skipped": ("skipped", "跳过", "跳過"),
    "computed": ("computed", "计算", "計算"),
}


def word(key: str, language: str) -> str:
    """A word of this page in the reader's language."""
    return WORDS[key][LANGUAGES.index(language)]


def text_in(texts: Mapping[str, str], language: str) -> str:
    """The text in this language, else in English, else in any."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


def render_decision(decision: Decision, language: str) -> RenderableType:
    """The decision for one reader; `language` is one of `LANGUAGES`."""
    head = Text.assemble(
        (decision.policy, "bold"), f" ({decision.kind}), {word('as_of', language)} {decision.as_of.isoformat()}"
    )
    trace = Tree(Text(word("trace", language), "bold"), guide_style="dim")
    for step in decision.trace:
        _grow(trace, step, language)
    return Group(
        head,
        Text(),
        Text(word("outcome", language), "bold"),
        _outcome(decision.outcome, language),
        Text(),
        Text(word("reasons", language), "bold"),
        _reasons(decision.reasons, language),
        Text(),
        trace,
    )


def _outcome(outcome: Mapping[str, Value], language: str) -> Table:
    table = Table.grid(padding=(0, 2))
    for path, value in _flat(outcome, ""):
        shown = Text(word("unknown", language), "yellow") if value is None else Text(show(value))
        table.add_row(Text(f"  {path}"), shown)
    return table


def _flat(outcome: Mapping[str, Value], prefix: str) -> Iterator[tuple[str, Value]]:
    for name, value in outcome.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, (list, tuple)) and value and all(isinstance(item, Mapping) for item in value):
            for number, item in enumerate(value, start=1):
                yield from _flat(item, f"{prefix}{name}[{number}].")
        else:
            yield f"{prefix}{name}", value


def _reasons(reasons: tuple[Reason, ...], language: str) -> RenderableType:
    if not reasons:
        return Text(f"  {word('none', language)}", "dim")
    table = Table.grid(padding=(0, 2))
    for reason in reasons:
        said = Text(visible(text_in(reason.text, language)))
        observed = ", ".join(f"{path} = {show(value)}" for path, value in reason.observed.items())
        if observed:
            said.append(f"  ({observed})", "dim")
        if reason.missing:
            said.append(f"  {word('missing', language)}: {', '.join(reason.missing)}", "yellow")
        table.add_row(Text(f"  {reason.code}", "bold"), said)
    return table


def _grow(tree: Tree, step: Step, language: str) -> None:
    branch = tree.add(_line(step, language))
    for part in step.steps:
        _grow(branch, part, language)


def _line(step: Step, language: str) -> Text:
    glyph, style = _mark(step.status)
    line = Text.assemble((f"{glyph} ", style), (step.part, "dim"), " ", (visible(step.name), "bold"))
    if step.status is not Status.COMPUTED:
        line.append(f"  {word(step.status.value, language)}", style)
    if step.value is not None:
        line.append(f"  → {show(step.value)}")
    if step.read:
        line.append("  " + ", ".join(f"{path} = {show(value)}" for path, value in step.read.items()), "dim")
    if step.missing:
        line.append(f"  {word('missing', language)}: {', '.join(step.missing)}", "yellow")
    for undefined in step.undefined:
        line.append(f"  {visible(undefined)}", "yellow")
    if step.note:
        line.append(f"  {visible(step.note)}", "dim")
    if step.line is not None:
        line.append(f"  {word('line', language)} {step.line}", "dim")
    return line


def _mark(status: Status) -> tuple[str, str]:
    match status:
        case Status.FIRED:
            return "●", "green"
        case Status.NOT_FIRED:
            return "○", "dim"
        case Status.SKIPPED:
            return "↷", "dim"
        case Status.UNKNOWN:
            return "?", "yellow"
        case Status.COMPUTED:
            return "=", "cyan"
        case _ as never:
            assert_never(never)


SHOWN = 160
"""Characters of one value that a line shows; `--json` has it whole."""


DECIMALS = 6
"""Decimals of a number that a line shows; the decision itself keeps all 34 digits."""


def show(value: Value) -> str:
    """A value in one line, nothing in it that a terminal could obey; a number cut short ends in `…`."""
    told = value_to_json(value)
    if isinstance(value, Decimal) and len(told.partition(".")[2]) > DECIMALS:
        whole, _, decimals = told.partition(".")
        return f"{whole}.{decimals[:DECIMALS]}…"
    text = told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
    text = visible(text)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
