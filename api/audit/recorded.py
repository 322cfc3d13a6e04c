"""Recorded decisions as a replay takes them: from a log, or from an evidence pack."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select

from api.audit.database import AuditUnavailableError
from api.audit.log import Log
from api.audit.pack import chunks
from api.audit.records import erased, read_record
from api.audit.replay import Recorded
from api.audit.tables import policy_text
from api.audit.whole import whole_record

_DECISION = b'"kind":"decision"'


def texts_of_log(audit: Log) -> Mapping[str, bytes]:
    """The policy texts of a log, by their SHA-256."""
    with audit.store.read() as connection:
        rows = connection.execute(select(policy_text.c.digest, policy_text.c.text)).all()
    return {row.digest: row.text for row in rows}


def decisions_of_log(audit: Log, first: int, end: int) -> Iterator[Recorded]:
    """The decisions among a log's entries from `first` to before `end`, in their order; what is damaged is said."""
    seq = first
    for chunk in chunks(audit, first, end):
        rows: dict[int, list[Any]] = {}
        for row in audit.store.personal_rows(chunk[0].seq, chunk[-1].seq + 1) if chunk else ():
            rows.setdefault(row.seq, []).append(row)
        for kept in chunk:
            yield from (Recorded(gap, {}, wrong="it is missing in the database") for gap in range(seq, kept.seq))
            seq = kept.seq + 1
            try:
                record, gone = whole_record(audit.store, kept, rows.get(kept.seq, ()))
            except AuditUnavailableError as error:
                yield Recorded(kept.seq, {}, wrong=str(error))
                continue
            if record["kind"] == "decision":
                yield Recorded(kept.seq, record, gone)
    yield from (Recorded(gap, {}, wrong="it is missing in the database") for gap in range(seq, end))


@contextmanager
def opened_pack(path: Path) -> Iterator[Path | zipfile.Path]:
    """The files of a pack, a folder or a `.zip`. Raises OSError and zipfile.BadZipFile."""
    if path.is_dir():
        yield path
    else:
        with zipfile.ZipFile(path) as archive:
            yield zipfile.Path(archive)


def texts_of_pack(pack: Path | zipfile.Path) -> Mapping[str, bytes]:
    """The policy texts of a pack, by the digest they are named by."""
    return {file.name.removesuffix(".yaml"): file.read_bytes() for file in (pack / "policies").iterdir()}


def decisions_of_pack(pack: Path | zipfile.Path) -> Iterator[Recorded]:
    """The decisions of a pack, in their order. Raises ValueError, LookupError and OSError for one that is not whole."""
    first = int(orjson.loads((pack / "proof.json").read_bytes())["first"])
    personal: dict[int, list[tuple[str, bytes]]] = {}
    if (pack / "personal.jsonl").exists():
        for line in (pack / "personal.jsonl").read_bytes().splitlines():
            said = orjson.loads(line)
            personal.setdefault(said["seq"], []).append((said["pointer"], orjson.dumps(said["value"])))

    def part(digest: bytes) -> bytes:
        return (pack / "parts" / f"{digest.hex()}.json").read_bytes()

    with (pack / "log.jsonl").open("rb") as lines:
        for seq, line in enumerate(lines, start=first):
            if _DECISION in line:
                there = personal.get(seq, [])
                record = read_record(line, part, there)
                if record["kind"] == "decision":
                    yield Recorded(seq, record, erased(record, there))
