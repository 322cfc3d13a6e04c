"""Real ratios (shared/data/polish: 7,027 companies, 271 failed): failed companies' share per distress zone."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from engine import decide
from engine.decision import Decision
from policies import load
from policies.source import decode
from tests.conftest import Golden

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data" / "polish" / "1year.arff"
POLICY = ROOT / "tests" / "corpus" / "distress-of-ratios" / "policy.yaml"
AS_OF = dt.date(2013, 1, 1)
ZONES = ("distress", "grey", "safe", "unknown")
COLUMNS = {
    "working_capital_to_assets": 2,
    "retained_earnings_to_assets": 5,
    "ebit_to_assets": 6,
    "equity_to_liabilities": 7,
    "sales_to_assets": 8,
}
"""Each fact with its column: Attr3, Attr6, Attr7, Attr8 and Attr9."""

WEIGHTS = {"z2": ("6.56", "3.26", "6.72", "1.05"), "z1": ("0.717", "0.847", "3.107", "0.420", "0.998")}
CUT_OFFS = {"z2": ("1.1", "2.6"), "z1": ("1.23", "2.9")}

pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not there")


@cache
def companies() -> tuple[tuple[dict[str, str], bool], ...]:
    """Each company's ratios as written, a missing one left out, and whether it failed."""
    lines = DATA.read_text(encoding="ascii").split("@data", 1)[1].split()
    rows = [line.split(",") for line in lines]
    return tuple(({name: row[at] for name, at in COLUMNS.items() if row[at] != "?"}, row[-1] == "1") for row in rows)


@cache
def decisions() -> tuple[Decision, ...]:
    policy = load(decode("policy.yaml", POLICY.read_bytes())).policies["distress-zones"]
    return tuple(decide(policy, ratios, AS_OF) for ratios, _ in companies())


def counted(model: str) -> dict[str, tuple[int, int]]:
    """Companies and failed companies per zone."""
    zones = [decision.outcome[f"{model}_zone"] for decision in decisions()]
    of_all = Counter(zones)
    of_failed = Counter(zone for zone, (_, failed) in zip(zones, companies(), strict=True) if failed)
    assert set(of_all) <= set(ZONES)
    return {zone: (of_all[zone], of_failed[zone]) for zone in ZONES}


def by_hand(model: str, ratios: dict[str, str]) -> tuple[Fraction | None, str]:
    """The score and its zone in plain fractions, apart from the engine."""
    wanted = list(COLUMNS)[: len(WEIGHTS[model])]
    if any(name not in ratios for name in wanted):
        return None, "unknown"
    score = sum(
        (Fraction(weight) * Fraction(ratios[name]) for weight, name in zip(WEIGHTS[model], wanted, strict=True)),
        Fraction(0),
    )
    low, high = map(Fraction, CUT_OFFS[model])
    return score, "distress" if score < low else "safe" if score > high else "grey"


def test_the_share_of_failed_companies_per_zone(golden: Golden) -> None:
    lines = []
    for model, title in (("z2", "Z''"), ("z1", "Z'")):
        lines.append(f"{title:<10}companies   failed    share")
        for zone, (number, failed) in counted(model).items():
            share = (Decimal(100 * failed) / number).quantize(Decimal("0.01")) if number else "-"
            lines.append(f"{zone:<10}{number:>9}{failed:>9}{share:>8}%")
        lines.append("")
    golden(ROOT / "tests" / "golden" / "polish-zones.txt", "\n".join(lines))


@pytest.mark.parametrize("model", WEIGHTS)
def test_every_company_is_in_one_zone(model: str) -> None:
    assert sum(number for number, _ in counted(model).values()) == len(companies()) == 7027
    assert sum(failed for _, failed in counted(model).values()) == sum(failed for _, failed in companies()) == 271


@pytest.mark.parametrize("model", WEIGHTS)
def test_the_failed_share_falls_from_distress_to_safe(model: str) -> None:
    shares = [Fraction(failed, number) for zone, (number, failed) in counted(model).items() if zone != "unknown"]
    assert shares[0] > shares[1] > shares[2] > 0


@pytest.mark.parametrize("model", WEIGHTS)
def test_score_and_zone_are_those_computed_by_hand(model: str) -> None:
    for (ratios, _), decision in zip(companies(), decisions(), strict=True):
        score, zone = by_hand(model, ratios)
        decided = decision.outcome[model]
        assert decision.outcome[f"{model}_zone"] == zone
        assert (None if decided is None else Fraction(decided)) == score, "decimals of the text are exact"


@pytest.mark.parametrize("model", WEIGHTS)
def test_a_missing_ratio_is_never_safe_and_is_named(model: str) -> None:
    wanted = list(COLUMNS)[: len(WEIGHTS[model])]
    incomplete = 0
    for (ratios, _), decision in zip(companies(), decisions(), strict=True):
        absent = [name for name in wanted if name not in ratios]
        if absent:
            incomplete += 1
            assert decision.outcome[f"{model}_zone"] == "unknown"
            step = next(step for step in decision.trace if step.name == model)
            assert list(step.missing) == absent
    assert incomplete == counted(model)["unknown"][0] > 0
