"""The corpus: a folder per case, each a whole policy with its own test cases, or the diagnostics that refuse it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cases import run_cases
from policies import load
from policies.diagnostics import Diagnostic, Refused, render_text
from policies.ir import Bundle
from policies.source import decode
from tests.conftest import Golden

CORPUS = Path(__file__).parent / "corpus"
FOLDERS = sorted(path for path in CORPUS.iterdir() if path.is_dir())
ACCEPTED = [path for path in FOLDERS if not path.name.startswith("refused-")]


def checked(folder: Path) -> tuple[Bundle | None, tuple[Diagnostic, ...]]:
    """The bundle, None when the policy is refused, and what was found."""
    source = decode("policy.yaml", (folder / "policy.yaml").read_bytes())
    try:
        bundle = load(source)
    except Refused as refused:
        return None, refused.diagnostics
    return bundle, bundle.warnings


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_case_is_as_its_folder_says(folder: Path, golden: Golden) -> None:
    bundle, found = checked(folder)
    assert (bundle is None) == folder.name.startswith("refused-"), render_text(found)
    assert bool(found) == folder.name.startswith(("refused-", "warned-")), render_text(found)
    if found:
        golden(folder / "diagnostics.txt", render_text(found))
    if bundle is not None:
        report = run_cases(bundle)
        assert report.results, "a policy that is accepted shows what it decides"
        assert [(result.case.name, result.differences) for result in report.failed] == []


@pytest.mark.parametrize("folder", ACCEPTED, ids=lambda folder: folder.name)
def test_the_cases_reach_every_rule_row_and_band_that_can_be_reached(folder: Path) -> None:
    bundle, found = checked(folder)
    assert bundle is not None
    dead = {diagnostic.span.line for diagnostic in found if diagnostic.code == "never"}
    unreached = [part for part in run_cases(bundle).unreached if part.line not in dead]
    assert [(part.part, part.name) for part in unreached] == []


def test_a_case_that_expects_something_else_fails() -> None:
    text = (CORPUS / "hit-first" / "policy.yaml").read_text(encoding="utf-8")
    wrong = text.replace("grade: B, cap: 40000}", "grade: A, cap: 40000}")
    assert wrong != text
    report = run_cases(load(decode("policy.yaml", wrong.encode())))
    assert [result.differences for result in report.failed] == [("grade: expected A, got B",)]


def test_every_folder_says_what_it_shows() -> None:
    silent = []
    for folder in FOLDERS:
        text = (folder / "policy.yaml").read_text(encoding="utf-8")
        if not text.startswith("# ") and not folder.name.startswith(("refused-", "warned-")):
            silent.append(folder.name)
        assert f"bundle: {folder.name}\n" in text
    assert silent == []
