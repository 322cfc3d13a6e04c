"""The query part of requests to the log, read strictly: what is unknown, written twice or out of range is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from fastapi import Request

from api.audit.search import GROUPS, LARGEST_PAGE, PAGE, Query
from api.problems import Problem, misfits_problem
from api.request import DAY
from engine.decision import Json, Misfit

_TEXTS = ("kind", "policy", "outcome", "principal", "subject", "reason")
FIELDS: Mapping[str, str] = {
    "kind": "`decision`, `test`, `override`, `revision`, `principal`, `access_key`, `comparison`, `export`, …",
    "policy": "the policy's name",
    "outcome": "the decision, class or dunning outcome",
    "principal": "who asked",
    "subject": "whom it is about: the text of the fact that the policy file marks as `subject`",
    "reason": "a reason code that was given",
    "revision": "the number of the policy text",
    "from": "the first moment or day",
    "to": "a moment, itself not included; or the last day, included. Days are those of UTC",
    "before": "entries below this number only",
    "limit": f"entries on a page, {PAGE} unless stated, at most {LARGEST_PAGE}",
    "by": "what to count by: " + ", ".join(GROUPS),
    "seq": "the entry's number",
    "size": "entries of the log that the proof leads to the root of",
    "person": "who gave the override",
    "in_force": "`true`: those that count today; `false`: those that do not any more",
    "lang": "`en`, `zh-Hans` or `zh-Hant`",
}
LONGEST_NUMBER = 18
"""Digits: more than any log has entries, fewer than the databases' integers take."""

_LONGEST = 400
_LARGEST = 10**18
_LAST_REVISION = 2**31 - 1
"""The largest number that PostgreSQL compares a revision with."""


def parameters(*more: str) -> dict[str, Json]:
    """The parameters of a search, and more of them, for the API's description."""
    return described(*_TEXTS, "revision", "from", "to", *more)


def described(*names: str) -> dict[str, Json]:
    """Parameters for the API's description."""
    return {"parameters": [_described(name) for name in names]}


def _described(name: str) -> dict[str, Json]:
    kind = "integer" if name in ("revision", "before", "limit", "seq", "size") else "string"
    return {"name": name, "in": "query", "required": False, "description": FIELDS[name], "schema": {"type": kind}}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's query part: each name once, each known."""

    given: Mapping[str, str]

    @classmethod
    def of(cls, request: Request, *more: str, only: Sequence[str] | None = None) -> Asked:
        """The query part, of a search with `more` names, or of `only` these. Raises Problem."""
        known = (*_TEXTS, "revision", "from", "to", *more) if only is None else tuple(only)
        items = request.query_params.multi_items()
        misfits = [_misfit(name, "unknown parameter", ", ".join(known)) for name, _ in items if name not in known]
        names = [name for name, _ in items]
        misfits += [_misfit(name, "written more than once", "once") for name in known if names.count(name) > 1]
        misfits += [
            _misfit(name, f"longer than {_LONGEST} characters", "a shorter text")
            for name, value in items
            if len(value) > _LONGEST
        ]
        # PostgreSQL has no such text, and no fact can hold one.
        misfits += [_misfit(name, "holds a NUL character", "a text without") for name, value in items if "\0" in value]
        if misfits:
            raise misfits_problem("query_invalid", misfits)
        return cls(dict(items))

    def query(self) -> Query:
        """What is looked for. Raises Problem."""
        texts = {name: self.given[name] for name in _TEXTS if name in self.given}
        return Query(
            **texts,
            revision=self.number("revision", None, 1, _LAST_REVISION),
            since=self._moment("from", last=False),
            until=self._moment("to", last=True),
        )

    @overload
    def number(self, name: str, default: int, low: int, high: int = ..., *, required: bool = ...) -> int: ...
    @overload
    def number(self, name: str, default: None, low: int, high: int = ..., *, required: bool = ...) -> Any: ...
    def number(self, name: str, default: int | None, low: int, high: int = _LARGEST, *, required: bool = False) -> Any:
        """A whole number within bounds, or what holds where none is given. Raises Problem."""
        text = self.given.get(name)
        if text is None and not required:
            return default
        if text is None:
            raise _refused(name, "is missing", f"a whole number from {low} to {high}")
        if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER and low <= int(text) <= high):
            raise _refused(name, "is out of range", f"a whole number from {low} to {high}")
        return int(text)

    def choice(self, name: str, words: Sequence[str], default: str) -> str:
        """One of some words. Raises Problem."""
        text = self.given.get(name, default)
        if text not in words:
            raise _refused(name, "is not one of its words", ", ".join(words))
        return text

    def _moment(self, name: str, *, last: bool) -> dt.datetime | None:
        text = self.given.get(name)
        if text is None:
            return None
        try:
            return read_moment(text, last=last)
        except ValueError:
            raise _refused(name, "is no moment", "2026-06-30, or with its zone 2026-06-30T09:00:00Z") from None


def read_moment(text: str, *, last: bool) -> dt.datetime:
    """A moment with its zone, or a day of UTC: its beginning, of a `last` day its end. Raises ValueError."""
    try:
        if DAY.fullmatch(text):
            day = dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), dt.UTC)
            return day + dt.timedelta(days=1) if last else day
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(text)
        return moment.astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError(text) from error  # in UTC, or the day after, it is in the year 0 or 10000


def _misfit(name: str, said: str, wanted: str) -> Misfit:
    return Misfit("parameter", f"/{name[:40]}", f"`{name[:40]}`: {said}", f"allowed: {wanted}")


def _refused(name: str, said: str, wanted: str) -> Problem:
    return misfits_problem("query_invalid", [_misfit(name, said, wanted)])
