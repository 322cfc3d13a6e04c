"""`writ test`: a policy file's own cases, what came out differently, and what no case reached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, assert_never

import typer

from api.commands import policy_file
from api.commands.terminal import REFUSED, write, write_json
from engine.cases import CaseResult, CasesReport, Reachable, run_cases
from policies.diagnostics import visible
from policies.ir import Bundle

Form = Literal["text", "json"]
"""For people, for programs."""


def test(file: Path, form: Form) -> None:
    """Run the cases and print what came of them; ends with 1 when one failed."""
    bundle = policy_file.load(file, as_json=form == "json")
    report = run_cases(bundle)
    match form:
        case "text":
            write("\n".join(_told(bundle, report)))
        case "json":
            write_json(_as_json(bundle, report))
        case _ as never:
            assert_never(never)
    if report.failed:
        raise typer.Exit(REFUSED)


def _told(bundle: Bundle, report: CasesReport) -> Iterator[str]:
    name = bundle.source.name
    for result in report.failed:
        yield f"{name}:{result.case.line}: case {visible(result.case.name)} ({result.case.policy}) failed"
        if result.case.because:
            yield f"  because: {visible(result.case.because)}"
        yield from (f"  {visible(difference)}" for difference in result.differences)
        yield ""
    if report.unreached:
        yield f"no case reached {len(report.unreached)} of {len(report.reachable)} parts:"
        yield from (
            f"  {name}:{part.line}: {part.policy}: {part.part} {visible(part.name)}" for part in report.unreached
        )
        yield ""
    count = len(report.results)
    failed = len(report.failed)
    reached = len(report.reachable) - len(report.unreached)
    cases = "1 case" if count == 1 else f"{count} cases"
    yield f"{cases}: {count - failed} passed, {failed} failed; {reached} of {len(report.reachable)} parts reached"


def _as_json(bundle: Bundle, report: CasesReport) -> dict[str, Any]:
    return {
        "file": bundle.source.name,
        "digest": bundle.digest,
        "passed": len(report.results) - len(report.failed),
        "failed": len(report.failed),
        "cases": [_case_json(result) for result in report.results],
        "reachable": len(report.reachable),
        "unreached": [_part_json(part) for part in report.unreached],
    }


def _case_json(result: CaseResult) -> dict[str, Any]:
    case = result.case
    return {
        "case": case.name,
        "policy": case.policy,
        "line": case.line,
        "passed": result.passed,
        "differences": list(result.differences),
    }


def _part_json(part: Reachable) -> dict[str, Any]:
    return {"policy": part.policy, "part": part.part, "name": part.name, "line": part.line}
