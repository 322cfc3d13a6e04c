"""Bearer tokens of an OpenID Connect issuer (JWT, RFC 7519): whom a token is about, if all of it holds (RFC 8725)."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from dataclasses import dataclass
from typing import Any, Final

import jwt

from api.access.jwks import ALGORITHMS, Jwks, SignatureKey

MAX_BYTES: Final = 8192
MAX_SUBJECT: Final = 200

_ALLOWED: Final = tuple(name for names in ALGORITHMS.values() for name in names)
_JWS: Final = jwt.PyJWS(algorithms=_ALLOWED, options={"enforce_minimum_key_length": True})
_SHAPE: Final = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_POINTERS: Final = ("jku", "x5u", "jwk", "x5c", "crit")
"""Header members that bring or name a key of the token's own choosing, or demand what we do not know."""

_ALGORITHM_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,10}")
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND: Final = dt.timedelta(seconds=1)
_LONGEST_SHOWN: Final = 10**12

Claims = dict[str, Any]


class TokenRefusedError(Exception):
    """The token does not hold; the text tells the caller why and repeats nothing of the token but names and spans."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """What a token must be: of this issuer, for this audience, signed with one of its keys, at most `lifetime` s long.

    `leeway` is by how many seconds the issuer's clock and ours may differ.
    """

    issuer: str
    audience: str
    keys: Jwks
    lifetime: int = 3600
    leeway: int = 30

    def subject(self, token: str, now: dt.datetime) -> str:
        """Whom the token is about, at the moment `now` (with its time zone): the claim `sub`, 1 to 200 characters.

        Raises TokenRefusedError for every text that is not such a token, JwksUnavailableError when there is no key to
        check it with. What the claims say is looked at only once the signature holds.
        """
        claims = self._signed_claims(token)
        self._check_times(claims, (now - _EPOCH) // _SECOND)
        if _present(claims, "iss") != self.issuer:
            raise TokenRefusedError("the issuer is not the configured one")
        audience = _present(claims, "aud")
        if self.audience not in (audience if isinstance(audience, list) else [audience]):
            raise TokenRefusedError("the audience is not the configured one")
        subject = _present(claims, "sub")
        if not isinstance(subject, str) or not 1 <= len(subject) <= MAX_SUBJECT or not subject.isprintable():
            raise TokenRefusedError(f"sub is not a text of 1 to {MAX_SUBJECT} characters that can be printed")
        return subject

    def _signed_claims(self, token: str) -> Claims:
        if len(token) > MAX_BYTES:
            raise TokenRefusedError(f"the token is longer than {MAX_BYTES:,} bytes")
        shape = _SHAPE.fullmatch(token)
        if shape is None:
            raise TokenRefusedError("the token is not three parts of base64url with points between them")
        header = _header(shape[1])
        for name in _POINTERS:
            if name in header:
                raise TokenRefusedError(f"the header must not have `{name}`")
        algorithm = header.get("alg")
        if algorithm not in _ALLOWED:
            raise TokenRefusedError(f"the algorithm {_shown(algorithm)}is not allowed: use {', '.join(_ALLOWED)}")
        key = self._key(header)
        if algorithm not in key.algorithms:
            raise TokenRefusedError(f"the algorithm {_shown(algorithm)}is not that of the key")
        try:
            payload = _JWS.decode(token, key.public, key.algorithms)
        except jwt.PyJWTError:
            raise TokenRefusedError("the signature does not fit") from None
        return _json_object(payload, "the payload")

    def _key(self, header: Claims) -> SignatureKey:
        keys = self.keys.current()
        if "kid" not in header:
            if len(keys) != 1:
                raise TokenRefusedError(f"the header has no kid, and the issuer has {len(keys)} keys")
            return keys[0]
        kid = header["kid"]
        for key in keys:
            if isinstance(kid, str) and key.kid == kid:
                return key
        raise TokenRefusedError("the kid is not that of one of the issuer's keys")

    def _check_times(self, claims: Claims, now: int) -> None:
        """Whether exp, iat and nbf fit the moment `now`, in whole seconds of Unix time."""
        expires, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
        lifetime = expires - issued
        if lifetime <= 0:
            raise TokenRefusedError("exp is not after iat")
        if lifetime > self.lifetime:
            length = f"{lifetime:,} s" if lifetime < _LONGEST_SHOWN else "beyond any calendar"
            raise TokenRefusedError(f"the lifetime is {length}, allowed are {self.lifetime:,} s")
        if expires + self.leeway <= now:
            raise TokenRefusedError("exp has passed: ask the issuer for a new token")
        if issued > now + self.leeway:
            raise TokenRefusedError("iat lies in the future: do the clocks differ?")
        if "nbf" in claims and _seconds(claims, "nbf") > now + self.leeway:
            raise TokenRefusedError("nbf lies in the future: the token may not be used yet")


def _header(part: str) -> Claims:
    try:
        raw = base64.urlsafe_b64decode(part + "==")
    except ValueError:
        raise TokenRefusedError("the header is not base64url") from None
    return _json_object(raw, "the header")


def _json_object(raw: bytes, place: str) -> Claims:
    """The members of a JSON object; none may stand there twice, or two readers could see two different tokens."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise TokenRefusedError(f"{place} is not JSON, or names a member twice") from None
    if not isinstance(value, dict):
        raise TokenRefusedError(f"{place} is not a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> Claims:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError
    return members


def _present(claims: Claims, name: str) -> Any:
    if name not in claims:
        raise TokenRefusedError(f"{name} is missing")
    return claims[name]


def _seconds(claims: Claims, name: str) -> int:
    value = _present(claims, name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise TokenRefusedError(f"{name} is not a whole number of seconds")
    return value


def _shown(algorithm: Any) -> str:
    """The name of an algorithm to show, with a space; nothing for what is not short enough to be one."""
    known = isinstance(algorithm, str) and _ALGORITHM_NAME.fullmatch(algorithm)
    return f"`{algorithm}` " if known else ""
