"""The library's formulas, each tested by its block's own cases through the evaluator that decides."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from engine.block_cases import run_block_cases
from policies.blocks import Block, block_names, load_block

AS_OF = dt.date(2026, 1, 1)
BEFORE_ITS_FIRST_DAY = {"em_score"}
"""Formulas without value only before a parameter's first day: cases of a block have no day of their own."""

BLOCKS = [load_block(name, "USD") for name in block_names()]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_every_case_of_the_block_comes_out(block: Block) -> None:
    results = run_block_cases(block, AS_OF)
    assert len(results) == len(block.cases) > 0
    assert [result for result in results if result.difference is not None] == []


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_every_formula_has_a_case(block: Block) -> None:
    tested = {case.call for case in block.cases}
    assert {function.name.split(".")[1] for function in block.functions} - tested == set()


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_a_formula_that_may_have_no_value_has_a_case_without_one(block: Block) -> None:
    without = {case.call for case in block.cases if case.expect.text == "null"}
    nullable = {function.name.split(".")[1] for function in block.functions if function.result.nullable}
    assert nullable - without <= BEFORE_ITS_FIRST_DAY


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_a_formula_has_no_value_when_a_figure_it_needs_is_left_out(block: Block) -> None:
    cases = []
    for case in block.cases:
        function = next(function for function in block.functions if function.name == f"{block.name}.{case.call}")
        for param in [name for name, type_ in function.params if not type_.nullable]:
            given = {key: tree for key, tree in case.given.items() if key != param}
            cases.append(case.model_copy(update={"given": given, "expect": _null()}))
    results = run_block_cases(dataclasses.replace(block, cases=tuple(cases)), AS_OF)
    assert [result for result in results if result.difference is not None] == []


def test_a_dated_parameter_gives_no_value_before_its_first_day() -> None:
    block = load_block("distress", "USD")
    score = [case for case in block.cases if case.call == "em_score"]
    (result,) = run_block_cases(dataclasses.replace(block, cases=tuple(score)), dt.date(1994, 12, 31))
    assert str(result.difference).endswith("got null")


def test_a_wrong_expectation_is_told_with_both_values() -> None:
    ratios = load_block("ratios", "USD")
    case = next(case for case in ratios.cases if case.case == "current-ratio")
    wrong = case.model_copy(update={"expect": _null()})
    (result,) = run_block_cases(dataclasses.replace(ratios, cases=(wrong,)), AS_OF)
    assert result.difference == "expected null, got 1.5"


def test_a_figure_the_formula_does_not_take_is_told() -> None:
    ratios = load_block("ratios", "USD")
    case = next(case for case in ratios.cases if case.case == "current-ratio")
    wrong = case.model_copy(update={"given": {**case.given, "current_asets": case.given["current_assets"]}})
    (result,) = run_block_cases(dataclasses.replace(ratios, cases=(wrong,)), AS_OF)
    assert "current_asets" in str(result.difference)


def test_a_case_of_no_formula_is_told() -> None:
    ratios = load_block("ratios", "USD")
    lost = ratios.cases[0].model_copy(update={"call": "nothing"})
    (result,) = run_block_cases(dataclasses.replace(ratios, cases=(lost,)), AS_OF)
    assert result.difference == "there is no formula `nothing`"


def _null() -> object:
    return next(case.expect for block in BLOCKS for case in block.cases if case.expect.text == "null")
