"""`writ calibrate`: breakpoints that were observed, rise strictly, cut evenly, and can be pasted as printed."""

from __future__ import annotations

import hashlib
import json
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from api import calibration
from api.calibration import Ascending, Cut, cut
from api.cli import app
from policies import load
from policies.source import decode

POLICY = """\
writ: 1
bundle: portfolio
reporting_currency: CNY
facts:
  last_order_date: date?
  orders: count?
  spent: money?
  dollars: {type: money, currency: USD, optional: true}
  pieces: {type: number, unit: pieces, optional: true}
policies:
  rfm:
    kind: decision
    title: RFM
    let:
      recency_days: {is: (as_of - last_order_date).days, unit: days}
      frequency: orders
      monetary: spent
      in_dollars: dollars
      average: dollars / orders
      in_pieces: pieces
      share: orders / pieces
      late: orders > 3
    outcome: {frequency: {is: frequency, otherwise: null}}
"""


def values(numbers: list[Decimal], stack: ExitStack) -> Ascending:
    held = Ascending(stack)
    for number in numbers:
        held.add(number)
    return held


def cut_of(numbers: list[Decimal], parts: int, ties: calibration.Ties = "refuse") -> Cut:
    with ExitStack() as stack:
        return cut(values(numbers, stack), parts, ties)


TIES: tuple[calibration.Ties, ...] = ("refuse", "raise")
numbers = st.lists(st.decimals(-1000, 1000, places=2), min_size=1, max_size=60)


@given(numbers, st.integers(2, 6))
def test_breakpoints_are_observed_and_rise_strictly(found: list[Decimal], parts: int) -> None:
    for ties in TIES:
        made = cut_of(found, parts, ties)
        assert list(made.breakpoints) == sorted(set(made.breakpoints))
        assert set(made.breakpoints) <= set(found)
        if made.complete:
            assert sum(made.bands) == len(found)
            assert all(made.bands), "no band is empty: below the first breakpoint somebody lies as well"


@given(st.sets(st.decimals(-1000, 1000, places=2), min_size=6, max_size=60), st.integers(2, 6))
def test_different_values_are_cut_evenly(found: set[Decimal], parts: int) -> None:
    made = cut_of(sorted(found), parts)
    assert made.complete
    assert made.ties == ()
    assert max(made.bands) - min(made.bands) <= 1


@given(numbers, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_never_matters(found: list[Decimal], random: Any) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert cut_of(found, 5, "raise") == cut_of(shuffled, 5, "raise")


def test_memory_is_bounded_by_sorted_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Decimal(number * 7919 % 1000) for number in range(1000)]
    whole = cut_of(found, 5)
    monkeypatch.setattr(calibration, "RUN", 64)
    with ExitStack() as stack:
        held = values(found, stack)
        assert list(held) == sorted(found)
        assert list(held) == sorted(found), "it can be gone through again"
        assert cut(held, 5, "refuse") == whole
    assert whole.breakpoints == tuple(map(Decimal, (200, 400, 600, 800)))


def test_a_tie_is_refused_or_raised_to_the_next_larger_value() -> None:
    found = [Decimal(number) for number in (1, 1, 1, 1, 1, 1, 2, 3, 5, 9)]
    refused = cut_of(found, 5)
    assert not refused.complete
    assert [(tie.number, tie.value) for tie in refused.ties] == [(1, Decimal(1)), (2, Decimal(1))]
    raised = cut_of(found, 5, "raise")
    assert raised.breakpoints == tuple(map(Decimal, (2, 3, 5, 9)))
    assert raised.bands == (6, 1, 1, 1, 1)
    assert not cut_of(found[:8], 5, "raise").complete, "three different values make three parts at most"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policies.yaml"
    path.write_text(POLICY, encoding="utf-8")
    return path


def run(policy: Path, rows: list[dict[str, Any]], *more: str) -> Result:
    facts = policy.with_name("facts.jsonl")
    facts.write_text("".join(json.dumps({"facts": row}) + "\n" for row in rows), encoding="utf-8")
    command = ["calibrate", str(policy), "--policy", "rfm", "--facts", str(facts), "--as-of", "2026-03-31", *more]
    return CliRunner().invoke(app, command)


ROWS = [
    {"last_order_date": f"2026-03-{day:02}", "orders": day, "spent": f"{day * 10}.50", "pieces": day}
    for day in range(1, 31)
]


