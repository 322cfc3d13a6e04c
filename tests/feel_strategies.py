"""Hypothesis strategies for FEEL's syntax trees: every node, nested as the parser allows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import strategies as st

from policies.feel.printer import print_temporal
from policies.feel.syntax import (
    AnyTest,
    Arithmetic,
    AtLiteral,
    Between,
    BooleanLiteral,
    Call,
    Comparison,
    ContextLiteral,
    Expr,
    Filter,
    For,
    If,
    In,
    InputValue,
    Interval,
    Iterator,
    ListLiteral,
    Logic,
    Name,
    Negate,
    NotTest,
    NullLiteral,
    NumberLiteral,
    OperatorTest,
    Path,
    Quantified,
    Test,
    TextLiteral,
    UnaryTests,
)
from policies.feel.values import Duration

SPACED_NAMES = ("days-beyond-terms", "credit limit", "order and item", "a+b")
"""Names that only a scope makes readable; give them to the parser."""

_COMPARISONS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
_PLAIN_NAMES = st.sampled_from(["a", "score", "客户", "not", "item", "of", "Müller", "x_1"])
names = st.one_of(_PLAIN_NAMES, st.sampled_from([*SPACED_NAMES, "date and time", "string length"]))
numbers = st.decimals(min_value=-(10**20), max_value=10**20, places=3).map(lambda d: d.normalize() if d else Decimal(0))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
temporals = st.one_of(
    st.dates(),
    st.times(timezones=st.sampled_from([None, dt.UTC, dt.timezone(dt.timedelta(hours=-5, minutes=-30))])),
    st.datetimes(timezones=st.sampled_from([None, dt.UTC]) | st.timezone_keys().map(lambda _: None)),
    st.integers(-1000, 1000).map(lambda months: Duration("months", Decimal(months))),
    st.decimals(-(10**8), 10**8, places=2).map(lambda seconds: Duration("days", seconds)),
)

_leaves: st.SearchStrategy[Expr] = st.one_of(
    numbers.map(NumberLiteral),
    texts.map(TextLiteral),
    st.booleans().map(BooleanLiteral),
    st.just(NullLiteral()),
    temporals.map(lambda value: AtLiteral(print_temporal(value), value)),
    names.map(Name),
)


def _tests_over(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Test]:
    simple: st.SearchStrategy[Test] = st.one_of(
        inner,
        st.builds(OperatorTest, _COMPARISONS, inner),
        st.builds(Comparison, _COMPARISONS, st.just(InputValue()), inner),
    )
    negated = st.builds(NotTest, st.lists(simple, min_size=1, max_size=2).map(tuple))
    return st.one_of(simple, negated)


def _nodes_over(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    some = st.lists(inner, max_size=3).map(tuple)
    iterators = st.lists(st.builds(Iterator, names, inner, st.none() | inner), min_size=1, max_size=2).map(tuple)
    function = names.map(Name) | st.builds(Path, inner, names)
    named = st.dictionaries(names, inner, min_size=1, max_size=3)
    in_tests = st.lists(_tests_over(inner), min_size=1, max_size=3).map(tuple)
    closed = st.builds(Interval, inner, inner, st.booleans(), st.booleans())
    below = st.builds(Interval, st.none(), inner, st.just(value=False), st.booleans())
    above = st.builds(Interval, inner, st.none(), st.booleans(), st.just(value=False))
    return st.one_of(
        st.builds(Path, inner, names),
        st.builds(Filter, inner, inner),
        st.builds(Call, function, some),
        st.builds(lambda f, args: Call(f, tuple(args.values()), tuple(args)), function, named),
        st.builds(Negate, inner),
        st.builds(Arithmetic, st.sampled_from(["+", "-", "*", "/"]), inner, inner),
        st.builds(Comparison, _COMPARISONS, inner, inner),
        st.builds(Logic, st.sampled_from(["and", "or"]), inner, inner),
        st.builds(Between, inner, inner, inner),
        st.builds(In, inner, in_tests),
        st.builds(If, inner, inner, inner),
        st.builds(For, iterators, inner),
        st.builds(Quantified, st.sampled_from(["some", "every"]), iterators, inner),
        st.builds(ListLiteral, some),
        st.dictionaries(names | texts, inner, max_size=3).map(lambda entries: ContextLiteral(tuple(entries.items()))),
        closed,
        below,
        above,
    )


expressions: st.SearchStrategy[Expr] = st.recursive(_leaves, _nodes_over, max_leaves=12)
"""Expressions without `?` outside of tests."""

unary_tests: st.SearchStrategy[UnaryTests] = st.one_of(
    st.just(UnaryTests((AnyTest(),))),
    st.lists(_tests_over(expressions), min_size=1, max_size=3).map(lambda tests: UnaryTests(tuple(tests))),
)
