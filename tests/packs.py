"""Evidence packs for tests: a small log with policies, parts, personal data and checkpoints, written as a pack.

The tree is RFC 9162's naive recursion and the signatures are the `cryptography` package's, so that nothing here shares
a line with the verifier.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "writ.example/log"
POLICY = b"name: limits\n"
POLICY_DIGEST = hashlib.sha256(POLICY).hexdigest()


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def leaf(body: bytes) -> bytes:
    return sha256(b"\x00" + body)


def split(size: int) -> int:
    """The largest power of two below the size."""
    k = 1
    while 2 * k < size:
        k *= 2
    return k


def root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"")
    k = split(len(leaves))
    return sha256(b"\x01" + root(leaves[:k]) + root(leaves[k:]))


def inclusion(seq: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if seq < k:
        return [*inclusion(seq, leaves[:k]), root(leaves[k:])]
    return [*inclusion(seq - k, leaves[k:]), root(leaves[:k])]


def consistency(old: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if old <= k:
        return [*consistency(old, leaves[:k], whole=whole), root(leaves[k:])]
    return [*consistency(old - k, leaves[k:], whole=False), root(leaves[:k])]


def outside(first: int, end: int, leaves: Sequence[bytes], low: int = 0) -> list[bytes]:
    high = low + len(leaves)
    if high <= first or low >= end:
        return [root(leaves)]
    if first <= low and high <= end:
        return []
    k = split(len(leaves))
    return outside(first, end, leaves[:k], low) + outside(first, end, leaves[k:], low + k)


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def signing_key(seed: int = 1) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def _typed_key(key: Ed25519PrivateKey) -> bytes:
    return b"\x01" + key.public_key().public_bytes_raw()


def key_id(key: Ed25519PrivateKey, name: str = ORIGIN) -> bytes:
    return sha256(name.encode() + b"\n" + _typed_key(key))[:4]


def vkey(key: Ed25519PrivateKey, name: str = ORIGIN) -> str:
    return f"{name}+{key_id(key, name).hex()}+{base64.b64encode(_typed_key(key)).decode()}"


def signed(text: str, key: Ed25519PrivateKey, name: str = ORIGIN) -> str:
    """A note: the text, an empty line, the key's signature."""
    signature = base64.b64encode(key_id(key, name) + key.sign(text.encode())).decode()
    return f"{text}\n\N{EM DASH} {name} {signature}\n"


def checkpoint(leaves: Sequence[bytes], key: Ed25519PrivateKey, *, origin: str = ORIGIN, more: str = "") -> str:
    return signed(f"{origin}\n{len(leaves)}\n{base64.b64encode(root(leaves)).decode()}\n{more}", key, origin)


@dataclass
class Log:
    """A log in memory: record bodies, and what is kept beside them."""

    bodies: list[bytes] = field(default_factory=list)
    key: Ed25519PrivateKey = field(default_factory=signing_key)
    policies: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, bytes] = field(default_factory=dict)
    personal: list[dict[str, Any]] = field(default_factory=list)

    @property
    def leaves(self) -> list[bytes]:
        return [leaf(body) for body in self.bodies]

    def add(self, **members: Any) -> int:
        self.bodies.append(canonical(members))
        return len(self.bodies) - 1

    def add_policy(self, text: bytes) -> str:
        digest = hashlib.sha256(text).hexdigest()
        self.policies[digest] = text
        return digest

    def add_part(self, value: Any) -> str:
        part = canonical(value)
        digest = hashlib.sha256(part).hexdigest()
        self.parts[digest] = part
        return digest

    def commit(self, pointer: str, value: Any) -> str:
        """Keeps a personal value of the record that comes next; gives its commitment."""
        seq = len(self.bodies)
        salt = hashlib.sha256(f"{seq}{pointer}".encode()).digest()[:16]
        self.personal.append({"seq": seq, "pointer": pointer, "salt": salt.hex(), "value": value})
        return sha256(salt + canonical(value)).hex()


def sample_log(size: int) -> Log:
    """Decisions by one policy: each tenth with personal data, each seventh with its facts stored beside it."""
    log = Log()
    digest = log.add_policy(POLICY)
    for seq in range(size):
        members: dict[str, Any] = {"kind": "decision", "id": f"dec_{seq}", "bundle_digest": digest}
        if seq == 0:
            members["kind"] = "revision"
        if seq % 10 == 3:
            names = {"/facts/customer/name": f"Müller {seq}", "/facts/customer/born": None}
            members["personal"] = {pointer: log.commit(pointer, value) for pointer, value in names.items()}
        if seq % 7 == 5:
            members["facts_sha256"] = log.add_part({"invoices": ["1.00"] * (seq % 3)})
        else:
            members["facts"] = {"amount": str(seq), "note": '"bundle_digest":"in text"'}
        log.add(**members)
    return log


def write_pack(
    folder: Path,
    log: Log,
    first: int = 0,
    end: int | None = None,
    *,
    checkpoints: Iterable[int] = (),
    consistent_with: Iterable[int] = (),
) -> Path:
    """The pack of the records from `first` up to but not `end`, with the whole log's checkpoint."""
    leaves = log.leaves
    end = len(leaves) if end is None else end
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log.jsonl").write_bytes(b"".join(body + b"\n" for body in log.bodies[first:end]))
    (folder / "leaves.bin").write_bytes(b"".join(leaves[first:end]))
    proof = {
        "first": first,
        "end": end,
        "size": len(leaves),
        "outside": [each.hex() for each in outside(first, end, leaves)] if leaves else [],
        "consistency": [
            {"size": size, "proof": [each.hex() for each in consistency(size, leaves)]} for size in consistent_with
        ],
    }
    (folder / "proof.json").write_text(json.dumps(proof))
    newest = checkpoint(leaves, log.key, more="time 2026-11-29T15:00:00.000000Z\n")
    (folder / "checkpoint.note").write_text(newest, encoding="utf-8")
    earlier = [{"note": checkpoint(leaves[:size], log.key)} for size in checkpoints]
    (folder / "checkpoints.jsonl").write_bytes(b"".join(canonical(each) + b"\n" for each in earlier))
    for name, files, ending in (("policies", log.policies, "yaml"), ("parts", log.parts, "json")):
        (folder / name).mkdir(exist_ok=True)
        for digest, data in files.items():
            (folder / name / f"{digest}.{ending}").write_bytes(data)
    values = [each for each in log.personal if first <= each["seq"] < end]
    (folder / "personal.jsonl").write_bytes(b"".join(canonical(each) + b"\n" for each in values))
    (folder / "pubkey.txt").write_text(vkey(log.key) + "\n")
    (folder / "README.txt").write_text("An evidence pack.\n")
    return folder
