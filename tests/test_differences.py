"""What changed between two documents, in meaning: all that makes a policy's digest another one, nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, get_args
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import load
from policies.diagnostics import Refused
from policies.difference import Difference
from policies.difference_matching import align
from policies.difference_words import FOLLOWS, PARTS
from policies.differences import bearing, differences, render
from policies.digest import policy_digest
from policies.feel.parser import parse_expression, parse_tests
from policies.ir import Bundle, Cell, Expression, Fact, Parameter, Policy, Rule
from policies.source import decode
from policies.types import Boolean, Text, Type
from tests.strategies import documents, text_of
from tests.test_corpus import ACCEPTED

SHIPPED = (Path(__file__).parent.parent / "policies.yaml").read_text(encoding="utf-8")


def read(text: str) -> Bundle:
    return load(decode("policies.yaml", text.encode()))


@cache
def shipped() -> Bundle:
    return read(SHIPPED)


def edited(*edits: tuple[str, str]) -> tuple[Difference, ...]:
    """What differs when each first text is replaced by the second in the shipped policies; the law holds for it."""
    text = SHIPPED
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    new_bundle = read(text)
    hold_the_law(shipped(), new_bundle)
    return differences(shipped(), new_bundle)


def hold_the_law(old: Bundle, new: Bundle) -> None:
    """A digest differs if and only if something is told that bears on the policy, all of it in the whole answer."""
    told = set(differences(old, new))
    digests = [{name: policy.digest for name, policy in each.policies.items()} for each in (old, new)]
    for name, found in bearing(old, new).items():
        assert bool(found) == (digests[0].get(name) != digests[1].get(name)), (name, found)
        assert set(found) <= told
    if digests[0] == digests[1]:
        assert {each.part for each in told} <= {"bundle", "case"}


def short(found: tuple[Difference, ...]) -> list[tuple[str | None, str, str, str, str | None, str | None]]:
    return [(each.policy, each.part, each.name, each.change, each.old, each.new) for each in found]


def test_comments_and_layout_are_no_difference() -> None:
    assert edited(("writ: 1\n", "\n# another year\nwrit: 1\n"), ("hit: first\n", "hit:   'first'  # as it was\n")) == ()
    assert render(()) == "no differences\n"


def test_a_row_put_in_between_is_one_added_row() -> None:
    row = '          - ["-", "> oldest_refer_days", "-", badly]\n'
    found = edited((row, row.replace("refer", "decline") + row))
    said = '- | > oldest_decline_days | - → "badly"'
    assert short(found) == [("customer-risk", "row", "payments row 2", "added", None, said)]
    assert (found[0].old_line, found[0].new_line) == (None, 998)


def test_a_row_is_known_by_its_cells_else_by_what_is_like_it() -> None:
    output = edited(('[">= 60", B, 150000]', '[">= 60", B, 160000]'))
    cell = edited(('[">= 60", B, 150000]', '[">= 65", B, 150000]'))
    old = '>= 60 → "B" | 150000'
    assert short(output) == [
        ("credit-limit", "row", "rating row 2", "changed", old, '>= 60 → "B" | 160000'),
    ]
    assert short(cell) == [("credit-limit", "row", "rating row 2", "changed", old, '>= 65 → "B" | 150000')]


def test_a_band_is_known_by_its_test_and_a_moved_edge_changes_two_bands() -> None:
    assert short(edited(('"[0.5..0.8)": 40', '"[0.5..0.8)": 45'))) == [
        ("customer-class", "band", "paid_on_time [0.5..0.8)", "changed", "40", "45")
    ]
    edge = edited(('"<= 0": 100, "(0..7]": 80', '"<= 1": 100, "(1..7]": 80'))
    assert [(each.name, each.old, each.new) for each in edge] == [
        ("days_beyond_terms <= 1", "<= 0: 100", "<= 1: 100"),
        ("days_beyond_terms (1..7]", "(0..7]: 80", "(1..7]: 80"),
    ]


def test_the_values_of_a_parameter_are_known_by_their_first_day() -> None:
    old = "values: [{from: 2010-01-01, value: 500, source: company policy; adjust}]"
    later = old.replace("}]", "}, {from: 2026-07-01, value: 600, source: the board}]")
    changed = edited((old, old.replace("500", "600")))
    name = "overdue_min_amount from 2010-01-01"
    assert changed == (Difference(None, "parameter", name, "changed", "500", "600", 497, 497),)
    (added,) = edited((old, later))
    assert (added.name, added.change, added.new) == (
        "overdue_min_amount from 2026-07-01",
        "added",
        "600; start 2026-07-01; source the board",
    )


def test_what_the_document_declares_is_told_once_and_bears_on_every_policy_that_holds_it() -> None:
    edit = ("in_business: {type: years, optional: true, min: 0,", "in_business: {type: years, optional: true, min: 1,")
    (found,) = edited(edit)
    assert (found.policy, found.part, found.name) == (None, "fact", "customer.years_in_business (low)")
    other = read(SHIPPED.replace(*edit, 1))
    assert all(bears == (found,) for bears in bearing(shipped(), other).values())


def test_a_moved_rule_is_told_with_its_positions() -> None:
    lines = [
        line for line in SHIPPED.splitlines(keepends=True) if "{rule: lapsed," in line or "{rule: slowing," in line
    ]
    (found,) = edited(("".join(lines), "".join(reversed(lines))))
    assert (found.part, found.name, found.change) == ("rule", "slowing", "changed")
    assert (found.old, found.new) == ("position 3", "position 2")


def test_a_text_changed_in_one_language_names_it() -> None:
    (found,) = edited(("en: likelihood of failure", "en: odds of failure"))
    assert (found.part, found.name, found.new) == ("table", "likelihood.title.en", "odds of failure")


def test_a_need_counts_for_the_policy_that_has_it() -> None:
    edit = ("then: lapsed, reason: CL-CHN-01", "then: at-risk, reason: CL-CHN-01")
    (found,) = edited(edit)
    assert (found.policy, found.part, found.name) == ("customer-value", "rule", "lapsed.then")
    bears = bearing(shipped(), read(SHIPPED.replace(*edit, 1)))
    for name, policy in shipped().policies.items():
        needs = any(needed.name == "customer-value" for needed in policy.needs)
        assert not needs or found in bears[name]


def test_cases_and_the_first_day_are_told_though_no_digest_has_them() -> None:
    case = shipped().tests[0]
    renamed = replace(case, name="another")
    new = replace(shipped(), tests=(renamed, *shipped().tests[1:]), effective=dt.date(2027, 1, 1))
    hold_the_law(shipped(), new)
    assert [(each.part, each.name, each.change) for each in differences(shipped(), new)] == [
        ("bundle", "effective", "changed"),
        ("case", case.name, "removed"),
        ("case", "another", "added"),
    ]


def test_the_text_for_people_has_a_line_for_each() -> None:
    found = edited(
        ("value: 500, source", "value: 600, source"), ("writ: 1\n", "\nwrit: 1\n"), ("lapsed, reason", "top, reason")
    )
    assert render(found) == (
        "document\n"
        "  ~ parameter overdue_min_amount from 2010-01-01: 500 → 600 (line 497 → 498)\n"
        "\n"
        "policy customer-value\n"
        "  ~ rule lapsed.then: lapsed → top (line 845 → 846)\n"
    )
    assert found[0].to_json()["new_line"] == 498


@given(st.lists(st.sampled_from("abcdef"), max_size=8), st.lists(st.sampled_from("abcdef"), max_size=8))
def test_an_alignment_pairs_equal_keys_and_leaves_nothing_out(old: list[str], new: list[str]) -> None:
    found = align(old, new, lambda i, j: int(i == j))
    assert sorted([i for i, _ in found.pairs] + list(found.removed)) == list(range(len(old)))
    assert sorted([j for _, j in found.pairs] + list(found.added)) == list(range(len(new)))
    assert all(old[i] == new[j] for i, j in found.moved)
    assert not set(found.moved) - set(found.pairs)


# --- the law -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["decision", "classification", "credit"])
@settings(max_examples=25)
@given(data=st.data())
def test_a_digest_differs_if_and_only_if_something_is_told(kind: str, data: st.DataObject) -> None:
    old, new = (read(text_of(data.draw(documents(kind)))) for _ in range(2))
    hold_the_law(old, new)
    assert differences(old, read(f"\n{old.source.text}\n")) == ()


def neighbours(text: str) -> Iterator[str]:
    """The text with one line left out, two lines swapped, or a figure raised, at places spread over it."""
    lines = text.splitlines(keepends=True)
    for at in range(2, len(lines) - 1, max(1, len(lines) // 4)):
        yield "".join(lines[:at] + lines[at + 1 :])
        yield "".join([*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]])
        if (digits := next((char for char in lines[at] if char.isdigit()), None)) is not None:
            raised = lines[at].replace(digits, str((int(digits) + 1) % 10), 1)
            yield "".join([*lines[:at], raised, *lines[at + 1 :]])


def test_the_law_holds_for_edits_of_every_policy_of_the_corpus() -> None:
    accepted = 0
    for folder in ACCEPTED:
        text = (folder / "policy.yaml").read_text(encoding="utf-8")
        old = read(text)
        for other in neighbours(text):
            try:
                new = read(other)
            except Refused:
                continue
            accepted += 1
            hold_the_law(old, new)
    assert accepted > 200


TYPES = get_args(Type)
Way = tuple[str | int, ...]


Met = dict[tuple[str, str], int]
"""How often each field of each class has been met."""


def leaves(part: Any, way: Way, seen: Met, of: tuple[str, str] = ("", "")) -> Iterator[Way]:
    """Ways to what can be changed: lists and single values, the first few times that a field of a class is met."""
    listed = isinstance(part, (tuple, Mapping))
    single = isinstance(part, (Expression, Cell, *TYPES)) or not (listed or is_dataclass(part))
    if single or (isinstance(part, tuple) and part):
        seen[of] = seen.get(of, 0) + 1
        if seen[of] <= 3:
            yield way
    if isinstance(part, tuple):
        for place, item in enumerate(part):
            yield from leaves(item, (*way, place), seen, of)
    elif isinstance(part, Mapping):
        for key, item in part.items():
            yield from leaves(item, (*way, key), seen, of)
    elif not single:
        for field in fields(part):
            follows = field.name in FOLLOWS.get(type(part), ()) or not field.compare
            typed = isinstance(part, (Fact, Parameter)) and field.name == "type"
            if not (follows or typed or field.name in {"digest", "needs"} or (way == () and field.name == "name")):
                yield from leaves(
                    getattr(part, field.name), (*way, field.name), seen, (type(part).__name__, field.name)
                )


def other_than(part: Any) -> Any:
    match part:
        case Expression():
            return replace(part, syntax=parse_expression("12321"))
        case Cell():
            return replace(part, tests=parse_tests("> 12321"))
        case bool():
            return not part
        case Decimal() | int():
            return part + 1
        case str():
            return f"{part}x"
        case dt.date():
            return part + dt.timedelta(days=1)
        case tuple():
            return part[:-1]
        case None:
            return dt.date(2000, 1, 1)
        case frozenset():
            return part | {"x"}
        case _:
            return Boolean() if isinstance(part, Text) else Text()


def put(part: Any, way: Way, value: Any) -> Any:
    if not way:
        return value
    step, *rest = way
    if isinstance(part, tuple):
        assert isinstance(step, int)
        return (*part[:step], put(part[step], tuple(rest), value), *part[step + 1 :])
    if isinstance(part, Mapping):
        return {**part, step: put(part[step], tuple(rest), value)}
    return replace(part, **{str(step): put(getattr(part, str(step)), tuple(rest), value)})


def at(part: Any, way: Way) -> Any:
    for step in way:
        part = getattr(part, str(step)) if is_dataclass(part) else part[step]
    return part


def test_a_change_in_any_field_of_a_checked_policy_is_told_by_itself() -> None:
    """Field by field over the corpus: nothing has to fall back on what is told only for want of anything else."""
    seen: Met = {}
    changed = 0
    bundles = [read((folder / "policy.yaml").read_text(encoding="utf-8")) for folder in ACCEPTED]
    never = mock.patch("policies.differences._Comparison._thorough", side_effect=AssertionError)
    with never:
        for bundle in bundles:
            for name, policy in bundle.policies.items():
                old = replace(bundle, policies={name: policy})
                for way in leaves(policy, (), seen):
                    new = altered(old, policy, way)
                    assert new.policies[name].digest != policy.digest, way
                    assert bearing(old, new)[name], way
                    changed += 1
    assert changed > 500
    assert {kind.__name__ for kind in PARTS} <= {kind for kind, _ in seen}


def test_the_law_turns_red_when_a_field_is_passed_over() -> None:
    """The control: a rule's outcome left out of the comparison, and no second look."""
    other = read(SHIPPED.replace("then: lapsed, reason: CL-CHN-01", "then: at-risk, reason: CL-CHN-01", 1))
    passed_over = mock.patch.dict(FOLLOWS, {Rule: frozenset({"then"})})
    no_second_look = mock.patch("policies.differences._Comparison._thorough", return_value=())
    with passed_over:
        hold_the_law(shipped(), other)
    with passed_over, no_second_look, pytest.raises(AssertionError):
        hold_the_law(shipped(), other)


def altered(bundle: Bundle, policy: Policy, way: Way) -> Bundle:
    """The bundle with one thing changed in one policy."""
    made = put(policy, way, other_than(at(policy, way)))
    return replace(bundle, policies={**bundle.policies, policy.name: replace(made, digest=policy_digest(made))})


def test_an_order_that_decides_nothing_is_told_when_nothing_else_accounts_for_a_digest() -> None:
    folder = next(path for path in ACCEPTED if path.name == "lets-out-of-order")
    old = read((folder / "policy.yaml").read_text(encoding="utf-8"))
    (name, policy), *_ = old.policies.items()
    made = replace(policy, values=tuple(reversed(policy.values)))
    new = replace(old, policies={**old.policies, name: replace(made, digest=policy_digest(made))})
    found = bearing(old, new)[name]
    assert found
    assert all(each.old is not None and each.old.startswith("position") for each in found)
