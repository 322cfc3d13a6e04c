"""The letters of a dunning decision for people to read: who gets what, and the text in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from api.tree_words import text_in, word
from engine.decision import Decision, plain_decimal
from policies.diagnostics import visible
from policies.feel.values import Value

_FIGURES = ("open_amount", "fees", "interest", "total_claim")


def letters(decision: Decision, language: str) -> Iterator[RenderableType]:
    """A heading and one paragraph a letter; nothing where none goes out."""
    notices = sent(decision.outcome)
    if notices:
        yield from (Text(), Text(word("letters", language), "bold"))
    for notice in notices:
        yield Text(f"  {visible(notice['recipient'])}: {_head(notice)}")
        for message in notice["messages"]:
            by = message["by"] or word("none", language)
            yield Text(f"    {visible(message['send'])} → {visible(by)}", "dim")
            texts = {name: text for name, text in message["texts"].items() if text is not None}
            if texts:
                yield Padding(_page(texts, language), (0, 0, 0, 6))


def sent(outcome: Mapping[str, Value]) -> list[Any]:
    """The letters of an outcome; none of a kind that has none."""
    notices = outcome.get("notices")
    return notices if isinstance(notices, list) else []


def _head(notice: Mapping[str, Any]) -> str:
    figures = [f"{name} {plain_decimal(notice[name])}" for name in _FIGURES if notice[name]]
    lists = [f"{name} {', '.join(map(visible, notice[name]))}" for name in ("items", "listed_items") if notice[name]]
    deadline = [f"deadline {notice['deadline']}"] if notice["deadline"] else []
    return "; ".join([visible(notice["level_name"]), *lists, ", ".join([*figures, notice["currency"]]), *deadline])


def _page(texts: Mapping[str, Mapping[str, str]], language: str) -> Text:
    subject = text_in({name: text["subject"] for name, text in texts.items()}, language)
    body = text_in({name: text["body"] for name, text in texts.items()}, language)
    lines = [visible(line) for line in body.splitlines()]
    return Text.assemble((visible(subject), "bold"), "\n", "\n".join(lines))
