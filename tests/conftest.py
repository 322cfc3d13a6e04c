"""What all tests share: Hypothesis profiles, and golden files that one flag rewrites for review as a diff."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("short", derandomize=True, database=None, deadline=None)
settings.register_profile(
    "long", max_examples=3_000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("WRIT_HYPOTHESIS", "short"))

Golden = Callable[[Path, str], None]
"""Compares a text with the golden file at a path; under `--golden` writes the file instead."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="rewrite golden files; review them as a diff")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    rewrite = bool(request.config.getoption("--golden"))

    def check(path: Path, text: str) -> None:
        if rewrite:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing: run pytest --golden and review what it writes"
        assert text == path.read_text(encoding="utf-8")

    return check
