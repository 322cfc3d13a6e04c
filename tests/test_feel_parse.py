"""FEEL is read exactly: the tree, the place of every node, and a mend for every slip."""
# ruff: noqa: RUF001 (the slips of a Chinese keyboard)

from __future__ import annotations

import contextlib
import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policies.feel.errors import FeelSyntaxError
from policies.feel.lexer import LONGEST_TEXT
from policies.feel.parser import children, parse_expression, parse_tests
from policies.feel.printer import print_expression, print_temporal, print_tests
from policies.feel.syntax import (
    AnyTest,
    Arithmetic,
    AtLiteral,
    Call,
    Comparison,
    ContextLiteral,
    Expr,
    Filter,
    In,
    Interval,
    Logic,
    Name,
    Negate,
    Node,
    NotTest,
    NumberLiteral,
    OperatorTest,
    Path,
    TextLiteral,
    UnaryTests,
)
from policies.feel.temporal import read_temporal
from policies.feel.values import Temporal
from tests.costs import seconds
from tests.feel_strategies import SPACED_NAMES, expressions, temporals, unary_tests


def number(text: str) -> NumberLiteral:
    return NumberLiteral(Decimal(text))


@settings(max_examples=300, deadline=None)
@given(expressions)
def test_a_printed_expression_reads_back_as_the_same_tree(tree: Expr) -> None:
    text = print_expression(tree)
    assume(len(text) <= LONGEST_TEXT)
    assert parse_expression(text, SPACED_NAMES) == tree


@settings(max_examples=300, deadline=None)
@given(unary_tests)
def test_printed_tests_read_back_as_the_same_tree(tree: UnaryTests) -> None:
    text = print_tests(tree)
    assume(len(text) <= LONGEST_TEXT)
    assert parse_tests(text, SPACED_NAMES) == tree


@settings(max_examples=200, deadline=None)
@given(expressions)
def test_a_place_holds_its_node_and_nothing_else(tree: Expr) -> None:
    text = print_expression(tree)
    assume(len(text) <= LONGEST_TEXT)
    waiting: list[Node] = [parse_expression(text, SPACED_NAMES)]
    while waiting:
        node = waiting.pop()
        start, end = node.place
        assert text[start:end].strip() == text[start:end] != ""
        for child in children(node):
            assert start <= child.place[0] < child.place[1] <= end
            waiting.append(child)


_PIECES = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ".",
    "..",
    "+",
    "-",
    "*",
    "/",
    "<",
    "<=",
    ">",
    ">=",
    "=",
    "!=",
    "?",
    "@",
    '"',
    "'",
    "!",
    "a",
    "客",
    "not",
    "in",
    "between",
    "and",
    "or",
    "if",
    "then",
    "else",
    "for",
    "return",
    "some",
    "every",
    "satisfies",
    "null",
    "true",
    "1",
    ".5",
    "1e5",
    "__x",
    '@"P1D"',
    '"b"',
    "0x",
    "**",
    "//",
    "\\",
    "date",
    "and",
    "time",
]


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=25).map(" ".join) | st.text(max_size=12))
def test_any_text_is_read_or_refused_with_its_place(text: str) -> None:
    for parse in (parse_expression, parse_tests):
        try:
            parse(text)
        except FeelSyntaxError as error:
            start, end = error.place
            assert 0 <= start <= end <= len(text)


@pytest.mark.parametrize(
    "text", ["not(" * 24 + "1" + ")" * 24 + " and a", "not(" * 600, "x in (" * 23 + "1", "[1..[" * 300]
)
def test_reading_is_quick_however_the_text_is_nested(text: str) -> None:
    def read() -> None:
        with contextlib.suppress(FeelSyntaxError):
            parse_tests(text)

    assert seconds(read, runs=3) < 0.1


