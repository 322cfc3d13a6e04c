"""A decision request as a document: `{"facts": {…}, "as_of"?: date}`, the same that the HTTP API takes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from api.strict_json import BadJson
from engine.decision import Json, Misfit
from engine.facts import pointer_step

AS_OF = "as_of"
MEMBERS = frozenset({AS_OF, "facts"})
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: facts, and the day to decide as of where the request states one."""

    facts: Mapping[str, Any]
    as_of: dt.date | None


def read_request(document: Any) -> Request | tuple[Misfit, ...]:
    """A JSON document as a request, or everything that keeps it from being one."""
    misfits = request_misfits(document)
    stated = document.get(AS_OF) if isinstance(document, Mapping) else None
    as_of = None if stated is None else read_day(stated)
    if isinstance(as_of, Misfit):
        return (*misfits, as_of)
    return misfits or Request(document["facts"], as_of)


def request_misfits(document: Any) -> tuple[Misfit, ...]:
    """What is wrong with the members of a request; the day it states is for `read_day` to judge."""
    if not isinstance(document, Mapping):
        return (Misfit("not_a_request", "", "must be an object with `facts`", 'write {"facts": {…}, "as_of": "…"}'),)
    misfits = [
        Misfit("unknown_member", pointer_step(name), f"unknown member `{name}`", "a request has `facts` and `as_of`")
        for name in document
        if name not in MEMBERS
    ]
    if not isinstance(document.get("facts"), Mapping):
        misfits.append(Misfit("facts_missing", "/facts", "`facts` must be an object", 'write "facts": {…}'))
    return tuple(misfits)


def read_day(text: Any) -> dt.date | Misfit:
    """The day a request is to be decided as of, or what is wrong with it."""
    if isinstance(text, str) and DAY.fullmatch(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            return Misfit("no_such_date", "/as_of", f"no such date: `{text}`")
    return Misfit("not_a_date", "/as_of", "`as_of` must be a date", "write it as YYYY-MM-DD")


def json_misfit(bad: BadJson) -> Misfit:
    """Text that cannot be read as JSON, as one misfit."""
    return Misfit(bad.code, bad.pointer or "", bad.detail)


def in_request(misfits: tuple[Misfit, ...]) -> tuple[Misfit, ...]:
    """Misfits of facts, their pointers leading from the request instead of from the facts."""
    return tuple(replace(misfit, pointer=f"/facts{misfit.pointer}") for misfit in misfits)


def misfit_json(misfit: Misfit) -> dict[str, Json]:
    """One misfit for programs; `help` only where there is one."""
    body = {"code": misfit.code, "pointer": misfit.pointer, "message": misfit.message}
    return body if misfit.help is None else {**body, "help": misfit.help}
