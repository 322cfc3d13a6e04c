"""Policy texts that mark the outcome in several places: a decision half by one and half by another would show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import policies
from policies.ir import Bundle
from policies.source import Source

_TEXT = """\
writ: 1
bundle: marked
{effective}reporting_currency: EUR
facts: {{amount: money}}
policies:
  marked:
    kind: decision
    title: {{en: Marked}}
    let: {{marked: '"text {mark}"'}}
    outcome:
      first: '"text {mark}"'
      asked: amount
      plus: amount + {mark}
      last: marked
tests:
  - {{case: marked, policy: marked, as_of: 2026-01-01, given: {{amount: 100}}, expect: {{first: text {mark}}}}}
"""

URL = "/v1/decisions/marked"
AMOUNT = 100


def marked(mark: int, effective: dt.date | None = None) -> str:
    """The text of this mark; `effective` is the day that the text itself names."""
    return _TEXT.format(mark=mark, effective="" if effective is None else f"effective: {effective}\n")


def bundle(mark: int, effective: dt.date | None = None) -> Bundle:
    """The same, checked."""
    return policies.load(Source("policies.yaml", marked(mark, effective)))


def outcome(mark: int) -> dict[str, str]:
    """What the text of this mark decides on `AMOUNT`."""
    return {"first": f"text {mark}", "asked": str(AMOUNT), "plus": str(AMOUNT + mark), "last": f"text {mark}"}


def mark_of(said: Mapping[str, Any]) -> int:
    """Whose mark the outcome of an answer or a record bears, in every place."""
    mark = int(said["outcome"]["first"].removeprefix("text "))
    assert said["outcome"] == outcome(mark)
    return mark
