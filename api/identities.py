"""Random names given at the edge: of decisions, revisions and requests."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letters that look like digits."""

_MILLISECOND: Final = dt.timedelta(milliseconds=1)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def new_id(prefix: str, at: dt.datetime) -> str:
    """`prefix`, `_` and 26 characters: 48 bits of time in milliseconds, then 80 random bits (the layout of a ULID).

    Ids made later sort later, to the millisecond, which keeps the database's index dense.
    """
    number = ((at - _EPOCH) // _MILLISECOND << 80) | secrets.randbits(80)
    return f"{prefix}_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