@given(temporals)
def test_a_printed_time_value_reads_back(value: Temporal) -> None:
    assert read_temporal(print_temporal(value)) == value


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a or b and c", Logic("or", Name("a"), Logic("and", Name("b"), Name("c")))),
        ("a - b - c", Arithmetic("-", Arithmetic("-", Name("a"), Name("b")), Name("c"))),
        ("a + b * c", Arithmetic("+", Name("a"), Arithmetic("*", Name("b"), Name("c")))),
        ("-a * b", Arithmetic("*", Negate(Name("a")), Name("b"))),
        ("-5", number("-5")),
        ("-(5)", Negate(number("5"))),
        ("-5[1]", Negate(Filter(number("5"), number("1")))),
        ("-.5", number("-0.5")),
        ("a -5", Arithmetic("-", Name("a"), number("5"))),
        ("x in [1..3]", In(Name("x"), (Interval(number("1"), number("3"), low_closed=True, high_closed=True),))),
        ("x in (1..3)", In(Name("x"), (Interval(number("1"), number("3"), low_closed=False, high_closed=False),))),
        ("x in ]1..3[", In(Name("x"), (Interval(number("1"), number("3"), low_closed=False, high_closed=False),))),
        ("x in < 5 and y", Logic("and", In(Name("x"), (OperatorTest("<", number("5")),)), Name("y"))),
        ("x in (1, > 5)", In(Name("x"), (number("1"), OperatorTest(">", number("5"))))),
        ("(< 5)", Interval(None, number("5"), low_closed=False, high_closed=False)),
        ("string length(a)", Call(Name("string length"), (Name("a"),))),
        (
            "substring(string: a, start position: 2)",
            Call(Name("substring"), (Name("a"), number("2")), ("string", "start position")),
        ),
        ('{a: 1, "b c": 2}', ContextLiteral((("a", number("1")), ("b c", number("2"))))),
        ('@"2026-01-31"', AtLiteral("2026-01-31", dt.date(2026, 1, 31))),
        ("now().time offset", Path(Call(Name("now"), ()), "time offset")),
        ('"a\\u0062\\"\\\\"', TextLiteral('ab"\\')),
        ('"\\uD83D\\uDC0E\\U01F40E"', TextLiteral("\U0001f40e\U0001f40e")),
        ("客户.金额 > 1", Comparison(">", Path(Name("客户"), "金额"), number("1"))),
        ("Mu\u0308ller", Name("M\u00fcller")),
    ],
)
def test_expression(text: str, tree: Expr) -> None:
    assert parse_expression(text) == tree


@pytest.mark.parametrize(
    ("text", "tests"),
    [
        ("-", (AnyTest(),)),
        ("-5", (number("-5"),)),
        (">= 80", (OperatorTest(">=", number("80")),)),
        ('"A","B"', (TextLiteral("A"), TextLiteral("B"))),
        ('not("A", < "C")', (NotTest((TextLiteral("A"), OperatorTest("<", TextLiteral("C")))),)),
        ("not(a) and b", (Logic("and", Call(Name("not"), (Name("a"),)), Name("b")),)),
        ("[1..10)", (Interval(number("1"), number("10"), low_closed=True, high_closed=False),)),
    ],
)
def test_unary_tests(text: str, tests: tuple[object, ...]) -> None:
    assert parse_tests(text).tests == tests


def test_the_longest_name_in_scope_wins() -> None:
    assert parse_expression("a-b-c", ["a-b"]) == Arithmetic("-", Name("a-b"), Name("c"))
    assert parse_expression("a-bc", ["a-b"]) == Arithmetic("-", Name("a"), Name("bc"))
    assert parse_expression("credit  limit + 1", ["credit limit"]) == Arithmetic("+", Name("credit limit"), number("1"))


def test_a_binary_place_runs_from_left_to_right_parentheses_included() -> None:
    tree = parse_expression(" (a + b) * c ")
    assert isinstance(tree, Arithmetic)
    assert tree.place == (1, 12)
    assert tree.left.place == (2, 7)


