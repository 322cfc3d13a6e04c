"""Authority for overrides (domain C18): the level an amount takes, who has it, and a matrix that is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.authority import Authority, AuthorityMissingError
from api.authority_file import read_authority
from policies.source import Source, read

STATED = """\
trade-credit:
  currency: EUR
  risk_class: customer.risk_class
  matrix:
    any: {"0": 1, "10000": 2, "50000": 3}
    high_risk: {"0": 2, "50000": 3}
  persons: {mia: 1, chen.wei: 3}
"""


def stated(text: str) -> Authority:
    authority, wrong = read_authority(read(Source("writ.yaml", text)))
    assert wrong == []
    return authority


def mistakes(text: str) -> list[tuple[int, int, str]]:
    _, wrong = read_authority(read(Source("writ.yaml", text)))
    return [(each.span.line, each.span.column, each.message) for each in wrong]


@pytest.mark.parametrize(
    ("risk_class", "amount", "level"),
    [
        (None, "0", 1),
        ("any", "9999.99", 1),
        (None, "10000", 2),
        (None, "10000.00", 2),
        (None, "49999.999999999999999999999999999999999", 2),
        (None, "50000", 3),
        (None, "1e30", 3),
        ("medium", "10000", 2),
        ("high_risk", "0", 2),
        ("high_risk", "10000", 2),
        ("high_risk", "50000", 3),
        ("High_Risk", "0", 1),
    ],
)
def test_an_amount_on_the_edge_of_a_band_takes_the_upper_level(risk_class: str | None, amount: str, level: int) -> None:
    assert stated(STATED).needed("trade-credit", risk_class, Decimal(amount), "EUR") == level


def test_who_has_the_level_may_and_is_told_which_it_took() -> None:
    authority = stated(STATED)
    assert authority.may("mia", "trade-credit", None, Decimal("9999.99"), "EUR") == 1
    assert authority.may("chen.wei", "trade-credit", "high_risk", Decimal(50000), "EUR") == 3
    assert authority.level("mia", "trade-credit") == 1
    assert authority.level("nobody", "trade-credit") == authority.level("mia", "dunning") == 0
    assert authority.risk_class_path("trade-credit") == "customer.risk_class"
    assert authority.risk_class_path("dunning") is None


@pytest.mark.parametrize(
    ("person", "policy", "amount", "currency", "says"),
    [
        ("mia", "trade-credit", "10000", "EUR", "takes level 2; `mia` has level 1"),
        ("eve", "trade-credit", "0", "EUR", "takes level 1; `eve` has level 0"),
        ("chen.wei", "trade-credit", "1", "USD", "is stated in EUR, the decision is in USD"),
        ("chen.wei", "trade-credit", "-0.01", "EUR", "-0.01 EUR is no amount"),
        ("chen.wei", "dunning", "1", "EUR", "give nobody authority over `dunning`"),
    ],
)
def test_who_has_not_is_told_what_it_takes(person: str, policy: str, amount: str, currency: str, says: str) -> None:
    with pytest.raises(AuthorityMissingError) as refusal:
        stated(STATED).may(person, policy, None, Decimal(amount), currency)
    assert says in str(refusal.value)


def test_without_anything_stated_nobody_may() -> None:
    with pytest.raises(AuthorityMissingError):
        Authority().may("chen.wei", "trade-credit", None, Decimal(0), "EUR")


@pytest.mark.parametrize(
    ("written", "instead", "found"),
    [
        ('    any: {"0": 1, "10000": 2, "50000": 3}\n', "", (4, 3, "the row `any` is missing")),
        ('any: {"0": 1, "10', 'any: {"1": 1, "10', (5, 5, "the row `any` does not start at 0")),
        ('high_risk: {"0": 2, "50000": 3}', "high_risk: {}", (6, 5, "the row `high_risk` does not start at 0")),
        ('"50000": 3}\n  per', '"50000": 1}\n  per', (6, 34, "level 1 from 50000 on is lower than level 2 from 0 on")),
        ('"10000": 2', '"0.00": 2', (5, 19, "`0.00` is the same amount as `0`")),
        ('"10000": 2', '"-1": 2', (5, 19, "the amount -1 is negative")),
        ('"10000": 2', '"1e4": 2', (5, 19, "exponent not allowed in `1e4`")),
        ("mia: 1", "mia: 0", (7, 18, "0 is no level")),
        ("mia: 1", "mia: 10", (7, 18, "10 is no level")),
        ("mia: 1", "mia: 1.5", (7, 18, "`1.5` is not a whole number")),
        ("mia: 1", "Mia: 1", (7, 13, "`Mia` is no person's id")),
        ("EUR", "EURO", (2, 13, "`EURO` is not a currency code")),
        ("customer.risk_class", "customer..x", (3, 15, "`customer..x` is no fact")),
        ("persons", "person", (7, 3, "unknown key `person`")),
        ("trade-credit", "Trade", (1, 1, "a name has only a-z, 0-9 and -, up to 64 characters")),
    ],
)
def test_a_matrix_that_leaves_something_open_is_refused(
    written: str, instead: str, found: tuple[int, int, str]
) -> None:
    assert written in STATED
    assert found in mistakes(STATED.replace(written, instead, 1))


def test_all_mistakes_of_all_policies_are_found_at_once() -> None:
    text = "a:\n  currency: EUR\n  matrix: {any: {'5': 1}}\n  persons: {X: 1}\nb:\n  matrix: {low: {'0': 1}}\nc:\n"
    assert [line for line, _, _ in sorted(mistakes(text))] == [3, 4, 6, 6, 6, 7]


LEVELS = st.lists(st.integers(1, 9), min_size=1, max_size=6).map(sorted)
CENTS = st.integers(1, 2_000)


@st.composite
def rows(draw: st.DrawFn) -> dict[Decimal, int]:
    levels = draw(LEVELS)
    edges = draw(st.lists(CENTS, min_size=len(levels) - 1, max_size=len(levels) - 1, unique=True))
    return dict(zip([Decimal(0), *(Decimal(edge) / 100 for edge in sorted(edges))], levels, strict=True))


@given(
    matrix=st.dictionaries(st.sampled_from(["low", "high", "new"]), rows(), max_size=3),
    any_=rows(),
    persons=st.dictionaries(st.sampled_from(["mia", "wei", "eve"]), st.integers(1, 9)),
    risk_class=st.sampled_from([None, "any", "low", "high", "new", "other"]),
    cents=st.integers(0, 2_100),
    person=st.sampled_from(["mia", "wei", "eve", "tom"]),
    shuffled=st.randoms(use_true_random=False),
)
def test_the_level_is_that_of_a_naive_recount(
    matrix: dict[str, dict[Decimal, int]],
    any_: dict[Decimal, int],
    persons: dict[str, int],
    risk_class: str | None,
    cents: int,
    person: str,
    shuffled: Random,
) -> None:
    matrix = {**matrix, "any": any_}
    lines = ["p:", "  currency: EUR", "  matrix:"]
    for name, row in matrix.items():
        cells = [f'"{edge}": {level}' for edge, level in row.items()]
        shuffled.shuffle(cells)
        lines.append(f"    {name}: {{{', '.join(cells)}}}")
    lines.append(f"  persons: {{{', '.join(f'{name}: {level}' for name, level in persons.items())}}}")
    authority, amount = stated("\n".join(lines) + "\n"), Decimal(cents) / 100

    row = matrix.get(risk_class or "any", any_)
    needed = max((edge, level) for edge, level in row.items() if edge <= amount)[1]
    assert authority.needed("p", risk_class, amount, "EUR") == needed
    if persons.get(person, 0) >= needed:
        assert authority.may(person, "p", risk_class, amount, "EUR") == needed
    else:
        with pytest.raises(
            AuthorityMissingError, match=f"level {needed}; `{person}` has level {persons.get(person, 0)}$"
        ):
            authority.may(person, "p", risk_class, amount, "EUR")


def test_the_example_in_the_documents_is_read() -> None:
    document = Path(__file__).resolve().parent.parent / "api" / "HTTP.md"
    text = document.read_text(encoding="utf-8")
    example = text.partition("```yaml\nauthority:\n")[2].partition("```")[0]
    assert stated(example) == stated(STATED)
