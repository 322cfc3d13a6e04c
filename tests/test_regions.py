"""Coverage of bands and tables: gaps, overlaps, rows that never answer, columns that decide nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import pytest

from policies.cells import column_points
from policies.coverage import Column, Coverage, analyse, band_faults
from policies.feel.parser import parse_tests
from policies.feel.syntax import (
    AnyTest,
    AtLiteral,
    BooleanLiteral,
    Call,
    Expr,
    In,
    InputValue,
    Interval,
    ListLiteral,
    Name,
    Negate,
    NotTest,
    NullLiteral,
    NumberLiteral,
    OperatorTest,
    Test,
    TextLiteral,
    UnaryTests,
)
from policies.regions import Bounds, Missing
from policies.types import Boolean, Date, ListOf, Money, Number, Text, Type
from tests.costs import seconds

ANY = AnyTest()
SCORE = Bounds(Decimal(0), Decimal(100))


def lit(value: str | int | bool | dt.date | None) -> Expr:
    match value:
        case None:
            return NullLiteral()
        case bool():
            return BooleanLiteral(value)
        case int() if value < 0:
            return Negate(NumberLiteral(Decimal(-value)))
        case int():
            return NumberLiteral(Decimal(value))
        case dt.date():
            return AtLiteral(value.isoformat(), value)
        case str():
            return TextLiteral(value)


def num(text: str) -> Expr:
    return NumberLiteral(Decimal(text))


def cell(*tests: Test) -> UnaryTests:
    return UnaryTests(tests)


def op(sign: str, value: Expr) -> Test:
    return OperatorTest(sign, value)  # type: ignore[arg-type]  # the sign comes as text


def span(text: str) -> Test:
    """An interval of numbers, as it is written: `[40..60)`."""
    low, high = text[1:-1].split("..")
    return Interval(num(low), num(high), text[0] == "[", text[-1] == "]")


def bands(*tests: Test, type_: Type | None = None, bounds: Bounds = SCORE, labels: Sequence[str] = ()) -> Sequence[str]:
    found = analyse([([cell(test) for test in tests], type_ or Number())], "unique", [bounds])
    assert found.complete
    return band_faults(found, labels or [str(index) for index in range(len(tests))], "score")


# --- Bands: the whole line exactly once ---


def test_bands_that_meet_at_every_edge_have_no_fault() -> None:
    assert bands(op("<", num("40")), span("[40..60)"), span("[60..100]")) == ()


def test_a_gap_between_two_bands_is_named() -> None:
    assert bands(op("<", num("50")), op(">=", num("60"))) == ("nothing covers 50 <= score < 60",)


def test_a_gap_at_one_value_is_named() -> None:
    assert bands(op("<", num("50")), op(">", num("50"))) == ("nothing covers score = 50",)


def test_an_overlap_at_one_value_names_both_bands() -> None:
    faults = bands(
        op("<", num("40")), span("[40..60]"), span("[60..80)"), op(">=", num("80")),
        labels=["< 40", "[40..60]", "[60..80)", ">= 80"],
    )  # fmt: skip
    assert faults == ("`[40..60]` and `[60..80)` both hold at 60",)


def test_an_overlap_over_a_stretch_is_named() -> None:
    faults = bands(op("<", num("50")), op(">=", num("45")), labels=["< 50", ">= 45"])
    assert faults == ("`< 50` and `>= 45` both hold for 45 <= score < 50",)


def test_the_overlapping_ranges_of_the_published_score_are_refused() -> None:
    faults = bands(
        span("[1..50]"), span("[50..100]"), bounds=Bounds(Decimal(1), Decimal(100)), labels=["1-50", "50-100"]
    )
    assert faults == ("`1-50` and `50-100` both hold at 50",), "SCORE-ORACLE, C10"


def test_an_interval_turned_round_holds_for_nothing() -> None:
    faults = bands(span("[5..1]"), op("<=", num("100")), labels=["[5..1]", "<= 100"])
    assert faults == ("`[5..1]` holds for no value",)


def test_the_ends_of_a_line_without_bounds_are_open() -> None:
    assert bands(span("[0..10]"), bounds=Bounds()) == ("nothing covers score < 0 or 10 < score",)


def test_whole_numbers_leave_no_gap_between_neighbours() -> None:
    neighbours = [op("<=", num("5")), op(">=", num("6"))]
    assert bands(*neighbours, bounds=Bounds(whole=True)) == ()
    assert bands(*neighbours, bounds=Bounds()) == ("nothing covers 5 < score < 6",)


def test_an_edge_between_whole_numbers_is_no_value() -> None:
    assert bands(op("<", num("5.5")), op(">", num("5.5")), bounds=Bounds(whole=True)) == ()


def test_a_literal_outside_the_bounds_covers_what_is_inside() -> None:
    assert bands(op(">=", lit(-5))) == ()


def test_days_leave_no_gap_between_neighbours() -> None:
    new_year = dt.date(2026, 1, 1)
    call = Call(Name("date"), (TextLiteral("2026-01-02"),))
    assert bands(op("<=", lit(new_year)), op(">=", call), type_=Date()) == ()
    gap = bands(op("<", lit(new_year)), op(">=", call), type_=Date())
    assert gap == ("nothing covers score = 2026-01-01",)


def test_two_neighbouring_decimals_have_nothing_between_them() -> None:
    low, high = num("1." + "0" * 33), num("1." + "0" * 32 + "1")
    assert bands(op("<=", low), op(">=", high), bounds=Bounds()) == ()


def test_a_number_is_known_beyond_28_digits() -> None:
    digits = "0.1234567890123456789012345678901234"
    below = Negate(NumberLiteral(Decimal(digits)))
    points = column_points([cell(op("<", below))], Number())
    assert points is not None
    assert points.representatives[1].sample == Decimal("-" + digits)


# --- Text, truth, and what is missing ---


def test_an_enum_is_covered_value_by_value() -> None:
    kinds = Text(("corporation", "partnership", "consumer"))
    assert bands(lit("corporation"), lit("partnership"), type_=kinds) == ('nothing covers score = "consumer"',)
    assert bands(lit("corporation"), NotTest((lit("corporation"),)), type_=kinds) == ()


def test_open_text_always_has_another_value() -> None:
    found = analyse([([cell(lit("CN"), lit("other"))], Text())], "unique")
    (gap,) = found.gaps
    assert gap.text(["country"]) == "country is any other text"
    assert gap.facts not in (("CN",), ("other",))


def test_a_list_holds_for_its_members() -> None:
    kinds = Text(("A", "B", "C"))
    assert bands(ListLiteral((lit("A"), lit("B"))), In(InputValue(), (lit("C"),)), type_=kinds) == ()


def test_truth_has_two_values() -> None:
    assert bands(lit(True), type_=Boolean()) == ("nothing covers score = false",)


def test_a_missing_value_is_no_gap() -> None:
    number = Number(nullable=True)
    found = analyse([([cell(op("<", num("1"))), cell(op(">=", num("1")))], number)], "unique")
    assert found.gaps == ()


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        (ANY, True),
        (lit(None), True),
        (NotTest((lit(None),)), False),
        (op("=", lit(None)), True),
        (op("!=", lit(None)), False),
        (op("<", num("1")), False),
        (NotTest((op("<", num("1")),)), False),
        (span("[0..1]"), False),
        (NotTest((span("[0..1]"),)), False),
        (num("1"), False),
        (NotTest((num("1"),)), False),
        (op("!=", num("1")), False),
    ],
)
def test_a_missing_value_holds_only_where_it_is_asked_for(test: Test, holds: bool) -> None:
    points = column_points([cell(test)], Number(nullable=True))
    assert points is not None
    assert points.representatives[-1] == Missing()
    assert bool(points.holds[0] & points.missing) == holds


@pytest.mark.parametrize(
    ("written", "type_", "words"),
    [
        ("< 40", Number(), "x < 40"),
        ("[40..60)", Money("USD"), "40 <= x < 60"),
        ("-5", Number(), "x = -5"),
        ("(1..2), > 5", Number(), "1 < x < 2 or 5 < x"),
        ("not(1, 2)", Number(), "x < 1 or 1 < x < 2 or 2 < x"),
        ("null", Number(nullable=True), "x is missing"),
        ("-", Number(nullable=True), "x is anything or x is missing"),
        ('"A", "B"', Text(), 'x = "A" or x = "B"'),
        ('not("A")', Text(), "x is any other text"),
        ('? in ("A")', Text(("A", "B")), 'x = "A"'),
        ("true", Boolean(), "x = true"),
        ('[date("2026-01-01")..@"2026-02-01")', Date(), "2026-01-01 <= x < 2026-02-01"),
    ],
)
def test_a_cell_holds_where_it_says(written: str, type_: Type, words: str) -> None:
    points = column_points([parse_tests(written, ())], type_)
    assert points is not None
    assert points.region(points.holds[0]).text() == words


# --- Tables ---

SCORES = (cell(op(">=", num("80"))), cell(op(">=", num("60"))), cell(ANY))
YEARS = (cell(op(">=", num("3"))), cell(ANY), cell(ANY))


def table(*columns: Column, hit: str = "first") -> Coverage:
    found = analyse(columns, hit)
    assert found.complete
    return found


def test_the_rating_table_of_the_language_description_is_sound() -> None:
    assert table((SCORES, Number("points")), (YEARS, Number("years"))) == Coverage()


def test_a_gap_over_two_columns_is_as_wide_as_it_can_be() -> None:
    found = table((SCORES[:2], Number()), ((cell(op(">=", num("3"))), cell(op("<", num("3")))), Number()), hit="unique")
    assert [gap.text(["score", "years"]) for gap in found.gaps] == ["score < 60", "60 <= score < 80 and 3 <= years"]


def test_rows_that_hold_at_once_are_told_under_unique_only() -> None:
    rows = [cell(op("<", num("10"))), cell(op(">", num("5")))]
    ((above, below, both),) = table((rows, Money("USD")), hit="unique").overlaps
    assert (above, below, both.text(["amount"])) == (0, 1, "5 < amount < 10")
    assert table((rows, Money("USD")), hit="first").overlaps == ()


def test_a_row_behind_wider_rows_never_answers() -> None:
    rows = [cell(op("<", num("10"))), cell(op(">=", num("10"))), cell(span("[5..15]"))]
    assert table((rows, Number())).never == (2,)
    assert table((rows, Number()), hit="collect").never == ()


def test_a_column_that_holds_everywhere_decides_nothing() -> None:
    assert table(([cell(num("1")), cell(ANY)], Number()), ([cell(ANY)] * 2, Text())).idle == (1,)


def test_a_column_is_idle_where_an_earlier_row_has_taken_its_facts() -> None:
    first = [cell(ANY), cell(op(">", num("5")))]
    second = [cell(ANY), cell(lit("CN"))]
    found = table((first, Number()), (second, Text()))
    assert (found.never, found.idle) == ((1,), (0, 1))


def test_what_is_not_analysable_is_never_held_against_a_row() -> None:
    rule = cell(op(">", Name("threshold")))
    found = analyse([([rule, cell(op("<=", Name("threshold")))], Number())], "unique")
    assert found == Coverage(complete=False)


def test_a_gap_beside_a_column_that_is_not_analysable_is_still_a_gap() -> None:
    rule = cell(op(">", Name("threshold")))
    columns: list[Column] = [([rule, cell(ANY)], Number()), ([cell(lit("A")), cell(lit("B"))], Text(("A", "B", "C")))]
    found = analyse(columns, "first")
    assert [gap.text(["score", "class"]) for gap in found.gaps] == ['class = "C"']
    assert not found.complete


@pytest.mark.parametrize(
    ("test", "type_"),
    [
        (Name("limit"), Number()),
        (op(">", InputValue()), Number()),
        (lit("80"), Number()),
        (op("<", lit("A")), Text()),
        (Call(Name("date"), (TextLiteral("2026-02-30"),)), Date()),
        (AtLiteral("2026-01-01T00:00:00", dt.datetime(2026, 1, 1)), Date()),  # noqa: DTZ001 (FEEL has local times)
        (num("1"), ListOf(Number())),
    ],
)
def test_more_than_literals_of_the_type_is_not_analysable(test: Test, type_: Type) -> None:
    assert column_points([cell(test)], type_) is None


def test_a_column_of_dashes_is_analysable_for_every_type() -> None:
    assert table(([cell(ANY)], ListOf(Number()))) == Coverage(idle=(0,))


def test_a_table_beyond_the_budget_gives_up_in_time() -> None:
    rows = 3000
    wide = [cell(span(f"[{index}..{index + 1500}]")) for index in range(rows)]
    found = []
    assert seconds(lambda: found.append(analyse([(wide, Number())] * 2, "first"))) < 10
    assert not found[0].complete


def test_more_columns_than_a_search_goes_deep_gives_up() -> None:
    assert not analyse([([cell(num("1"))], Number())] * 1500, "unique").complete
