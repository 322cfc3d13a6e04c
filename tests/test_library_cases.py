"""The library's formulas, each tested by its block's own cases through the evaluator that decides."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from engine.decision import Fault, value_to_json
from engine.facts import fit
from engine.meaning import Frame, Meaning
from engine.operators import equal
from engine.sitting import with_parameters
from policies.blocks import Block, block_names, load_block
from policies.cases import json_of
from policies.diagnostics import Diagnostic, Refused
from policies.document import FunctionCasePart
from policies.expressions import read_expression
from policies.feel.syntax import Call, Name, Path
from policies.feel.values import Value
from policies.ir import Fact, Function
from policies.scope import Scope

AS_OF = dt.date(2026, 1, 1)
BEFORE_ITS_FIRST_DAY = {"em_score"}
"""Formulas without value only before a parameter's first day: cases of a block have no day of their own."""

BLOCKS = [load_block(name, "USD") for name in block_names()]


@dataclass(frozen=True, slots=True)
class BlockCaseResult:
    """One case of a block: `difference` says what came out otherwise, None when it passed."""

    block: str
    case: str
    call: str
    difference: str | None


def run_block_cases(block: Block, as_of: dt.date) -> tuple[BlockCaseResult, ...]:
    """Every case of the block, evaluated by the definition with the parameters of its own day, else of this one."""
    functions = {function.name: function for function in block.functions}
    meanings = {
        day: Meaning(with_parameters({}, block.parameters, day), functions, day)
        for day in {as_of, *(case.as_of for case in block.cases if case.as_of is not None)}
    }
    return tuple(
        BlockCaseResult(
            block.name,
            case.case,
            case.call,
            _difference(case, f"{block.name}.{case.call}", meanings[case.as_of or as_of]),
        )
        for case in block.cases
    )


def _difference(case: FunctionCasePart, name: str, meaning: Meaning) -> str | None:
    function = meaning.functions.get(name)
    if function is None:
        return f"there is no formula `{case.call}`"
    try:
        given = _figures(function, case)
        expected = _expected(case, meaning)
    except Refused as refused:
        return str(refused)
    except Fault as fault:
        return str(fault)
    block, called = name.split(".")
    params = tuple(given)
    call = Call(Path(Name(block), called), tuple(Name(param) for param in params), params)
    value = meaning.value(call, Frame(given))
    return None if equal(value, expected) is True else f"expected {_shown(expected)}, got {_shown(value)}"


def _shown(value: Value) -> str:
    return "null" if value is None else str(value_to_json(value))


def _figures(function: Function, case: FunctionCasePart) -> Mapping[str, Value]:
    """The figures given, as typed values; one left out is unknown."""
    found: list[Diagnostic] = []
    types = dict(function.params)
    raw = {key: json_of(types[key], None, tree, found.append) for key, tree in case.given.items() if key in types}
    if found:
        raise Refused(found)
    facts = [Fact(param, type_, optional=True) for param, type_ in function.params]
    return fit(facts, raw | {key: None for key in case.given if key not in types})


def _expected(case: FunctionCasePart, meaning: Meaning) -> Value:
    found: list[Diagnostic] = []
    expression = read_expression(case.expect, Scope({}), found.append)
    if found:
        raise Refused(found)
    return meaning.value(expression.syntax, Frame())


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
