"""The kind `classification`: a class by ordered rules or score bands, overlays, strategies (K1, K5, K8, K9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from policies.desk import Desk
from policies.diagnostics import Code
from policies.feel.values import Value
from policies.ir import Cell, Rule, Texts
from policies.ir import Expression as Typed
from policies.kinds.classification_hysteresis import Hysteresis, check_hysteresis
from policies.kinds.classification_part import ClassificationPart, ClassPart, OverlayPart
from policies.kinds.kind import Checked, Kind
from policies.nodes import Scalar
from policies.regions import UNBOUNDED
from policies.rules import check_rules
from policies.scalars import ScalarProblem, decimal_of
from policies.scorecard import check_bands
from policies.types import Boolean, ContextOf, ListOf, Number, Text, Type


@dataclass(frozen=True, slots=True)
class Class:
    """A class and its strategy, with the first and last day on which the strategy holds (None: open)."""

    name: str
    title: Texts
    strategy: tuple[tuple[str, Value], ...]
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    def valid_on(self, day: dt.date) -> bool:
        """Whether the strategy holds on a day; both ends are included."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class ClassBand:
    """The class of the scores a cell holds for."""

    cell: Cell
    then: str


@dataclass(frozen=True, slots=True)
class Overlay:
    """A class that wins over the base class. `missing`: the class when unknown, or `no_overlay`."""

    name: str
    when: Typed
    then: str
    reason: str
    missing: str
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Classification:
    """The body: `missing` is the class when the deciding rule or the score is unknown.

    `expired` is the class given in place of one whose strategy does not hold on the day.
    """

    mode: Literal["first_match", "score_band"]
    classes: tuple[Class, ...]
    bands: tuple[ClassBand, ...]
    otherwise: str | None
    missing: str
    overlays: tuple[Overlay, ...]
    hysteresis: Hysteresis | None
    expired: str | None

    def named(self, name: str) -> Class:
        """The class of this name."""
        return next(class_ for class_ in self.classes if class_.name == name)


NO_OVERLAY = "no_overlay"


def check(part: ClassificationPart, desk: Desk) -> Checked:
    """Check classes, how they are reached, and the overlays."""
    names = tuple(part.classes)
    if not names:
        desk.error(Code.CLASSIFICATION, "`classes` is empty", part.span("classes"), "name at least one class")
    classes, strategy = _check_classes(part, desk)
    desk.word(part.missing, names, part.span("missing"))
    if part.otherwise is not None:
        desk.word(part.otherwise, names, part.span("otherwise"))
    rules: tuple[Rule, ...] = ()
    bands: tuple[ClassBand, ...] = ()
    if part.mode == "first_match":
        rules = check_rules(part.rules, desk, then=names, missing=names)
        if part.otherwise is None:
            mend = "write `otherwise:` with the class when no rule holds"
            desk.error(Code.CLASSIFICATION, "`first_match` needs `otherwise`", part.span("mode"), mend)
        if part.bands is not None:
            desk.error(Code.CLASSIFICATION, "`bands` go with `mode: score_band`", part.key_span("bands"))
    else:
        bands = _check_score_bands(part, names, desk)
    overlays = tuple(_check_overlay(overlay, names, desk) for overlay in part.overlays)
    hysteresis = check_hysteresis(part, [(band.cell, band.then) for band in bands], desk)
    expired = _check_expired(part, desk)
    body = Classification(part.mode, classes, bands, part.otherwise, part.missing, overlays, hysteresis, expired)
    _warn_of_unreachable(part, body, rules, desk)
    return Checked(body, rules, ContextOf(tuple(_outcome(part, body, strategy))))


def _outcome(
    part: ClassificationPart, body: Classification, strategy: tuple[tuple[str, Type], ...]
) -> Iterator[tuple[str, Type]]:
    names = tuple(part.classes)
    yield from (("class", Text(names)), ("base_class", Text(names)))
    if part.scorecard is not None:
        yield "score", Number("points", nullable=True)
    if body.hysteresis is not None:
        yield "held_back", Text(names, nullable=True)
    if body.expired is not None:
        yield "expired", Text(names, nullable=True)
    yield from (("overlays", ListOf(Text())), ("strategy", ContextOf(strategy)))


