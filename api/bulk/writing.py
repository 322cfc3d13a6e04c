"""Result rows written as JSONL, CSV or Parquet: streamed into a file beside the target, put in its place when whole."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Protocol, assert_never

import orjson

from api.bulk.deciding import Rejected
from api.bulk.result import Columns, Line
from api.bulk.rows import FileRefused, Format
from api.request import misfit_json
from api.table_files import Csv, Spool
from engine.decision import plain_decimal


class Writer(Protocol):
    """Takes result rows in order."""

    def write(self, line: Line) -> None:
        """Add one row."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path in a passing folder beside `path`; its file takes the place of `path` when the block ends well."""
    try:
        room = tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise FileRefused(path, f"cannot be written: {error.strerror}") from error
    with room as folder:
        part = Path(folder) / path.name
        yield part
        part.replace(path)


@contextmanager
def open_writer(path: Path, format_: Format, columns: Columns) -> Iterator[Writer]:
    """A writer for one format; the file stands under its name only once every row is in it."""
    with replacing(path) as part:
        match format_:
            case Format.JSONL:
                with part.open("wb") as file:
                    yield JsonLines(file)
            case Format.CSV:
                with part.open("w", encoding="utf-8", newline="") as file:
                    yield Csv(file, columns.all)
            case Format.PARQUET:
                cells = part.with_suffix(".cells")
                with cells.open("w", encoding="utf-8", newline="") as file:
                    spool = Spool(file, columns.all)
                    yield spool
                spool.to_parquet(cells, part)
            case _ as never:
                assert_never(never)


class JsonLines:
    """JSON lines as the workers made them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, line: Line) -> None:
        """Add one row."""
        assert isinstance(line, bytes)  # noqa: S101 (the writer and its lines are made together)
        self._file.write(line)


@contextmanager
def open_rejected(path: Path) -> Iterator[RejectedRows]:
    """The file of rejected rows: always written, empty when every row was decided."""
    with replacing(path) as part, part.open("wb") as file:
        yield RejectedRows(file)


class RejectedRows:
    """One JSON line per rejected row: its line, the row as it was, and everything that kept it from being decided."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, rejected: Rejected) -> None:
        """Add one row."""
        body = {
            "line": rejected.line,
            "row": rejected.raw,
            "misfits": [misfit_json(misfit) for misfit in rejected.misfits],
        }
        self._file.write(orjson.dumps(body, default=_exact) + b"\n")


def _exact(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain_decimal(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")