def test_what_is_printed_can_be_pasted(policy: Path) -> None:
    result = run(policy, ROWS, *(f"--let={name}" for name in ("recency_days", "frequency", "monetary", "in_pieces")))
    assert result.exit_code == 0, result.output
    parameters = yaml.safe_load(result.stdout)["parameters"]
    assert parameters["recency_days_breakpoints"]["value"] == [7, 13, 19, 25]
    assert parameters["frequency_breakpoints"]["value"] == [7, 13, 19, 25]
    assert parameters["monetary_breakpoints"]["value"] == [70.5, 130.5, 190.5, 250.5]
    assert parameters["in_pieces_breakpoints"]["unit"] == "pieces"
    pasted = POLICY.replace("policies:\n", result.stdout.split("\n", 1)[1] + "policies:\n", 1)
    assert pasted.startswith("writ: 1")
    checked = load(decode("pasted.yaml", pasted.encode()))
    assert checked.warnings == (), "each has its source"


def test_the_source_says_population_day_file_and_method(policy: Path) -> None:
    result = run(policy, [*ROWS, {"orders": 2}, {"orders": 2.5}], "--let", "recency_days", "--parts", "4")
    source = yaml.safe_load(result.stdout)["parameters"]["recency_days_breakpoints"]["source"]
    digest = hashlib.sha256(policy.with_name("facts.jsonl").read_bytes()).hexdigest()
    assert source.startswith("quartiles of recency_days over 30 customers (1 unknown, 1 rejected) as of 2026-03-31")
    assert f"facts.jsonl, sha256 {digest}" in source
    assert "place ceil(k * n / 4)" in source
    assert "# recency_days is unknown for 1 customer, line 31; missing: last_order_date (1)" in result.stdout
    assert "# rejected: line 32" in result.stdout


def test_the_same_file_gives_the_same_bytes(policy: Path) -> None:
    first, second = (run(policy, ROWS, "--let", "monetary", "--json") for _ in range(2))
    assert first.stdout_bytes == second.stdout_bytes
    [value] = json.loads(first.stdout)["values"]
    assert value["breakpoints"] == ["70.5", "130.5", "190.5", "250.5"]
    assert value["bands"] == [6, 6, 6, 6, 6]
    assert value["problem"] is None


def test_rows_state_no_day_of_their_own(policy: Path) -> None:
    result = run(policy, ROWS, "--let", "recency_days", "--json")
    rows = [{"as_of": "2020-01-01", "facts": row} for row in ROWS]
    policy.with_name("facts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    command = ["calibrate", str(policy), "--policy", "rfm", "--facts", str(policy.with_name("facts.jsonl"))]
    again = CliRunner().invoke(app, [*command, "--as-of", "2026-03-31", "--let", "recency_days", "--json"])
    assert json.loads(again.stdout)["values"][0]["breakpoints"] == json.loads(result.stdout)["values"][0]["breakpoints"]


def test_another_currency_is_named(policy: Path) -> None:
    rows = [{"dollars": day, "orders": 1} for day in range(10)]
    parameters = yaml.safe_load(run(policy, rows, "--let", "in_dollars").stdout)["parameters"]
    assert parameters["in_dollars_breakpoints"]["currency"] == "USD"


@pytest.mark.parametrize(
    ("let", "rows", "said"),
    [
        ("frequency", [{"orders": 1}] * 3, "frequency: 3 known values cannot be cut into 5 parts"),
        ("frequency", [{}], "frequency: 0 known values cannot be cut into 5 parts"),
        ("frequency", [{"orders": 1}] * 9, "ties at breakpoints 1 on 1, 2 on 1, 3 on 1, 4 on 1"),
        ("average", [{"dollars": day, "orders": 7} for day in range(9)], "amounts with more than 2 decimals"),
    ],
)
def test_what_cannot_be_cut_ends_with_1_and_says_why(
    policy: Path, let: str, rows: list[dict[str, Any]], said: str
) -> None:
    result = run(policy, rows, "--let", let)
    assert result.exit_code == 1
    assert said in result.stderr
    assert f"{let}_breakpoints" not in result.stdout


@pytest.mark.parametrize(
    ("let", "said"),
    [("recency_day", "did you mean `recency_days`?"), ("late", "is no number"), ("nothing", "has no let `nothing`")],
)
def test_what_is_no_number_of_the_policy_is_refused(policy: Path, let: str, said: str) -> None:
    result = run(policy, ROWS, "--let", let)
    assert result.exit_code == 2
    assert said in result.stderr.replace("\n", " ").replace("│", "")