def _check_classes(part: ClassificationPart, desk: Desk) -> tuple[tuple[Class, ...], tuple[tuple[str, Type], ...]]:
    classes: list[Class] = []
    types: dict[str, Type] = {}
    keys: list[str] = []
    for number, (name, written) in enumerate(part.classes.items()):
        if number == 0:
            keys = list(written.strategy)
        elif set(written.strategy) != set(keys):
            odd = ", ".join(sorted(set(keys) ^ set(written.strategy)))
            said = f"the strategy of `{name}` and of `{classes[0].name}` differ in: {odd}"
            desk.error(Code.CLASSIFICATION, said, part.key_span("classes", name), "name the same keys in every class")
        values = []
        for key, scalar in written.strategy.items():
            value, type_ = _strategy_value(scalar)
            values.append((key, value))
            if types.setdefault(key, type_) != type_:
                said = f"`{key}` is a number in one class and something else in another"
                desk.error(Code.TYPE_MISMATCH, said, scalar.span)
            if key.endswith("_policy"):
                desk.policy_named(scalar)
        _check_days(name, written, desk)
        title = desk.texts(written.title, part.key_span("classes", name))
        classes.append(Class(name, title, tuple(values), written.valid_from, written.valid_to))
    return tuple(classes), tuple((key, types[key]) for key in keys)


def _check_days(name: str, written: ClassPart, desk: Desk) -> None:
    if written.valid_from is not None and written.valid_to is not None and written.valid_to < written.valid_from:
        said = f"the strategy of `{name}` ends on {written.valid_to}, before it begins on {written.valid_from}"
        desk.error(Code.CLASSIFICATION, said, written.span("valid_to"), "write a later day")


def _check_expired(part: ClassificationPart, desk: Desk) -> str | None:
    dated = [name for name, written in part.classes.items() if written.valid_from or written.valid_to]
    if part.expired is None:
        if dated:
            said = f"the strategy of `{dated[0]}` has days on which it is not valid, and nothing says what follows then"
            span = part.key_span("classes", dated[0])
            desk.error(Code.CLASSIFICATION, said, span, "write `expired:` with the class given in its place")
        return None
    desk.word(part.expired, tuple(part.classes), part.span("expired"))
    if part.expired in dated:
        said = f"`{part.expired}` has days on which it is not valid itself"
        desk.error(Code.CLASSIFICATION, said, part.span("expired"), "name a class without `valid_from` and `valid_to`")
    elif not dated:
        said = "no class has `valid_from` or `valid_to`"
        desk.error(Code.CLASSIFICATION, said, part.key_span("expired"), "take `expired` out, or add the days")
    return part.expired


def _warn_of_unreachable(part: ClassificationPart, body: Classification, rules: tuple[Rule, ...], desk: Desk) -> None:
    """A class that nothing gives: no rule, band, overlay or route for what is missing or has expired."""
    given = {body.missing, body.otherwise, body.expired}
    given.update(band.then for band in body.bands)
    given.update(word for rule in rules for word in (rule.then, rule.missing))
    given.update(word for overlay in body.overlays for word in (overlay.then, overlay.missing))
    slips = given - {None, NO_OVERLAY} - set(part.classes)
    if slips or not all(part.read_whole(key) for key in ("rules", "overlays")):
        return  # what was refused may have been meant to give the class
    for name in part.classes:
        if name not in given:
            said = f"unreachable class `{name}`: no rule, band or overlay gives it"
            desk.warn(Code.CLASSIFICATION, said, part.key_span("classes", name), "delete the class, or give it")


def _strategy_value(scalar: Scalar) -> tuple[Value, Type]:
    """A plain number or truth value is one; anything else is text."""
    if scalar.plain and scalar.text in {"true", "false"}:
        return scalar.text == "true", Boolean()
    if scalar.plain:
        try:
            return Decimal(decimal_of(scalar.text)), Number()
        except ScalarProblem:
            pass
    return scalar.text, Text()


def _check_score_bands(part: ClassificationPart, names: tuple[str, ...], desk: Desk) -> tuple[ClassBand, ...]:
    if part.scorecard is None or part.bands is None:
        absent = "scorecard" if part.scorecard is None else "bands"
        desk.error(Code.CLASSIFICATION, f"`score_band` needs `{absent}`", part.span("mode"), f"add `{absent}:`")
        return ()
    if part.rules:
        desk.error(Code.CLASSIFICATION, "`rules` go with `mode: first_match`", part.key_span("rules"))
    bands = []
    for text, then in part.bands.items():
        cell = desk.cell(part.key_scalar("bands", text), Number("points"))
        bands.append(ClassBand(cell, desk.word(then, names, part.span("bands", text))))
    bounds = desk.bounds.get("score", UNBOUNDED)
    check_bands([band.cell for band in bands], Number("points"), bounds, part.key_span("bands"), desk)
    return tuple(bands)


def _check_overlay(part: OverlayPart, names: tuple[str, ...], desk: Desk) -> Overlay:
    when = desk.condition(part.when)
    desk.word(part.then, names, part.span("then"))
    desk.word(part.missing, (*names, NO_OVERLAY), part.span("missing"))
    reason = desk.reason(part.reason, part.span("reason"))
    return Overlay(part.overlay, when, part.then, reason, part.missing, part.span().line)


KIND = Kind("classification", ClassificationPart, check, ("DT-MIS-01", "DT-UND-01"))
