"""Checks what a notice may add to the debt: fees, compensation, and interest with the day its rate is of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from policies.desk import Desk
from policies.diagnostics import Code
from policies.feel.parser import children
from policies.feel.syntax import Name, Node
from policies.identifiers import did_you_mean
from policies.ir import Expression
from policies.kinds.charges import DEBT, AmountBand, Compensation, Fee, Interest
from policies.kinds.charges_part import CompensationPart, FeePart, InterestPart
from policies.kinds.ladder_figures import amount, literal, needed
from policies.kinds.ladder_part import DunningPart
from policies.mentions import parameters_behind
from policies.nodes import Scalar
from policies.regions import Bounds
from policies.scorecard import check_bands
from policies.types import Money, Number, Type

_OF_THE_DECISION = ("as_of", "today", "now")
_LAWFUL_DEBT = Bounds(low=Decimal(0))


def check_fee(part: FeePart, desk: Desk) -> Fee | None:
    """One fee, in exactly one of its forms."""
    money = Money(desk.currency)
    cap = amount(part.cap, money, desk)
    match part.fixed, part.percent, part.bands:
        case Scalar() as fixed, None, None:
            fee = Fee(needed(fixed, money, desk), "fixed", cap, part.per)
        case None, Scalar() as percent, None:
            fee = Fee(needed(percent, Number("percent"), desk), "percent", cap, part.per)
        case None, None, dict() as bands:
            fee = Fee(_bands(part, bands, money, desk), "bands", cap, part.per)
        case _:
            said = "a fee needs one of `fixed`, `percent` and `bands`"
            desk.error(Code.DUNNING, said, part.span(), "write exactly one of them")
            return None
    if cap is not None and fee.kind != "percent" and all(literal(figure) is not None for figure in figures(fee.of)):
        mend = "delete it, or lower the amounts that are above it"
        desk.error(Code.DUNNING, "`cap` bounds nothing that is computed", part.key_span("cap"), mend)
    return fee


def figures(of: Expression | tuple[AmountBand, ...]) -> tuple[Expression, ...]:
    """The amounts a fee or a compensation is made of."""
    return tuple(band.amount for band in of) if isinstance(of, tuple) else (of,)


def _bands(
    part: FeePart | CompensationPart, bands: dict[str, Scalar], money: Type, desk: Desk
) -> tuple[AmountBand, ...]:
    checked = tuple(
        AmountBand(desk.cell(part.key_scalar("bands", text), money), needed(written, money, desk))
        for text, written in bands.items()
    )
    check_bands([band.cell for band in checked], money, _LAWFUL_DEBT, part.key_span("bands"), desk)
    return checked


def check_compensation(policy: DunningPart, desk: Desk) -> Compensation | None:
    """The policy's compensation, if it has any: in exactly one of its forms, from a level there is."""
    part = policy.compensation
    if part is None:
        return None
    money = Money(desk.currency)
    levels = tuple(level.level for level in policy.levels)
    number = levels.index(part.from_level) + 1 if part.from_level in levels else 0
    if not number:
        close = did_you_mean(part.from_level, levels)
        mend = f"did you mean `{close}`?" if close else "the levels are " + ", ".join(levels)
        desk.error(Code.DUNNING, f"no level `{part.from_level}`", part.span("from_level"), mend)
    match part.fixed, part.bands:
        case Scalar() as fixed, None:
            if desk.scope.type_of(DEBT) is not None:
                mend = "rename it, or write `bands` in place of `fixed`"
                said = "`debt` is the overdue principal here, but something else has this name too"
                desk.error(Code.NAME_TAKEN, said, part.key_span("fixed"), mend)
                return None
            return Compensation(needed(fixed, money, replace(desk, scope=desk.scope.adding({DEBT: money}))), number)
        case None, dict() as bands:
            return Compensation(_bands(part, bands, money, desk), number)
        case _:
            said = "compensation needs one of `fixed` and `bands`"
            desk.error(Code.DUNNING, said, part.span(), "write exactly one of them")
            return None


def check_interest(part: InterestPart, desk: Desk) -> Interest:
    """The terms of interest; a rate that changes over time must say whose day's rate holds."""
    percent = Number("percent")
    of_rates = replace(desk, a_day=part.rate_period == "day")
    rate = of_rates.expression(part.rate, percent)
    minimum = amount(part.legal_minimum, percent, of_rates)
    if of_rates.a_day:
        desk.daily.update(parameters_behind((rate, minimum), desk.parameters, desk.scope.functions, desk.values))
    dated = _dated(rate, desk)
    lowest = frozenset() if minimum is None else _dated(minimum, desk)
    changing = sorted(name for name in dated | lowest if len(desk.parameters[name].values) > 1)
    if part.fixing is None and changing:
        said = f"`{changing[0]}` changes over time, and nothing says which day's value holds"
        mend = "add `fixing:` as_of, at_start, floating or floating_half_year"
        desk.error(Code.DUNNING, said, part.span("rate"), mend)
    fixing = part.fixing
    for expression in (rate, minimum):
        today = [] if expression is None else list(_only_of_the_decision(expression, desk))
        if fixing is None and today:
            fixing = "as_of"
        elif expression is not None and fixing not in (None, "as_of"):
            for name in today:
                said = f"`{name.name}` is that of the decision's day, but `fixing: {fixing}` asks for other days' rates"
                mend = "name facts, parameters and formulas of the library alone"
                desk.error(Code.DUNNING, said, expression.scalar.place(*name.place), mend)
    if part.rate_period == "day" and part.basis is not None:
        mend = "delete it: a daily rate needs no basis"
        desk.error(Code.DUNNING, "`basis` goes with a rate for a year", part.key_span("basis"), mend)
    elif part.rate_period == "year" and part.basis is None:
        mend = "add `basis:` act/365, act/366, act/360 or 30/360"
        desk.error(Code.DUNNING, "a rate for a year needs a `basis`", part.span(), mend)
    return Interest(
        rate=rate,
        rate_period=part.rate_period,
        fixing=fixing,
        basis=part.basis,
        round=part.round,
        min_interest=amount(part.min_interest, Money(desk.currency), desk),
        legal_minimum=minimum,
        claim=part.claim,
        dated=dated,
        minimum_dated=lowest,
    )


def _dated(expression: Expression, desk: Desk) -> frozenset[str]:
    """The parameters with days of their own that the expression depends on."""
    behind = parameters_behind(expression, desk.parameters, desk.scope.functions, desk.values)
    return frozenset(name for name in behind if any(row.start is not None for row in desk.parameters[name].values))


def _only_of_the_decision(expression: Expression, desk: Desk) -> Iterator[Name]:
    """The names in it that have a value for the decision's day alone: lets, tables, other policies, the day itself."""
    other = {*desk.values, *desk.needed, *_OF_THE_DECISION}
    waiting: list[Node] = [expression.syntax]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Name) and node.name in other:
            yield node
        waiting.extend(children(node))