@pytest.mark.parametrize(
    ("text", "code", "place", "says"),
    [
        ("9**9**8", "feel-not-allowed", (1, 3), "operator ** not allowed"),
        ("().__class__.__mro__", "feel-not-allowed", (3, 12), "attribute __class__ not allowed"),
        ("a.__class__", "feel-not-allowed", (2, 11), "attribute __class__ not allowed"),
        ("(" * 300, "feel-too-deep", (24, 25), "nesting deeper than 24"),
        ("-" * 1999 + "1", "feel-too-deep", (24, 25), "nesting deeper than 24"),
        ("-" * 100_000 + "1", "feel-too-long", (2000, 100_001), "expression longer than 2000 characters"),
        ("1+" * 50_000 + "1", "feel-too-long", (2000, 100_001), "expression longer than 2000 characters"),
        ("1+" * 900 + "1", "feel-too-deep", (0, 1801), "more than 120 operators and brackets within each other"),
        ("1" * 35, "feel-syntax", (0, 35), "number longer than 34 digits"),
        ('@"2026-02-30"', "feel-temporal", (0, 13), "`2026-02-30`: no such date"),
        ('@"23:59:60"', "feel-temporal", (0, 11), "`23:59:60`: no such time"),
        ("", "feel-syntax", (0, 0), "expected an expression, the text ends"),
        ("f(1, b: 2)", "feel-syntax", (5, 6), "either all arguments have a name or none has"),
        ("{a: 1, a: 2}", "feel-syntax", (7, 8), "key `a` repeated"),
        ("? > 1", "feel-syntax", (0, 1), "`?` stands for the value a cell tests and has no meaning here"),
        ('"\\uD83D"', "feel-syntax", (0, 8), "half of a surrogate pair in a text"),
        ('1 + "abc', "feel-syntax", (4, 8), "text is not closed"),
        ('"a\\q"', "feel-syntax", (2, 4), "`\\q` is not an escape"),
        ("function(x) x", "feel-not-allowed", (0, 8), "a function definition is not allowed"),
        ("x instance of number", "feel-not-allowed", (2, 10), "`instance of` is not allowed"),
        ("\uff11+1", "feel-syntax", (0, 1), "`\uff11` is not a digit of FEEL"),
    ],
)
def test_refusal(text: str, code: str, place: tuple[int, int], says: str) -> None:
    def refuse() -> None:
        with pytest.raises(FeelSyntaxError) as refusal:
            parse_expression(text)
        assert (refusal.value.code, refusal.value.place, refusal.value.message) == (code, place, says)

    assert seconds(refuse, runs=3) < 0.1


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("a == 1", "write ="),
        ("a <> 1", "write !="),
        ("a && b", "write and"),
        ("a || b", "write or"),
        ("!a", "write not(…)"),
        ("not a", "write not(…)"),
        ("'text'", 'write "text"'),
        ("1e3", "write 1000"),
        ("2.5E-2", "write 0.025"),
        ("1_000", "write 1000"),
        ("1 < x < 5", "write x in [1..5], or two comparisons joined by and"),
        ("1..5", "write an interval with its brackets, as in [1..10]"),
        ("a ≤ 1", "write <="),
        ("a ＞ 1", "write >"),
        ("a ＜ 1", "write <"),
        ("a ＝ 1", "write ="),
        ("a ＞＝ 1", "write >="),
        ("a ＜= 1", "write <="),
        ("a ！＝ 1", "write !="),
        ("{a：1}", "write :"),
        ("f(1、2)", "write ,"),
        ("a ＋ 1", "write +"),
        ("a = ‘x’", 'write "text"'),
        ("a > 1 且 b < 2", "write and"),
        ("a > 1且b < 2", "write and, with a space on both sides"),
        ("a > 1 或者 b < 2", "write or"),
        ("非 a", "write not(…)"),
        ("非(a)", "write not(…)"),
        ("a 不等于 1", "write !="),
        ("a 大於等於 1", "write >="),
        ("a > 1 AND b < 2", "write and"),
        ("a is 1", "write ="),
    ],
)
def test_a_slip_gets_its_mend(text: str, mend: str) -> None:
    with pytest.raises(FeelSyntaxError) as refusal:
        parse_expression(text)
    assert refusal.value.help == mend


def test_a_slip_is_marked_whole_and_named() -> None:
    with pytest.raises(FeelSyntaxError) as refusal:
        parse_expression("a ＞＝ 1")
    assert (refusal.value.place, refusal.value.message) == ((2, 4), "`＞＝` is not FEEL")


def test_a_fact_may_have_a_name_that_is_a_word_of_habit() -> None:
    assert parse_expression("且 > 1") == Comparison(">", Name("且"), number("1"))
