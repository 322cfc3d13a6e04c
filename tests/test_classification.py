"""Laws of classes and scores: scales stay within their ends, weights may come from the facts, classes do not flap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import decide
from engine.decision import Decision, Status, Step
from policies import load
from policies.ir import Policy
from policies.source import decode

AS_OF = dt.date(2026, 3, 2)

HYSTERESIS = """\
writ: 1
bundle: tiers
reporting_currency: USD
facts:
  points: {type: points, min: 0, max: 100}
  risk: boolean?
  last: {optional: true, fields: {class: {one_of: [gold, silver, bronze, stop]}, since: date}}
  stay: days
  margin: points
policies:
  tier:
    kind: classification
    title: Tier
    mode: score_band
    classes: {gold: {title: Gold}, silver: {title: Silver}, bronze: {title: Bronze}, stop: {title: Stop}}
    scorecard:
      factors:
        - {factor: pts, of: points, weight: 100, missing: worst, scale: {low: 0, high: 100, direction: higher_better}}
    bands: {"< 40": bronze, "[40..80)": silver, ">= 80": gold}
    hysteresis: {previous: last.class, since: last.since, min_dwell_days: stay, margin: margin}
    overlays: [{overlay: risk, when: risk, then: stop, reason: CL-RISK-01, missing: no_overlay}]
    missing: bronze
"""
EDGES = {"bronze": (None, Decimal(40)), "silver": (Decimal(40), Decimal(80)), "gold": (Decimal(80), None)}

WEIGHTS = """\
writ: 1
bundle: weights
reporting_currency: USD
facts:
  x: {type: number, optional: true}
  y: number
  wx: {type: number, optional: true}
  wy: number
policies:
  class:
    kind: classification
    title: Class
    mode: score_band
    classes: {low: {title: Low}, high: {title: High}}
    scorecard:
      normalise: true
      factors:
        - factor: x
          of: x
          weight: wx
          scale: {low: 0, high: 50, direction: higher_better}
          missing: reweight
          reason: SU-QLT-01
        - factor: y
          of: y
          weight: wy
          scale: {low: 10, high: 20, direction: lower_better}
          missing: worst
          reason: SU-PRC-01
    bands: {"< 50": low, ">= 50": high}
    missing: low
