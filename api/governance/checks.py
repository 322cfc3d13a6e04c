"""What a policy text must pass before anybody is asked to approve it: no mistakes, and its own cases come out right."""

from __future__ import annotations

from collections.abc import Sequence

import policies
from api.problems import Problem
from engine.cases import CasesReport, run_cases
from engine.decision import Json
from policies.diagnostics import Diagnostic, Refused, to_json
from policies.ir import Bundle
from policies.source import decode

NAMED = 50
"""Failed cases and parts no case reached that are named."""


def read_text(text: bytes, name: str = "policies.yaml") -> Bundle:
    """The checked document. Raises Problem with every diagnostic."""
    try:
        return policies.load(decode(name, text))
    except Refused as refused:
        raise refusal(refused.diagnostics) from None


def refusal(diagnostics: Sequence[Diagnostic]) -> Problem:
    """The problem that a refused policy text is, its mistakes as `errors`."""
    said: list[dict[str, Json]] = [
        {"detail" if name == "message" else name: value for name, value in one.items()} for one in to_json(diagnostics)
    ]
    first = diagnostics[0]
    more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
    detail = f"line {first.span.line}, column {first.span.column}: {first.message}{more}"
    place: dict[str, Json] = {"line": first.span.line, "column": first.span.column}
    return Problem("policy_refused", detail, errors=said, place=place)


def checked(bundle: Bundle) -> dict[str, Json]:
    """How the document's own cases came out and what they did not reach. Raises Problem when one fails."""
    report = run_cases(bundle)
    if report.failed:
        errors: list[dict[str, Json]] = [
            {
                "code": "case_failed",
                "case": result.case.name,
                "policy": result.case.policy,
                "line": result.case.line,
                "detail": "; ".join(result.differences[:5]),
            }
            for result in report.failed[:NAMED]
        ]
        detail = f"{len(report.failed)} of {len(report.results)} of the text's own cases come out otherwise"
        raise Problem("cases_failed", detail, errors=errors)
    return evidence(bundle, report)


def evidence(bundle: Bundle, report: CasesReport) -> dict[str, Json]:
    """What was tested of a document, for its record."""
    unreached: list[Json] = [
        {"policy": part.policy, "part": part.part, "name": part.name, "line": part.line}
        for part in report.unreached[:NAMED]
    ]
    return {
        "cases": len(report.results),
        "warnings": len(bundle.warnings),
        "reachable": len(report.reachable),
        "reached": len(report.reachable) - len(report.unreached),
        "unreached": unreached,
    }
