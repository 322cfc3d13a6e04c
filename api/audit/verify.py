"""Proves an evidence pack offline: every record, its place in the log, the log's signature, the texts beside it.

This file is copied into each pack and needs only Python 3.11: `python verify.py [PACK] [--checkpoint mine.note] [--key
VKEY]` ends with 0: all proven, 1: something is wrong, 2: not readable. Tree and proofs are those of RFC 9162, section
2.1; checkpoints those of c2sp.org/signed-note and c2sp.org/tlog-checkpoint; signatures Ed25519 (RFC 8032).
"""

import argparse
import base64
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from functools import reduce
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any, NamedTuple

EMPTY_ROOT = sha256(b"").digest()
Vkey = tuple[str, bytes, bytes]  # a verifier key: its name, its id of 4 bytes, its Ed25519 public key of 32
_HASH, _SALT, _LARGEST_SIZE, _CHUNK = 32, 16, 2**63, 1 << 17  # log is read in chunks that stay in a cache
_MOVED = ("facts", "decision", "entries", "policies", "personal")  # members too large for their record
_BESIDE = {"bundle_digest": "policies/{}.yaml", **{f"{each}_sha256": "parts/{}.json" for each in _MOVED}}
_HEAD = re.compile(rb'\{"acts":[0-9]+,"at":"[^"]*","bundle_digest":"([0-9a-f]{64})","decision":\{')
_END = b'},"fingerprint":"'
_TAIL = re.compile(  # a decision that so begins and ends names its policy alone; others are read as JSON
    rb'\},"fingerprint":"[0-9a-f]{64}","id":"[^"\\]*","key_sha256":"[0-9a-f]{64}","kind":"decision",'
    rb'"principal":"[^"\\]*","revision":[0-9]+(?:,"subject":"[^"\\]*")?,"writ_record":1\}'
)
_NOTE = re.compile(
    r"(?P<text>(?P<origin>[^\x00-\x1f]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[^\s=]{43}=)\n"
    r"(?P<more>([^\x00-\x1f]+\n)*))\n(?P<signatures>(\u2014 [^\s+\x00-\x1f]+ \S{8,}\n){1,64})"
)
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


