"""A decision for people to read: the outcome, the reasons, then the trace as a tree."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.segment import Segment
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from api.preview_words import sentence_in
from api.tree_letters import letters, sent
from api.tree_words import LANGUAGES, decision_in, part_in, phrase_in, text_in, word
from engine.decision import Decision, Reason, Status, Step, value_to_json
from policies.diagnostics import visible
from policies.feel.values import Value
from policies.ir import Factor, Policy, Scorecard, Texts
from policies.kinds.ladder import Dunning

NOTHING = "–"  # noqa: RUF001 (a dash as printed tables have it)
"""Stands for null: what does not apply, or has no value. The word "unknown" is for a part of the trace that is."""


def render_decision(decision: Decision, policy: Policy, language: str) -> RenderableType:
    """A decision of the policy for one reader; `language` is one of `api.tree_words.LANGUAGES`."""
    title = visible(text_in(policy.title, language))
    head = Text.assemble(
        (title, "bold"),
        f" ({decision.policy}, {decision.kind}), {word('as_of', language)} {decision.as_of.isoformat()}",
    )
    trace = Tree(Text(word("trace", language), "bold"), guide_style="dim")
    _Page(policy, language, decision.as_of).grow(trace, decision.trace)
    return _Trimmed(
        Group(
            head,
            Text(),
            Text(word("outcome", language), "bold"),
            _outcome(decision, language),
            *letters(decision, language),
            *_principal(decision, language),
            Text(),
            Text(word("reasons", language), "bold"),
            _reasons(decision.reasons, language),
            Text(),
            trace,
            Text(),
            Text(word("not_recorded", language)),
        )
    )


@dataclass(frozen=True, slots=True)
class _Trimmed:
    """What it holds, without the blanks that a table or a wrapped line leaves at the ends of lines."""

    shown: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in console.render_lines(self.shown, options, pad=False):
            room = len("".join(segment.text for segment in line).rstrip())
            for segment in line:
                yield Segment(segment.text[:room], segment.style)
                room = max(room - len(segment.text), 0)
            yield Segment.line()


def _outcome(decision: Decision, language: str) -> Table:
    table = Table.grid(padding=(0, 2))
    letters_below = bool(sent(decision.outcome))
    members = {name: value for name, value in decision.outcome.items() if name != "notices" or not letters_below}
    for path, value in _flat(members, ""):
        told = _told(value, language)
        if path == "decision" and decision.kind == "credit":
            told = decision_in(told, language)
        table.add_row(Text(f"  {visible(path)}"), Text(told))
    return table


def _flat(outcome: Mapping[str, Value], prefix: str) -> Iterator[tuple[str, Value]]:
    """Each member of the outcome by its path; a record of a list stays whole, for one line."""
    for name, value in outcome.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, (list, tuple)) and value and all(isinstance(item, Mapping) for item in value):
            yield from ((f"{prefix}{name}[{number}]", item) for number, item in enumerate(value, start=1))
        else:
            yield f"{prefix}{name}", value


def _told(value: Value, language: str) -> str:
    """A value of the outcome in one line."""
    match value:
        case Mapping() if value:
            return _record(value, language)
        case list() | tuple() if value and all(isinstance(item, str) for item in value):
            return _short(", ".join(map(visible, value)))
        case list() | tuple() if value and all(isinstance(item, Mapping) for item in value):
            return _short("; ".join(_record(item, language) for item in value))
        case Mapping() | list() | tuple() if not value:
            return word("none", language)
        case _:
            return show(value)


def _record(record: Mapping[str, Value], language: str) -> str:
    """A record in one line: texts by themselves, what is true by its key, all else after its key, the rest left out."""
    told = []
    for name, value in record.items():
        empty = isinstance(value, Mapping) and all(inner is None for inner in value.values())
        if value is None or value is False or value in ("", []) or empty:
            continue
        if isinstance(value, Mapping) and set(value) <= set(LANGUAGES):
            told.append(visible(text_in(value, language)))
        elif isinstance(value, str):
            told.append(visible(value))
        else:
            told.append(visible(name) if value is True else f"{visible(name)} {_told(value, language)}")
    return ", ".join(told)


def _principal(decision: Decision, language: str) -> Iterator[RenderableType]:
    """What the customer is told, numbered, each with what can be done about it."""
    if not decision.principal_reasons:
        return
    table = Table.grid(padding=(0, 2))
    for number, code in enumerate(decision.principal_reasons, start=1):
        reason = next(reason for reason in decision.reasons if reason.code == code)
        said = Text(visible(text_in(reason.text, language)))
        if reason.hint:
            said.append(f"  → {visible(text_in(reason.hint, language))}", "dim")
        table.add_row(Text(f"  {number}. {code}", "bold"), said)
    yield from (Text(), Text(word("principal_reasons", language), "bold"), table)


def _reasons(reasons: tuple[Reason, ...], language: str) -> RenderableType:
    if not reasons:
        return Text(f"  {word('none', language)}", "dim")
    table = Table.grid(padding=(0, 2))
    for reason in reasons:
        said = Text(visible(text_in(reason.text, language)))
        if reason.observed:
            said.append(f"  ({_read(reason.observed, language)})", "dim")
        if reason.missing:
            said.append(f"  {word('missing', language)}: {', '.join(reason.missing)}", "yellow")
        table.add_row(Text(f"  {reason.code}", "bold"), said)
    return table


def _read(read: Mapping[str, Value], language: str) -> str:
    """What was read; of a list the trace has the length, in words of the engine."""
    return ", ".join(
        f"{path} = {phrase_in(value, language) if isinstance(value, str) and value.endswith(' items') else show(value)}"
        for path, value in read.items()
    )


class _Page:
    """The trace of one policy: its titles in the reader's language, by the name and line of what they are of."""

    def __init__(self, policy: Policy, language: str, as_of: dt.date) -> None:
        self._policy = policy
        self._language = language
        self._as_of = as_of
        self._titles = {(name, line): text[language] for name, line, text in _titles(policy) if language in text}

    def grow(self, tree: Tree, steps: Iterable[Step]) -> None:
        """Add the steps to the tree, each with its own below it; those of a policy it needs on that policy's page."""
        needs = {needed.name: needed for needed in self._policy.needs}
        for step in steps:
            branch = tree.add(self._line(step))
            page = _Page(needs[step.name], self._language, self._as_of) if step.part == "need" else self
            page.grow(branch, step.steps)

    def _line(self, step: Step) -> Text:
        language = self._language
        glyph, style = _mark(step.status)
        if step.part == "calendar":
            return Text.assemble((f"{glyph} ", style), sentence_in(step, self._as_of, language))
        line = Text.assemble(
            (f"{glyph} ", style), (part_in(step.part, language), "dim"), " ", (self._name(step), "bold")
        )
        if step.status is not Status.COMPUTED:
            line.append(f"  {word(step.status.value, language)}", style)
        if step.value is not None:
            line.append(f"  → {_read({'': step.value}, language).removeprefix(' = ')}")
        if step.read:
            line.append(f"  {_read(step.read, language)}", "dim")
        if step.missing:
            line.append(f"  {word('missing', language)}: {', '.join(step.missing)}", "yellow")
        for undefined in step.undefined:
            line.append(f"  {visible(phrase_in(undefined, language))}", "yellow")
        if step.note:
            line.append(f"  {visible(self._note(step.note))}", "dim")
        if step.line is not None:
            line.append(f"  {word('line', language)} {step.line}", "dim")
        return line

    def _name(self, step: Step) -> str:
        title = self._titles.get((step.name, step.line or 0))
        if title is not None:
            return visible(f"{title} ({step.name})")
        # A part of the policy has a line and a name of the policy's; what has none, the engine named.
        ours = step.line is None or step.part in {"order", "row"}
        return visible(phrase_in(step.name, self._language) if ours else step.name)

    def _note(self, note: str) -> str:
        told = decision_in(note, self._language) if self._policy.kind == "credit" else note
        return phrase_in(note, self._language) if told == note else told


def _titles(policy: Policy) -> Iterator[tuple[str, int, Texts]]:
    """Every part of a policy that may have a title: its name, its line, its title by language."""
    for value in policy.values:
        named: Iterable[Factor] = value.factors if isinstance(value, Scorecard) else ()
        yield from ((factor.name, factor.line, factor.title) for factor in named)
        if not isinstance(value, Scorecard):
            yield value.name, value.line, value.title
    yield from ((rule.name, rule.line, rule.title) for rule in policy.rules)
    yield from ((needed.name, needed.line, needed.title) for needed in policy.needs)
    yield from ((function.name, 0, function.title) for function in policy.functions)
    if isinstance(policy.body, Dunning):
        yield from ((level.name, level.line, level.title) for level in policy.body.levels)
        yield from ((reminder.name, reminder.line, reminder.title) for reminder in policy.body.reminders)


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
    if value is None:
        return NOTHING
    told = value_to_json(value)
    if isinstance(value, Decimal) and len(told.partition(".")[2]) > DECIMALS:
        whole, _, decimals = told.partition(".")
        return f"{whole}.{decimals[:DECIMALS]}…"
    return _short(visible(told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)))


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
