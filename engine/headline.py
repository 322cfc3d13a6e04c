"""The headline of an outcome: the one word that says most of what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEADLINES: Mapping[str, str] = {"credit": "decision", "classification": "class", "dunning": "outcome"}
"""By kind of policy, the member of the outcome that says most."""


def headline(kind: str, outcome: Mapping[str, Any]) -> str | None:
    """The word of an outcome that says most; None for a kind of policy that has none."""
    word = outcome.get(HEADLINES.get(kind, ""))
    return word if isinstance(word, str) else None
