"""P4: whoever alters the log's database or a pack of it is found, by the start or by the auditor's own checkpoint.

What was appended after the newest checkpoint outside is beyond every scheme (design, section 11), and not tried here.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from api.audit.checkpoint_file import CheckpointFile
from api.audit.database import AuditUnavailableError
from api.audit.log import Log
from api.audit.pack import PackError, export_pack
from api.audit.search import Query
from api.audit.tree import inclusion
from api.audit.verify import leaf_hash, parse_note, verify_inclusion, verify_pack
from tests.faults import report, scaled
from tests.packs import checkpoint, signing_key
from tests.recorded_logs import NOON, log_in, record_all, running_with, ticking
from tests.tampering import SIZE, STEP, TAMPERINGS, YESTERDAY, Made, Tampering

POLICIES = """\
writ: 1
bundle: tampered
reporting_currency: EUR
languages: [en]
facts:
  amount: {type: money, currency: EUR}
  customer: {type: text, subject: true, pii: true}
  notes: {type: list, of: text}
policies:
  release:
    kind: decision
    title: {en: Release}
    outcome: {release: amount <= 1000, noted: count(notes)}
"""
RUNS = 4
"""Each kind of damage is done in several tests of their own, so that workers share them."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("tampered")
    log, yesterday = folder / "log", folder / "yesterday"
    log.mkdir()
    grow(log, YESTERDAY)
    shutil.copytree(log, yesterday)
    grow(log, SIZE)
    with log_in(log) as audit:
        bodies = tuple(kept.body for kept in audit.store.entries(0, SIZE))
        (key,) = audit.verifier_keys()
    note = folder / "mine.note"
    note.write_text(CheckpointFile(log / "writ.db.checkpoints").latest() or "", encoding="utf-8")
    assert parse_note(note.read_text(encoding="utf-8")).size == len(bodies) == SIZE
    return Made(log, yesterday, bodies, note, key)


def grow(log: Path, until: int) -> None:
    with running_with(log, POLICIES, ticking(NOON + until * dt.timedelta(hours=1))) as running:
        while (size := running.audit.store.state().size) < until:
            numbers = range(size, size + STEP - size % STEP)
            notes = {n: ["x" * 9_000] * 8 if n % 97 == 50 else [] for n in numbers}
            record_all(
                running, "release", [{"amount": f"{n}.50", "customer": f"C-{n}", "notes": notes[n]} for n in numbers]
            )
            running.audit.publisher.publish()


# The database


def found_by(made: Made, folder: Path, out: Path) -> tuple[str, str]:
    """Who finds that something is wrong with the log in the folder, and what is said first."""
    try:
        with log_in(folder) as audit:
            try:
                older = made.note.read_text(encoding="utf-8")
                export_pack(audit, Query(), out, principal="auditor", personal=True, older=older)
            except (AuditUnavailableError, PackError) as error:
                return "export", str(error)
            if wrong := verify_pack(out, checkpoint=made.note, key=made.key).wrong:
                return "pack", wrong[0]
            return ("nobody", "") if all_proofs_hold(audit) else ("proofs", "")
    except AuditUnavailableError as error:
        return "start", str(error)


def all_proofs_hold(audit: Log) -> bool:
    state = audit.store.state()
    root = state.frontier.root()
    return all(
        verify_inclusion(kept.leaf, kept.seq, state.size, inclusion(kept.seq, state.size, audit.nodes), root)
        for kept in audit.store.entries(0, state.size)
    )


def test_a_log_that_was_left_alone_is_not_suspected(made: Made, tmp_path: Path) -> None:
    shutil.copytree(made.folder, tmp_path / "log")
    assert found_by(made, tmp_path / "log", tmp_path / "pack") == ("nobody", "")


