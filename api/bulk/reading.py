"""Decision requests read row by row from JSONL, CSV or Parquet; memory does not grow with the number of rows."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, assert_never

from api.bulk.rows import FileRefused, Format, Row, format_of
from api.bulk.tabular import Column, columns, nest
from api.request import AS_OF, Request, json_misfit, read_day, read_request
from api.strict_json import MAX_BYTES, BadJson, parse
from engine.decision import Misfit
from policies.ir import Fact

BYTE_ORDER_MARK = "\ufeff"

PARQUET_BATCH = 2_000
"""Rows held at a time when reading Parquet."""


@dataclass(frozen=True, slots=True)
class Input:
    """An open input. `total` is its size in bytes (JSONL, CSV) or rows (Parquet); a row's `done` counts towards it."""

    rows: Iterator[Row]
    total: int


@contextmanager
def open_rows(path: Path, facts: Sequence[Fact]) -> Iterator[Input]:
    """The file's rows in order, by the format its ending tells; raises `FileRefused` when it cannot be used at all.

    `facts` are the declared ones: a table's columns name them, and their types say how a CSV cell is read.
    """
    format_ = format_of(path)
    if format_ is Format.PARQUET:
        yield _parquet(path, facts)
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise FileRefused(path, f"cannot be read: {error.strerror}") from error
    with file:
        size = path.stat().st_size
        match format_:
            case Format.JSONL:
                yield Input(_jsonl(file), size)
            case Format.CSV:
                yield Input(_csv(path, file, facts), size)
            case _ as never:
                assert_never(never)


def _jsonl(file: BinaryIO) -> Iterator[Row]:
    line, done = 0, 0
    while raw := file.readline(MAX_BYTES + 1):
        line += 1
        done += len(raw)
        if len(raw) > MAX_BYTES:
            done += _skip_line(file, raw)
            misfit = Misfit("line_too_long", "", f"the line is longer than {MAX_BYTES} bytes")
            yield Row(line, _text(raw[:200]), {}, misfits=(misfit,), done=done)
        elif raw.strip():
            yield _request(line, raw, done)


def _skip_line(file: BinaryIO, raw: bytes) -> int:
    skipped = 0
    while raw and not raw.endswith(b"\n"):
        raw = file.readline(MAX_BYTES)
        skipped += len(raw)
    return skipped


def _request(line: int, raw: bytes, done: int) -> Row:
    try:
        document = parse(raw)
    except BadJson as bad:
        return Row(line, _text(raw), {}, misfits=(json_misfit(bad),), done=done)
    request = read_request(document)
    if isinstance(request, Request):
        return Row(line, _text(raw), request.facts, request.as_of, done=done)
    return Row(line, _text(raw), {}, misfits=request, done=done)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace").rstrip("\r\n")


class _Lines:
    """The decoded lines of a file, counting the bytes given out; raises `FileRefused` for one that is not UTF-8.

    `taken` are the lines of the row being read, so that one which is no CSV can be set aside as it stands.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self.done = 0
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for raw in self._file:
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                place = self.done + error.start + 1
                raise FileRefused(self._path, f"is not UTF-8 at byte {place}", "save it as UTF-8") from None
            if self.done == 0:
                text = text.removeprefix(BYTE_ORDER_MARK)
            self.done += len(raw)
            self.taken.append(text)
            yield text


def _csv(path: Path, file: BinaryIO, facts: Sequence[Fact]) -> Iterator[Row]:
    lines = _Lines(path, file)
    reader = csv.reader(iter(lines), strict=True)
    found = columns(path, _csv_header(path, reader), facts, nested=False)
    while True:
        line = reader.line_num + 1
        lines.taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raw = "".join(lines.taken).rstrip("\r\n")
            yield Row(line, raw, {}, misfits=(Misfit("csv_invalid", "", str(error)),), done=lines.done)
            continue
        if cells:
            yield _csv_row(line, found, cells, lines.done)


def _csv_header(path: Path, reader: Iterator[list[str]]) -> list[str]:
    try:
        header = next(reader)
    except StopIteration:
        raise FileRefused(path, "is empty", "the first line names the columns by their facts") from None
    except csv.Error as error:
        raise FileRefused(path, f"line 1 is not CSV: {error}") from error
    return header


def _csv_row(line: int, found: Sequence[Column], cells: Sequence[str], done: int) -> Row:
    if len(cells) != len(found):
        message = f"{len(cells)} cells under {len(found)} columns"
        misfit = Misfit("csv_cells", "", message, "quote a cell that has a comma or a line break in it")
        return Row(line, list(cells), {}, misfits=(misfit,), done=done)
    raw = {column.name: cell for column, cell in zip(found, cells, strict=True)}
    facts = nest(found, [column.read_text(cell) for column, cell in zip(found, cells, strict=True)])
    return _row(line, raw, facts, done)


def _row(line: int, raw: Any, facts: dict[str, Any], done: int) -> Row:
    stated = facts.pop(AS_OF, None)
    as_of = None if stated is None else read_day(stated)
    if isinstance(as_of, Misfit):
        return Row(line, raw, facts, misfits=(as_of,), done=done)
    return Row(line, raw, facts, as_of, done=done)


def _parquet(path: Path, facts: Sequence[Fact]) -> Input:
    import polars as pl  # noqa: PLC0415 (heavy: only for Parquet)

    try:
        total = pl.scan_parquet(path).select(pl.len()).collect().item()
        names = list(pl.read_parquet_schema(path))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise FileRefused(path, f"cannot be read as Parquet: {str(error).splitlines()[0]}") from error
    found = columns(path, names, facts, nested=True)

    def rows() -> Iterator[Row]:
        line = 0
        for batch in pl.scan_parquet(path).collect_batches(chunk_size=PARQUET_BATCH, maintain_order=True, lazy=True):
            for cells in batch.iter_rows():
                line += 1
                values = [column.read_value(cell) for column, cell in zip(found, cells, strict=True)]
                raw = {name: value for name, value in zip(names, values, strict=True) if value is not None}
                yield _row(line, raw, nest(found, values), done=line)

    return Input(rows(), total)
