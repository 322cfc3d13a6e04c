"""Reading `authority` in the settings file: every mistake with its place and the mend. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from api.authority import ANY, LEVELS, Authority, Band, PolicyAuthority
from policies.diagnostics import Code, Diagnostic, quote
from policies.document_fields import Amount, Count, Currency, Part, Word
from policies.identifiers import check_identifier, check_name
from policies.nodes import Mapping, Node, Scalar
from policies.reading import Reading, read_part, unfold
from policies.scalars import ScalarProblem, decimal_of, integer_of

_PERSON = re.compile(r"[a-z0-9][a-z0-9._@-]{0,99}")


def _refused(code: Code, message: str, mend: str) -> PydanticCustomError:
    return PydanticCustomError(code.value, message.replace("{", "{{").replace("}", "}}"), {"help": mend})


def _level(level: int) -> int:
    if level not in LEVELS:
        raise _refused(Code.SHAPE, f"{level} is no level", f"write {LEVELS[0]} to {LEVELS[-1]}")
    return level


def _not_negative(amount: Decimal) -> Decimal:
    if amount < 0:
        raise _refused(Code.SHAPE, f"the amount {amount} is negative", "every row starts at 0")
    return amount


def _person(text: str) -> str:
    if not _PERSON.fullmatch(text):
        raise _refused(Code.NAME, f"{quote(text)} is no person's id", "write a-z, 0-9 and . _ @ -, like `chen.wei`")
    return text


def _path(text: str) -> str:
    if any(check_identifier(step) for step in text.split(".")):
        raise _refused(Code.NAME, f"{quote(text)} is no fact", "write it like `customer.risk_class`")
    return text


_Level = Annotated[Count, AfterValidator(_level)]


class MatrixPart(Part):
    """One policy's authority as the file writes it."""

    currency: Currency
    risk_class: Annotated[Word, AfterValidator(_path)] | None = None
    matrix: dict[Word, dict[Annotated[Amount, AfterValidator(_not_negative)], _Level]]
    persons: dict[Annotated[Word, AfterValidator(_person)], _Level]


def read_authority(node: Node) -> tuple[Authority, list[Diagnostic]]:
    """What is stated under `authority`, and every mistake in it; only without mistakes is it whole."""
    reading = Reading()
    if not isinstance(node, Mapping):
        help_ = "write each policy's name with its `currency`, `matrix` and `persons`"
        return Authority(), [Diagnostic(Code.SHAPE, "this must be a mapping of policies", node.span, help_)]
    matrices = {}
    for name, stated in node.entries:
        problem = check_name(name.text)
        if problem is not None:
            reading.report(Diagnostic(Code.NAME, problem, name.span, "write the policy's name"))
        if isinstance(stated, Scalar) and not stated.text:
            reading.report(Diagnostic(Code.SHAPE, f"{quote(name.text)} states nothing", name.span, "delete the line"))
            continue
        part = read_part(MatrixPart, unfold(stated), reading)
        if isinstance(stated, Mapping):
            for mistake in _mistakes(stated):
                reading.report(mistake)
        if part is not None:
            rows = {
                risk_class: tuple(Band(start, level) for start, level in sorted(bands.items()))
                for risk_class, bands in part.matrix.items()
            }
            matrices[name.text] = PolicyAuthority(part.currency, part.risk_class, rows, part.persons)
    return Authority(matrices), reading.found


def _mistakes(stated: Mapping) -> Iterator[Diagnostic]:
    """What would leave an amount without a level, or give a larger amount a lower one."""
    key, matrix = stated.key("matrix"), stated.get("matrix")
    if key is None or not isinstance(matrix, Mapping):
        return
    if matrix.get(ANY) is None:
        mend = f'add `{ANY}: {{"0": 1}}` with the levels of every other class, and of an unknown one'
        yield Diagnostic(Code.MISSING_KEY, f"the row `{ANY}` is missing", key.span, mend)
    for risk_class, bands in matrix.entries:
        if isinstance(bands, Mapping):
            yield from _mistakes_of_row(risk_class, bands)


def _mistakes_of_row(risk_class: Scalar, bands: Mapping) -> Iterator[Diagnostic]:
    cells = []
    for edge, level in bands.entries:
        if not isinstance(level, Scalar):
            return
        try:
            cells.append((decimal_of(edge.text), integer_of(level.text), edge, level))
        except ScalarProblem:
            return  # it has its own diagnostic, and may be the very cell that seems to be missing
    cells.sort(key=lambda cell: (cell[0], cell[2].span.start))
    if not cells or cells[0][0] > 0:
        said = f"the row {quote(risk_class.text)} does not start at 0"
        yield Diagnostic(Code.GAP, said, risk_class.span, 'add `"0": …`, the level of the smallest amounts')
    for (amount, below, first, _), (upper, above, edge, level) in pairwise(cells):
        if upper == amount:
            said = f"{quote(edge.text)} is the same amount as {quote(first.text)}"
            yield Diagnostic(Code.KEY_REPEATED, said, edge.span, "keep one of the two")
        elif above < below:
            said = f"level {above} from {edge.text} on is lower than level {below} from {first.text} on"
            yield Diagnostic(Code.SHAPE, said, level.span, "a larger amount takes at least the level of a smaller one")
