"""Runs a library block's own test cases: each calls one formula with given figures and says what it gives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from engine.decision import Fault, value_to_json
from engine.facts import fit
from engine.meaning import Frame, Meaning
from engine.operators import equal
from policies.blocks import Block
from policies.cases import json_of
from policies.diagnostics import Diagnostic, Refused
from policies.document import FunctionCasePart
from policies.expressions import read_expression
from policies.feel.syntax import Call, Name, Path
from policies.feel.values import Value
from policies.ir import Fact, Function
from policies.scope import Scope


@dataclass(frozen=True, slots=True)
class BlockCaseResult:
    """One case of a block: `difference` says what came out otherwise, None when it passed."""

    block: str
    case: str
    call: str
    difference: str | None


def run_block_cases(block: Block, as_of: dt.date) -> tuple[BlockCaseResult, ...]:
    """Every case of the block, evaluated by the definition with the block's parameters as they are on a day."""
    functions = {function.name: function for function in block.functions}
    constants = {
        parameter.name.split(".")[1]: dated.value if (dated := parameter.on(as_of)) else None
        for parameter in block.parameters
    }
    meaning = Meaning({block.name: constants}, functions, as_of)
    return tuple(
        BlockCaseResult(block.name, case.case, case.call, _difference(case, f"{block.name}.{case.call}", meaning))
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
