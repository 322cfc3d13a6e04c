"""The kind `classification`: the base class, kept where it must not flap, overlays, validity (K1, K5, K8, K9)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from engine.decision import Status, Step
from engine.rules import judge_rules, skip_rules, status_of
from engine.scorecard import give_score_reasons
from engine.sitting import Sitting
from policies.feel.values import Value
from policies.ir import Expression, Scorecard
from policies.kinds.classification import NO_OVERLAY, Classification
from policies.kinds.classification_hysteresis import Hysteresis


def decide_class(body: Classification, sitting: Sitting) -> dict[str, Value]:
    """The class with its base class, score, active overlays and strategy.

    `held_back` is the class that hysteresis keeps the customer from, `expired` the one whose strategy is not valid.
    """
    reached, known = _by_rules(body, sitting) if body.mode == "first_match" else _by_score(body, sitting)
    # A class given for what is missing follows at once: nobody knows that it would flap.
    held = known and body.hysteresis is not None and _held(body.hysteresis, reached, sitting)
    base = _previous(body.hysteresis, sitting) if held and body.hysteresis is not None else reached
    active = _overlays(body, sitting)
    final = active[0][1] if active else base
    lapsed = not body.named(final).valid_on(sitting.as_of)
    outcome: dict[str, Value] = {"class": final, "base_class": base}
    if any(isinstance(part, Scorecard) for part in sitting.policy.values):
        outcome["score"] = sitting.meaning.names["score"]
    if body.hysteresis is not None:
        outcome["held_back"] = reached if held else None
    if body.expired is not None:
        outcome["expired"] = final if lapsed else None
        if lapsed:
            said = f"not valid on {sitting.as_of.isoformat()}, {body.expired} in its place"
            sitting.steps.append(Step("validity", final, Status.FIRED, note=said))
            outcome["class"] = final = body.expired
    outcome["overlays"] = [name for name, _ in active]
    outcome["strategy"] = dict(body.named(final).strategy)
    return outcome


def _by_rules(body: Classification, sitting: Sitting) -> tuple[str, bool]:
    """The first rule that holds, and whether that is known.

    A rule that is unknown decides as well: by its own missing class, or the policy's.
    """
    for ruling in judge_rules(sitting):
        rule = ruling.rule
        if ruling.status is Status.NOT_FIRED:
            continue
        skip_rules(sitting, rule)
        if ruling.status is Status.FIRED:
            sitting.reason(rule.reason, rule.name, ruling.judged, rule.then)
            return rule.then or body.missing, True
        unknown = rule.missing or body.missing
        sitting.data_reason(rule.name, ruling.judged.notes, unknown)
        return unknown, False
    return body.otherwise or body.missing, True


def _by_score(body: Classification, sitting: Sitting) -> tuple[str, bool]:
    score = sitting.meaning.names["score"]
    if score is None:
        sitting.data_reason("score", sitting.meaning.causes["score"])
        return body.missing, False
    give_score_reasons(sitting)
    band = next(band for band in body.bands if sitting.holds(band.cell, score))
    line = band.cell.scalar.span.line
    sitting.steps.append(Step("band", band.cell.text, Status.FIRED, line=line, note=band.then))
    return band.then, True


def _previous(hysteresis: Hysteresis, sitting: Sitting) -> str:
    return str(sitting.judge(hysteresis.previous).value)


def _held(hysteresis: Hysteresis, reached: str, sitting: Sitting) -> bool:
    """Whether the class of the last decision stays the base class, written into the trace (K5).

    A test whose figure is 0 is switched off; with both off nothing is held. What is unknown lets nobody change class.
    """
    previous = sitting.judge(hysteresis.previous)
    if previous.value is None or previous.value == reached:
        return False
    stay, margin = _figure(hysteresis.min_dwell_days, sitting), _figure(hysteresis.margin, sitting)
    if stay == 0 and margin == 0:
        return False
    since = sitting.judge(hysteresis.since)
    days = (sitting.as_of - since.value).days if isinstance(since.value, dt.date) else None
    beyond = _beyond(hysteresis, str(previous.value), sitting)
    stayed = stay is not None and stay > 0 and days is not None and days >= stay
    passed = margin is not None and margin > 0 and beyond is not None and beyond >= margin
    held = not (stayed or passed)
    said = f"{'held back' if held else 'released'}: {_told(days, stay, 'days')}, {_told(beyond, margin, 'points past')}"
    status = Status.FIRED if held else Status.NOT_FIRED
    sitting.steps.append(previous.step("hysteresis", reached, status, hysteresis.since.line, note=said))
    if held and since.value is None and stay != 0:
        sitting.data_reason("hysteresis", since.notes, str(previous.value))
    return held


def _figure(figure: Expression | None, sitting: Sitting) -> Decimal | None:
    """A figure of the hysteresis: 0 where there is none, None where it is unknown."""
    if figure is None:
        return Decimal(0)
    value = sitting.judge(figure).value
    return value if isinstance(value, Decimal) else None


def _beyond(hysteresis: Hysteresis, previous: str, sitting: Sitting) -> Decimal | None:
    score = sitting.meaning.names.get("score")
    return hysteresis.distance(score, previous) if isinstance(score, Decimal) else None


def _told(reached: Decimal | int | None, wanted: Decimal | None, unit: str) -> str:
    known, of = ("unknown" if value is None else str(value) for value in (reached, wanted))
    return f"{known} of {of} {unit}"


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
