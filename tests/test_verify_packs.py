"""Evidence packs: good ones are proven by Python alone, and of every altered one the first wrong record is named."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.audit import verify
from api.audit.verify import Report, verify_pack
from tests import packs

LOG = packs.sample_log(300)
VERIFIER = Path(verify.__file__)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    packs.write_pack(folder / "whole", LOG, checkpoints=range(50, 301, 50), consistent_with=[20, 130])
    packs.write_pack(folder / "part", LOG, 100, 200, checkpoints=range(120, 201, 20), consistent_with=[20, 250])
    return folder


@pytest.fixture
def whole(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "whole", tmp_path / "whole"))


@pytest.fixture
def part(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "part", tmp_path / "part"))


def lines(pack: Path) -> list[bytes]:
    return (pack / "log.jsonl").read_bytes().split(b"\n")[:-1]


def put_lines(pack: Path, bodies: list[bytes], *, rehash: bool = False) -> None:
    (pack / "log.jsonl").write_bytes(b"".join(body + b"\n" for body in bodies))
    if rehash:
        (pack / "leaves.bin").write_bytes(b"".join(packs.leaf(body) for body in bodies))


def edit_json(path: Path, edit: Callable[[Any], None]) -> None:
    content = json.loads(path.read_bytes())
    edit(content)
    path.write_text(json.dumps(content))


def note_of(tmp_path: Path, size: int, log: packs.Log = LOG, **said: Any) -> Path:
    path = tmp_path / "mine.note"
    path.write_text(packs.checkpoint(log.leaves[:size], log.key, **said), encoding="utf-8")
    return path


def test_a_good_pack_is_proven(whole: Path) -> None:
    report = verify_pack(whole, key=packs.vkey(LOG.key))
    assert report == Report(
        (
            "records 0 to 299: 300 lines, each the one its leaf was made of",
            "tree: they stand in the log writ.example/log of 300 records time 2026-11-29T15:00:00.000000Z",
            "roots of earlier checkpoints: 6, none speaks against it",
            f"policies and parts of records: {1 + len(LOG.parts)} files, each named by its SHA-256, none missing",
            f"personal data: {len(LOG.personal)} values as recorded, 0 erased or left out",
            "signed by your key",
        ),
        [],
    )


def test_the_packs_own_key_proves_nothing_to_who_does_not_know_it(part: Path) -> None:
    said = f"the key is the pack's own: compare it with the one you hold: {packs.vkey(LOG.key)}"
    assert verify_pack(part).proven[-1] == said
    assert not verify_pack(part).wrong


@pytest.mark.parametrize(("first", "end"), [(0, 1), (0, 300), (1, 2), (7, 64), (128, 256), (255, 257), (299, 300)])
def test_any_stretch_is_proven(tmp_path: Path, first: int, end: int) -> None:
    assert not verify_pack(packs.write_pack(tmp_path, LOG, first, end, checkpoints=[end])).wrong


def test_an_empty_log_is_proven(tmp_path: Path) -> None:
    assert not verify_pack(packs.write_pack(tmp_path, packs.Log())).wrong


def test_a_zip_is_as_good_as_a_folder(part: Path, tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "pack"), "zip", part))
    assert verify_pack(archive) == verify_pack(part)
    put_lines(part, [*lines(part)[:30], b"{}", *lines(part)[31:]])
    altered = Path(shutil.make_archive(str(tmp_path / "altered"), "zip", part))
    assert verify_pack(altered).wrong[0].startswith("record 130: ")


def test_erased_values_are_counted_and_facts_may_say_what_they_like(tmp_path: Path) -> None:
    log = packs.Log()
    digest = log.add_policy(packs.POLICY)
    for _ in range(3):
        commitment = log.commit("/facts/name", {"b": [1, None, "ü"], "a": True})
        facts = {"bundle_digest": "0" * 64, "facts_sha256": "1" * 64, "personal": {"/x": "2" * 64}}
        log.add(bundle_digest=digest, facts=facts, personal={"/facts/name": commitment, "/facts/age": "3" * 64})
    del log.personal[1]
    report = verify_pack(packs.write_pack(tmp_path, log))
    assert not report.wrong
    assert "personal data: 2 values as recorded, 4 erased or left out" in report.proven


def run(*arguments: str | Path, cwd: Path) -> tuple[int, str]:
    command = [sys.executable, "-I", "-S", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_the_copy_in_a_pack_needs_only_the_standard_library(part: Path, tmp_path: Path) -> None:
    shutil.copy(VERIFIER, part / "verify.py")
    status, said = run("verify.py", cwd=part)
    assert (status, said.splitlines()[-1]) == (0, "all proven")
    key = tmp_path / "held.txt"
    key.write_text(packs.vkey(LOG.key) + "\n")
    mine = note_of(tmp_path, 20)
    status, said = run(part / "verify.py", part, "--checkpoint", mine, "--key", key, cwd=tmp_path)
    assert (status, "signed by your key" in said, "roots of earlier checkpoints: 5 and yours" in said) == (
        0,
        True,
        True,
    )
    put_lines(part, [b"{}", *lines(part)[1:]])
    status, said = run(part / "verify.py", cwd=tmp_path)
    assert (status, said.splitlines()[0]) == (1, "record 100: its line is not the one its leaf was made of")


def test_what_cannot_be_read_is_told_apart(part: Path, tmp_path: Path) -> None:
    assert run(VERIFIER, tmp_path / "nowhere", cwd=tmp_path)[0] == 2
    assert run(VERIFIER, part, "--unknown", cwd=tmp_path)[0] == 2
    assert run(VERIFIER, part, "--key", "none", cwd=tmp_path)[0] == 2
    assert run(VERIFIER, part, "--checkpoint", part / "README.txt", cwd=tmp_path)[0] == 2
    (tmp_path / "no.zip").write_bytes(b"PK")
    assert run(VERIFIER, tmp_path / "no.zip", cwd=tmp_path)[0] == 2
    archive = Path(shutil.make_archive(str(tmp_path / "pack"), "zip", part))
    with zipfile.ZipFile(archive) as opened:
        at = opened.getinfo("log.jsonl").header_offset + 200
    content = bytearray(archive.read_bytes())
    content[at] ^= 1
    archive.write_bytes(content)
    assert run(VERIFIER, archive, cwd=tmp_path)[0] == 2
    (part / "log.jsonl").unlink()
    assert run(VERIFIER, part, cwd=tmp_path)[0] == 2


def test_hostile_words_reach_no_terminal(tmp_path: Path) -> None:
    log = packs.Log()
    log.add(personal={"\x1b[2J": "00"})
    log.personal.append({"seq": 0, "pointer": "\x1b[2J", "salt": "", "value": 1})
    status, said = run(VERIFIER, packs.write_pack(tmp_path / "pack", log), cwd=tmp_path)
    assert status == 1
    assert said.isascii()
    assert "\x1b" not in said


def test_a_random_change_is_always_found(part: Path) -> None:
    chance = random.Random(4)  # noqa: S311 (made-up damage protects nothing)
    names = ["log.jsonl", "leaves.bin", "checkpoint.note"]
    names += [str(path.relative_to(part)) for path in [*(part / "policies").iterdir(), *(part / "parts").iterdir()]]
    for _ in range(300):
        path = part / chance.choice(names)
        kept = path.read_bytes()
        data = bytearray(kept)
        at = chance.randrange(len(data))
        match chance.randrange(3):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + chance.randint(1, 80)]
            case _:
                data[at:at] = chance.randbytes(chance.randint(1, 40))
        path.write_bytes(data)
        report = verify_pack(part)
        assert report.wrong or data == kept, (path.name, at)
        if data != kept and path.name in {"log.jsonl", "leaves.bin"}:
            whole = kept[:at].count(b"\n") if path.name == "log.jsonl" else at // 32
            assert report.wrong[0].startswith(f"record {100 + whole}: "), report.wrong
        path.write_bytes(kept)
    assert not verify_pack(part).wrong
