"""What a decision table answers under each DMN hit policy; a row that is unknown never counts as one that fails."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

from engine import functions
from engine.decision import Status, Step
from engine.meaning import Notes
from engine.operators import equal
from engine.sitting import Judged, Sitting, shown
from policies.feel.printer import print_expression
from policies.feel.syntax import NullLiteral
from policies.feel.values import Value
from policies.ir import Expression, Row, Table


def decide_table(table: Table, sitting: Sitting) -> tuple[Value, Notes, Step]:
    """The table's value, why it has none when it has none, and its part of the trace."""
    notes = Notes()
    inputs: list[Judged] = []
    for expression in table.inputs:
        judged = sitting.judge(expression)
        inputs.append(judged)
        notes.read.update(judged.notes.read)
    statuses = _statuses(table, inputs, notes, sitting)
    clash = Notes()
    value, decided = _answer(table, statuses, sitting, clash)
    causes = Notes(read=notes.read)
    unanswered = value is None and decided is None
    if unanswered:
        causes.because_of(notes)
    if _lacks(value):
        causes.because_of(clash)
    if unanswered and not causes.missing and not causes.undefined:
        causes.undefined[f"no row of {table.name} holds"] = None
    steps = tuple(
        Step("row", f"{table.name} row {row.number}", status, line=row.line)
        for row, status in zip(table.rows, statuses, strict=True)
    )
    status = Status.UNKNOWN if value is None else Status.COMPUTED
    tested = {
        print_expression(expression.syntax): judged.value
        for expression, judged in zip(table.inputs, inputs, strict=True)
    }
    step = Step(
        "table",
        table.name,
        status,
        value=value,
        read=shown({**tested, **notes.read, **clash.read}),
        missing=tuple(causes.missing),
        undefined=tuple(causes.undefined),
        line=table.line,
        note=decided,
        steps=steps,
    )
    return value, causes, step


def _statuses(table: Table, inputs: list[Judged], notes: Notes, sitting: Sitting) -> list[Status]:
    """What became of each row. Under `first`, rows after the first that holds are skipped."""
    statuses: list[Status] = []
    done = False
    for row in table.rows:
        if done:
            statuses.append(Status.SKIPPED)
            continue
        status = _row_status(table, row, inputs, notes, sitting)
        statuses.append(status)
        done = status is Status.FIRED and table.hit == "first"
    return statuses


def _row_status(table: Table, row: Row, inputs: list[Judged], notes: Notes, sitting: Sitting) -> Status:
    """A row fails as soon as one cell does, whatever is unknown elsewhere."""
    sitting.meaning.notes = Notes()
    unknown = False
    causes = Notes()
    for cell, judged in zip(row.cells, inputs, strict=True):
        truth = sitting.holds(cell, judged.value)
        if truth is False:
            notes.read.update(sitting.meaning.notes.read)
            return Status.NOT_FIRED
        if truth is None:
            unknown = True
            causes.because_of(judged.notes)
    notes.read.update(sitting.meaning.notes.read)
    if not unknown:
        return Status.FIRED
    if table.missing == "no_match":
        return Status.NOT_FIRED
    notes.because_of(causes)
    notes.because_of(sitting.meaning.notes)
    return Status.UNKNOWN


def _answer(table: Table, statuses: list[Status], sitting: Sitting, clash: Notes) -> tuple[Value, str | None]:
    """The value, and in words which rows gave it; no words when it has none."""
    fired = [row for row, status in zip(table.rows, statuses, strict=True) if status is Status.FIRED]
    unknown = [row for row, status in zip(table.rows, statuses, strict=True) if status is Status.UNKNOWN]
    match table.hit:
        case "first":
            before = [row for row in unknown if not fired or row.number < fired[0].number]
            return (None, None) if before else _one(table, fired[:1], sitting, clash)
        case "unique":
            if len(fired) > 1:
                rows = ", ".join(str(row.number) for row in fired)
                clash.undefined[f"rows {rows} of {table.name} all hold, only one may"] = None
                return None, None
            return (None, None) if _contested(table, fired, unknown) else _one(table, fired, sitting, clash)
        case "any":
            values = [_outputs(table, row.outputs, sitting, clash) for row in fired]
            if any(equal(values[0], value) is not True for value in values[1:]):
                clash.undefined[f"rows of {table.name} that hold give different outputs"] = None
                return None, None
            return (None, None) if _contested(table, fired, unknown) else _one(table, fired[:1], sitting, clash)
        case "priority":
            best = _ranked(table, fired, sitting)
            contest = _ranked(table, unknown, sitting)
            if contest and (not best or _rank(table, contest[0], sitting) < _rank(table, best[0], sitting)):
                return None, None
            return _one(table, best[:1], sitting, clash)
        case "collect" | "rule order":
            return (None, None) if unknown else _collected(table, fired, sitting, clash)
        case "output order":
            return (None, None) if unknown else _collected(table, _ranked(table, fired, sitting), sitting, clash)
        case _ as never:
            assert_never(never)


def _contested(table: Table, fired: list[Row], unknown: list[Row]) -> bool:
    """Whether an unknown row could change the answer: not beside one that holds, where rows exclude each other."""
    return bool(unknown) and not (fired and table.disjoint)


def _one(table: Table, rows: list[Row], sitting: Sitting, clash: Notes) -> tuple[Value, str | None]:
    if rows:
        return _outputs(table, rows[0].outputs, sitting, clash), f"row {rows[0].number}"
    if table.otherwise is not None:
        return _outputs(table, table.otherwise, sitting, clash), "otherwise"
    return None, None


def _collected(table: Table, rows: list[Row], sitting: Sitting, clash: Notes) -> tuple[Value, str | None]:
    values = [_outputs(table, row.outputs, sitting, clash) for row in rows]
    words = "rows " + ", ".join(str(row.number) for row in rows) if rows else "no row"
    match table.aggregate:
        case None:
            return values, words
        case "count":
            return Decimal(len(values)), words
        case aggregate if values:
            return functions.call(aggregate, [values], sitting.as_of), words
        case _:
            return _one(table, [], sitting, clash)


def _lacks(value: Value) -> bool:
    """Whether a table's value, or an output in it, is missing."""
    items = value if isinstance(value, list) else [value]
    return any(item is None or (isinstance(item, dict) and None in item.values()) for item in items)


def _outputs(table: Table, expressions: tuple[Expression, ...], sitting: Sitting, clash: Notes) -> Value:
    """One output: its value; several: a context of them. Why one has no value is added to `clash`."""
    values = []
    for expression in expressions:
        judged = sitting.judge(expression)
        values.append(judged.value)
        clash.read.update(judged.notes.read)
        if judged.value is None and not isinstance(expression.syntax, NullLiteral):
            clash.because_of(judged.notes)
    if len(values) == 1:
        return values[0]
    return {output.name: value for output, value in zip(table.outputs, values, strict=True)}


def _ranked(table: Table, rows: list[Row], sitting: Sitting) -> list[Row]:
    return sorted(rows, key=lambda row: _rank(table, row, sitting))


def _rank(table: Table, row: Row, sitting: Sitting) -> tuple[int, ...]:
    """Where a row's outputs stand in the order of their values, first output first; values without order come last."""
    ranks = []
    for output, expression in zip(table.outputs, row.outputs, strict=True):
        value = sitting.judge(expression).value
        ranks.append(output.order.index(value) if value in output.order else len(output.order))
    return tuple(ranks)
