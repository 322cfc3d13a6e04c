"""Acts: the entries of the log by which policies and access change, numbered from 1 without gaps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REVISION, PRINCIPAL, ACCESS_KEY = "revision", "principal", "access_key"
"""The kinds of records that are acts."""

SYSTEM = "system"
"""Under whose name the service itself acts; nobody can be called so."""

WORDS: Mapping[str, tuple[str, ...]] = {
    REVISION: (
        "imported",
        "drafted",
        "edited",
        "proposed",
        "approved",
        "activated",
        "withdrawn",
        "rolled_back",
        "confirmed",
        "shadow_started",
        "shadow_ended",
    ),
    PRINCIPAL: ("registered", "changed"),
    ACCESS_KEY: ("made", "revoked"),
}
"""By kind, what can be done."""

PREFIXES: Mapping[str, str] = {REVISION: "rev", PRINCIPAL: "prn", ACCESS_KEY: "key"}
"""By kind, what the ids of its records begin with."""

MEMBERS = frozenset({"writ_record", "kind", "id", "at", "act", "act_number", "principal", "clock_went_back"})
"""Members of every act's record; the others say what the act is about."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act: what was done (`word`), by whom, when, and its entry in the log; `content` is what it is about."""

    number: int
    seq: int
    at: dt.datetime
    kind: str
    word: str
    principal: str
    content: Mapping[str, Any]

    @classmethod
    def of(cls, record: Mapping[str, Any], seq: int) -> Act:
        """The act of a record. Raises ValueError for a record that is none."""
        kind, word = str(record.get("kind")), str(record.get("act"))
        if word not in WORDS.get(kind, ()) or not isinstance(record.get("act_number"), int):
            msg = f"entry {seq} is no act: `{kind}`, `{word}`"
            raise ValueError(msg)
        content = {name: value for name, value in record.items() if name not in MEMBERS}
        at = dt.datetime.fromisoformat(record["at"])
        return cls(record["act_number"], seq, at, kind, word, record["principal"], content)
