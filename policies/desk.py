"""The desk one policy is checked at: what is in scope, what has been declared, where to report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from policies.declarations import texts
from policies.diagnostics import Code, Diagnostic, Severity, quote
from policies.doubts import Doubt, doubts_of_percent, doubts_of_units, never_holds
from policies.expressions import read_cell, read_condition, read_expression
from policies.identifiers import did_you_mean
from policies.ir import Cell, Expression, Fact, NamedValue, Parameter, ReasonText, Texts
from policies.nodes import Scalar, Span
from policies.reading import Report
from policies.regions import UNBOUNDED, Bounds
from policies.scope import Scope, dotted
from policies.types import Number, Type


@dataclass(slots=True)
class Desk:
    """The state of checking one policy: `scope` grows as its parts are checked, in the order they can be evaluated.

    `parameters` are all there are to name, a block's as `block.name`; `needed` names the policies this one reads,
    `policies` all of the document, and `values` holds its named values once they are checked. With `a_day`, figures in
    percent are for a day; `daily` gathers the parameters that such figures are made of.
    """

    policy: str
    scope: Scope
    report: Report
    reasons: Mapping[str, ReasonText]
    broken_reasons: frozenset[str]
    currency: str
    languages: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    needed: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()
    values: dict[str, NamedValue] = field(default_factory=dict)
    used_reasons: set[str] = field(default_factory=set)
    bounds: dict[str, Bounds] = field(default_factory=dict)
    daily: set[str] = field(default_factory=set)
    a_day: bool = False

    def expression(self, scalar: Scalar, wanted: Type | None = None, scope: Scope | None = None) -> Expression:
        """A typed expression in this policy's scope."""
        typed = read_expression(scalar, scope or self.scope, self.report, wanted)
        self._doubt_units(typed)
        if isinstance(wanted, Number) and wanted.unit == "percent":
            self._doubt(typed, doubts_of_percent(typed.syntax, a_day=self.a_day))
        return typed

    def optional(self, scalar: Scalar | None, wanted: Type | None = None) -> Expression | None:
        """The same for an expression that may be left out."""
        return None if scalar is None else self.expression(scalar, wanted)

    def condition(self, scalar: Scalar) -> Expression:
        """A typed condition."""
        typed = read_condition(scalar, self.scope, self.report)
        self._doubt_units(typed)
        if never_holds(typed.syntax, self._bounds_at):
            self.warn(Code.NEVER, "this condition holds for no facts", scalar.span, "correct it, or take it out")
        return typed

    def _doubt_units(self, expression: Expression) -> None:
        self._doubt(expression, doubts_of_units(expression.syntax, self._bounds_at, self.parameters))

    def _doubt(self, expression: Expression, doubts: Iterator[Doubt]) -> None:
        for doubt in doubts:
            self.warn(Code.UNIT_MISMATCH, doubt.message, expression.scalar.place(*doubt.place), doubt.help)

    def _bounds_at(self, path: str) -> Bounds:
        return self.bounds.get(path, UNBOUNDED)

    def cell(self, scalar: Scalar, value: Type) -> Cell:
        """Typed tests of a value of this type."""
        return read_cell(scalar, value, self.scope, self.report)

    def bounds_of(self, expression: Expression) -> Bounds:
        """The bounds declared for what an expression names, when it names one fact or the score."""
        return self._bounds_at(dotted(expression.syntax) or "")

    def declare(self, name: str, type_: Type) -> None:
        """Put a name into scope."""
        self.scope = self.scope.adding({name: type_})

    def reason(self, code: str, span: Span) -> str:
        """A reason code that is used; reported when nothing declares it."""
        self.used_reasons.add(code)
        if code not in self.reasons and code not in self.broken_reasons:
            close = did_you_mean(code, self.reasons)
            mend = f"did you mean `{close}`?" if close else "declare it under `reasons:`"
            self.report(Diagnostic(Code.UNKNOWN_REASON, f"unknown reason {quote(code)}", span, mend))
        return code

    def policy_named(self, scalar: Scalar) -> None:
        """Report a word that should name a policy of the document and does not."""
        if scalar.text not in self.policies:
            close = did_you_mean(scalar.text, self.policies)
            mend = f"did you mean `{close}`?" if close else "the policies are " + ", ".join(sorted(self.policies))
            self.error(Code.UNKNOWN_POLICY, f"{quote(scalar.text)} is no policy of this document", scalar.span, mend)

    def disclosable(self, code: str) -> bool:
        """Whether a customer may be told this reason; an unknown code, already reported, counts as one."""
        return code not in self.reasons or self.reasons[code].disclosable

    def texts(self, part: dict[str, str] | None, span: Span) -> Texts:
        """Texts by language; a language of the document that is left out is a warning."""
        found = texts(part, self.languages)
        absent = [language for language in self.languages if part is not None and language not in found]
        if absent:
            message = "no text in " + ", ".join(absent)
            self.report(Diagnostic(Code.TEXT_MISSING, message, span, None, severity=Severity.WARNING))
        return found

    def word(self, word: str, allowed: Mapping[str, object] | tuple[str, ...], span: Span) -> str:
        """A word that must be one of those allowed."""
        if word not in allowed:
            close = did_you_mean(word, allowed)
            mend = f"did you mean `{close}`?" if close else "write one of: " + ", ".join(allowed)
            self.report(Diagnostic(Code.CHOICE, f"{quote(word)} is not known here", span, mend))
        return word

    def error(self, code: Code, message: str, span: Span, mend: str | None = None) -> None:
        """Report an error."""
        self.report(Diagnostic(code, message, span, mend))

    def warn(self, code: Code, message: str, span: Span, mend: str | None = None) -> None:
        """Report a warning."""
        self.report(Diagnostic(code, message, span, mend, severity=Severity.WARNING))
