"""Signatures, verifier keys and checkpoints of the verifier: published vectors, another implementation, strictness."""

from __future__ import annotations

import base64
import hashlib
import random
import re

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from api.audit.verify import parse_note, parse_vkey, verify_note, verify_signature
from tests import packs

ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19

# RFC 8032, section 7.1: public key, message, halves of the signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155",
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac",
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589",
        "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]

# The example of golang.org/x/mod/sumdb/note.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_SAID = b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NEUMANN_SIGNED = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="

KEY, OTHER = packs.signing_key(1), packs.signing_key(2)
LEAVES = [packs.leaf(bytes([number])) for number in range(12)]
NOTE = packs.checkpoint(LEAVES, KEY, more="time 2026-11-29T15:00:00.000000Z\n")


@pytest.mark.parametrize(("public_key", "message", "r", "s"), RFC_8032)
def test_vectors_of_rfc_8032(public_key: str, message: str, r: str, s: str) -> None:
    key, said, signed = bytes.fromhex(public_key), bytes.fromhex(message), bytes.fromhex(r + s)
    assert verify_signature(key, said, signed)
    assert not verify_signature(key, said + b"!", signed)
    for bit in range(0, 512, 5):
        flipped = (int.from_bytes(signed, "little") ^ 1 << bit).to_bytes(64, "little")
        assert not verify_signature(key, said, flipped)


def openssl_accepts(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200), chance=st.randoms())
def test_another_implementation_agrees(seed: bytes, message: bytes, chance: random.Random) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key, signed = private.public_key().public_bytes_raw(), private.sign(message)
    assert verify_signature(key, message, signed)
    bit = chance.randrange(512)
    flipped = (int.from_bytes(signed, "little") ^ 1 << bit).to_bytes(64, "little")
    other = (int.from_bytes(key, "little") ^ 1 << chance.randrange(256)).to_bytes(32, "little")
    for case in ((key, message, flipped), (other, message, signed), (key, message + b"x", signed)):
        assert verify_signature(*case) is openssl_accepts(*case) is False


def test_a_signature_has_one_form_only() -> None:
    key, signed = KEY.public_key().public_bytes_raw(), KEY.sign(b"said")
    s = int.from_bytes(signed[32:], "little")
    for multiple in range(1, 16):
        if (larger := s + multiple * ORDER) < 2**256:
            assert not verify_signature(key, b"said", signed[:32] + larger.to_bytes(32, "little"))
    for wrong in (signed[:-1], signed + b"\0", b"", signed[:32]):
        assert not verify_signature(key, b"said", wrong)
    for wrong in (key[:-1], key + b"\0", b""):
        assert not verify_signature(wrong, b"said", signed)


@pytest.mark.parametrize("y", [0, 1, PRIME - 1, PRIME, PRIME + 1, 2**255 - 1])
@pytest.mark.parametrize("sign", [0, 1])
def test_points_that_are_not_canonical_are_no_keys_and_no_commitments(y: int, sign: int) -> None:
    encoded = (y | sign << 255).to_bytes(32, "little")
    if y >= PRIME or (sign and y in (1, PRIME - 1)):
        # With s = 0 any k gives R = -k A; a small-order A under another writing would be R = A or the neutral point.
        for r in (encoded, (1).to_bytes(32, "little")):
            assert not verify_signature(encoded, b"said", r + bytes(32))
    assert not verify_signature(KEY.public_key().public_bytes_raw(), b"said", encoded + KEY.sign(b"said")[32:])


def test_a_published_verifier_key_and_signature() -> None:
    name, key_id, public_key = parse_vkey(NEUMANN)
    signature = base64.b64decode(NEUMANN_SIGNED)
    assert (name, key_id.hex(), len(public_key)) == ("PeterNeumann", "c74f20a3", 32)
    assert signature[:4] == key_id
    assert verify_signature(public_key, NEUMANN_SAID, signature[4:])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        NEUMANN + " ",
        NEUMANN + "\n",
        NEUMANN.replace("c74f20a3", "c74f20a4"),
        NEUMANN.replace("c74f20a3", "C74F20A3"),
        NEUMANN.replace("Peter", "Paul"),
        NEUMANN.replace("Peter", "Peter "),
        NEUMANN.replace("10TW", "10T"),
        NEUMANN.replace("10TW", "10TX"),
        NEUMANN.replace("+ARpc", "+AhpC"),
        NEUMANN.replace("/", "_"),
        "x+00000000+\N{LATIN SMALL LETTER E WITH ACUTE}",
    ],
)
def test_a_verifier_key_is_read_strictly(text: str) -> None:
    with pytest.raises(ValueError, match=r"verifier key|base64|ASCII|padding"):
        parse_vkey(text)


