"""One document with ten different mistakes shows all ten, each at its line and column with its caret."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies import load
from policies.diagnostics import Refused, render_gnu, render_text, to_json
from policies.source import decode
from tests.conftest import Golden

FOLDER = Path(__file__).parent / "golden"

MISTAKES = {
    "unknown-key": "langauges",
    "exponent-in-number": "1e6",
    "cycle": "needs",
    "weights": "scorecard",
    "gap": "bands",
    "unknown-name": "open_amuont",
    "unknown-reason": "CR-HLD-99",
    "shape": "[Terms]",
    "unit-mismatch": "order.amount < customer.margin",
    "case": "ordre",
}
"""Each code with what stands under its caret."""


def refused() -> Refused:
    source = decode("ten-mistakes.yaml", (FOLDER / "ten-mistakes.yaml").read_bytes())
    with pytest.raises(Refused) as caught:
        load(source)
    return caught.value


def test_all_ten_are_shown_at_their_places(golden: Golden) -> None:
    golden(FOLDER / "ten-mistakes.txt", render_text(refused().diagnostics))


def test_each_is_a_different_mistake_and_its_caret_stands_under_it() -> None:
    found = refused().diagnostics
    assert sorted(diagnostic.code for diagnostic in found) == sorted(MISTAKES)
    lines = (FOLDER / "ten-mistakes.yaml").read_text(encoding="utf-8").splitlines()
    for diagnostic in found:
        under = lines[diagnostic.span.line - 1][diagnostic.span.column - 1 :]
        assert under.startswith(MISTAKES[diagnostic.code]), (diagnostic.code, under)


def test_editors_and_programs_get_the_same_ten() -> None:
    found = refused().diagnostics
    places = [(diagnostic.span.line, diagnostic.span.column) for diagnostic in found]
    assert places == sorted(places)
    assert [(one["line"], one["column"]) for one in to_json(found)] == places
    assert [tuple(map(int, line.split(":")[1:3])) for line in render_gnu(found).splitlines()] == places
