"""The log's signing key, and the checkpoints signed with it: C2SP signed notes, Ed25519.

The key stands in a file outside the database (`PRIVATE+KEY+name+id+key`, the form of Go's `sumdb/note`), so that who
can write the database alone cannot sign another history.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.audit.database import AuditUnavailableError
from api.audit.records import timestamp

KEY_MEND = "name its file with WRIT_LOG_KEY; if it is lost, move away what is there: writ audit rotate-key --lost"
"""What to do when the key cannot be used."""

_ED25519 = b"\x01"
_PREFIX = "PRIVATE+KEY+"
_SEED = 32


class KeyFileError(AuditUnavailableError):
    """The signing key cannot be read, made, or used for this log."""


@dataclass(frozen=True, slots=True)
class Signer:
    """The key of one log; `origin` is the log's name."""

    origin: str
    private: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """The verifier key as text: `name+id+key`. It is no secret: whoever has it can check checkpoints."""
        marked = _ED25519 + self.private.public_key().public_bytes_raw()
        return f"{self.origin}+{_key_id(self.origin, marked).hex()}+{base64.b64encode(marked).decode()}"

    def sign(self, size: int, root: bytes, at: dt.datetime) -> str:
        """The checkpoint of a log of `size` entries, as a signed note."""
        body = f"{self.origin}\n{size}\n{base64.b64encode(root).decode()}\ntime {timestamp(at)}\n"
        marked = _ED25519 + self.private.public_key().public_bytes_raw()
        signature = _key_id(self.origin, marked) + self.private.sign(body.encode())
        return f"{body}\n\N{EM DASH} {self.origin} {base64.b64encode(signature).decode()}\n"


def make_key(path: Path, origin: str) -> Signer:
    """A new key for a log, in a new file that only its owner may read; it is there whole or not at all.

    Raises KeyFileError.
    """
    signer = Signer(origin, Ed25519PrivateKey.generate())
    seed = _ED25519 + signer.private.private_bytes_raw()
    marked = _ED25519 + signer.private.public_key().public_bytes_raw()
    text = f"{_PREFIX}{origin}+{_key_id(origin, marked).hex()}+{base64.b64encode(seed).decode()}\n"
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a renaming, it replaces nobody's key
    except OSError as error:
        msg = f"cannot make the signing key `{path}`: {error.strerror}"
        raise KeyFileError(msg) from error
    finally:
        draft.unlink(missing_ok=True)
    return signer


def read_key(path: Path, origin: str) -> Signer:
    """The key in a file, which must be for the log of this name. Raises KeyFileError; it never shows the key."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        msg = f"cannot read the signing key `{path}`: {reason}"
        raise KeyFileError(msg) from error
    name, _, rest = text.removeprefix(_PREFIX).partition("+")
    try:
        seed = base64.b64decode(rest.partition("+")[2], validate=True)
    except binascii.Error:
        seed = b""
    if not text.startswith(_PREFIX) or seed[:1] != _ED25519 or len(seed) != 1 + _SEED:
        msg = f"`{path}` holds no signing key"
        raise KeyFileError(msg)
    if name != origin:
        msg = f"the signing key `{path}` is for the log `{name}`, not for `{origin}`"
        raise KeyFileError(msg)
    return Signer(origin, Ed25519PrivateKey.from_private_bytes(seed[1:]))


def _key_id(name: str, marked: bytes) -> bytes:
    return hashlib.sha256(f"{name}\n".encode() + marked).digest()[:4]
