"""A comparison of two policy texts as one JSON document: what they say otherwise, and what they decide otherwise."""

from __future__ import annotations

from collections.abc import Iterable

from api.comparison.facts import Asked
from engine.comparing import Comparison
from engine.decision import Json
from policies.differences import Difference
from policies.ir import Bundle


def comparison_document(
    old: Bundle, new: Bundle, differences: Iterable[Difference], replay: dict[str, Json] | None
) -> dict[str, Json]:
    """The whole document; `replay` is null where nothing was decided anew."""
    return {
        "old": _text(old),
        "new": _text(new),
        "differences": [difference.to_json() for difference in differences],
        "replay": replay,
    }


def replay_document(comparison: Comparison, asked: Asked | None = None) -> dict[str, Json]:
    """What a comparison found; `rows` says what became of a facts file where the questions come from one."""
    return {**comparison.to_json(), **({} if asked is None else {"rows": asked.to_json()})}


def _text(bundle: Bundle) -> dict[str, Json]:
    return {"name": bundle.source.name, "digest": bundle.digest}
