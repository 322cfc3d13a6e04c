"""The checkpoints outside the database: a file that is only ever appended to, one JSON line a checkpoint.

It is the log's memory beyond its database: a database copied back from yesterday does not start against it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from api.audit.database import AuditUnavailableError

_BLOCK = 8192
_LONGEST_LINE = 65_536
"""Bytes; a line is a few hundred."""

SPREAD = 48
"""Earlier checkpoints that are looked at beside the newest one, evenly over the file."""


class CheckpointFile:
    """One file of checkpoints."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, note: str) -> None:
        """Add a checkpoint and sync it. Raises AuditUnavailableError."""
        line = json.dumps({"note": note}, ensure_ascii=False).encode() + b"\n"
        try:
            with self.path.open("a+b") as file:
                if file.seek(0, os.SEEK_END):
                    file.seek(-1, os.SEEK_END)
                    if file.read(1) != b"\n":
                        line = b"\n" + line  # a line that a crash or a full disk cut short must not swallow this one
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise AuditUnavailableError(f"cannot write the checkpoints `{self.path}`: {error.strerror}") from error

    def latest(self) -> str | None:
        """The newest checkpoint, None without any; what a crash left behind the last whole line does not count.

        Raises AuditUnavailableError for a file that cannot be read, or has lost all its checkpoints.
        """
        return next(iter(self.spread(0)), None)

    def spread(self, count: int = SPREAD) -> list[str]:
        """The newest checkpoint, then so many others, evenly over the file. Raises as `latest`."""
        try:
            if not self.path.parent.is_dir():
                raise AuditUnavailableError(f"the folder of the checkpoints `{self.path}` is not there")
            if not self.path.exists():
                return []
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                newest = next(_backwards(file, size), None)
                file.seek(0)
                # The very first line, cut short: never longer than a whole one.
                begun = size < _LONGEST_LINE and b"\n" not in file.read(size)
                others = [_first_after(file, size * number // (count + 1)) for number in range(count)]
        except OSError as error:
            raise AuditUnavailableError(f"cannot read the checkpoints `{self.path}`: {error.strerror}") from error
        if newest is None and not begun:
            raise AuditUnavailableError(f"the checkpoints `{self.path}` cannot be read: no line of them is whole")
        return [note for note in (newest, *others) if note is not None]


def _note(line: bytes) -> str | None:
    try:
        return str(json.loads(line)["note"])
    except (ValueError, LookupError, TypeError):
        return None


def _backwards(file: BinaryIO, size: int) -> Iterator[str]:
    """The notes of a file's whole lines, the last first."""
    end, rest, whole = size, b"", False
    while end > 0:
        start = max(0, end - _BLOCK)
        file.seek(start)
        first, *lines = (file.read(end - start) + rest).split(b"\n")
        if not whole:
            # What stands behind the last line break was cut short.
            whole = bool(lines)
            lines = lines[:-1]
            if not whole:
                end = start
                continue
        rest, end = (first, start) if len(first) < _LONGEST_LINE else (b"", start)
        found = (_note(line) for line in reversed([*([first] if start == 0 else []), *lines]))
        yield from (note for note in found if note is not None)


def _first_after(file: BinaryIO, place: int) -> str | None:
    """The note of the first line that begins at a place or after it."""
    file.seek(max(0, place - 1))
    if place:
        file.readline(_LONGEST_LINE)
    return _note(file.readline(_LONGEST_LINE))
