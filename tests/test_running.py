"""A service that starts: its first text becomes the first revision, and a changed file after that is not obeyed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from api.policy_file import file_report
from api.problems import Problem
from api.running import PolicyFileError, Running, start
from api.settings import Settings
from policies.diagnostics import Refused
from tests.granting import put_in_force
from tests.serving import POLICIES

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def start_with(folder: Path, text: str) -> Running:
    file = folder / "policies.yaml"
    file.write_text(text, encoding="utf-8")
    settings = Settings.read({}, {"database": str(folder / "writ.db"), "policy_file": str(file)})
    return start(settings, lambda: NOON, lambda: None)


def started(folder: Path, text: str) -> tuple[int, str]:
    """The revision in force after a start with this file, and how the file stands to it."""
    running = start_with(folder, text)
    found = running.revisions.today().revision, file_report(running).state
    running.audit.close()
    return found


def effective(day: str, text: str = POLICIES) -> str:
    return text.replace("writ: 1\n", f"writ: 1\neffective: {day}\n")


def test_the_first_text_may_have_been_in_effect_before(tmp_path: Path) -> None:
    assert started(tmp_path, effective("2020-01-01")) == (1, "in_force")


def test_a_changed_file_is_reported_and_not_obeyed(tmp_path: Path) -> None:
    started(tmp_path, POLICIES)
    assert started(tmp_path, POLICIES.replace("amount <= 1000", "amount <= 2000")) == (1, "differs")
    assert started(tmp_path, "no policy at all") == (1, "differs")
    assert started(tmp_path, POLICIES) == (1, "in_force")


@pytest.mark.parametrize("day", ["2019-12-31", "2026-02-28"])
def test_row_34_a_changed_text_cannot_take_effect_in_the_past(tmp_path: Path, day: str) -> None:
    running = start_with(tmp_path, effective("2020-01-01"))
    changed = effective(day, POLICIES.replace("amount <= 1000", "amount <= 2000"))
    with pytest.raises(Problem) as refused:
        put_in_force(running.register, changed)
    assert (refused.value.code, refused.value.place) == ("backdated", {"line": 2})
    assert "write 2026-03-01 or later" in refused.value.detail
    assert running.revisions.today().revision == 1
    running.audit.close()


def test_a_text_may_keep_the_day_that_the_text_in_force_names(tmp_path: Path) -> None:
    running = start_with(tmp_path, effective("2020-01-01"))
    changed = effective("2020-01-01", POLICIES.replace("amount <= 1000", "amount <= 2000"))
    number = put_in_force(running.register, changed)
    assert running.revisions.today().revision == number == 2
    running.audit.close()


def test_a_first_text_with_mistakes_leaves_no_revision_behind(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        start_with(tmp_path, POLICIES.replace("amount <= 1000", "amonut <= 1000"))
    failing = POLICIES.replace("expect: {release: true}", "expect: {release: false}")
    with pytest.raises(PolicyFileError, match="case `small-order-of-a-payer`"):
        start_with(tmp_path, failing)
    assert started(tmp_path, POLICIES) == (1, "in_force")
