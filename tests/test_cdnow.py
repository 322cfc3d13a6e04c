"""Real purchases (shared/data/cdnow: 2,357 customers): recency and frequency by a YAML policy, against the summary."""

from __future__ import annotations

import csv
import datetime as dt
import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from api.cli import app
from engine import decide
from engine.decision import Decision
from policies import load
from policies.source import decode

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data" / "cdnow"
POLICY = ROOT / "tests" / "corpus" / "rfm-from-purchases" / "policy.yaml"
CALIBRATED_TO = dt.date(1997, 9, 30)
"""The summary's own day: the first 39 weeks (T = 38.86 weeks for who began on 1 January 1997)."""
LAST_DAY = dt.date(1998, 6, 30)

pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not there")


@cache
def customers() -> dict[str, list[dict[str, str]]]:
    """Each customer's purchases as facts, by the number within the sample."""
    found: dict[str, list[dict[str, str]]] = {}
    for line in (DATA / "CDNOW_sample.txt").read_text(encoding="ascii").splitlines():
        _, number, day, _, amount = line.split()
        bought = {"on": dt.datetime.strptime(day, "%Y%m%d").date().isoformat(), "amount": amount}  # noqa: DTZ007 (a day)
        found.setdefault(str(int(number)), []).append(bought)
    return found


def facts(number: str) -> dict[str, Any]:
    return {"customer_id": number, "purchases": customers()[number]}


@cache
def summary() -> dict[str, dict[str, str]]:
    with (DATA / "cdnow_customers_summary.csv").open(encoding="ascii", newline="") as file:
        return {row["ID"]: row for row in csv.DictReader(file)}


@cache
def decisions() -> dict[str, Decision]:
    policy = load(decode("policy.yaml", POLICY.read_bytes())).policies["purchase-history"]
    return {number: decide(policy, facts(number), CALIBRATED_TO) for number in customers()}


def test_the_customers_are_those_of_the_summary() -> None:
    assert len(decisions()) == 2_357
    assert set(decisions()) == set(summary())


@pytest.mark.parametrize(
    ("column", "member"), [("frequency", "frequency"), ("recency", "recency_weeks"), ("T", "age_weeks")]
)
def test_every_customer_is_as_published(column: str, member: str) -> None:
    differing = [
        (number, decision.outcome[member], summary()[number][column])
        for number, decision in decisions().items()
        if decision.outcome[member] != Decimal(summary()[number][column])
    ]
    assert differing == []


def test_the_summary_tells_customers_apart() -> None:
    assert len({(row["frequency"], row["recency"], row["T"]) for row in summary().values()}) > 1_000


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cdnow") / "facts.jsonl"
    lines = (json.dumps({"facts": facts(number)}) for number in customers())
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def calibrate(portfolio: Path, *more: str) -> Any:
    command = ["calibrate", str(POLICY), "--policy", "purchase-history", "--facts", str(portfolio)]
    return CliRunner().invoke(app, [*command, "--as-of", LAST_DAY.isoformat(), *more])


def test_quintiles_of_recency_and_money_cut_the_portfolio_evenly(portfolio: Path) -> None:
    result = calibrate(portfolio, "--let", "recency_days", "--let", "monetary")
    assert result.exit_code == 0, result.output
    parameters = yaml.safe_load(result.stdout)["parameters"]
    recency, monetary = parameters["recency_days_breakpoints"], parameters["monetary_breakpoints"]
    assert (recency["type"], recency["of"], monetary["of"]) == ("list", "days", "money")
    for value in (recency, monetary):
        assert len(value["value"]) == 4
        assert value["value"] == sorted(set(value["value"]))
        assert "2357 customers" in value["source"]
    spent = sorted(sum(Decimal(each["amount"]) for each in bought) for bought in customers().values())
    # The k-th breakpoint is the value with exactly ceil(k * 2357 / 5) customers below it, where no two spent the same.
    for place, breakpoint_ in zip((472, 943, 1415, 1886), monetary["value"], strict=True):
        assert spent[place] == Decimal(str(breakpoint_))


def test_half_of_them_bought_once_so_frequency_has_no_quintiles(portfolio: Path) -> None:
    refused = calibrate(portfolio, "--let", "orders")
    assert refused.exit_code == 1
    assert "ties at breakpoints 1 on 1, 2 on 1" in refused.stderr
    assert "orders_breakpoints:" not in refused.stdout
    raised = calibrate(portfolio, "--let", "orders", "--ties", "raise", "--json")
    [value] = json.loads(raised.stdout)["values"]
    assert value["breakpoints"] == ["2", "3", "4", "5"]
    assert value["bands"][0] == sum(len({each["on"] for each in bought}) == 1 for bought in customers().values())
    assert sum(value["bands"]) == 2_357
