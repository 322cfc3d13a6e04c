"""One policy's evaluation in progress: what has a value so far, the trace, the reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from engine.decision import Reason, Status, Step
from engine.meaning import Frame, Meaning, Notes
from policies.feel.printer import print_expression
from policies.feel.values import Value
from policies.ir import Cell, Expression, Policy

MISSING = "DT-MIS-01"
UNDEFINED = "DT-UND-01"


@dataclass(frozen=True, slots=True)
class Judged:
    """A value with what was read for it and, when there is none, why."""

    value: Value
    notes: Notes

    def step(self, part: str, name: str, status: Status, line: int | None, **more: object) -> Step:
        """A trace step that shows what was read and, for an unknown one, what was missing."""
        unknown = status is Status.UNKNOWN
        return Step(
            part,
            name,
            status,
            read=shown(self.notes.read),
            missing=tuple(self.notes.missing) if unknown else (),
            undefined=tuple(self.notes.undefined) if unknown else (),
            line=line,
            **more,  # type: ignore[arg-type]  # what a step may have beside: value, note, steps
        )


def shown(read: Mapping[str, Value]) -> dict[str, Value]:
    """What was read, for the trace: plain values as they are, lists by their length, contexts by their fields."""
    return {
        path: f"{len(value)} items" if isinstance(value, list) else value
        for path, value in read.items()
        if not isinstance(value, dict)
    }


@dataclass(slots=True)
class Sitting:
    """The state of evaluating one policy once."""

    policy: Policy
    as_of: dt.date
    meaning: Meaning
    steps: list[Step] = field(default_factory=list)
    value_steps: list[Step] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)

    def judge(self, expression: Expression) -> Judged:
        """The value of an expression with its own notes."""
        self.meaning.notes = Notes()
        value = self.meaning.value(expression.syntax, Frame())
        return self._judged(value, expression)

    def holds(self, cell: Cell, value: Value) -> bool | None:
        """Whether a cell's tests hold for a value; what they read is added to the notes in hand."""
        return self.meaning.holds(cell.tests.tests, value, Frame())

    def _judged(self, value: Value, expression: Expression) -> Judged:
        notes = self.meaning.notes
        if value is None and not notes.missing and not notes.undefined:
            notes.undefined[f"no value: {print_expression(expression.syntax)}"] = None
        return Judged(value, notes)

    def name(self, name: str, value: Value, notes: Notes) -> None:
        """Give a name its value, and the causes when it has none."""
        self.meaning.names[name] = value
        self.meaning.causes[name] = notes

    def reason(self, code: str, rule: str, judged: Judged | None = None, then: str | None = None) -> None:
        """Add a reason; its kind and texts come from the policy's reason codes. The same one is kept once."""
        observed = shown(judged.notes.read) if judged else {}
        self._keep(replace(self._named(code, rule), then=then, observed=observed))

    def _named(self, code: str, rule: str) -> Reason:
        text = self.policy.reason_texts[code]
        return Reason(code, text.kind, self.policy.name, rule, text.text, disclosable=text.disclosable)

    def score_reason(self, code: str, factor: str, step: Step, lost: Decimal) -> None:
        """The reason of a scorecard factor that lost points."""
        self._keep(replace(self._named(code, factor), observed=step.read, points_lost=lost))

    def data_reason(self, rule: str, notes: Notes, then: str | None = None) -> None:
        """The reason for what could not be known: facts missing, or a computation without value."""
        if notes.missing:
            self._keep(replace(self._named(MISSING, rule), then=then, missing=tuple(notes.missing)))
        if notes.undefined or not notes.missing:
            self._keep(replace(self._named(UNDEFINED, rule), then=then, observed=shown(notes.read)))

    def _keep(self, reason: Reason) -> None:
        if reason not in self.reasons:
            self.reasons.append(reason)