@pytest.mark.parametrize("run", range(RUNS))
def test_whatever_is_altered_in_the_database_is_found(made: Made, tmp_path: Path, run: int) -> None:
    chance = random.Random(f"database {run}")  # noqa: S311 (made-up damage protects nothing)
    share = scaled(300, 10_000) // RUNS
    found: Counter[tuple[str, str]] = Counter()
    for number in range(share):
        name = [*TAMPERINGS][(number + run) % len(TAMPERINGS)]
        folder = tmp_path / str(number)
        shutil.copytree(made.folder, folder)
        tampering = Tampering(made, folder, chance)
        with tampering.opened():
            first = TAMPERINGS[name](tampering)
        detector, said = found_by(made, folder, folder / "pack")
        found[name, detector] += 1
        if first is not None and detector == "pack":
            assert said.startswith(f"record {first}: "), (name, said)
        if first is not None and detector == "export":
            assert said.startswith(f"entry {first} is damaged: ") or "part" in said, (name, said)
        shutil.rmtree(folder)
    detectors = Counter(detector for _, detector in found.elements())
    report(f"database tampered with, run {run}", tried=share, **detectors)
    assert [name for name, detector in found if detector == "nobody"] == []
    # A hash within a whole tile is read for proofs only: those that it makes wrong say so, to whoever checks them.
    assert {name for name, detector in found if detector == "proofs"} <= {"bit_of_a_tile"}


def test_a_pack_of_the_whole_log_has_entries_that_the_catalogue_hides(made: Made, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(made.folder, tmp_path / "log"))
    tampering = Tampering(made, folder, random.Random(0))  # noqa: S311 (made-up damage protects nothing)
    with tampering.opened():
        tampering.do("DELETE FROM catalogue WHERE seq NOT BETWEEN 1 AND 9 AND kind = 'decision'")
    with log_in(folder) as audit:
        done = export_pack(audit, Query(), tmp_path / "pack", principal="auditor")
    assert (done.first, done.end) == (0, SIZE)
    assert not verify_pack(tmp_path / "pack", checkpoint=made.note, key=made.key).wrong


# A pack of it


FIRST, END = 100, 500


