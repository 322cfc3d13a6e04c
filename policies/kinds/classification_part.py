"""The shape of a classification in the document: classes with strategies, how they are reached, overlays."""

from __future__ import annotations

from typing import Annotated, Literal

from policies.document import PolicyPart
from policies.document_fields import CHOICE, Day, Expression, Identifier, Name, Part, TextsField, Word


class ClassPart(Part):
    """A class with the strategy its members get; every class names the same strategy keys."""

    title: TextsField
    """Its name for people."""
    strategy: dict[Identifier, Expression] = {}
    """How its members are treated, such as `terms_days: 30`; the same keys in every class."""
    valid_from: Day | None = None
    """The first day of this strategy."""
    valid_to: Day | None = None
    """The last day of this strategy; after it the class named by `expired` is given."""


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


class HysteresisPart(Part):
    """What keeps a customer in the class of the last decision, so that classes do not flap (domain K5)."""

    previous: Expression
    """The class of the last decision, a fact that is `one_of` the classes; unknown when there is none."""
    since: Expression
    """The day from which that class holds, a fact."""
    min_dwell_days: Expression
    """Days the class stays before another follows, the day itself included; 0: a stay changes nothing."""
    margin: Expression | None = None
    """Points by which the score must pass the edge of the class to leave it at once; 0: no margin is enough."""


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
    hysteresis: HysteresisPart | None = None
    """What keeps the base class as it was; overlays and classes given for what is missing take no part in it."""
    expired: Word | None = None
    """The class given in place of one whose strategy is not valid on the day; needed where classes have such days."""
