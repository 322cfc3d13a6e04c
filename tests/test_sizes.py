"""What is long, many or deep is decided or refused within a moment: no recursion gives out, no cost runs away."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.identity import identity
from engine.list_functions import LIST_FUNCTIONS
from engine.number_functions import NUMBER_FUNCTIONS
from engine.operators import equal
from engine.text_functions import TEXT_FUNCTIONS
from policies.check import MAX_NEEDS, load
from policies.diagnostics import Code, Refused
from policies.feel.values import Duration, Range, Value
from policies.nodes import Source
from tests.costs import seconds
from tests.ledger_runs import DATED, HEADER, as_csv, run

START = "writ: 1\nbundle: sizes\nreporting_currency: EUR\nlanguages: [en]\n"
PLAIN = "    kind: decision\n    title: T\n    outcome: {sum: {is: amount, otherwise: 0}}\n"
DAY = dt.date(2026, 1, 31)


def refused(text: str) -> list[tuple[Code, str, str]]:
    """What a document is refused for: code, message, and the text it stands at."""
    with pytest.raises(Refused) as found:
        load(Source("sizes.yaml", text))
    return [
        (one.code, one.message, one.span.source.text[one.span.start : one.span.end]) for one in found.value.diagnostics
    ]


# Long chains


def lets(*written: str) -> str:
    body = "".join(f"      {let}\n" for let in written)
    return f"{START}facts: {{amount: number}}\npolicies:\n  p:\n{PLAIN}    let:\n{body}"


def test_a_thousand_lets_may_each_use_the_next() -> None:
    chain = [f"l{number}: l{number + 1} + 1" for number in range(1000)]
    policy = load(Source("sizes.yaml", lets(*chain, "l1000: amount"))).policies["p"]
    assert [value.name for value in policy.values] == [f"l{number}" for number in range(1000, -1, -1)]


def test_a_circle_of_a_thousand_lets_is_told_whole() -> None:
    circle = [f"l{number}: l{(number + 1) % 1000} + 1" for number in range(1000)]
    (found,) = refused(lets(*circle))
    assert found[0] == Code.CYCLE
    assert found[1].startswith("cycle l0 → l1 → ")
    assert found[1].endswith(" → l999 → l0")


def test_a_let_that_uses_one_in_a_circle_is_not_told_beside_it() -> None:
    found = refused(lets("a: b + 1", "b: a + 1", "c: a + 1"))
    assert [(code, message) for code, message, _ in found] == [(Code.CYCLE, "cycle a → b → a")]


def needing(count: int) -> str:
    """Policies p1 to p`count`, each but the last in need of the next: the first stands at the end of the chain."""
    written = [f"  p{n}:\n{PLAIN}    needs: [p{n + 1}]\n" for n in range(1, count)]
    return f"{START}facts: {{amount: number}}\npolicies:\n{''.join(written)}  p{count}:\n{PLAIN}"


def test_a_chain_of_needs_may_hold_thirty_policies() -> None:
    policies = load(Source("sizes.yaml", needing(MAX_NEEDS))).policies
    assert list(policies) == [f"p{n}" for n in range(1, 31)]


@pytest.mark.parametrize(("count", "at"), [(31, 1), (500, 470)])
def test_a_longer_one_is_refused_where_it_grows_too_long(count: int, at: int) -> None:
    (found,) = refused(needing(count))
    message = f"`p{at}` is the end of a chain of more than 30 policies that need each other"
    assert found == (Code.NEEDS_TOO_DEEP, message, "needs")


def test_policies_that_need_each_other_in_a_circle_are_told_of() -> None:
    text = needing(3) + "    needs: [p1]\n"
    assert (Code.CYCLE, "cycle p1 → p2 → p3 → p1") in [found[:2] for found in refused(text)]


# Long numbers


def test_a_number_of_an_expression_keeps_every_digit_or_is_refused() -> None:
    (found,) = refused(lets(f"a: amount + {'1' * 35}"))
    assert found == (Code.FEEL_SYNTAX, "number longer than 34 digits", "1" * 35)
    load(Source("sizes.yaml", lets(f"a: amount + {'1' * 34}", f"b: 0.{'0' * 40}1", f"c: 1{'0' * 40}")))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1" * 34, Decimal("1" * 34)),
        ("-" + "1" * 35, None),
        ("1" + "0" * 34, Decimal("1e34")),
        ("9" * 30 + ".00001", None),
        ("0." + "0" * 40 + "5", Decimal("5e-41")),
        ("1" + "0" * 7000, None),
    ],
)
def test_a_text_of_more_digits_than_a_number_holds_is_no_number(text: str, number: Decimal | None) -> None:
    assert TEXT_FUNCTIONS["number"]([text]) == number


def test_the_sums_of_a_ledger_keep_every_cent_of_its_largest_amounts(tmp_path: Path) -> None:
    amount = "9" * 24 + ".99"
    rows = [["C", f"I{number}", "2026-01-01", "2026-01-31", amount, ""] for number in range(150)]
    paid = [["C", f"P{number}", "2026-01-01", "2026-01-31", amount, "2026-02-03"] for number in range(150)]
    facts = run(tmp_path, DATED, as_csv([HEADER, *rows, *paid])).facts["C"]
    total = "149999999999999999999999998.5"
    assert facts["credit_account"]["exposure"]["open_items"] == total
    assert (facts["ageing"]["overdue"], facts["ageing"]["d91_plus"]) == (total, total)
    assert facts["payment_history"]["amount_paid"] == total
    assert facts["payment_history"]["weighted_dbt"] == "3"


# Many mistakes


def test_misspelt_names_are_told_quickly_however_many() -> None:
    facts = "".join(f"  customer_figure_{n:04}: number\n" for n in range(1500))
    used = "".join(f"      l{n}: customer_figrue_{n:04}\n" for n in range(1500))
    text = f"{START}facts:\n  amount: number\n{facts}policies:\n  p:\n{PLAIN}    let:\n{used}"
    found: list[tuple[Code, str, str]] = []
    assert seconds(lambda: found.extend(refused(text))) < 10
    assert len(found) == 1500


def test_the_first_misspelt_names_still_have_their_suggestions() -> None:
    text = lets("a: amuont", "b: amonut")
    with pytest.raises(Refused) as found:
        load(Source("sizes.yaml", text))
    assert [one.help for one in found.value.diagnostics] == ["did you mean `amount`?"] * 2


# Long lists

NUMBERS: list[Value] = [Decimal(n) for n in range(8000)]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("distinct values", [NUMBERS]),
        ("distinct values", [[{"id": number, "days": [number]} for number in NUMBERS]]),
        ("union", [NUMBERS, NUMBERS]),
        ("index of", [NUMBERS, Decimal(7999)]),
        ("mode", [NUMBERS]),
    ],
)
def test_a_list_of_thousands_costs_no_more_than_its_length(name: str, args: list[Value]) -> None:
    function = {**LIST_FUNCTIONS, **NUMBER_FUNCTIONS}[name]
    assert seconds(lambda: function(args)) < 1


def test_distinct_values_are_told_apart_as_equality_does() -> None:
    noon = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
    elsewhere = noon.astimezone(dt.timezone(dt.timedelta(hours=8)))
    items: list[Value] = [
        Decimal(1), True, Decimal("1.0"), "1", None, False, Decimal(0), None, DAY,
        noon.replace(tzinfo=None), noon, elsewhere, [Decimal(1)], [Decimal("1.00")], {"a": DAY}, {"a": DAY},
    ]  # fmt: skip
    kept = LIST_FUNCTIONS["distinct values"]([items])
    assert [next(at for at, item in enumerate(items) if item is one) for one in kept] == [
        0, 1, 3, 4, 5, 6, 8, 9, 10, 12, 14,
    ]  # fmt: skip
    assert NUMBER_FUNCTIONS["mode"]([[Decimal(2), Decimal(1), Decimal("2.0"), Decimal("1.00"), Decimal(3)]]) == [1, 2]


offsets = st.none() | st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=1))])
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([Decimal("-0"), Decimal(0), Decimal("0.0"), Decimal(1), Decimal("1.00")]),
    st.sampled_from(["", "a", "1"]),
    st.sampled_from([DAY, DAY + dt.timedelta(days=1)]),
    st.builds(dt.datetime, st.just(2026), st.just(1), st.just(31), st.sampled_from([0, 1]), tzinfo=offsets),
    st.builds(dt.time, st.sampled_from([0, 1]), tzinfo=offsets),
    st.builds(Duration, st.sampled_from(["days", "months"]), st.sampled_from([Decimal(0), Decimal(1)])),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
        st.builds(Range, inner, inner, st.booleans(), st.booleans()),
    ),
    max_leaves=4,
)


@given(values, values)
def test_two_values_have_one_identity_just_when_they_are_equal(left: Value, right: Value) -> None:
    assert (identity(left) == identity(right)) is (equal(left, right) is True)
    assert hash(identity(left)) == hash(identity(left))
