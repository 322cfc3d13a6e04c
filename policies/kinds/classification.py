"""The kind `classification`: a class by ordered rules or score bands, overlays, strategies (K1, K8, K9)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Literal

from policies.desk import Desk
from policies.diagnostics import Code
from policies.document import PolicyPart
from policies.document_fields import CHOICE, Expression, Identifier, Name, Part, TextsField, Word
from policies.feel.values import Value
from policies.ir import Cell, Rule, Texts
from policies.ir import Expression as Typed
from policies.kinds.kind import Checked, Kind
from policies.nodes import Scalar
from policies.regions import UNBOUNDED
from policies.rules import check_rules
from policies.scalars import ScalarProblem, decimal_of
from policies.scorecard import check_bands
from policies.types import Boolean, ContextOf, ListOf, Number, Text, Type


class ClassPart(Part):
    """A class with the strategy its members get; every class names the same strategy keys."""

    title: TextsField
    """Its name for people."""
    strategy: dict[Identifier, Expression] = {}
    """How its members are treated, such as `terms_days: 30`; the same keys in every class."""


class OverlayPart(Part):
    """A class that takes precedence over the base class while its condition holds (domain K8)."""

    overlay: Name
    """The name of the overlay."""
    when: Expression
    """The condition."""
    then: Word
    """The class while it holds."""
    reason: Word
    """The reason code given then."""
    missing: Word
    """The class when nobody knows whether it holds, or `no_overlay`."""


class ClassificationPart(PolicyPart):
    """A class by ordered rules (`first_match`) or by bands of the score (`score_band`), with overlays (domain K1)."""

    kind: Annotated[Literal["classification"], CHOICE]
    """What the policy decides."""
    mode: Annotated[Literal["first_match", "score_band"], CHOICE]
    """How the base class is reached: by the first rule that holds, or by bands of the score."""
    classes: dict[Name, ClassPart]
    """The classes, by name."""
    bands: dict[Word, Word] | None = None
    """The class by a test of the score: `"< 40": weak`."""
    otherwise: Word | None = None
    """The class when no rule holds."""
    missing: Word
    """The class when a rule or the score is unknown."""
    overlays: tuple[OverlayPart, ...] = ()
    """Classes that win over the base class while their condition holds, the first of them first."""


@dataclass(frozen=True, slots=True)
class Class:
    """A class and its strategy."""

    name: str
    title: Texts
    strategy: tuple[tuple[str, Value], ...]


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
    """The body: `missing` is the class when the deciding rule or the score is unknown."""

    mode: Literal["first_match", "score_band"]
    classes: tuple[Class, ...]
    bands: tuple[ClassBand, ...]
    otherwise: str | None
    missing: str
    overlays: tuple[Overlay, ...]

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
    body = Classification(part.mode, classes, bands, part.otherwise, part.missing, overlays)
    fields: list[tuple[str, Type]] = [("class", Text(names)), ("base_class", Text(names))]
    if part.scorecard is not None:
        fields.append(("score", Number("points", nullable=True)))
    fields += [("overlays", ListOf(Text())), ("strategy", ContextOf(strategy))]
    return Checked(body, rules, ContextOf(tuple(fields)))


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
        title = desk.texts(written.title, part.key_span("classes", name))
        classes.append(Class(name, title, tuple(values)))
    return tuple(classes), tuple((key, types[key]) for key in keys)


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
