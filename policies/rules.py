"""Checks rules: a condition each, what follows, and a reason that is declared."""

from __future__ import annotations

from collections.abc import Mapping

from policies.desk import Desk
from policies.diagnostics import Code
from policies.document import RulePart
from policies.ir import Expression, Rule
from policies.types import Type


def check_rules(
    parts: tuple[RulePart, ...],
    desk: Desk,
    *,
    then: tuple[str, ...] | None,
    missing: tuple[str, ...] = (),
    conditions: Mapping[str, Type] | None = None,
) -> tuple[Rule, ...]:
    """The checked rules.

    `then` are the words that may follow (None: a rule of this kind only gives a reason); `missing` those that may
    follow when the condition is unknown; `conditions` the conditions a rule may attach, with their types.
    """
    rules: list[Rule] = []
    seen: dict[str, int] = {}
    for part in parts:
        if part.rule in seen:
            said = f"rule `{part.rule}` stands twice, first on line {seen[part.rule]}"
            desk.error(Code.NAME_TAKEN, said, part.span("rule"), "give it another name")
        seen.setdefault(part.rule, part.span().line)
        rules.append(_check_rule(part, desk, then, missing, conditions or {}))
    return tuple(rules)


def _check_rule(
    part: RulePart, desk: Desk, then: tuple[str, ...] | None, missing: tuple[str, ...], allowed: Mapping[str, Type]
) -> Rule:
    when = desk.condition(part.when)
    if then is None and part.then is not None:
        desk.error(Code.UNKNOWN_KEY, "a rule of this kind has no `then`", part.key_span("then"), "delete it")
    elif then is not None and part.then is None:
        desk.error(Code.MISSING_KEY, "`then` is missing", part.span(), "write one of: " + ", ".join(then))
    elif then is not None and part.then is not None:
        desk.word(part.then, then, part.span("then"))
    if part.missing is not None:
        if missing:
            desk.word(part.missing, missing, part.span("missing"))
        else:
            desk.error(Code.UNKNOWN_KEY, "a rule of this kind has no `missing`", part.key_span("missing"), "delete it")
    attached: list[tuple[str, Expression]] = []
    for name, scalar in (part.conditions or {}).items():
        if desk.word(name, allowed, part.key_span("conditions", name)) in allowed:
            attached.append((name, desk.expression(scalar, allowed[name])))
    reason = desk.reason(part.reason, part.span("reason"))
    title = desk.texts(part.title, part.span("title"))
    return Rule(part.rule, when, part.then, reason, part.missing, tuple(attached), title, part.span().line)
