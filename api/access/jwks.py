"""The public keys of the issuer of bearer tokens, read from a JSON Web Key Set (RFC 7517) and kept fresh."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from api.strict_json import BadJson, JsonValue, parse

log = logging.getLogger("writ")

ALGORITHMS: Final[Mapping[str, tuple[str, ...]]] = {"RSA": ("RS256", "PS256"), "EC": ("ES256",), "OKP": ("EdDSA",)}
"""The signature algorithms that are accepted, by the type of their key: public keys only, no shared secret."""

MAX_BYTES: Final = 256 * 1024
KEPT_SECONDS: Final = 3600.0
"""How long the last good set is used while no newer one can be read."""

RETRY_SECONDS: Final = 10.0
"""How long after a failure the source is left alone."""

_MEMBERS: Final = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_CURVES: Final = {"RSA": None, "EC": "P-256", "OKP": "Ed25519"}
_RSA_BITS: Final = range(2048, 8192 + 1)
"""Fewer are weak (NIST SP 800-131A); more only make every check slow."""

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey


class JwksUnavailableError(Exception):
    """There is no set of keys that may still be used; the text says why the source could not be read."""


class _UnreadableError(Exception):
    """The source holds no set of keys."""


@dataclass(frozen=True, slots=True)
class SignatureKey:
    """A public key that checks signatures, with the algorithms it may be used for; `kid` names it in the set."""

    kid: str | None
    algorithms: tuple[str, ...]
    public: PublicKey


Keys = tuple[SignatureKey, ...]


@dataclass(frozen=True, slots=True)
class _Good:
    keys: Keys
    read_at: float


class Jwks:
    """The set of keys at an https or http URL, or in a file, read at the first need and again once `refresh` s old.

    Nothing else makes it read: no token can. Thread-safe: one thread reads, the others go on with the old set. A URL
    is given up after `timeout` seconds in all, follows no redirect and may send 256 KiB. `clock` answers seconds that
    never go back.
    """

    def __init__(
        self,
        source: str,
        refresh: float = 300,
        *,
        timeout: float = 5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        _check_source(source)
        self._source = source
        self._refresh = refresh
        self._timeout = timeout
        self._clock = clock
        self._turn = Lock()
        self._good: _Good | None = None
        self._failure: str | None = None
        self._next_read: float | None = None

    def current(self) -> Keys:
        """The keys that may be used now; may read the source, so not for the event loop's thread.

        Raises JwksUnavailableError when none were ever read, or the last good ones are an hour old.
        """
        if self._due():
            # Who has an old set, or knows that the source is silent, does not wait for the one that reads.
            wait = self._usable() is None and self._failure is None
            if self._turn.acquire(blocking=wait):
                try:
                    if self._due():
                        self._read()
                finally:
                    self._turn.release()
        good = self._usable()
        if good is None:
            raise JwksUnavailableError(self._failure or "the key set is being read")
        return good.keys

    def _due(self) -> bool:
        return self._next_read is None or self._clock() >= self._next_read

    def _usable(self) -> _Good | None:
        good = self._good
        return good if good is not None and self._clock() - good.read_at < KEPT_SECONDS else None

    def _read(self) -> None:
        began = self._clock()
        try:
            keys = read_keys(self._fetched())
        except _UnreadableError as error:
            self._failure = f"the key set `{self._source}` cannot be read: {error}"
            log.warning("%s", self._failure)
            self._next_read = self._clock() + min(RETRY_SECONDS, self._refresh)
            return
        self._good, self._failure = _Good(keys, began), None
        self._next_read = began + self._refresh

    def _fetched(self) -> bytes:
        try:
            if _is_url(self._source):
                return asyncio.run(_fetch(self._source, self._timeout))
            with Path(self._source).open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except (TimeoutError, httpx.TimeoutException):
            raise _UnreadableError(f"no answer within {self._timeout:g} s") from None
        except (httpx.HTTPError, OSError) as error:
            raise _UnreadableError(str(error) or type(error).__name__) from None


def _is_url(source: str) -> bool:
    return source.lower().startswith(("https://", "http://"))


def _check_source(source: str) -> None:
    """Raises ValueError: the settings want to know at the start."""
    if not _is_url(source):
        if "://" in source:
            raise ValueError(f"the key set `{source}` is neither an https or http URL nor a file")
        return
    try:
        url = httpx.URL(source)
    except httpx.InvalidURL as error:
        raise ValueError(f"the key set `{source}` is no URL: {error}") from None
    if not url.host or url.userinfo:
        raise ValueError("the URL of the key set must have a host and no user name or password")


async def _fetch(url: str, seconds: float) -> bytes:
    """The body at `url`. The deadline is for all of it: a timeout of httpx alone begins anew with every byte."""
    # A packed body could be far larger than what was counted.
    plain = {"Accept": "application/jwk-set+json, application/json", "Accept-Encoding": "identity"}
    async with (
        asyncio.timeout(seconds),
        httpx.AsyncClient(timeout=seconds, follow_redirects=False) as client,
        client.stream("GET", url, headers=plain) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise _UnreadableError(f"status {answer.status_code}")
        body = b""
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > MAX_BYTES:
                break
        return body


def read_keys(raw: bytes) -> Keys:
    """The keys of a set that can be used here; the others are left out, as RFC 7517 section 5 has it.

    A key is kept when it is a public one for signatures: RSA of 2048 to 8192 bits, EC on P-256 or Ed25519. Raises
    _UnreadableError when this is no set, is over 256 KiB or names two of its keys alike.
    """
    try:
        document = parse(raw, MAX_BYTES)
    except BadJson as error:
        raise _UnreadableError(error.detail) from None
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise _UnreadableError("it has no list `keys`")
    found = tuple(key for entry in entries if (key := _signature_key(entry)) is not None)
    names = [key.kid for key in found if key.kid is not None]
    if len(set(names)) < len(names):
        raise _UnreadableError("two of its keys have the same kid")
    if not found:
        log.warning("none of the %d keys in the key set can be used: every token will be refused", len(entries))
    return found


def _signature_key(entry: JsonValue) -> SignatureKey | None:
    """The key of one entry; None when it is not for us."""
    if not isinstance(entry, dict):
        return None
    kty, kid, operations = entry.get("kty"), entry.get("kid"), entry.get("key_ops", ["verify"])
    if not isinstance(kty, str) or kty not in ALGORITHMS or not (kid is None or isinstance(kid, str)):
        return None
    if entry.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return None
    # A private key that stands in public is no secret any more.
    if "d" in entry or entry.get("crv") != _CURVES[kty]:
        return None
    algorithms = tuple(name for name in ALGORITHMS[kty] if entry.get("alg", name) == name)
    members = {name: entry.get(name) for name in _MEMBERS[kty]}
    if not algorithms or not all(isinstance(value, str) for value in members.values()):
        return None
    try:
        public = jwt.PyJWK({"kty": kty, **members}, algorithms[0]).key
    except (jwt.PyJWTError, ValueError):
        return None
    if isinstance(public, RSAPublicKey) and public.key_size not in _RSA_BITS:
        return None
    return SignatureKey(kid, algorithms, public)