"""


@cache
def policy(text: str) -> Policy:
    [found] = load(decode("policies.yaml", text.encode())).policies.values()
    return found


def tier(**facts: Any) -> Decision:
    return decide(policy(HYSTERESIS), facts, AS_OF)


def weighted(facts: Mapping[str, Any]) -> Decision:
    return decide(policy(WEIGHTS), facts, AS_OF)


def step_of(decision: Decision, part: str) -> Step:
    return next(step for step in decision.trace if step.part == part)


points = st.decimals(0, 100, places=1).map(str)
days = st.integers(0, 200)
figures = st.integers(0, 40).map(str)
classes = st.sampled_from(list(EDGES))


def last(name: str, ago: int) -> dict[str, str]:
    return {"class": name, "since": (AS_OF - dt.timedelta(days=ago)).isoformat()}


@given(points, classes, days, figures, figures)
def test_a_class_changes_only_after_a_stay_or_with_a_margin(
    reached: str, previous: str, ago: int, stay: str, margin: str
) -> None:
    plain = tier(points=reached, stay="0", margin="0").outcome["class"]
    outcome = tier(points=reached, stay=stay, margin=margin, last=last(previous, ago)).outcome
    low, high = EDGES[previous]
    beyond = (low - Decimal(reached)) if low is not None and Decimal(reached) < low else None
    beyond = (Decimal(reached) - high) if high is not None and Decimal(reached) >= high else beyond
    off = Decimal(stay) == Decimal(margin) == 0
    stayed = Decimal(stay) > 0 and ago >= Decimal(stay)
    passed = Decimal(margin) > 0 and beyond is not None and beyond >= Decimal(margin)
    free = plain == previous or off or stayed or passed
    assert outcome["class"] == outcome["base_class"] == (plain if free else previous)
    assert outcome["held_back"] == (None if free else plain)


@given(points, classes, days, figures, figures)
def test_an_overlay_never_waits(reached: str, previous: str, ago: int, stay: str, margin: str) -> None:
    outcome = tier(points=reached, stay=stay, margin=margin, last=last(previous, ago), risk=True).outcome
    assert outcome["class"] == "stop"


@given(points, classes, st.integers(0, 199), figures, figures)
def test_a_longer_stay_never_holds_back_more(reached: str, previous: str, ago: int, stay: str, margin: str) -> None:
    sooner = tier(points=reached, stay=stay, margin=margin, last=last(previous, ago)).outcome
    later = tier(points=reached, stay=stay, margin=margin, last=last(previous, ago + 1)).outcome
    assert sooner["held_back"] is not None or later["held_back"] is None


def test_the_trace_says_why_a_class_is_held_back() -> None:
    held = step_of(tier(points="78", stay="90", margin="5", last=last("gold", 12)), "hysteresis")
    assert (held.name, held.status) == ("silver", Status.FIRED)
    assert held.note == "held back: 12 of 90 days, 2 of 5 points past"
    released = step_of(tier(points="70", stay="90", margin="5", last=last("gold", 12)), "hysteresis")
    assert (released.status, released.note) == (Status.NOT_FIRED, "released: 12 of 90 days, 10 of 5 points past")


numbers = st.decimals(-100, 100, places=1)


@given(numbers)
def test_points_on_a_scale_lie_between_0_and_100_and_clamping_is_said(x: Decimal) -> None:
    decision = weighted({"x": str(x), "y": "10", "wx": "1", "wy": "0"})
    score = decision.outcome["score"]
    assert isinstance(score, Decimal)
    assert score == min(max(x, Decimal(0)), Decimal(50)) * 2
    [scale] = step_of(decision, "scorecard").steps[0].steps
    assert ("clamped" in str(scale.note)) == (not 0 <= x <= 50)


@given(numbers, numbers)
def test_more_is_never_worse_where_more_is_better(one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    better, worse = (weighted({"x": str(x), "y": "10", "wx": "1", "wy": "0"}).outcome["score"] for x in (high, low))
    assert better >= worse
    cheap, dear = (weighted({"x": "0", "y": str(y), "wx": "0", "wy": "1"}).outcome["score"] for y in (low, high))
    assert cheap >= dear


@given(st.integers(0, 100), st.integers(1, 100), st.integers(2, 9))
def test_only_the_proportion_of_weights_matters(wx: int, wy: int, times: int) -> None:
    facts = {"x": "20", "y": "13"}
    once = weighted({**facts, "wx": str(wx), "wy": str(wy)}).outcome["score"]
    again = weighted({**facts, "wx": str(wx * times), "wy": str(wy * times)}).outcome["score"]
    assert isinstance(once, Decimal)
    assert isinstance(again, Decimal)
    assert abs(once - again) < Decimal("1e-30")


def test_points_lost_are_weighted_by_the_weights_of_the_facts() -> None:
    decision = weighted({"x": "25", "y": "15", "wx": "3", "wy": "1"})
    lost = {reason.code: reason.points_lost for reason in decision.reasons}
    assert decision.outcome["score"] == 50
    assert lost == {"SU-QLT-01": Decimal("37.5"), "SU-PRC-01": Decimal("12.5")}


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"wy": "1"}, {"DT-MIS-01"}),
        ({"wx": "0", "wy": "0"}, {"DT-UND-01"}),
        ({"wx": "-1", "wy": "2"}, {"DT-UND-01"}),
    ],
)
def test_without_weights_there_is_no_score_and_the_class_for_what_is_missing(
    facts: dict[str, str], why: set[str]
) -> None:
    decision = weighted({"x": "50", "y": "10", **facts})
    assert decision.outcome["score"] is None
    assert decision.outcome["class"] == "low"
    assert {reason.code for reason in decision.reasons} == why


def test_a_missing_factor_is_left_out_with_its_weight() -> None:
    assert weighted({"y": "15", "wx": "3", "wy": "1"}).outcome["score"] == 50
    assert weighted({"y": "15", "wx": "3", "wy": "0"}).outcome["score"] is None, "nothing that weighs is left"
