"""One row of a bulk run: a decision request with its line, or the reasons why it is none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from engine.decision import Misfit


@dataclass(frozen=True, slots=True)
class Row:
    """A row as read. `line` counts from 1: the file's line in JSONL and CSV, the row in Parquet.

    `raw` is what the file said, kept for the file of rejected rows. `misfits` is filled when the row could not
    even be read as a request; `facts` is then empty. `done` is how far the input had been read (`Input.total`'s unit).
    """

    line: int
    raw: Any
    facts: Mapping[str, Any]
    as_of: dt.date | None = None
    misfits: tuple[Misfit, ...] = ()
    done: int = 0


class Format(StrEnum):
    """The file formats a bulk run reads and writes, told by the file's ending."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


class FileRefused(Exception):  # noqa: N818 (what happened to the file, not an error class's name)
    """A whole file cannot be used: not one row of it was decided. `help` says the mend."""

    def __init__(self, path: Path, message: str, help_: str | None = None) -> None:
        super().__init__(f"{path}: {message}")
        self.help = help_


def format_of(path: Path) -> Format:
    """The format that a file's ending tells; raises `FileRefused` for any other ending."""
    try:
        return Format(path.suffix.lower().removeprefix("."))
    except ValueError:
        raise FileRefused(
            path, f"unknown file ending `{path.suffix}`", "name the file .jsonl, .csv or .parquet"
        ) from None