def leaf_hash(body: bytes) -> bytes:
    """The leaf of a record: SHA-256 of 0x00 and its exact bytes (RFC 9162, section 2.1.1)."""
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The node over two subtrees: SHA-256 of 0x01 and their hashes (RFC 9162, section 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def verify_inclusion(leaf: bytes, seq: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf hash stands at `seq` in the tree of `size` leaves with this root (RFC 9162, section 2.1.3.2)."""
    if not 0 <= seq < size < _LARGEST_SIZE or any(len(each) != _HASH for each in (leaf, *proof)):
        return False
    return _climbed(seq, size - 1, leaf, proof)[1:] == (root, True)


def verify_consistency(old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether the new tree begins with the old one (RFC 9162, section 2.1.4.2; an empty old tree has no such proof)."""
    if not 0 < old_size <= new_size < _LARGEST_SIZE or any(len(each) != _HASH for each in proof):
        return False
    if old_size == new_size or not proof:
        return old_size == new_size and not proof and old_root == new_root
    first, *path = proof if old_size & (old_size - 1) else (old_root, *proof)
    whole = (old_size & -old_size).bit_length() - 1  # levels of the perfect subtree that the old tree ends with
    return _climbed(old_size - 1 >> whole, new_size - 1 >> whole, first, path) == (old_root, new_root, True)


def _climbed(at: int, last: int, start: bytes, path: Iterable[bytes]) -> tuple[bytes, bytes, bool]:
    """From node `at` of a level whose last is `last`: the old tree's root, the new one's, whether that is the top."""
    old = new = start
    for each in path:
        if last == 0:
            return old, new, False
        if at & 1 or at == last:
            old, new = node_hash(each, old), node_hash(each, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, each)
        at, last = at >> 1, last >> 1
    return old, new, last == 0


class Frontier:
    """A tree that grows: its size and the roots of its perfect subtrees, largest first, one for each bit of it."""

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size, self.nodes = size, list(nodes)
        if size.bit_count() != len(self.nodes):
            raise ValueError(f"{len(self.nodes)} hashes for the {size} records before, not {size.bit_count()}")

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Adds leaf hashes in order; on average one node is hashed for each."""
        for leaf in leaves:
            node, bits = leaf, self.size
            while bits & 1:
                node, bits = sha256(b"\x01" + self.nodes.pop() + node).digest(), bits >> 1
            self.nodes.append(node)
            self.size += 1

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        return reduce(lambda right, left: node_hash(left, right), reversed(self.nodes or [EMPTY_ROOT]))

    def root_of(self, size: int, right: Sequence[bytes]) -> bytes:
        """The root of the tree of `size` leaves that goes on with these maximal subtrees; ValueError if they do not."""
        whole = Frontier(self.size, self.nodes)
        for subtree in right:
            at, leaves, node = whole.size, whole.size & -whole.size or size, subtree
            if at + leaves <= size:  # otherwise it ends with the tree and stays the rightmost node
                while at & leaves:
                    node, leaves = node_hash(whole.nodes.pop(), node), leaves << 1
            whole.nodes.append(node)
            whole.size = min(at + (at & -at or size), size) if at < size else size + 1
        if whole.size != size:
            raise ValueError(f"{len(right)} hashes do not make the first {self.size} records a tree of {size}")
        return whole.root()


_P, _L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # of Ed25519 (RFC 8032, section 5.1)
_D, _ZERO = -121665 * pow(121666, -1, _P) % _P, (0, 1, 1, 0)
_Point = tuple[int, int, int, int]  # X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z


def _added(one: _Point, other: _Point) -> _Point:
    """The sum of two points, also of a point and itself (RFC 8032, section 5.1.4)."""
    (x1, y1, z1, t1), (x2, y2, z2, t2) = one, other
    a, b, c, d = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2), 2 * t1 * t2 % _P * _D, 2 * z1 * z2
    e, f, g, h = (b - a) % _P, (d - c) % _P, (d + c) % _P, (b + a) % _P
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _point(encoded: bytes) -> _Point | None:
    """The point of 32 bytes, none when they are no canonical encoding of one (RFC 8032, section 5.1.3)."""
    sign, y = divmod(int.from_bytes(encoded, "little"), 2**255)
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * v**3 * pow(u * v**7, (_P - 5) // 8, _P) % _P
    x = x if v * x * x % _P == u else x * pow(2, (_P - 1) // 4, _P) % _P
    if len(encoded) != _HASH or y >= _P or v * x * x % _P != u or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else _P - x
    return x, y, 1, x * y % _P


def verify_signature(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether this is the key's Ed25519 signature of the message (RFC 8032, section 5.1.7, without the cofactor)."""
    r, s = signature[:_HASH], int.from_bytes(signature[_HASH:], "little")
    key, base = _point(public_key), _point(b"\x58" + 31 * b"\x66")
    if key is None or base is None or len(signature) != 2 * _HASH or s >= _L:
        return False
    k = int.from_bytes(sha512(r + public_key + message).digest(), "little") % _L
    minus = (_P - key[0], key[1], 1, _P - key[3])
    # s B - k A, bit by bit for both at once; it must be R, whose encoding is thereby canonical.
    table, total = (_ZERO, base, minus, _added(base, minus)), _ZERO
    for bit in range(252, -1, -1):
        total = _added(total, total)
        if chosen := (s >> bit & 1) | (k >> bit & 1) << 1:
            total = _added(total, table[chosen])
    x, y = (each * pow(total[2], -1, _P) % _P for each in total[:2])
    return (y | (x & 1) << 255).to_bytes(_HASH, "little") == r


class Checkpoint(NamedTuple):
    """A log's size and root; `text` is what was signed, a signature is the key's name, its id and the signed bytes."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...]
    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]


def parse_vkey(text: str) -> Vkey:
    """The key `<name>+<id>+<base64 of 0x01 (A, then Q to f) and the public key>`, or ValueError."""
    found = re.fullmatch(r"([^\s+\x00-\x1f]+)\+([0-9a-f]{8})\+(A[Q-Za-f][A-Za-z0-9+/]{42})", text)
    key = _base64(found[3]) if found else b""
    if not found or sha256(found[1].encode() + b"\n" + key).hexdigest()[:8] != found[2]:
        raise ValueError("not a verifier key <name>+<8 hex digits of its id>+<base64 of 0x01 and the public key>")
    return found[1], bytes.fromhex(found[2]), key[1:]


def parse_note(text: str) -> Checkpoint:
    """A checkpoint, or ValueError. Signatures of other keys and of other kinds are kept unread."""
    if not (found := _NOTE.fullmatch(text)) or int(found["size"]) >= _LARGEST_SIZE:
        raise ValueError("not a checkpoint: lines of origin, size, root, others, one empty line, lines of signatures")
    signatures = (line.split(" ")[1:] for line in found["signatures"].split("\n")[:-1])
    read = tuple((name, (signature := _base64(written))[:4], signature[4:]) for name, written in signatures)
    more = tuple(found["more"].split("\n")[:-1])
    return Checkpoint(found["origin"], int(found["size"]), _base64(found["root"]), more, found["text"], read)


def verify_note(note: Checkpoint, vkeys: Iterable[Vkey]) -> bool:
    """Whether one of the keys named as the origin signed the note, and none of their signatures on it is false."""
    known = {(name, key_id): public_key for name, key_id, public_key in vkeys if name == note.origin}
    ours = [(known[name, key_id], signed) for name, key_id, signed in note.signatures if (name, key_id) in known]
    return bool(ours) and all(verify_signature(key, note.text.encode(), signed) for key, signed in ours)


def _base64(text: str) -> bytes:
    decoded = base64.b64decode(text, validate=True)
    if base64.b64encode(decoded).decode() != text:  # stray bits in the last letter
        raise ValueError("not plain base64")
    return decoded


class Report(NamedTuple):
    """What was proven and what is wrong, in sentences; the first wrong record stands first."""

    proven: Sequence[str]
    wrong: Sequence[str]


class _Reading:
    """One pass over a pack's records: they grow the tree, and what they name is looked up beside them."""

    def __init__(self, files: Path | zipfile.Path, first: int, end: int, tree: Frontier, marks: Iterable[int]) -> None:
        self.files, self.first, self.end, self.tree = files, first, end, tree
        self.marks = sorted((mark for mark in marks if first < mark <= end), reverse=True)
        self.roots = {first: tree.root()}  # by size: those at the sizes marked
        self.parted: int | None = None  # the first record that is not what leaves.bin says
        self.wrong: list[tuple[int, str]] = []
        self.beside, self.shown, self.left_out = set[str](), 0, 0
        for folder, ending in (("policies", ".yaml"), ("parts", ".json")):
            for path in (files / folder).iterdir() if (files / folder).is_dir() else ():
                self.beside.add(name := f"{folder}/{path.name}")
                if path.name != sha256(path.read_bytes()).hexdigest() + ending:
                    self.wrong.append((-1, f"{name}: its name is not the SHA-256 of its bytes"))
        self.policies = {name[9:73].encode() for name in self.beside if name.startswith("policies")}
        self.values = self._values()
        self.due, self.pointer, self.commitment = next(self.values)

    def read(self) -> None:
        """Reads log.jsonl against leaves.bin; what stands beside the records is looked up as far as the two agree."""
        seq = self.first
        with (self.files / "log.jsonl").open("rb") as log, (self.files / "leaves.bin").open("rb") as kept:
            # A record is shorter than a chunk: a longer line may be cut, it is wrong in any case.
            while body := log.read(_CHUNK) + log.readline(_CHUNK):
                lines = body.removesuffix(b"\n").split(b"\n")
                hashes = [sha256(b"\x00" + line).digest() for line in lines]
                leaves = kept.read(_HASH * len(lines))
                if self.parted is None and (leaves != b"".join(hashes) or seq + len(lines) > self.end):
                    self._part(seq, hashes, leaves)
                for number, line in enumerate(lines if self.parted is None else (), seq):
                    plain = (head := _HEAD.match(line)) and head[1] in self.policies and self.due != number
                    if not plain or not _TAIL.fullmatch(line, line.rfind(_END)):
                        self._look_beside(number, line)
                while self.marks and self.marks[-1] <= seq + len(hashes):
                    mark, done = self.marks.pop(), self.tree.size - seq
                    self.tree.extend(hashes[done : mark - seq])
                    self.roots[mark] = self.tree.root()
                self.tree.extend(hashes[self.tree.size - seq : self.end - seq])
                seq += len(lines)
            if self.parted is None and (kept.read(1) or seq < self.end):
                self._part(seq, [], b"")
        self.values.close()
        if self.parted is None and self.due < _LARGEST_SIZE:
            self.wrong.append((self.end, f"personal.jsonl: record {self.due} is not in the pack"))

    def _part(self, seq: int, hashes: Sequence[bytes], kept: bytes) -> None:
        leaves = [kept[start : start + _HASH] for start in range(0, _HASH * len(hashes), _HASH)]
        at = next((at for at, each in enumerate(hashes) if each != leaves[at]), min(len(hashes), self.end - seq))
        missing = hashes[at:] == [] or hashes[at] in leaves[at + 1 : at + 2]
        what = "its line is missing" if missing else "its line is not the one its leaf was made of"
        self.parted, added = seq + at, "the pack has no such record, but a line or a leaf for it"
        self.wrong.append((seq + at, f"record {seq + at}: {what if seq + at < self.end else added}"))

    def _look_beside(self, seq: int, line: bytes) -> None:
        """Only what the record says at its top level counts: facts may hold members of the same names."""
        record: dict[str, Any] = {}
        with suppress(*_MALFORMED):
            record = dict(json.loads(line))
        named = [where.format(record[member]) for member, where in _BESIDE.items() if member in record]
        wrong = [f"{name}, which it names, is not in the pack" for name in named if name not in self.beside]
        if "personal_sha256" in record and not wrong:
            record["personal"] = json.loads((self.files / named[-1]).read_bytes())
        commitments, shown = found if isinstance(found := record.get("personal"), dict) else {}, set()
        while self.due == seq:
            if commitments.get(self.pointer) != self.commitment:
                wrong.append(f"the personal value of {self.pointer!r} is not the one it committed to")
            shown.add(self.pointer)
            self.due, self.pointer, self.commitment = next(self.values)
        self.shown, self.left_out = self.shown + len(shown), self.left_out + len(commitments.keys() - shown)
        self.wrong += [(seq, f"record {seq}: {each}") for each in wrong]

    def _values(self) -> Generator[tuple[int, str, str], None, None]:
        """The numbers, pointers and commitments of the personal values in the pack; a last one that is of no record."""
        seq = self.first
        try:
            with (self.files / "personal.jsonl").open("rb") as lines:
                for value in map(json.loads, lines):
                    text = json.dumps(value["value"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
                    salt, at = bytes.fromhex(value["salt"]), value["seq"]
                    if type(at) is not int or at < seq or len(salt) != _SALT:  # else a value could begin in its salt
                        raise ValueError(f"after record {seq} stands {at!r}, or a salt of other than {_SALT} bytes")
                    seq = at
                    yield seq, str(value["pointer"]), sha256(salt + text.encode()).hexdigest()
        except _MALFORMED as error:
            self.wrong.append((self.end, f"personal.jsonl: {error}"))
        yield _LARGEST_SIZE, "", ""


def verify_pack(pack: Path, *, checkpoint: Path | None = None, key: str | None = None) -> Report:
    """Examines a folder or zip; `key` is a text or file. OSError or BadZipFile for the pack, ValueError for yours."""
    text = Path(key).read_text(encoding="utf-8") if key and Path(key).is_file() else key
    held = [] if text is None else [parse_vkey(line) for line in text.split() or [""]]
    mine = None if checkpoint is None else parse_note(checkpoint.read_bytes().decode())
    with zipfile.ZipFile(pack) if pack.is_file() else nullcontext() as archive:
        return _examined(zipfile.Path(archive) if archive else pack, held, mine)


def _examined(files: Path | zipfile.Path, held: list[Vkey], mine: Checkpoint | None) -> Report:
    try:
        raw = json.loads((files / (name := "proof.json")).read_bytes())
        first, end, size = (int(str(raw[each])) for each in ("first", "end", "size"))
        if not 0 <= first <= end <= size < _LARGEST_SIZE:
            raise ValueError("first, end and size are not whole numbers in this order")
        outside = [*map(bytes.fromhex, raw["outside"])]
        tree, right = Frontier(first, outside[: first.bit_count()]), outside[first.bit_count() :]
        Frontier(end, [EMPTY_ROOT] * end.bit_count()).root_of(size, right)  # as many as the sizes need?
        proofs = {each["size"]: [bytes.fromhex(node) for node in each["proof"]] for each in raw["consistency"]}
        note = parse_note((files / (name := "checkpoint.note")).read_bytes().decode())
        keys = (files / (name := "pubkey.txt")).read_text(encoding="utf-8").split()
        own = [*map(parse_vkey, keys or [""])]
        lines = map(json.loads, (files / (name := "checkpoints.jsonl")).read_bytes().splitlines())
        earlier = [parse_note(line["note"]) for line in lines]
    except _MALFORMED as error:
        return Report((), (f"{name}: {error}",))
    reading = _Reading(files, first, end, tree, {each.size for each in (*earlier, mine or note)})
    reading.read()
    wrong, signed = reading.wrong, verify_note(note, held or own[:1])
    fits = tree.size == end and (tree.root_of(size, right), size) == (note.root, note.size)
    if fits is (reading.parted is not None):
        broken = "all records are in the log: leaves.bin or the end of log.jsonl was altered"
        wrong.append((end, broken if fits else f"the tree of {size} records has not the root of checkpoint.note"))
    wrong += _between(reading, earlier, known := [*held, *own], size if signed and not fits else 0)
    unsigned = "" if signed else f"checkpoint.note: not signed by {'your' if held else 'the first'} key"
    bad = [
        one.size for one in (*earlier[:: len(earlier) // 64 + 1], *filter(None, [mine])) if not verify_note(one, known)
    ]
    wrong += [(end, f"the checkpoint of {size} records is not signed by a key of this log") for size in bad]
    against = _against(mine, note, reading.roots, proofs) if mine and mine.size not in bad else ""
    wrong += [(end, each) for each in (unsigned, against) if each]
    proven = (
        f"records {first} to {end - 1}: {end - first} lines, each the one its leaf was made of",
        f"tree: they stand in the log {note.origin} of {note.size} records {' '.join(note.extensions)}".rstrip(),
        f"roots of earlier checkpoints: {len(earlier)}{' and yours' if mine else ''}, none speaks against it",
        f"policies and parts of records: {len(reading.beside)} files, each named by its SHA-256, none missing",
        f"personal data: {reading.shown} values as recorded, {reading.left_out} erased or left out",
        "signed by your key" if held else f"the key is the pack's own: compare it with the one you hold: {keys[0]}",
    )
    return Report(() if wrong else proven, [each for _, each in sorted(wrong, key=lambda each: each[0])])


def _between(reading: _Reading, earlier: list[Checkpoint], keys: list[Vkey], broken: int) -> Iterator[tuple[int, str]]:
    """Which signed checkpoints enclose a record changed with its leaf; `broken`: the newest's size if it fits not."""
    failing = [each for each in earlier if reading.roots.get(each.size, each.root) != each.root]
    high = next((each.size for each in failing if verify_note(each, keys)), None)
    until = high or reading.end
    if (high or broken) and (reading.parted is None or reading.parted >= until):
        fitting = (each for each in earlier[::-1] if reading.roots.get(each.size) == each.root and each.size <= until)
        low = next((each.size for each in fitting if verify_note(each, keys)), None)
        start, still = low or reading.first, f"checkpoint {low} still fits, " if low else ""
        perhaps = "" if high and (low or not reading.first) else ", or proof.json was"  # for records outside the pack
        fits = f"{still}checkpoint {high or broken} does not{'' if low else ' fit'}"
        if start < until:
            yield start, f"a record from {start} to {until - 1} was altered, removed or added{perhaps} ({fits})"


def _against(mine: Checkpoint, note: Checkpoint, roots: dict[int, bytes], proofs: dict[int, list[bytes]]) -> str:
    """What speaks against the pack by the auditor's own checkpoint; empty when the log has grown from it."""
    known, proof = {0: EMPTY_ROOT, **roots, note.size: note.root}.get(mine.size), proofs.get(mine.size)
    if mine.origin != note.origin:
        return f"your checkpoint is of another log: {mine.origin}, not {note.origin}"
    if mine.size > note.size:
        return f"the pack is older than your checkpoint, or the log was rolled back: {note.size} < {mine.size}"
    if proof is None and known is None:
        return "the pack cannot show that the log grew from your checkpoint: it must be exported with --checkpoint"
    if known == mine.root or verify_consistency(mine.size, note.size, proof or (), mine.root, note.root):
        return ""
    return f"the log was rewritten: its first {mine.size} records are not those of your checkpoint"


def main(argv: Sequence[str] | None = None) -> int:
    """The command: prints what was proven or what is wrong; returns 0, 1 or 2 as the module says."""
    parser = argparse.ArgumentParser(description="Proves an evidence pack offline.")
    parser.add_argument("pack", nargs="?", type=Path, default=Path(__file__).parent, help="folder or zip; this folder")
    parser.add_argument("--checkpoint", type=Path, help="your own older checkpoint of the same log")
    parser.add_argument("--key", help="the verifier key you hold, or a file with it")
    try:
        status = 1 if (report := verify_pack(**vars(parser.parse_args(argv)))).wrong else 0
    except (OSError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        report, status = Report((), (str(error),)), 2
    lines = (*report.proven, *report.wrong[:10], ("all proven", "NOT PROVEN", "CANNOT BE READ")[status])
    print("\n".join(lines).encode("ascii", "backslashreplace").decode())  # noqa: T201 (plain letters, whatever a pack says)
    return status


if __name__ == "__main__":
    sys.exit(main())
