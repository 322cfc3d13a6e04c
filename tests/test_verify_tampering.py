"""Every kind of tampering with an evidence pack: what is wrong is said, and the first wrong record named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from api.audit.verify import verify_pack
from tests import packs

LOG = packs.sample_log(300)
POLICY = f"policies/{packs.POLICY_DIGEST}.yaml"
PART = json.loads(LOG.bodies[110])["facts_sha256"]  # first named by record 110, which has no personal data


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    return packs.write_pack(folder / "part", LOG, 100, 200, checkpoints=range(120, 201, 20), consistent_with=[20, 250])


@pytest.fixture
def part(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "part"))


def bodies(pack: Path) -> list[bytes]:
    return (pack / "log.jsonl").read_bytes().split(b"\n")[:-1]


def put(pack: Path, records: list[bytes], *, rehashed: bool = False) -> None:
    (pack / "log.jsonl").write_bytes(b"".join(body + b"\n" for body in records))
    if rehashed:
        (pack / "leaves.bin").write_bytes(b"".join(packs.leaf(body) for body in records))


def altered(records: list[bytes], at: int) -> list[bytes]:
    return [*records[:at], records[at].replace(b"decision", b"Decision"), *records[at + 1 :]]


def swapped(records: list[bytes], at: int, other: int) -> list[bytes]:
    changed = list(records)
    changed[at], changed[other] = changed[other], changed[at]
    return changed


NOT_ITS_LINE = "its line is not the one its leaf was made of"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda old: altered(old, 0), f"record 100: {NOT_ITS_LINE}"),
        (lambda old: altered(old, 42), f"record 142: {NOT_ITS_LINE}"),
        (lambda old: altered(altered(old, 99), 50), f"record 150: {NOT_ITS_LINE}"),
        (lambda old: altered(old, 99), f"record 199: {NOT_ITS_LINE}"),
        (lambda old: [*old[:7], *old[8:]], "record 107: its line is missing"),
        (lambda old: old[1:], "record 100: its line is missing"),
        (lambda old: old[:-1], "record 199: its line is missing"),
        (lambda old: old[:60], "record 160: its line is missing"),
        (lambda _: [], "record 100: its line is missing"),
        (lambda old: [*old[:7], b"{}", *old[7:]], f"record 107: {NOT_ITS_LINE}"),
        (lambda old: [*old, b"{}"], "record 200: the pack has no such record, but a line or a leaf for it"),
        (lambda old: swapped(old, 20, 60), f"record 120: {NOT_ITS_LINE}"),
        (lambda old: swapped(old, 20, 21), "record 120: its line is missing"),
    ],
)
def test_lines_that_are_not_those_of_their_leaves(
    part: Path, change: Callable[[list[bytes]], list[bytes]], said: str
) -> None:
    put(part, change(bodies(part)))
    assert verify_pack(part).wrong[0] == said


def test_leaves_that_are_not_those_of_their_lines(part: Path) -> None:
    path = part / "leaves.bin"
    leaves = path.read_bytes()
    path.write_bytes(leaves[:320] + bytes(32) + leaves[352:])
    wrong = verify_pack(part).wrong
    assert wrong[0] == f"record 110: {NOT_ITS_LINE}"
    assert "all records are in the log: leaves.bin or the end of log.jsonl was altered" in wrong
    path.write_bytes(leaves[:320])
    assert verify_pack(part).wrong[0] == f"record 110: {NOT_ITS_LINE}"
    path.write_bytes(leaves + bytes(5))
    assert verify_pack(part).wrong[0].startswith("record 200: the pack has no such record")


@pytest.mark.parametrize(
    ("change", "low", "high"),
    [
        (lambda old: altered(old, 45), 140, 160),
        (lambda old: altered(altered(old, 99), 45), 140, 160),
        (lambda old: altered(old, 80), 180, 200),
        (lambda old: altered(old, 99), 180, 200),
        (lambda old: [*old[:50], *old[51:], b"{}"], 140, 160),
        (lambda old: [*old[:50], b"{}", *old[50:99]], 140, 160),
        (lambda old: swapped(old, 30, 90), 120, 140),
    ],
)
def test_records_changed_together_with_their_leaves_are_bracketed(
    part: Path, change: Callable[[list[bytes]], list[bytes]], low: int, high: int
) -> None:
    put(part, change(bodies(part)), rehashed=True)
    fits = f"(checkpoint {low} still fits, checkpoint {high} does not)"
    assert verify_pack(part).wrong[0] == f"a record from {low} to {high - 1} was altered, removed or added {fits}"


def test_without_a_fitting_checkpoint_the_bracket_begins_with_the_pack(part: Path) -> None:
    put(part, altered(bodies(part), 3), rehashed=True)
    said = "a record from 100 to 119 was altered, removed or added, or proof.json was (checkpoint 120 does not fit)"
    assert verify_pack(part).wrong[0] == said
    put(part, bodies(part)[:-1], rehashed=True)
    assert "record 199: its line is missing" in verify_pack(part).wrong


def test_a_line_and_its_leaf_beyond_the_pack_are_seen(part: Path) -> None:
    put(part, [*bodies(part), b"{}"], rehashed=True)
    assert verify_pack(part).wrong[0] == "record 200: the pack has no such record, but a line or a leaf for it"


def test_a_changed_leaf_before_a_changed_line_is_named_first(part: Path) -> None:
    put(part, altered(bodies(part), 30), rehashed=True)
    put(part, altered(bodies(part), 70))
    first, second = verify_pack(part).wrong[:2]
    assert first.startswith("a record from 120 to 139 was altered")
    assert second == f"record 170: {NOT_ITS_LINE}"


def test_forged_checkpoints_move_no_bracket(part: Path) -> None:
    records = altered(bodies(part), 45)
    put(part, records, rehashed=True)
    forged = [packs.leaf(body) for body in [*LOG.bodies[:100], *records]]
    notes = [packs.checkpoint(LOG.leaves[:size], LOG.key) for size in (120, 140)]
    notes += [packs.checkpoint(forged[:size], packs.signing_key(9)) for size in (150, 155)]
    notes += [packs.checkpoint(LOG.leaves[:170], LOG.key)]
    (part / "checkpoints.jsonl").write_text("".join(json.dumps({"note": note}) + "\n" for note in notes))
    said = "a record from 140 to 169 was altered, removed or added (checkpoint 140 still fits, checkpoint 170 does not)"
    assert said in verify_pack(part).wrong


def test_a_signed_checkpoint_of_another_past_speaks_against_a_pack_that_fits(part: Path) -> None:
    past = [packs.leaf(body) for body in altered(LOG.bodies, 130)]
    notes = [packs.checkpoint(leaves, LOG.key) for leaves in (LOG.leaves[:120], past[:140], LOG.leaves[:160])]
    (part / "checkpoints.jsonl").write_text("".join(json.dumps({"note": note}) + "\n" for note in notes))
    assert verify_pack(part).wrong[0].startswith("a record from 120 to 139 was altered")
    forged = packs.checkpoint(past[:140], packs.signing_key(9))
    (part / "checkpoints.jsonl").write_text(json.dumps({"note": forged}) + "\n")
    assert verify_pack(part).wrong == ["the checkpoint of 140 records is not signed by a key of this log"]


def test_a_policy_text_that_is_missing_or_altered(part: Path) -> None:
    (part / POLICY).write_bytes(packs.POLICY + b"#")
    missing = f"record 100: {POLICY}, which it names, is not in the pack"
    assert verify_pack(part).wrong == [f"{POLICY}: its name is not the SHA-256 of its bytes"]
    (part / POLICY).unlink()
    assert verify_pack(part).wrong[0] == missing


def test_a_part_that_is_missing_or_altered(part: Path) -> None:
    named = f"parts/{PART}.json"
    (part / named).write_bytes(b"[]")
    assert verify_pack(part).wrong == [f"{named}: its name is not the SHA-256 of its bytes"]
    (part / named).unlink()
    assert verify_pack(part).wrong[0] == f"record 110: {named}, which it names, is not in the pack"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "Müller 123".encode(),
            b"-",
            "record 123: the personal value of '/facts/customer/name' is not the one it committed to",
        ),
        (b'"seq":133', b'"seq":134', "record 134: the personal value of '/facts/customer/name' is not"),
        (b'"seq":193', b'"seq":200', "personal.jsonl: record 200 is not in the pack"),
        (b'"seq":193', b'"seq":1', "personal.jsonl: after record 183 stands 1"),
        (b'"seq":193', b'"seq":true', "personal.jsonl: after record 183 stands True"),
        (b"customer/born", b"customer/bore", "record 103: the personal value of '/facts/customer/bore' is not"),
        (b'"salt":"', b'"salt":"0', "personal.jsonl: "),
        (b"{", b"", "personal.jsonl: "),
    ],
)
def test_personal_values_that_are_not_those_committed_to(part: Path, old: bytes, new: bytes, said: str) -> None:
    path = part / "personal.jsonl"
    path.write_bytes(path.read_bytes().replace(old, new))
    assert verify_pack(part).wrong[0].startswith(said)


def test_a_personal_value_of_a_record_that_committed_to_none(tmp_path: Path) -> None:
    log = packs.Log([b"{}", b"{}", b"[]"])
    log.personal.append({"seq": 1, "pointer": "/x", "salt": "00" * 16, "value": 1})
    said = "record 1: the personal value of '/x' is not the one it committed to"
    assert verify_pack(packs.write_pack(tmp_path, log)).wrong == [said]


def test_an_empty_key_is_no_key(part: Path) -> None:
    with pytest.raises(ValueError, match="not a verifier key"):
        verify_pack(part, key="")


def test_signatures_and_proofs(part: Path) -> None:
    theirs = packs.vkey(packs.signing_key(2))
    assert verify_pack(part, key=theirs).wrong == ["checkpoint.note: not signed by your key"]
    (part / "pubkey.txt").write_text(f"{packs.vkey(LOG.key)}\n{theirs}\n")
    assert not verify_pack(part).wrong
    (part / "pubkey.txt").write_text(f"{theirs}\n{packs.vkey(LOG.key)}\n")
    assert verify_pack(part).wrong == ["checkpoint.note: not signed by the first key"], "it is the key that is shown"
    (part / "pubkey.txt").write_text(theirs)
    assert not verify_pack(part, key=packs.vkey(LOG.key)).wrong
    assert "checkpoint.note: not signed by the first key" in verify_pack(part).wrong
    assert "the checkpoint of 120 records is not signed by a key of this log" in verify_pack(part).wrong
    for none in ("", "none"):
        (part / "pubkey.txt").write_text(none)
        assert verify_pack(part).wrong[0].startswith("pubkey.txt: not a verifier key")


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("outside", [], "proof.json: 0 hashes for the 100 records before"),
        ("first", 101, "proof.json: "),
        ("first", -1, "proof.json: first, end and size"),
        ("first", 1.5, "proof.json: "),
        ("first", True, "proof.json: "),
        ("end", 400, "proof.json: first, end and size"),
        ("end", 201, "record 200: its line is missing"),
        ("size", 301, "the tree of 301 records"),
        ("size", 10**30, "proof.json: first, end and size"),
        ("size", None, "proof.json: "),
        ("consistency", None, "proof.json: "),
        ("consistency", [{}], "proof.json: 'size'"),
    ],
)
def test_a_proof_that_is_altered(part: Path, member: str, value: object, said: str) -> None:
    proof = json.loads((part / "proof.json").read_bytes())
    (part / "proof.json").write_text(json.dumps({**proof, member: value}))
    assert verify_pack(part).wrong[0].startswith(said) or member == "end"
    assert verify_pack(part).wrong


def test_a_hash_outside_that_is_altered(part: Path) -> None:
    proof = json.loads((part / "proof.json").read_bytes())
    for at in range(len(proof["outside"])):
        changed = [*proof["outside"][:at], "00" * 32, *proof["outside"][at + 1 :]]
        (part / "proof.json").write_text(json.dumps({**proof, "outside": changed}))
        accused = [each for each in verify_pack(part).wrong if each.startswith("a record")]
        # Checkpoint 200 speaks for all records of the pack, so what comes after them is at fault; or what comes before.
        assert all("or proof.json was (checkpoint 120 does not fit)" in each for each in accused)
        assert bool(accused) is (at < (100).bit_count())
        assert "the tree of 300 records has not the root of checkpoint.note" in verify_pack(part).wrong


def test_the_auditors_own_checkpoint(part: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.note"

    def wrong(size: int, log: packs.Log = LOG, **said: str) -> list[str]:
        leaves = [packs.leaf(body) for body in log.bodies[:size]]
        mine.write_text(packs.checkpoint(leaves, LOG.key, **said), encoding="utf-8")
        return list(verify_pack(part, checkpoint=mine).wrong)

    for fits in (0, 20, 100, 101, 150, 200, 250, 300):
        assert wrong(fits) == [], fits
    for unknown in (1, 99, 201, 299):
        assert wrong(unknown) == [
            "the pack cannot show that the log grew from your checkpoint: it must be exported with --checkpoint"
        ]
    longer = packs.sample_log(310)
    assert wrong(310, longer) == ["the pack is older than your checkpoint, or the log was rolled back: 300 < 310"]
    rewritten = packs.Log(bodies=altered(LOG.bodies, 5))
    for size in (20, 100, 150, 200, 250, 300):
        assert wrong(size, rewritten) == [
            f"the log was rewritten: its first {size} records are not those of your checkpoint"
        ]
    assert wrong(150, origin="other/log") == ["the checkpoint of 150 records is not signed by a key of this log"]
