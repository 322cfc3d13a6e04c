"""The proof on a certificate: the record's place in the log, the hashes up to the signed root, and how to verify."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from api.audit.certificate.markup import Markup, pairs, tag, text, together
from api.audit.certificate.values import Reader
from api.audit.certificate.values import show as show_value
from engine.decision import Json


def proof(
    seq: int, leaf: bytes, inclusion: Sequence[bytes], checkpoint: str, key: str, key_sha256: Json, reader: Reader
) -> Markup:
    """All of the proof, hashes in hex and the note as it stands, then what it shows and what it does not."""
    return together(
        [
            pairs(_entries(seq, leaf, inclusion, checkpoint, key, key_sha256, reader), "proof"),
            *(tag("p", _with_code(reader.say(sentence))) for sentence in ("verify", "proves", "proves_not")),
        ]
    )


def _entries(
    seq: int, leaf: bytes, inclusion: Sequence[bytes], checkpoint: str, key: str, key_sha256: Json, reader: Reader
) -> Iterator[tuple[str, str]]:
    size = _size(checkpoint)
    yield reader.say("record"), reader.say("record_of").format(seq, size) if size else str(seq)
    yield reader.say("leaf"), tag("code", leaf.hex())
    if key_sha256 is not None:
        yield reader.say("key_sha256"), tag("code", show_value(key_sha256, reader))
    hashes = tag("ol", *(tag("li", tag("code", each.hex())) for each in inclusion))
    yield reader.say("inclusion"), hashes if inclusion else reader.say("no_inclusion")
    # A note is lines of text, and its signature covers them: each is shown as it is, on a line of its own.
    yield reader.say("checkpoint"), tag("pre", together((text(line) for line in checkpoint.split("\n")), Markup("\n")))
    yield reader.say("verifier_key"), tag("code", key)


def _size(checkpoint: str) -> str | None:
    """The number of records that a checkpoint speaks of: its second line."""
    lines = checkpoint.split("\n")
    return lines[1] if len(lines) > 1 and lines[1].isascii() and lines[1].isdigit() else None


def _with_code(sentence: str) -> Markup:
    """A sentence of the certificate with what stands between backticks as code."""
    pieces = sentence.split("`")
    return together(tag("code", piece) if number % 2 else text(piece) for number, piece in enumerate(pieces))
