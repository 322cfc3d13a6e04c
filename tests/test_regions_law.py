"""The law of coverage: it agrees with trying every kind of value, by an evaluator that knows nothing of regions."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.coverage import SHOWN, Column, Witness, analyse
from policies.feel.syntax import (
    AnyTest,
    Interval,
    NotTest,
    NullLiteral,
    NumberLiteral,
    OperatorTest,
    Test,
    TextLiteral,
    UnaryTests,
)
from policies.feel.values import Value
from policies.types import Number, Text, Type

ANY = AnyTest()


def cell(*tests: Test) -> UnaryTests:
    return UnaryTests(tests)


def naive(test: Test, value: Value) -> bool | None:
    """The answer for one value, in three-valued logic; what is asked of a missing value is unknown."""
    match test:
        case AnyTest():
            return True
        case NotTest(tests=tests):
            inner = naive_any(tests, value)
            return None if inner is None else not inner
        case OperatorTest(op=sign, value=of):
            return compared(sign, value, read(of))
        case Interval(low=low, high=high, low_closed=low_closed, high_closed=high_closed):
            assert low is not None
            assert high is not None
            ends = [compared(">=" if low_closed else ">", value, read(low))]
            ends.append(compared("<=" if high_closed else "<", value, read(high)))
            return None if None in ends else all(ends)
        case _:
            return compared("=", value, read(test))


def naive_any(tests: Sequence[Test], value: Value) -> bool | None:
    answers = [naive(test, value) for test in tests]
    return True if True in answers else None if None in answers else False


def read(expr: Test) -> Value:
    match expr:
        case NumberLiteral(value=value) | TextLiteral(value=value):
            return value
        case NullLiteral():
            return None
        case _:
            raise AssertionError(expr)


def compared(sign: str, value: Value, to: Value) -> bool | None:
    if sign in ("=", "!=") and (value is not None or to is None):
        return bool(value == to) == (sign == "=")
    if value is None or to is None:
        return None
    return bool({"<": value < to, "<=": value <= to, ">": value > to, ">=": value >= to}[sign])


EDGES = [Decimal(edge) for edge in (1, 2, 3, 4)]
numbers = st.sampled_from(EDGES).map(NumberLiteral)
number_tests = st.one_of(
    numbers,
    st.builds(OperatorTest, st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), numbers),
    st.builds(Interval, numbers, numbers, st.booleans(), st.booleans()),
)
letters = st.sampled_from("AB").map(TextLiteral)
text_tests = st.one_of(letters, st.builds(OperatorTest, st.sampled_from(["=", "!="]), letters))


def cells(tests: st.SearchStrategy[Test]) -> st.SearchStrategy[UnaryTests]:
    plain = st.lists(tests | st.just(NullLiteral()), min_size=1, max_size=2)
    return st.one_of(
        st.just(cell(ANY)),
        plain.map(lambda some: cell(*some)),
        plain.map(lambda some: cell(NotTest(tuple(some)))),
    )


columns_of = {
    Number(): number_tests,
    Number(nullable=True): number_tests,
    Text(): text_tests,
    Text(("A", "B", "C"), nullable=True): text_tests,
}
SAMPLES: dict[Type, list[Value]] = {
    Number(): [Decimal(half) / 2 for half in range(1, 10)],
    Text(): ["A", "B", "Z"],
    Text(("A", "B", "C")): ["A", "B", "C"],
}


def samples(type_: Type) -> list[Value]:
    known = next(values for of, values in SAMPLES.items() if of in (type_, without_null(type_)))
    return [*known, None] if type_.nullable else known


def without_null(type_: Type) -> Type:
    return Text(type_.one_of) if isinstance(type_, Text) else Number()


@st.composite
def tables(draw: st.DrawFn) -> list[Column]:
    rows = draw(st.integers(1, 4))
    types: list[Type] = draw(st.lists(st.sampled_from(list(columns_of)), min_size=1, max_size=3))
    return [(draw(st.lists(cells(columns_of[type_]), min_size=rows, max_size=rows)), type_) for type_ in types]


def holding(columns: Sequence[Column], facts: Sequence[Value]) -> list[int]:
    return [
        row
        for row in range(len(columns[0][0]))
        if all(naive_any(tests[row].tests, value) is True for (tests, _), value in zip(columns, facts, strict=True))
    ]


def answer(columns: Sequence[Column], facts: Sequence[Value], hit: str) -> list[int]:
    rows = holding(columns, facts)
    return rows[:1] if hit == "first" else rows


def sampled(witness: Witness, columns: Sequence[Column]) -> list[Value]:
    """The witness's own facts, with any fact at all where it leaves one open."""
    return [
        samples(type_)[0] if region is None else value
        for region, value, (_, type_) in zip(witness.regions, witness.facts, columns, strict=True)
    ]


@settings(max_examples=250, deadline=None)
@given(tables(), st.sampled_from(["first", "unique", "collect"]))
def test_the_analysis_agrees_with_trying_every_kind_of_value(columns: list[Column], hit: str) -> None:
    found = analyse(columns, hit)
    facts = list(product(*(samples(type_) for _, type_ in columns)))
    rows = range(len(columns[0][0]))
    assert found.complete

    gaps = [one for one in facts if None not in one and not holding(columns, one)]
    assert bool(found.gaps) == bool(gaps)
    assert all(holding(columns, sampled(gap, columns)) == [] for gap in found.gaps)

    at_once = {pair for one in facts for pair in combinations(holding(columns, one), 2)} if hit == "unique" else set()
    assert {(above, below) for above, below, _ in found.overlaps} == at_once
    assert len(at_once) <= SHOWN
    for above, below, both in found.overlaps:
        assert {above, below} <= set(holding(columns, sampled(both, columns)))

    answering = {row for one in facts for row in answer(columns, one, hit)}
    assert set(found.never) == set(rows) - answering

    for index in range(len(columns)):
        without = [
            ([cell(ANY)] * len(tests) if at == index else tests, type_) for at, (tests, type_) in enumerate(columns)
        ]
        same = all(answer(columns, one, hit) == answer(without, one, hit) for one in facts)
        assert (index in found.idle) == same
