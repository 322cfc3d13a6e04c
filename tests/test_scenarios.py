"""The tables of scenarios.md, Tryton, ERPNext and OCA: policies with their rows as cases, and runs by days."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cases import run_cases
from policies import load
from policies.diagnostics import Refused
from policies.source import decode
from tests.ledger_steps import FOLDER, Run, bundle_of, runs, surprises

POLICIES = sorted(FOLDER.glob("scenarios-*.yaml"))
RUNS = [pytest.param(path, run, id=f"{path.stem}-{run['run']}") for path, run in runs("scenarios")]


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_the_rows_come_out_and_nothing_is_warned_of(path: Path) -> None:
    bundle = bundle_of(path)
    assert bundle.warnings == ()
    report = run_cases(bundle)
    assert report.results
    assert [(result.case.name, result.differences) for result in report.failed] == []


@pytest.mark.parametrize(("path", "run"), RUNS)
def test_the_run_goes_by_its_days(path: Path, run: Run) -> None:
    assert list(surprises(bundle_of(path), run)) == []


def test_a_run_that_goes_otherwise_is_told() -> None:
    ((path, run),) = [each for each in runs("scenarios") if each[1]["run"] == "fees"]
    steps = [{**step, "open": 110} for step in run["steps"]]
    told = list(surprises(bundle_of(path), {**run, "steps": steps}))
    assert told == ["2026-03-06: expected 110 open, got 100", "2026-03-12: expected 110 open, got 125"]


def test_a_first_level_that_counts_from_the_last_notice_is_refused() -> None:
    # scenarios.md 7: the peer refuses the mode "previous date" for the first level, and so do we.
    text = (FOLDER / "scenarios-oca-levels.yaml").read_text(encoding="utf-8")
    first = "{level: first, min_days: 10,"
    assert text.count(first) == 1
    wrong = text.replace(first, "{level: first, basis: last_notice, min_days: 10,")
    with pytest.raises(Refused, match="the first level cannot count from the last notice"):
        load(decode("scenarios-oca-levels.yaml", wrong.encode()))
