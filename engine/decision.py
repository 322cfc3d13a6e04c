"""What a decision is: an outcome with its reasons and the trace of how it came about; and what a fault is.

Pure values. `Decision.to_json()` is the one rendering: the HTTP answer, the record and the CLI's `--json` all use it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from policies.feel.printer import print_duration, print_temporal
from policies.feel.values import Duration, Range, Value

ENGINE_VERSION = "writ 0.1.0"

Json = Any
"""JSON in the record's closed profile: no floats; every decimal is text."""


DOMAINS: Mapping[str, str] = {
    "CR": "credit",
    "DT": "data",
    "CD": "condition",
    "CL": "classification",
    "DN": "dunning",
    "SU": "supplier",
    "OV": "override",
}
"""What a reason code speaks of, by its area (domain section 5)."""


class Status(StrEnum):
    """What became of one part of a policy."""

    FIRED = "fired"
    NOT_FIRED = "not_fired"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    COMPUTED = "computed"


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the trace: a rule, row, factor, limit method, ladder level …, with what it read.

    `missing` names the facts whose absence made it unknown; `undefined` says which computations had no value
    (`zero denominator in a / b`). `line` is the part's line in the policy text.
    """

    part: str
    name: str
    status: Status
    value: Value = None
    read: Mapping[str, Value] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()
    line: int | None = None
    note: str | None = None
    steps: tuple[Step, ...] = ()

    def to_json(self) -> Json:
        """The step as JSON; empty members are left out."""
        body: dict[str, Json] = {"part": self.part, "name": self.name, "status": self.status.value}
        if self.value is not None:
            body["value"] = value_to_json(self.value)
        if self.read:
            body["read"] = {path: value_to_json(value) for path, value in self.read.items()}
        for key in ("missing", "undefined"):
            if getattr(self, key):
                body[key] = list(getattr(self, key))
        if self.line is not None:
            body["line"] = self.line
        if self.note is not None:
            body["note"] = self.note
        if self.steps:
            body["steps"] = [step.to_json() for step in self.steps]
        return body


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a stable code, what kind of reason it is, the part of the policy it came from, and texts by language.

    `rank` is its place among the decision's reasons, from 1. `then` is what it leads to by itself, where it does:
    `decline`, a class. `required` is the condition, in FEEL, under which it would not have been given, or given no
    points lost. `fact_paths` are the facts behind what was `observed`.
    """

    code: str
    kind: str
    policy: str
    rule: str
    text: Mapping[str, str]
    then: str | None = None
    observed: Mapping[str, Value] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    points_lost: Decimal | None = None
    disclosable: bool = True
    rank: int | None = None
    hint: Mapping[str, str] = field(default_factory=dict)
    required: str | None = None
    fact_paths: tuple[str, ...] = ()

    @property
    def domain(self) -> str | None:
        """What the code's area speaks of: `credit` for CR-LIQ-01; None for an area of the policy's own."""
        return DOMAINS.get(self.code.partition("-")[0])

    def to_json(self) -> Json:
        """The reason as JSON; empty members are left out."""
        body: dict[str, Json] = {
            "code": self.code,
            "kind": self.kind,
            "policy": self.policy,
            "rule": self.rule,
            "text": dict(self.text),
            "disclosable": self.disclosable,
        }
        for key in ("domain", "rank", "then", "required"):
            if getattr(self, key) is not None:
                body[key] = getattr(self, key)
        if self.hint:
            body["hint"] = dict(self.hint)
        if self.observed:
            body["observed"] = {path: value_to_json(value) for path, value in self.observed.items()}
        for key in ("fact_paths", "missing"):
            if getattr(self, key):
                body[key] = list(getattr(self, key))
        if self.points_lost is not None:
            body["points_lost"] = value_to_json(self.points_lost)
        return body


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one question: `policy` on some facts as of one day.

    `principal_reasons` are the codes the customer is told, the gravest first; `customer_text` is what the customer is
    told, by language, where a credit decision is no plain approval.
    """

    policy: str
    kind: str
    policy_digest: str
    as_of: dt.date
    outcome: Mapping[str, Value]
    reasons: tuple[Reason, ...]
    trace: tuple[Step, ...]
    engine: str = ENGINE_VERSION
    principal_reasons: tuple[str, ...] = ()
    customer_text: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """The whole decision as JSON; without a text for the customer there is no `customer_text`."""
        told = {"customer_text": dict(self.customer_text)} if self.customer_text else {}
        return {
            "policy": self.policy,
            "kind": self.kind,
            "policy_digest": self.policy_digest,
            "engine": self.engine,
            "as_of": self.as_of.isoformat(),
            "outcome": value_to_json(self.outcome),
            "principal_reasons": list(self.principal_reasons),
            **told,
            "reasons": [reason.to_json() for reason in self.reasons],
            "trace": [step.to_json() for step in self.trace],
        }


@dataclass(frozen=True, slots=True)
class Misfit:
    """One fact that does not fit: `pointer` is a JSON pointer into the facts (RFC 6901)."""

    code: str
    pointer: str
    message: str
    help: str | None = None


class Fault(Exception):  # noqa: N818 (a word of the design, not an error class's name)
    """The facts do not fit the policy: all the misfits found, never one at a time. Nothing was decided."""

    def __init__(self, misfits: tuple[Misfit, ...]) -> None:
        super().__init__("; ".join(f"{misfit.pointer}: {misfit.message}" for misfit in misfits))
        self.misfits = misfits


def value_to_json(value: Value) -> Json:
    """A FEEL value in the closed JSON profile: decimals, dates and durations as text, whole Python ints as numbers."""
    match value:
        case None | bool() | str() | int():
            return value
        case Decimal():
            return plain_decimal(value)
        case dt.datetime() | dt.date() | dt.time():
            return print_temporal(value)
        case Duration():
            return print_duration(value)
        case Range():
            ends = [value_to_json(value.low), value_to_json(value.high)]
            return {"range": ends, "low_closed": value.low_closed, "high_closed": value.high_closed}
        case Mapping():
            return {key: value_to_json(item) for key, item in value.items()}
        case list() | tuple():
            return [value_to_json(item) for item in value]
        case _:
            msg = f"no JSON form for {type(value).__name__}"
            raise TypeError(msg)


def plain_decimal(value: Decimal) -> str:
    """A decimal without exponent and without trailing zeros after the point: `100`, `0.25`; minus zero is `0`."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
