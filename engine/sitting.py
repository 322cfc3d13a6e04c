"""One policy's evaluation in progress: what has a value so far, the trace, the reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from engine.decision import Reason, Status, Step
from engine.meaning import Frame, Meaning, Notes
from engine.required import required_for_most_points, required_otherwise
from policies.feel.printer import print_expression
from policies.feel.values import Value
from policies.ir import Cell, Expression, Parameter, Policy, Scorecard

MISSING = "DT-MIS-01"
FOREIGN = "DT-MIS-05"
UNDEFINED = "DT-UND-01"


@dataclass(frozen=True, slots=True)
class Judged:
    """A value with what was read for it and, when there is none, why; `of` is the expression whose value it is."""

    value: Value
    notes: Notes
    of: Expression | None = None

    def step(
        self, part: str, name: str, status: Status, line: int | None, *, steps: tuple[Step, ...] = (), **more: object
    ) -> Step:
        """A trace step that shows what was read, the formulas called and, for an unknown one, what was missing."""
        unknown = status is Status.UNKNOWN
        formulas = (
            Step("formula", formula, Status.COMPUTED, note=f"source: {source}")
            for formula, source in self.notes.formulas.items()
        )
        return Step(
            part,
            name,
            status,
            read=shown(self.notes.read),
            missing=tuple(self.notes.missing) if unknown else (),
            undefined=tuple(self.notes.undefined) if unknown else (),
            line=line,
            steps=(*formulas, *steps),
            **more,  # type: ignore[arg-type]  # what a step may have beside: value, note
        )


def shown(read: Mapping[str, Value]) -> dict[str, Value]:
    """What was read, for the trace: plain values as they are, lists by their length, contexts by their fields."""
    return {
        path: f"{len(value)} items" if isinstance(value, list) else value
        for path, value in read.items()
        if not isinstance(value, dict)
    }


def with_parameters(names: Mapping[str, Value], parameters: Iterable[Parameter], day: dt.date) -> dict[str, Value]:
    """The names with these parameters at their values of a day; those of a block stand in its context."""
    found: dict[str, Value] = dict(names)
    blocks: dict[str, dict[str, Value]] = {}
    for parameter in parameters:
        dated = parameter.on(day)
        value = None if dated is None else dated.value
        block, _, name = parameter.name.rpartition(".")
        if block:
            found[block] = blocks.setdefault(block, dict(found.get(block) or {}))
            blocks[block][name] = value
        else:
            found[name] = value
    return found


@dataclass(slots=True)
class Sitting:
    """The state of evaluating one policy once."""

    policy: Policy
    as_of: dt.date
    meaning: Meaning
    steps: list[Step] = field(default_factory=list)
    value_steps: list[Step] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)

    def judge(self, expression: Expression, local: Mapping[str, Value] | None = None) -> Judged:
        """The value of an expression with its own notes; `local` are further names, for it alone."""
        self.meaning.notes = Notes()
        value = self.meaning.value(expression.syntax, Frame(local or {}))
        return self._judged(value, expression)

    def judge_on(self, expression: Expression, parameters: Iterable[Parameter], day: dt.date) -> Judged:
        """The same with these parameters at their values of another day."""
        kept = self.meaning.names
        self.meaning.names = with_parameters(kept, parameters, day)
        try:
            return self.judge(expression)
        finally:
            self.meaning.names = kept

    def holds(self, cell: Cell, value: Value) -> bool | None:
        """Whether a cell's tests hold for a value; what they read is added to the notes in hand."""
        return self.meaning.holds(cell.tests.tests, value, Frame())

    def _judged(self, value: Value, expression: Expression) -> Judged:
        notes = self.meaning.notes
        if value is None and not notes.missing and not notes.undefined:
            notes.undefined[f"no value: {print_expression(expression.syntax)}"] = None
        return Judged(value, notes, expression)

    def name(self, name: str, value: Value, notes: Notes) -> None:
        """Give a name its value, and the causes when it has none."""
        self.meaning.names[name] = value
        self.meaning.causes[name] = notes

    def reason(self, code: str, rule: str, judged: Judged | None = None, then: str | None = None) -> None:
        """Add a reason; its kind and texts come from the policy's reason codes. The same one is kept once."""
        observed = shown(judged.notes.read) if judged else {}
        condition = judged.of if judged is not None and judged.value is True else None
        required = None if condition is None else required_otherwise(condition.syntax)
        self._keep(replace(self._named(code, rule), then=then, observed=observed, required=required))

    def _named(self, code: str, rule: str) -> Reason:
        text = self.policy.reason_texts[code]
        return Reason(code, text.kind, self.policy.name, rule, text.text, disclosable=text.disclosable, hint=text.hint)

    def score_reason(self, code: str, factor: str, step: Step, lost: Decimal) -> None:
        """The reason of a scorecard factor that lost points."""
        cards = (part for part in self.policy.values if isinstance(part, Scorecard))
        judged = next(each for card in cards for each in card.factors if each.name == factor)
        required = required_for_most_points(judged)
        self._keep(replace(self._named(code, factor), observed=step.read, points_lost=lost, required=required))

    def data_reason(self, rule: str, notes: Notes, then: str | None = None) -> None:
        """The reasons for what could not be known: facts missing, another currency, a computation without value."""
        if notes.missing:
            self._keep(replace(self._named(MISSING, rule), then=then, missing=tuple(notes.missing)))
        foreign = {said: record for said, record in notes.foreign.items() if said in notes.undefined}
        for path, read in foreign.values():
            self._keep(replace(self._named(FOREIGN, path), then=then, observed=shown(read)))
        if len(notes.undefined) > len(foreign) or not (notes.missing or foreign):
            self._keep(replace(self._named(UNDEFINED, rule), then=then, observed=shown(notes.read)))

    def behind(self, paths: Iterable[str]) -> dict[str, None]:
        """The paths that lie behind these, themselves included: what was read for a named value, and so on down."""
        found: dict[str, None] = {}
        waiting = list(paths)
        while waiting:
            path = waiting.pop(0)
            if path not in found:
                found[path] = None
                causes = self.meaning.causes.get(path.partition(".")[0])
                waiting.extend(causes.read if causes else ())
        return found

    def _keep(self, reason: Reason) -> None:
        facts = {fact.name for fact in self.policy.facts}
        paths = tuple(path for path in self.behind(reason.observed) if path.partition(".")[0] in facts)
        if set(paths) != set(reason.observed):
            reason = replace(reason, fact_paths=paths)
        if reason not in self.reasons:
            self.reasons.append(reason)
