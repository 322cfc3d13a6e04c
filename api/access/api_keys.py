"""API keys: how a new one is made, recognised in a text, matched against its hash, and hidden from logs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

KEY_SHAPE: Final = re.compile(r"writ_([a-z2-7]{8})_[A-Za-z0-9_-]{43}")
"""A key anywhere in a text; its group is the prefix. Scanners for leaked secrets can be given the same expression."""

# A key that was cut off, or that something follows, still gives most of its secret away.
_SECRET = re.compile(r"(writ_[a-z2-7]{8}_)[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: `secret` is its whole text, shown once; `prefix` and `sha256` (hexadecimal) are what is kept."""

    secret: str
    prefix: str
    sha256: str


def new_key() -> NewKey:
    """A key of 256 random bits: `writ_`, the prefix (8 of a-z and 2-7, public), `_` and 43 characters of base64url."""
    prefix = base64.b32encode(secrets.token_bytes(5)).decode().lower()
    secret = f"writ_{prefix}_{secrets.token_urlsafe(32)}"
    return NewKey(secret, prefix, _sha256(secret))


def prefix_of(text: str) -> str | None:
    """The prefix of a key; None unless the whole text has the shape of one."""
    found = KEY_SHAPE.fullmatch(text)
    return found[1] if found else None


def matches(text: str, sha256: str) -> bool:
    """Whether `sha256` (hexadecimal) is the hash of the key `text`, in a time that does not tell how much of it fits.

    A plain SHA-256 is enough: slow hashes protect what people choose, and nobody guesses 256 random bits.
    """
    return hmac.compare_digest(_sha256(text).encode(), sha256.encode())


def hidden(text: str) -> str:
    """The text with the secret part of every key in it, whole or cut off, replaced by `…`; the prefixes stay."""
    return _SECRET.sub(r"\1…", text)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
