"""Refuses names that stand for a protected characteristic, wherever a policy could judge by it (domain section 5)."""

from __future__ import annotations

from collections.abc import Iterator

from policies.declarations import refuse_protected
from policies.document import PolicyPart
from policies.kinds.classification_part import ClassificationPart
from policies.nodes import Span
from policies.reading import Report


def refuse_protected_parts(part: PolicyPart, report: Report) -> None:
    """Report what a policy names after a protected characteristic: lets, factors, tables, classes."""
    for name, what, span in _named(part):
        refuse_protected(name, what, span, report)


def _named(part: PolicyPart) -> Iterator[tuple[str, str, Span]]:
    for name in part.let:
        yield name, "a let", part.key_span("let", name)
    for factor in part.scorecard.factors if part.scorecard is not None else ():
        yield factor.factor, "a factor", factor.span("factor")
    for name in part.tables:
        yield name, "a table", part.key_span("tables", name)
    for name in part.classes if isinstance(part, ClassificationPart) else ():
        yield name, "a class", part.key_span("classes", name)