@pytest.fixture(scope="module")
def pack(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The entries 100 to 499, with all that can be handed over; the log is the one of the auditor's checkpoint."""
    folder = tmp_path_factory.mktemp("packed")
    shutil.copytree(made.folder, folder / "log")
    with log_in(folder / "log") as audit:
        times = [json.loads(made.bodies[seq])["at"] for seq in (FIRST, END)]
        since, until = map(dt.datetime.fromisoformat, times)
        older = made.note.read_text(encoding="utf-8")
        done = export_pack(
            audit, Query(since=since, until=until), folder / "pack", principal="auditor", personal=True, older=older
        )
    assert (done.first, done.end, done.size) == (FIRST, END, SIZE + 1)
    return folder / "pack"


Edit = Callable[[Path, random.Random], int | None]
"""Alters a pack; gives the first record that is wrong where that can be known."""


def records(folder: Path) -> list[bytes]:
    return (folder / "log.jsonl").read_bytes().split(b"\n")[:-1]


def put(folder: Path, bodies: list[bytes], *, rehashed: bool) -> None:
    (folder / "log.jsonl").write_bytes(b"".join(body + b"\n" for body in bodies))
    if rehashed:
        (folder / "leaves.bin").write_bytes(b"".join(map(leaf_hash, bodies)))


def altered(body: bytes, chance: random.Random) -> bytes:
    at = chance.choice([found.start() for found in re.finditer(rb"[0-9]", body)])
    return body[:at] + str((body[at] - 47) % 10).encode() + body[at + 1 :]


def edit_records(change: Callable[[list[bytes], int, random.Random], object], *, rehashed: bool) -> Edit:
    def edit(folder: Path, chance: random.Random) -> int | None:
        bodies = records(folder)
        at = chance.randrange(len(bodies) - 1)
        change(bodies, at, chance)
        put(folder, bodies, rehashed=rehashed)
        return None if rehashed else FIRST + at

    return edit


def alter(bodies: list[bytes], at: int, chance: random.Random) -> None:
    bodies[at] = altered(bodies[at], chance)


def swap(bodies: list[bytes], at: int, chance: random.Random) -> None:
    other = chance.randrange(at + 1, len(bodies))
    bodies[at], bodies[other] = bodies[other], bodies[at]


CHANGES: tuple[Callable[[list[bytes], int, random.Random], object], ...] = (
    alter,
    swap,
    lambda bodies, at, _: bodies.pop(at),
    lambda bodies, at, chance: bodies.insert(at, altered(bodies[at], chance)),
    lambda bodies, at, _: bodies.__delitem__(slice(at, None)),
)


def flip(name: str) -> Edit:
    """A bit of a file, whose bits all count."""

    def edit(folder: Path, chance: random.Random) -> int | None:
        path = chance.choice(sorted(folder.glob(name)))
        data = bytearray(path.read_bytes())
        at = chance.randrange(len(data))
        data[at] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        return FIRST + at // 32 if name == "leaves.bin" else None

    return edit


def edit_json(folder: Path, chance: random.Random) -> None:
    """A number or a hash of the proof; the auditor's own checkpoint lies beyond the pack, and needs its proof."""
    proof = json.loads((folder / "proof.json").read_bytes())
    match chance.choice(["first", "end", "size", "outside", "consistency"]):
        case "outside":
            proof["outside"][chance.randrange(len(proof["outside"]))] = chance.randbytes(32).hex()
        case "consistency":
            hashes = proof["consistency"][0]["proof"]
            hashes[chance.randrange(len(hashes))] = chance.randbytes(32).hex()
        case name:
            proof[name] += chance.choice([-1, 1, 100, -100])
    (folder / "proof.json").write_text(json.dumps(proof))


def edit_personal(folder: Path, chance: random.Random) -> int:
    lines = (folder / "personal.jsonl").read_bytes().splitlines()
    at = chance.randrange(len(lines))
    value = json.loads(lines[at])
    value |= chance.choice([{"value": "somebody else"}, {"salt": chance.randbytes(16).hex()}, {"pointer": "/other"}])
    lines[at] = json.dumps(value).encode()
    (folder / "personal.jsonl").write_bytes(b"\n".join([*lines, b""]))
    return int(value["seq"])


def forge_note(folder: Path, _chance: random.Random) -> None:
    """The pack's own checkpoint, and the key it is signed with: only the key that the auditor holds tells."""
    origin = parse_note((folder / "checkpoint.note").read_text(encoding="utf-8")).origin
    note = checkpoint([leaf_hash(body) for body in records(folder)], signing_key(7), origin=origin)
    (folder / "checkpoint.note").write_text(note, encoding="utf-8")


EDITS: tuple[Edit, ...] = (
    *(edit_records(change, rehashed=rehashed) for change in CHANGES for rehashed in (False, True)),
    *map(flip, ("leaves.bin", "log.jsonl", "policies/*", "parts/*", "checkpoint.note")),
    edit_json,
    edit_personal,
    forge_note,
)


@pytest.mark.parametrize("run", range(RUNS))
def test_whatever_is_altered_in_a_pack_is_found(made: Made, pack: Path, tmp_path: Path, run: int) -> None:
    chance = random.Random(f"pack {run}")  # noqa: S311 (made-up damage protects nothing)
    for number in range(scaled(300, 10_000) // RUNS):
        folder = Path(shutil.copytree(pack, tmp_path / str(number)))
        edit = EDITS[(number + run) % len(EDITS)]
        first = edit(folder, chance)
        wrong = verify_pack(folder, checkpoint=made.note, key=made.key).wrong
        assert wrong, f"edit {(number + run) % len(EDITS)} of round {number}"
        assert first is None or wrong[0].startswith(f"record {first}: "), (first, wrong)
        shutil.rmtree(folder)
    assert not verify_pack(pack, checkpoint=made.note, key=made.key).wrong
