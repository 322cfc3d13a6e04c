"""Evidence packs: a stretch of the log with all it takes to prove and replay it without this service.

`log.jsonl` holds the records' exact bytes, one a line; `verify.py` beside it proves them and needs only Python.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from api.audit.log import Log
from api.audit.records import Catalogued
from api.audit.search import Query, span, uncatalogued
from api.audit.store import Kept
from api.audit.tree import consistency, outside
from api.audit.verify import parse_note

CHUNK = 1000
"""Entries read at once."""

_DIGEST = re.compile(r"[0-9a-f]{64}")

_README = """\
An evidence pack of Writ's audit log: entries {first} to {last} of the log {origin}.

  python verify.py                              proves it; needs nothing but Python 3.11
  python verify.py --checkpoint mine.note       also that it continues the log your own checkpoint speaks of
  writ audit replay .                           decides every decision anew and compares

log.jsonl          the records, one a line, their exact bytes
leaves.bin         their leaf hashes, 32 bytes each (SHA-256 of a zero byte and the record; RFC 9162)
proof.json         what leads from them to the root of the checkpoint
checkpoint.note    the log's signed size and root (C2SP signed note, Ed25519)
checkpoints.jsonl  the checkpoints that were signed within this stretch
pubkey.txt         the log's verifier keys, the newest first: compare them with those you hold
policies/          the policy texts that decided, each under its SHA-256
parts/             what was too large for its record, each under its SHA-256
personal.jsonl     personal data with its salts{personal}
"""


class PackError(Exception):
    """The pack cannot be made as asked."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What a pack holds: entries from `first` to before `end`, proved by a checkpoint of `size` entries."""

    first: int
    end: int
    size: int
    path: Path


@dataclass(slots=True)
class _Needed:
    """What the records of a pack refer to."""

    policies: set[str] = field(default_factory=set)
    parts: set[str] = field(default_factory=set)


def export_pack(
    audit: Log, query: Query, out: Path, *, principal: str, personal: bool = False, older: str | None = None
) -> Exported:
    """Write the entries of a time into a new folder, or a `.zip`; the export itself is recorded first.

    Entries that lie between by number come along, so that the stretch has no gaps. With `personal`, personal data that
    was not erased comes along. `older` is an auditor's own checkpoint: the proof that this log continues it is added.
    Raises PackError, AuditUnavailableError and KeyFileError.
    """
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise PackError(f"`{out}` is there already")
    first, end = span(audit.store, query)
    if first == end:
        raise PackError("the log has no entries of that time")
    if (lacking := uncatalogued(audit.store, first, end)) is not None:
        raise PackError(f"the catalogue lacks entry {lacking}: name no times, and the whole log is exported")
    sizes = [] if older is None else [_older_size(audit, older)]
    content = {**query.to_json(), "form": "pack", "first": first, "end": end, "with_personal": personal}
    audit.enter("export", "exp", {**content, "principal": principal}, Catalogued(principal=principal))
    if out.suffix != ".zip":
        out.mkdir(parents=True, exist_ok=True)
        return _write(audit, out, first, end, sizes, personal=personal)
    with tempfile.TemporaryDirectory(dir=out.parent) as room:
        folder = Path(room, "pack")
        folder.mkdir()
        done = _write(audit, folder, first, end, sizes, personal=personal)
        made = shutil.make_archive(str(Path(room, "made")), "zip", folder)
        Path(made).rename(out)
    return Exported(done.first, done.end, done.size, out)


def chunks(audit: Log, first: int, end: int) -> Iterator[list[Kept]]:
    """Entries in their order, some at a time."""
    for start in range(first, end, CHUNK):
        yield audit.store.entries(start, min(start + CHUNK, end))


def _older_size(audit: Log, note: str) -> int:
    try:
        older = parse_note(note)
    except ValueError as error:
        raise PackError(f"the older checkpoint cannot be read: {error}") from error
    size = audit.store.state().size
    if older.origin != audit.origin:
        raise PackError(f"the older checkpoint is of the log `{older.origin}`, this one is `{audit.origin}`")
    if older.size > size:
        raise PackError(f"the older checkpoint has {older.size:,} entries, the log only {size:,}: it was rolled back")
    return older.size


def _write(audit: Log, folder: Path, first: int, end: int, older: list[int], *, personal: bool) -> Exported:
    note = audit.publisher.publish()
    size = parse_note(note).size
    needed = _write_entries(audit, folder, first, end)
    (folder / "policies").mkdir()
    for digest in needed.policies:
        text = audit.store.bundle_text(digest)
        if text is not None:
            (folder / "policies" / f"{digest}.yaml").write_bytes(text)
    (folder / "parts").mkdir()
    for digest in needed.parts:
        (folder / "parts" / f"{digest}.json").write_bytes(audit.store.part(bytes.fromhex(digest)))
    _write_personal(audit, folder / "personal.jsonl", first, end if personal else first)
    proof = {
        "first": first,
        "end": end,
        "size": size,
        "outside": [hash_.hex() for hash_ in outside(first, end, size, audit.nodes)],
        "consistency": [
            {"size": old, "proof": [hash_.hex() for hash_ in consistency(old, size, audit.nodes)]} for old in older
        ],
    }
    (folder / "proof.json").write_text(json.dumps(proof, indent=1) + "\n")
    (folder / "checkpoint.note").write_text(note, encoding="utf-8")
    with (folder / "checkpoints.jsonl").open("wb") as file:
        file.writelines(orjson.dumps({"note": each}) + b"\n" for each in audit.store.notes(first, end))
    (folder / "pubkey.txt").write_text("".join(f"{key}\n" for key in audit.verifier_keys()))
    (folder / "verify.py").write_bytes(files("api.audit").joinpath("verify.py").read_bytes())
    said = "" if personal else " (left out of this pack)"
    readme = _README.format(first=first, last=end - 1, origin=audit.origin, personal=said)
    (folder / "README.txt").write_text(readme, encoding="utf-8")
    return Exported(first, end, size, folder)


def _write_entries(audit: Log, folder: Path, first: int, end: int) -> _Needed:
    needed = _Needed()
    with (folder / "log.jsonl").open("wb") as log, (folder / "leaves.bin").open("wb") as leaves:
        seq = first
        for chunk in chunks(audit, first, end):
            for kept in chunk:
                if kept.seq != seq:
                    raise PackError(f"entry {seq} is missing in the database: this is not the log it was")
                seq += 1
                log.write(kept.body + b"\n")
                leaves.write(kept.leaf)
                record = _members(kept.body)
                # A name that was altered into none is not looked for: the verifier misses what it names.
                digests = {name: text for name, text in record.items() if _DIGEST.fullmatch(str(text))}
                if "bundle_digest" in digests:
                    needed.policies.add(digests["bundle_digest"])
                needed.parts.update(
                    text for name, text in digests.items() if name.endswith("_sha256") and name != "key_sha256"
                )
    return needed


def _members(body: bytes) -> dict[str, Any]:
    """A record's members; none of one that was altered into no record: the pack's verifier will name it."""
    try:
        found = orjson.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _write_personal(audit: Log, path: Path, first: int, end: int) -> None:
    with path.open("wb") as file:
        for start in range(first, end, CHUNK):
            for row in audit.store.personal_rows(start, min(start + CHUNK, end)):
                value = orjson.Fragment(row.value)
                line = {"seq": row.seq, "pointer": row.pointer, "salt": row.salt.hex(), "value": value}
                file.write(orjson.dumps(line) + b"\n")
