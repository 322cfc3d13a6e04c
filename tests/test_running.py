"""A service that starts: which text becomes a revision, and which changed text is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from api.running import Running, start
from api.settings import Settings
from policies.diagnostics import Code, Refused
from tests.serving import POLICIES

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def start_with(folder: Path, text: str) -> Running:
    file = folder / "policies.yaml"
    file.write_text(text, encoding="utf-8")
    settings = Settings.read({}, {"database": str(folder / "writ.db"), "policy_file": str(file)})
    return start(settings, lambda: NOON, lambda: None)


def revision_of(folder: Path, text: str) -> int:
    running = start_with(folder, text)
    running.audit.close()
    return running.in_force.revision


def effective(day: str, text: str = POLICIES) -> str:
    return text.replace("writ: 1\n", f"writ: 1\neffective: {day}\n")


def test_the_first_text_may_have_been_in_effect_before(tmp_path: Path) -> None:
    assert revision_of(tmp_path, effective("2020-01-01")) == 1


def test_row_34_a_changed_text_cannot_take_effect_in_the_past(tmp_path: Path) -> None:
    revision_of(tmp_path, effective("2020-01-01"))
    changed = effective("2026-02-28", POLICIES.replace("amount <= 1000", "amount <= 2000"))
    with pytest.raises(Refused) as refused:
        start_with(tmp_path, changed)
    [found] = refused.value.diagnostics
    assert found.code is Code.BACKDATED
    assert (found.span.line, found.span.column) == (2, 12)
    assert found.help == "write 2026-03-01 or a later day"


def test_a_refused_text_leaves_no_revision_behind(tmp_path: Path) -> None:
    revision_of(tmp_path, effective("2020-01-01"))
    with pytest.raises(Refused):
        start_with(tmp_path, effective("2019-01-01", POLICIES.replace("1000", "2000")))
    assert revision_of(tmp_path, effective("2026-03-01", POLICIES.replace("1000", "3000"))) == 2


def test_the_same_text_keeps_its_revision_however_old_it_is(tmp_path: Path) -> None:
    text = effective("2020-01-01")
    assert [revision_of(tmp_path, text) for _ in range(3)] == [1, 1, 1]
