"""Checks a decision table: its columns' types, its rows' widths, what its rows cover, the type of its value (DMN 8)."""

from __future__ import annotations

from policies.cells import asks_for_missing
from policies.coverage import Column, analyse
from policies.declarations import Declaring, declare_fact
from policies.desk import Desk
from policies.diagnostics import Code
from policies.document import TablePart
from policies.infer_tests import may_be_unknown
from policies.ir import Expression, Output, Row, Table
from policies.nodes import Span
from policies.types import ContextOf, ListOf, Number, Text, Type, Unknown, nullable

_COLLECTING = ("collect", "rule order", "output order")


def check_table(name: str, part: TablePart, span: Span, desk: Desk) -> Table:
    """The checked table."""
    inputs = tuple(desk.expression(scalar) for scalar in part.inputs)
    outputs = _outputs(part, desk)
    rows = tuple(row for number in range(len(part.rows)) if (row := _row(number, part, inputs, outputs, desk)))
    otherwise = _otherwise(part, outputs, desk)
    covers, sure = _check_coverage(part, inputs, rows, span, desk)
    _check_hit(part, outputs, span, desk)
    tested = any(may_be_unknown(test) for row in rows for cell in row.cells for test in cell.tests.tests)
    unsure = tested or any(expression.type.nullable for expression in inputs)
    may_miss = (otherwise is None and (unsure or not covers)) or (part.hit in {"unique", "any"} and not sure)
    unknown = unsure and part.missing == "unknown"
    _check_ranked(part, outputs, rows, desk)
    type_ = _value_type(part, outputs, rows, otherwise, may_miss=may_miss, unknown=unknown)
    title = desk.texts(part.title, span)
    line = span.line
    return Table(
        name, part.hit, part.aggregate, inputs, outputs, rows, otherwise, part.missing, sure, type_, title, line
    )


def _outputs(part: TablePart, desk: Desk) -> tuple[Output, ...]:
    declaring = Declaring(desk.currency, desk.languages, desk.report)
    outputs = []
    for key, written in part.outputs.items():
        type_ = declare_fact(key, written, part.key_span("outputs", key), declaring).type
        outputs.append(Output(key, type_, type_.one_of if isinstance(type_, Text) else ()))
    return tuple(outputs)


def _row(
    index: int, part: TablePart, inputs: tuple[Expression, ...], outputs: tuple[Output, ...], desk: Desk
) -> Row | None:
    cells = part.rows[index]
    if not cells:
        desk.error(Code.ROW_WIDTH, "this row is empty", part.span("rows"))
        return None
    span = cells[0].span
    wanted = len(inputs) + len(outputs)
    if len(cells) != wanted:
        said = f"this row has {len(cells)} cells, the table {len(inputs)} inputs and {len(outputs)} outputs"
        desk.error(Code.ROW_WIDTH, said, span, "write `-` for an input that does not matter")
        return None
    tests = tuple(
        desk.cell(scalar, expression.type) for scalar, expression in zip(cells[: len(inputs)], inputs, strict=True)
    )
    results = tuple(
        desk.expression(scalar, output.type) for scalar, output in zip(cells[len(inputs) :], outputs, strict=True)
    )
    return Row(index + 1, tests, results, cells[0].span.line)


def _otherwise(part: TablePart, outputs: tuple[Output, ...], desk: Desk) -> tuple[Expression, ...] | None:
    if part.otherwise is None:
        return None
    if len(part.otherwise) != len(outputs):
        said = f"`otherwise` has {len(part.otherwise)} values, the table {len(outputs)} outputs"
        desk.error(Code.ROW_WIDTH, said, part.span("otherwise"))
        return None
    pairs = zip(part.otherwise, outputs, strict=True)
    return tuple(desk.expression(scalar, output.type) for scalar, output in pairs)


