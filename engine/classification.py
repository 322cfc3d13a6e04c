"""The kind `classification`: the base class, then the overlays, of which the first active one wins (domain K1, K8)."""

from __future__ import annotations

from engine.decision import Status, Step
from engine.named_values import give_score_reasons
from engine.rules import judge_rules, skip_rules, status_of
from engine.sitting import Sitting
from policies.feel.values import Value
from policies.ir import Scorecard
from policies.kinds.classification import NO_OVERLAY, Classification


def decide_class(body: Classification, sitting: Sitting) -> dict[str, Value]:
    """The class with its base class, score, active overlays and strategy."""
    base = _by_rules(body, sitting) if body.mode == "first_match" else _by_score(body, sitting)
    active = _overlays(body, sitting)
    final = active[0][1] if active else base
    outcome: dict[str, Value] = {"class": final, "base_class": base}
    if any(isinstance(part, Scorecard) for part in sitting.policy.values):
        outcome["score"] = sitting.meaning.names["score"]
    outcome["overlays"] = [name for name, _ in active]
    outcome["strategy"] = dict(body.named(final).strategy)
    return outcome


def _by_rules(body: Classification, sitting: Sitting) -> str:
    """The first rule that holds. One that is unknown decides as well: by its own missing class, or the policy's."""
    for ruling in judge_rules(sitting):
        rule = ruling.rule
        if ruling.status is Status.NOT_FIRED:
            continue
        skip_rules(sitting, rule)
        if ruling.status is Status.FIRED:
            sitting.reason(rule.reason, rule.name, ruling.judged, rule.then)
            return rule.then or body.missing
        unknown = rule.missing or body.missing
        sitting.data_reason(rule.name, ruling.judged.notes, unknown)
        return unknown
    return body.otherwise or body.missing


def _by_score(body: Classification, sitting: Sitting) -> str:
    score = sitting.meaning.names["score"]
    if score is None:
        sitting.data_reason("score", sitting.meaning.causes["score"])
        return body.missing
    give_score_reasons(sitting)
    band = next(band for band in body.bands if sitting.holds(band.cell, score))
    line = band.cell.scalar.span.line
    sitting.steps.append(Step("band", band.cell.text, Status.FIRED, line=line, note=band.then))
    return band.then


def _overlays(body: Classification, sitting: Sitting) -> list[tuple[str, str]]:
    active = []
    for overlay in body.overlays:
        judged = sitting.judge(overlay.when)
        status = status_of(judged.value)
        sitting.steps.append(judged.step("overlay", overlay.name, status, overlay.line, note=overlay.then))
        if status is Status.FIRED:
            sitting.reason(overlay.reason, overlay.name, judged, overlay.then)
            active.append((overlay.name, overlay.then))
        elif status is Status.UNKNOWN:
            sitting.data_reason(overlay.name, judged.notes, overlay.missing)
            if overlay.missing != NO_OVERLAY:
                active.append((overlay.name, overlay.missing))
    return active
