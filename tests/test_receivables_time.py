"""`writ facts`: nothing that happened after the day asked for changes the facts of that day."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger_runs import DATED, HEADER, as_csv, run

DISPUTES = DATED.replace("columns:\n", "columns:\n  disputed_on: Raised\n  dispute_resolved_on: Ended\n") + (
    "disputed: {column: Flag, yes: [y], no: [n], reason: see the file}\n"
)


@pytest.mark.parametrize(
    ("raised", "ended", "flag", "disputed"),
    [
        ("2026-06-30", "", "y", "10"),
        ("2026-07-01", "", "y", None),
        ("2026-06-10", "2026-07-01", "y", "10"),
        ("2026-06-10", "2026-06-30", "y", None),
        ("", "", "y", None),
        ("2026-06-10", "", "n", None),
        ("2026-06-10", "", "", "10"),
    ],
)
def test_a_dispute_counts_from_the_day_it_was_raised_to_the_day_it_ended(
    tmp_path: Path, raised: str, ended: str, flag: str, disputed: str | None
) -> None:
    header = [*HEADER, "Raised", "Ended", "Flag"]
    row = ["1", "a", "2026-06-01", "2026-07-01", "10.00", "", raised, ended, flag]
    (item,) = run(tmp_path, DISPUTES, as_csv([header, row])).facts["1"]["open_items"]
    assert item.get("disputed_amount") == disputed
    assert item.get("dispute_reason") == (None if disputed is None else "see the file")


DAY = st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
AS_OF = dt.date(2026, 6, 30)
LATER = st.dates(AS_OF + dt.timedelta(1), dt.date(2027, 6, 30))


@st.composite
def two_histories(draw: st.DrawFn) -> tuple[list[list[str]], list[list[str]]]:
    """Two ledgers that differ only in what happened after the day asked for."""
    one, other = [], []
    for number in range(draw(st.integers(1, 8))):
        key = [draw(st.sampled_from(["1", "2"])), str(number)]
        written, amount = draw(DAY), f"{draw(st.integers(1, 10**6)) / Decimal(100)}"
        due = (written + dt.timedelta(draw(st.integers(0, 60)))).isoformat()
        settled, raised, ended = (draw(st.none() | DAY) for _ in range(3))
        if written > AS_OF:
            one.append([*key, written.isoformat(), due, amount, "", "", ""])
            continue

        def told(day: dt.date | None) -> tuple[str, str]:
            if day is not None and day <= AS_OF:
                return day.isoformat(), day.isoformat()
            first, second = draw(st.none() | LATER), draw(st.none() | LATER)
            return (first.isoformat() if first else ""), (second.isoformat() if second else "")

        both = [told(day) for day in (settled, raised, ended)]
        one.append([*key, written.isoformat(), due, amount, *(first for first, _ in both)])
        other.append([*key, written.isoformat(), due, amount, *(second for _, second in both)])
    return one, other


@given(two_histories())
@settings(max_examples=100, deadline=None)
def test_what_happened_after_the_day_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, ledgers: tuple[list[list[str]], list[list[str]]]
) -> None:
    tmp_path = tmp_path_factory.mktemp("leak")
    map_text = DATED.replace(
        "columns:\n", "columns:\n  disputed_on: Raised\n  dispute_resolved_on: Ended\n  dispute_reason: Invoice\n"
    )
    header = [*HEADER, "Raised", "Ended"]
    one, other = (run(tmp_path, map_text, as_csv([header, *rows])) for rows in ledgers)
    assert one.facts == other.facts
    assert one.order == sorted(one.order)