def _check_coverage(
    part: TablePart, inputs: tuple[Expression, ...], rows: tuple[Row, ...], span: Span, desk: Desk
) -> tuple[bool, bool]:
    """Report overlaps, rows that never answer and idle columns.

    Returns whether the rows cover all known facts, and whether everything about them could be analysed.
    """
    if not part.rows:
        desk.error(Code.GAP, "a table needs at least one row", span)
        return False, False
    if len(rows) < len(part.rows) or any(isinstance(expression.type, Unknown) for expression in inputs):
        return True, True  # what is wrong has been reported, and what follows from it is not
    columns = [_column(number, expression.type, rows) for number, expression in enumerate(inputs)]
    coverage = analyse(columns, part.hit, [desk.bounds_of(expression) for expression in inputs])
    names = [expression.scalar.text for expression in inputs]
    for above, below, witness in coverage.overlaps:
        said = f"rows {rows[above].number} and {rows[below].number} both hold for {witness.text(names)}"
        where = _span(rows[below])
        if part.hit == "unique":
            desk.error(Code.OVERLAP, said, where, "narrow one of them, or write `hit: first`")
        elif not _same_outputs(rows[above], rows[below]):
            desk.error(Code.OVERLAP, said, where, "under `hit: any` both must give the same outputs")
    for number in coverage.never:
        said = f"row {rows[number].number} can never be the answer"
        desk.warn(Code.NEVER, said, _span(rows[number]), "delete it, or move it up")
    for number in coverage.idle:
        if len(inputs) > 1:
            desk.warn(Code.IDLE, f"the column `{names[number]}` decides nothing", inputs[number].scalar.span)
    if coverage.gaps and part.otherwise is None and part.hit not in _COLLECTING:
        said = f"no row holds for {coverage.gaps[0].text(names)}"
        desk.warn(Code.GAP, said, span, "add a row, or `otherwise:` with a value for each output")
    return not coverage.gaps and coverage.complete, coverage.complete


def _column(number: int, type_: Type, rows: tuple[Row, ...]) -> Column:
    """A column's cells and the values they have to cover: the missing one only where a row asks for it."""
    cells = [row.cells[number].tests for row in rows]
    return cells, nullable(type_, type_.nullable and any(asks_for_missing(cell) for cell in cells))


def _span(row: Row) -> Span:
    return (row.cells[0] if row.cells else row.outputs[0]).scalar.span


def _same_outputs(one: Row, other: Row) -> bool:
    return [result.syntax for result in one.outputs] == [result.syntax for result in other.outputs]


def _check_hit(part: TablePart, outputs: tuple[Output, ...], span: Span, desk: Desk) -> None:
    if part.aggregate is not None and part.hit != "collect":
        desk.error(Code.CHOICE, "`aggregate` goes with `hit: collect`", part.span("aggregate"))
    if part.aggregate is not None and len(outputs) != 1:
        desk.error(Code.CHOICE, "`aggregate` needs a table with one output", part.span("aggregate"))
    if part.hit in {"priority", "output order"} and not outputs[0].order:
        mend = "give the first output `one_of:` its values, best first"
        desk.error(Code.CHOICE, f"`hit: {part.hit}` needs to know which output comes first", span, mend)


def _check_ranked(part: TablePart, outputs: tuple[Output, ...], rows: tuple[Row, ...], desk: Desk) -> None:
    """Outputs that are ranked must be known: one that may be missing has no rank."""
    if part.hit not in {"priority", "output order"}:
        return
    for row in rows:
        for output, result in zip(outputs, row.outputs, strict=True):
            if output.order and result.type.nullable:
                said = "this output may be missing, and what is missing has no rank"
                desk.error(Code.NO_OTHERWISE, said, result.scalar.span, "write a value that is always known")


def _value_type(
    part: TablePart,
    outputs: tuple[Output, ...],
    rows: tuple[Row, ...],
    otherwise: tuple[Expression, ...] | None,
    *,
    may_miss: bool,
    unknown: bool,
) -> Type:
    """The type of the table's value: unknown when a test may be unknown, missing when all rows may miss."""

    def output_type(number: int) -> Type:
        given = [row.outputs[number].type for row in rows] + ([otherwise[number].type] if otherwise else [])
        return nullable(outputs[number].type, any(type_.nullable for type_ in given))

    if part.aggregate == "count":
        return Number(nullable=unknown)
    if len(outputs) == 1:
        answer = output_type(0)
    else:
        answer = ContextOf(tuple((output.name, output_type(number)) for number, output in enumerate(outputs)))
    if part.aggregate is not None:
        return nullable(answer, answer.nullable or unknown or may_miss)
    if part.hit in _COLLECTING:
        return ListOf(answer, unknown)
    return nullable(answer, answer.nullable or may_miss or unknown)