def test_a_checkpoint_is_read() -> None:
    note = parse_note(NOTE)
    assert (note.origin, note.size, note.root) == (packs.ORIGIN, 12, packs.root(LEAVES))
    assert note.extensions == ("time 2026-11-29T15:00:00.000000Z",)
    assert NOTE.startswith(note.text + "\n")
    assert [(name, len(key_id), len(signed)) for name, key_id, signed in note.signatures] == [(packs.ORIGIN, 4, 64)]
    assert parse_note(packs.checkpoint([], KEY)).size == 0
    # The example of c2sp.org/tlog-checkpoint.
    example = parse_note(
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\N{EM DASH} "
        "example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+"
        "xeMcTOAYQ8=\n"
    )
    assert (example.size, example.extensions) == (20852163, ())


def test_a_checkpoint_is_signed_by_a_known_key_of_its_origin() -> None:
    ours, other = parse_vkey(packs.vkey(KEY)), parse_vkey(packs.vkey(OTHER))
    note = parse_note(NOTE)
    assert verify_note(note, [ours])
    assert verify_note(note, [other, ours])
    assert not verify_note(note, [other])
    assert not verify_note(note, [])
    assert not verify_note(parse_note(NOTE.replace("15:00", "16:00")), [ours])
    elsewhere = parse_note(packs.signed(note.text, KEY, "elsewhere"))
    assert not verify_note(elsewhere, [parse_vkey(packs.vkey(KEY, "elsewhere"))])


def test_signatures_of_others_are_passed_over_and_a_false_one_of_a_known_key_is_not() -> None:
    ours = parse_vkey(packs.vkey(KEY))
    witness = base64.b64encode(b"\x12\x34\x56\x78" + bytes(8 + 64)).decode()
    assert verify_note(parse_note(f"{NOTE}\N{EM DASH} witness.example/w1 {witness}\n"), [ours])
    forged = base64.b64encode(packs.key_id(KEY) + bytes(64)).decode()
    assert not verify_note(parse_note(f"{NOTE}\N{EM DASH} {packs.ORIGIN} {forged}\n"), [ours])
    same_name = base64.b64encode(packs.key_id(OTHER) + bytes(64)).decode()
    assert verify_note(parse_note(f"{NOTE}\N{EM DASH} {packs.ORIGIN} {same_name}\n"), [ours])


ROOT = base64.b64encode(packs.root(LEAVES)).decode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n12\n", "\n012\n"),
        ("\n12\n", "\n+12\n"),
        ("\n12\n", "\n-12\n"),
        ("\n12\n", "\n12 \n"),
        ("\n12\n", "\n1_2\n"),
        ("\n12\n", "\n\N{ARABIC-INDIC DIGIT ONE}2\n"),
        ("\n12\n", "\n\n"),
        ("\n12\n", f"\n{2**63}\n"),
        ("\n12\n", "\n12\r\n"),
        (ROOT, ROOT[:-1]),
        (ROOT, ROOT + "="),
        (ROOT, ROOT[:-2] + chr(ord(ROOT[-2]) + 1) + "="),
        (ROOT, base64.b64encode(bytes(31)).decode()),
        (ROOT, base64.b64encode(bytes(33)).decode()),
        (ROOT, " " + ROOT),
        (packs.ORIGIN + "\n", "\n"),
        ("time", "\ntime"),
        ("time", "ti\tme"),
        ("\n\n", "\n"),
        ("\n\n", "\n\n\n"),
        ("\N{EM DASH} ", "- "),
        ("\N{EM DASH} ", "\N{EM DASH}  "),
        (f"\N{EM DASH} {packs.ORIGIN}", "\N{EM DASH} a+b"),
        (f"\N{EM DASH} {packs.ORIGIN}", "\N{EM DASH} a\x01b"),
        (f"\N{EM DASH} {packs.ORIGIN} ", "\N{EM DASH} "),
        (f"\N{EM DASH} {packs.ORIGIN} ", f"\N{EM DASH} {packs.ORIGIN} !"),
    ],
)
def test_a_checkpoint_is_read_strictly(old: str, new: str) -> None:
    assert old in NOTE
    with pytest.raises(ValueError, match=r"not a checkpoint|base64|padding"):
        parse_note(NOTE.replace(old, new, 1))


@pytest.mark.parametrize(
    "text", ["", "\n", "\n\n", NOTE[:-1], NOTE + "\n", NOTE + "more", NOTE.split("\n\n")[0] + "\n\n"]
)
def test_a_checkpoint_ends_with_its_signatures(text: str) -> None:
    with pytest.raises(ValueError, match="not a checkpoint"):
        parse_note(text)


def test_a_checkpoint_has_at_most_64_signatures() -> None:
    line = NOTE.split("\n\n")[1]
    assert len(parse_note(NOTE + line * 63).signatures) == 64
    with pytest.raises(ValueError, match="not a checkpoint"):
        parse_note(NOTE + line * 64)


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from("\n \N{EM DASH}+=/019Aa\x00\x85\N{LINE SEPARATOR}"), max_size=80))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    for read in (parse_note, parse_vkey):
        try:
            read(text)
        except ValueError as error:
            assert re.search(r"\w", str(error))  # noqa: PT017 (either outcome is right; a reason must be given)
