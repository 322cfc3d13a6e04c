"""Runs a document's own test cases and says which rules, rows, bands and levels no case reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.decide import decide
from engine.decision import Decision, Fault, Json, Status, Step
from policies.ir import Bundle, Case, Policy, Scorecard, Table
from policies.kinds.charges import Compensation, Fee
from policies.kinds.classification import Classification
from policies.kinds.ladder import Dunning
from policies.kinds.ladder_figures import literal
from policies.scalars import ScalarProblem, decimal_of


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case: passed when nothing differs."""

    case: Case
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the decision was as expected."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class Reachable:
    """A part of a policy that a case can reach: a rule that fires, a row or band that holds, a level given."""

    policy: str
    part: str
    name: str
    line: int


@dataclass(frozen=True, slots=True)
class CasesReport:
    """The results in the order of the document, every reachable part, and those that no case reached."""

    results: tuple[CaseResult, ...]
    reachable: tuple[Reachable, ...]
    unreached: tuple[Reachable, ...]

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        """The cases that did not come out as expected."""
        return tuple(result for result in self.results if not result.passed)


def run_cases(bundle: Bundle) -> CasesReport:
    """Every case of the document, decided by the definition."""
    results: list[CaseResult] = []
    reached: set[tuple[str, str, str, int | None]] = set()
    for case in bundle.tests:
        policy = bundle.policies[case.policy]
        try:
            decision = decide(policy, case.facts, case.as_of)
        except Fault as fault:
            said = tuple(f"{misfit.pointer or '/'}: {misfit.message}" for misfit in fault.misfits)
            results.append(CaseResult(case, said))
            continue
        results.append(CaseResult(case, tuple(differences(case, decision))))
        reached.update(_reached(policy.name, decision.trace))
    reachable = tuple(part for policy in bundle.policies.values() for part in reachable_parts(policy))
    unreached = tuple(part for part in reachable if (part.policy, part.part, part.name, part.line) not in reached)
    return CasesReport(tuple(results), reachable, unreached)


def differences(case: Case, decision: Decision) -> Iterator[str]:
    """What is not as the case expects: the stated part of the outcome, and the reason codes where they are stated."""
    yield from _differences("", case.expect, decision.to_json()["outcome"])
    if case.reasons is not None:
        codes = {reason.code for reason in decision.reasons}
        for code in case.reasons:
            if code not in codes:
                yield f"reasons: expected {code}, it is not among {', '.join(sorted(codes)) or 'them: there are none'}"
        for code in sorted(codes - set(case.reasons)):
            yield f"reasons: {code} was not expected"
    told, expected = decision.principal_reasons, case.principal_reasons
    if expected is not None and told != expected:
        yield f"principal_reasons: expected {', '.join(expected) or 'none'}, got {', '.join(told) or 'none'}"


def _differences(path: str, expected: Any, actual: Json) -> Iterator[str]:
    where = path or "outcome"
    match expected, actual:
        case Mapping(), Mapping() if not expected and actual:
            yield f"{where}: expected nothing in it, got {_shown(actual)}"
        case Mapping(), Mapping():
            for key, value in expected.items():
                inner = f"{path}.{key}" if path else key
                if key not in actual:
                    yield f"{inner}: expected {_shown(value)}, there is no `{key}`"
                else:
                    yield from _differences(inner, value, actual[key])
        case list(), list():
            if len(expected) != len(actual):
                yield f"{where}: expected {len(expected)} items, got {len(actual)}"
            for number, (one, other) in enumerate(zip(expected, actual, strict=False)):
                yield from _differences(f"{path}[{number}]", one, other)
        case _ if not _same(expected, actual):
            yield f"{where}: expected {_shown(expected)}, got {_shown(actual)}"
        case _:
            return


def _same(expected: Any, actual: Json) -> bool:
    """Numbers by value (`100` is `100.00`), anything else as it is written."""
    if isinstance(expected, str) and isinstance(actual, (str, int)) and not isinstance(actual, bool):
        number, other = _number(expected), _number(str(actual))
        return number == other if number is not None and other is not None else expected == str(actual)
    return bool(expected == actual)


def _number(text: str) -> Decimal | None:
    try:
        return decimal_of(text)
    except ScalarProblem:
        return None


def _shown(value: Any) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def reachable_parts(policy: Policy) -> Iterator[Reachable]:
    """Every rule, row, band, overlay and level of a policy, in the order of the document."""
    for value in policy.values:
        match value:
            case Table():
                for row in value.rows:
                    yield Reachable(policy.name, "row", f"{value.name} row {row.number}", row.line)
            case Scorecard():
                for factor in value.factors:
                    for band in factor.bands:
                        yield Reachable(policy.name, "band", band.name(factor.name), band.cell.scalar.span.line)
            case _:
                continue
    for rule in policy.rules:
        yield Reachable(policy.name, "rule", rule.name, rule.line)
    for part, name, line in _parts_of_kind(policy.body):
        yield Reachable(policy.name, part, name, line)


def _parts_of_kind(body: Any) -> Iterator[tuple[str, str, int]]:
    match body:
        case Classification():
            for band in body.bands:
                yield "band", band.cell.text, band.cell.scalar.span.line
            for overlay in body.overlays:
                yield "overlay", overlay.name, overlay.line
        case Dunning():
            for reminder in body.reminders:
                yield "reminder", reminder.name, reminder.line
            for level in body.levels:
                yield "level", level.name, level.line
                yield from _charged_bands(level.name, level.fee)
            yield from _charged_bands("compensation", body.compensation)
        case _:
            return


def _charged_bands(name: str, charge: Fee | Compensation | None) -> Iterator[tuple[str, str, int]]:
    """The bands of a charge, but for those of nothing: what comes to 0 is no claim, and leaves no trace."""
    for band in charge.of if charge is not None and isinstance(charge.of, tuple) else ():
        if literal(band.amount) != 0:
            yield "band", band.name(name), band.cell.scalar.span.line


def _reached(policy: str, steps: tuple[Step, ...]) -> Iterator[tuple[str, str, str, int | None]]:
    for step in steps:
        if step.status is Status.FIRED:
            yield policy, step.part, step.name, step.line
        yield from _reached(step.name if step.part == "need" else policy, step.steps)
