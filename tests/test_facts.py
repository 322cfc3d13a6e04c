"""Facts made to fit: bad-inputs.md rows 51-58, 66, 67 and 72, what is demanded, a document's schema and example."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.strict_json import parse
from engine.decision import Fault, Misfit
from engine.facts import MAX_MISFITS, fit
from engine.facts_schema import example_facts, facts_schema
from policies.feel.values import Duration
from policies.ir import Fact
from policies.types import (
    Boolean,
    Date,
    DateTime,
    DayDuration,
    ListOf,
    Money,
    MonthDuration,
    Number,
    Text,
    Time,
    Type,
    nullable,
)
from tests.fitting_facts import DECLARATIONS, NAMES, READS, block, fitting, written


def maybe(name: str, type_: Type, **more: Any) -> Fact:
    return Fact(name, nullable(type_), optional=True, **more)


ORDER = block("order", Fact("amount", Money("EUR")), maybe("note", Text()))
ITEMS = block("open_items", Fact("due_date", Date()), Fact("open_amount", Money("EUR")), optional=True, many=True)
DECLARED = (
    ORDER,
    ITEMS,
    Fact("status", Text(("open", "closed"))),
    Fact("score", Number(), low=Decimal(0), high=Decimal(100)),
    Fact("count", Number(), whole=True),
    maybe("vip", Boolean()),
    Fact("terms_days", Number("days"), optional=True, default=Decimal(30)),
)
GOOD: dict[str, Any] = {"order": {"amount": "12.50"}, "status": "open", "score": 50, "count": 5}


def misfits(declared: tuple[Fact, ...], raw: Any, reads: frozenset[str] | None = None) -> tuple[Misfit, ...]:
    with pytest.raises(Fault) as fault:
        fit(declared, raw, reads)
    return fault.value.misfits


def one_misfit(type_: Type, given_: Any, **more: Any) -> Misfit:
    [misfit] = misfits((Fact("x", type_, **more),), {"x": given_})
    return misfit


def test_facts_that_fit_become_typed_values_and_absent_ones_their_default() -> None:
    raw = GOOD | {"open_items": [{"due_date": "2026-06-30", "open_amount": Decimal("7.5")}]}
    assert fit(DECLARED, raw) == {
        "order": {"amount": Decimal("12.50"), "note": None},
        "open_items": [{"due_date": dt.date(2026, 6, 30), "open_amount": Decimal("7.5")}],
        "status": "open",
        "score": Decimal(50),
        "count": Decimal(5),
        "vip": None,
        "terms_days": Decimal(30),
    }


def test_null_for_an_optional_fact_is_the_same_as_absent() -> None:
    assert fit(DECLARED, GOOD | {"vip": None, "terms_days": None, "open_items": None}) == fit(DECLARED, GOOD)


def test_all_misfits_are_told_together_each_with_its_pointer() -> None:
    raw = {"order": {"amount": "x", "nte": 1}, "open_items": [{"open_amount": 1}, 7], "status": "opne", "score": 101}
    found = [(misfit.code, misfit.pointer) for misfit in misfits(DECLARED, raw)]
    assert found == [
        ("fact_type", "/order/amount"),
        ("fact_unknown", "/order/nte"),
        ("fact_missing", "/open_items/0/due_date"),
        ("fact_type", "/open_items/1"),
        ("fact_choice", "/status"),
        ("fact_range", "/score"),
        ("fact_missing", "/count"),
    ]


def test_a_whole_number_beyond_what_json_keeps_exactly_is_refused() -> None:
    assert one_misfit(Number(), 2**53, whole=True).code == "fact_range"
    assert fit([Fact("x", Number(), whole=True)], {"x": 2**53 - 1}) == {"x": Decimal(2**53 - 1)}


@pytest.mark.parametrize("reads", [{"order"}, {"order.amount"}, {"order.amount.x"}])
def test_a_required_block_is_demanded_when_something_of_it_is_read(reads: set[str]) -> None:
    [misfit] = misfits((ORDER,), {}, frozenset(reads))
    assert (misfit.code, misfit.pointer) == ("fact_missing", "/order")


@pytest.mark.parametrize("reads", [set[str](), {"orders"}, {"score", "ord"}])
def test_a_required_block_that_is_not_read_is_not_demanded(reads: set[str]) -> None:
    assert fit((ORDER,), {}, frozenset(reads)) == {"order": None}


def test_a_block_that_is_present_must_be_whole_even_when_it_is_not_read() -> None:
    [misfit] = misfits((ORDER,), {"order": {}}, frozenset())
    assert (misfit.code, misfit.pointer) == ("fact_missing", "/order/amount")


def test_null_for_a_required_fact_is_missing() -> None:
    assert one_misfit(Boolean(), None).code == "fact_missing"


@pytest.mark.parametrize("value", [12345678901234567, Decimal("12345678901234567.89"), "12345678901234567.89", "-0", 0])
def test_row_51_amounts_are_exact(value: Any) -> None:
    fitted = fit((Fact("x", Money("EUR")),), {"x": value})["x"]
    assert fitted == Decimal(value)
    assert not str(fitted).startswith("-0")


@pytest.mark.parametrize(
    ("row", "value", "said"),
    [
        (52, "1e1000000", "exponent not allowed"),
        (53, "1e99999999", "exponent not allowed"),
        (54, "1e100000000", "exponent not allowed"),
        (55, "sNaN", "not a finite number"),
        (56, "\uff11\uff12\uff13", "not a plain decimal"),
        (57, "1_000", "underscore"),
        (57, " 12\n", "not a plain decimal"),
        (57, "+1", "not a plain decimal"),
        (66, True, "not true or false"),
        (66, [], "not a list"),
        (66, {}, "not an object"),
        (66, 1.5, "binary float"),
    ],
)
def test_rows_52_to_57_what_is_no_amount(row: int, value: Any, said: str) -> None:
    misfit = one_misfit(Money("EUR"), value)
    assert (misfit.code, misfit.pointer, said in misfit.message) == ("fact_type", "/x", True), row


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), Decimal("1e99"), Decimal("1e-99"), 10**40])
def test_numbers_beyond_40_digits_are_refused(value: Any) -> None:
    assert one_misfit(Number(), value).code == "fact_range"


@pytest.mark.parametrize(
    ("currency", "value", "said"),
    [
        ("EUR", Decimal("0.001"), "EUR has 2 decimals"),
        ("EUR", "1.000", "EUR has 2 decimals"),
        ("JPY", "1.5", "JPY has no decimals"),
        ("KWD", "0.0001", "KWD has 3 decimals"),
    ],
)
def test_row_58_an_amount_has_the_decimals_of_its_currency(currency: str, value: Any, said: str) -> None:
    misfit = one_misfit(Money(currency), value)
    assert misfit.code == "fact_decimals"
    assert said in misfit.message


@pytest.mark.parametrize("value", [Decimal("1.5000"), Decimal("9" * 30 + ".1000"), "1.50"])
def test_row_58_zeros_after_the_decimals_of_a_number_do_not_count(value: Any) -> None:
    assert fit((Fact("x", Money("EUR")),), {"x": value})["x"] == Decimal(value)


@pytest.mark.parametrize(
    "value", [True, Decimal("1.0"), 1.0, [], "1.0", "1.5", " 1", "1\n", "+1", "01", "1e3", "\uff11", ""]
)
def test_row_66_a_whole_number_is_an_integer_or_the_text_of_one(value: Any) -> None:
    misfit = one_misfit(Number(), value, whole=True)
    assert misfit.code == "fact_type"
    assert "must be an integer" in misfit.message


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("-12", -12), ("0", 0), ("-0", 0), ("9007199254740991", 2**53 - 1)]
)
def test_a_whole_number_is_taken_as_the_text_that_answers_write(text: str, number: int) -> None:
    declared = (Fact("x", Number(), whole=True),)
    fitted = fit(declared, {"x": text})["x"]
    assert (fitted, str(fitted)) == (Decimal(number), str(number))
    assert jsonschema.Draft202012Validator(facts_schema(declared)).is_valid({"x": text})
    assert one_misfit(Number(), text, whole=True, low=Decimal(2**53)).code == "fact_range"


@pytest.mark.parametrize("text", ["9007199254740992", "9" * 39, "9" * 41, "9" * 5_000])
def test_the_text_of_a_whole_number_has_the_same_bounds(text: str) -> None:
    assert one_misfit(Number(), text, whole=True).code == "fact_range"


@pytest.mark.parametrize("text", ["1.5", " 1", "01", "9" * 17])
def test_the_schema_refuses_text_that_is_no_whole_number(text: str) -> None:
    assert not jsonschema.Draft202012Validator(facts_schema((Fact("x", Number(), whole=True),))).is_valid({"x": text})


@pytest.mark.parametrize("value", ["yes", "true", 1, 0])
def test_row_66_a_truth_value_is_true_or_false(value: Any) -> None:
    assert "must be true or false" in one_misfit(Boolean(), value).message


@pytest.mark.parametrize(
    "value",
    ["10000-01-01T00:00:00Z", "2026-06-30T23:59:60Z", "2026-06-30T12:00:00", "0000-01-01T00:00:00Z", "2026-06-30", 5,
     "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-02:00"],
)  # fmt: skip
def test_row_67_a_date_time_has_a_zone_and_a_year_to_9999(value: Any) -> None:
    misfit = one_misfit(DateTime(), value)
    assert misfit.code == "fact_type"
    assert misfit.help is not None


def test_times_dates_and_durations() -> None:
    types: dict[str, Type] = {"d": Date(), "t": DateTime(), "c": Time(), "n": DayDuration(), "m": MonthDuration()}
    raw = {"d": "2024-02-29", "t": "2026-06-30T12:00:00+08:00", "c": "12:00:00", "n": "P30D", "m": "P1Y"}
    fitted = fit(tuple(Fact(name, type_) for name, type_ in types.items()), raw)
    assert fitted["d"] == dt.date(2024, 2, 29)
    assert fitted["t"] == dt.datetime(2026, 6, 30, 4, tzinfo=dt.UTC)
    assert fitted["m"] == Duration("months", Decimal(12))
    assert one_misfit(MonthDuration(), "P30D").code == "fact_type"
    assert "no such date" in one_misfit(Date(), "2026-02-30").message


def test_row_72_an_unknown_fact_is_named_and_the_one_meant_is_told() -> None:
    [misfit] = misfits(DECLARED, GOOD | {"stattus": 1})
    assert (misfit.code, misfit.pointer, misfit.message) == ("fact_unknown", "/stattus", "unknown fact `stattus`")
    assert misfit.help == "did you mean `status`?"


def test_row_29_a_look_alike_letter_in_a_fact_is_shown_with_its_code() -> None:
    [misfit] = misfits((maybe("amount", Number()),), {"\u0430mount": 1})
    assert "U+0430" in misfit.message
    assert misfit.help == "did you mean `amount`?"


def test_a_pointer_is_escaped() -> None:
    [misfit] = misfits((), {"a/b~c": 1})
    assert misfit.pointer == "/a~1b~0c"


def test_a_choice_names_the_closest() -> None:
    misfit = one_misfit(Text(("approve", "decline")), "aprove")
    assert misfit.message == "`aprove` is not one of `approve`, `decline`"
    assert misfit.help == "did you mean `approve`?"


@pytest.mark.parametrize(
    "value",
    ["a\0b", "\x1b[2J", "\ud800", "x" * 10_001, "a\x0bb", "\x85", "\x9b", "a\u2028", "\u2029", "\u202a", "\u202e",
     "\u2066", "a\u2069"],
)  # fmt: skip
def test_text_without_controls_and_of_bounded_length(value: str) -> None:
    assert one_misfit(Text(), value).code == "fact_text"


def test_text_is_kept_as_it_came() -> None:
    text = " Mu\u0308ller\r\n\tdisputes: damaged \U0001f469\u200d\U0001f4bc\n"
    assert fit((Fact("x", Text()),), {"x": text}) == {"x": text}


def test_a_text_that_would_be_read_in_another_order_says_so() -> None:
    misfit = one_misfit(Text(), "invoice\u202e1A", pii=True)
    assert misfit.message == "`x` has the bidi control U+202E"


@pytest.mark.parametrize("type_", [Number(), Date(), Text(("a", "b")), DateTime(), Boolean()])
def test_personal_data_is_not_repeated_in_a_message(type_: Type) -> None:
    misfit = one_misfit(type_, "secret1", pii=True)
    assert "secret1" not in misfit.message + (misfit.help or "")


def test_what_lies_in_a_block_of_personal_data_is_not_repeated_either() -> None:
    person = block("person", Fact("born", Date()), pii=True)
    [misfit] = misfits((person,), {"person": {"born": "secret1"}})
    assert "secret1" not in misfit.message


def test_bounds_include_both_ends_and_hold_for_items() -> None:
    shares = Fact("x", ListOf(Number()), low=Decimal(0), high=Decimal("0.5"))
    assert fit((shares,), {"x": [0, "0.5"]}) == {"x": [Decimal(0), Decimal("0.5")]}
    found = misfits((shares,), {"x": [-1, Decimal("0.51"), None]})
    assert [(misfit.code, misfit.pointer) for misfit in found] == [
        ("fact_range", "/x/0"), ("fact_range", "/x/1"), ("fact_missing", "/x/2")]  # fmt: skip


def test_misfits_are_bounded() -> None:
    assert len(misfits((), {str(n): n for n in range(5_000)})) == MAX_MISFITS


@pytest.mark.parametrize("raw", [None, [], "x", 5])
def test_facts_are_an_object(raw: Any) -> None:
    [misfit] = misfits(DECLARED, raw)
    assert (misfit.code, misfit.pointer) == ("fact_type", "")


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.decimals() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["x", "2026-06-30", "2026-06-30T12:00:00Z", "P1D", "P1M", "12:00:00", "1.5", "1e9"])
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(DECLARATIONS, JSON, st.none() | st.frozensets(NAMES, max_size=2))
def test_any_json_fits_or_is_a_fault(declared: tuple[Fact, ...], raw: Any, reads: frozenset[str] | None) -> None:
    try:
        values = fit(declared, raw, reads)
    except Fault as raised:
        fault = raised
    else:
        assert isinstance(raw, Mapping)
        assert list(values) == [fact.name for fact in declared]
        return
    assert fault.misfits
    assert all(misfit.message and misfit.code.startswith("fact_") for misfit in fault.misfits)


@given(DECLARATIONS)
def test_the_example_fits_and_obeys_the_schema(declared: tuple[Fact, ...]) -> None:
    example = example_facts(declared)
    assert json.loads(json.dumps(example)) == example
    schema = facts_schema(declared)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(example)
    assert list(fit(declared, example)) == [fact.name for fact in declared]


@given(st.data())
def test_the_schema_refuses_nothing_that_fits(data: st.DataObject) -> None:
    declared, reads = data.draw(DECLARATIONS), data.draw(READS)
    document = parse(written(data.draw(fitting(declared, reads))).encode())
    assert isinstance(document, dict)
    fit(declared, document, reads)
    jsonschema.Draft202012Validator(facts_schema(declared, reads)).validate(document)


def test_the_schema_demands_what_is_read_and_refuses_what_is_unknown() -> None:
    schema = facts_schema(DECLARED, frozenset({"order.amount", "score"}))
    assert schema["required"] == ["order", "score"]
    assert schema["additionalProperties"] is False
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid({"order": {"amount": "1.50"}, "score": 1})
    assert not validator.is_valid({"order": {"amount": "1.505"}, "score": 1})
    assert not validator.is_valid({"order": {"amount": 1}, "score": 101})
    assert not validator.is_valid({"order": {"amount": 1}, "score": 1, "vips": True})


def test_the_schema_names_facts_that_are_not_read_and_says_so() -> None:
    schema = facts_schema(DECLARED, frozenset({"order.amount"}))
    assert schema["properties"]["status"] == {"description": 'one of "open", "closed"; not read by this policy'}
    assert [name for name, said in schema["properties"].items() if "not read" not in said["description"]] == ["order"]
    assert jsonschema.Draft202012Validator(schema).is_valid({"order": {"amount": 1}, "vip": True, "count": 3})


@pytest.mark.parametrize(
    ("text", "fits"),
    [("9" * 34, True), ("9" * 35, False), (f"-{'9' * 32}.99", True), (f"{'9' * 33}.99", False),
     ("0.00000" + "9" * 34, True), ("0.000000" + "9" * 34, False), ("0." + "0" * 39, True), ("0." + "0" * 40, False),
     ("1e3", False)],
)  # fmt: skip
def test_decimal_text_has_as_many_digits_in_the_schema_as_in_the_engine(text: str, fits: bool) -> None:
    declared = (Fact("x", Number()),)
    assert jsonschema.Draft202012Validator(facts_schema(declared)).is_valid({"x": text}) is fits
    if fits:
        fit(declared, {"x": text})
    else:
        assert misfits(declared, {"x": text})


def test_a_whole_number_has_the_bounds_of_what_json_keeps_exactly_in_the_schema_too() -> None:
    validator = jsonschema.Draft202012Validator(facts_schema((Fact("x", Number(), whole=True),)))
    assert [validator.is_valid({"x": number}) for number in (2**53 - 1, 2**53, 1 - 2**53, -(2**53))] == [
        True, False, True, False]  # fmt: skip


def test_what_a_schema_cannot_check_its_description_says() -> None:
    amount = Fact("x", ListOf(Money("EUR")), low=Decimal("0.5"), high=Decimal(100))
    said = facts_schema((amount, Fact("y", Money("JPY"))))["properties"]
    assert said["x"]["description"] == "a list of money (EUR), at most 2 decimals, at least 0.5, at most 100"
    assert said["y"]["description"] == "money (JPY), no decimals"


def test_titles_and_defaults_stand_in_the_schema() -> None:
    fact = Fact("x", Number("days"), optional=True, default=Decimal(30), title={"en": "Terms", "zh-Hans": "账期"})
    [property_] = facts_schema((fact,))["properties"].values()
    assert (property_["title"], property_["default"]) == ("Terms", "30")
