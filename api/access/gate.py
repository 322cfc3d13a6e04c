"""The gate: who asks, by which key or token, and whether one of their roles lets them in."""

from __future__ import annotations

import base64
import datetime as dt
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from anyio.to_thread import run_sync
from fastapi import Request

from api.access.api_keys import KEY_SHAPE, matches, prefix_of
from api.access.jwks import Jwks, JwksUnavailableError
from api.access.rates import Buckets
from api.access.tokens import TokenRefusedError, Verifier
from api.audit.database import AuditUnavailableError
from api.audit.moments import Clock
from api.audit.records import timestamp
from api.governance.governed import AccessKey, Governed
from api.governance.register import Register
from api.problems import RETRY_SECONDS, Problem
from api.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

AGAIN = 0.05
"""Seconds between looks at the database for keys that nobody knows, so that guessing costs it little."""

_CHALLENGES = 'Bearer realm="writ", Basic realm="writ: any name, the key as password", charset="UTF-8"'
_SECRETS_IN_URL = frozenset({"access_token", "api_key", "apikey", "key", "token"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a registered person or system, its roles, and the prefix of its key (None: it came with a token).

    `needed` are the roles of which the route takes one.
    """

    id: str
    kind: str
    roles: frozenset[str]
    key: str | None
    needed: frozenset[str] = frozenset()

    def admitted(self, governed: Governed, at: dt.datetime) -> Caller:
        """The caller as the state has it by now: a body may be long under way. Raises Problem."""
        key = None if self.key is None else governed.keys[self.key]
        if key is not None and not key.live(at):
            raise _unknown(_why_not(key))
        return replace(self, roles=governed.principals[self.id].roles).with_role()

    def with_role(self) -> Caller:
        """The caller again. Raises Problem without a role that the route takes."""
        if self.needed and not self.roles & self.needed:
            wanted = " or ".join(f"`{role}`" for role in sorted(self.needed))
            raise Problem("role_missing", f"`{self.id}` would need the role {wanted}")
        return self


class Gate:
    """Knows callers by their keys and tokens, and counts what each asks."""

    def __init__(self, settings: Settings, register: Register, clock: Clock) -> None:
        self.register = register
        self.clock = clock
        self.rates = Buckets(settings.rate)
        self.failures = Buckets(settings.failures)
        self.verifier: Verifier | None = None
        if settings.oidc_issuer and settings.oidc_audience and settings.oidc_jwks:
            keys = Jwks(settings.oidc_jwks)
            self.verifier = Verifier(settings.oidc_issuer, settings.oidc_audience, keys, settings.oidc_lifetime)

    async def admit(self, request: Request) -> Caller:
        """Who asks. Raises Problem."""
        _refuse_secret_in_url(request)
        _refuse_foreign_page(request)
        try:
            caller = await self._known(_credentials(request))
        except Problem as problem:
            if problem.code == "credentials_invalid":
                self._count_failure(request)
            raise
        wait = self.rates.take(caller.key or f"token {caller.id}")
        if wait > 0:
            detail = f"`{caller.key or caller.id}` asks too often"
            raise Problem("rate_limited", detail, headers={"Retry-After": str(math.ceil(wait))})
        return caller

    async def _known(self, credentials: str) -> Caller:
        is_key = KEY_SHAPE.match(credentials) is not None
        try:
            fresh = self.register.fresh()
            governed = fresh if fresh is not None else await run_sync(self.register.current)
            if is_key and prefix_of(credentials) not in governed.keys:
                # Another node, or a command beside the log, may have made it a moment ago.
                governed = await run_sync(self.register.looked, AGAIN)
        except AuditUnavailableError as error:
            detail = "who may do what cannot be read now"
            raise Problem("audit_unavailable", detail, headers={"Retry-After": str(RETRY_SECONDS)}) from error
        if is_key:
            return self._by_key(governed, credentials)
        if self.verifier is None or credentials.count(".") != 2:  # noqa: PLR2004 (a token has three parts)
            raise _unknown("this is no key of this service; was it cut off?")
        return await run_sync(self._by_token, governed, self.verifier, credentials)

    def _by_key(self, governed: Governed, text: str) -> Caller:
        key = governed.keys.get(prefix_of(text) or "")
        if key is None or not matches(text, key.sha256):
            raise _unknown("there is no such key")
        if not key.live(self.clock()):
            raise _unknown(_why_not(key))
        holder = governed.principals[key.holder]
        return Caller(holder.id, holder.kind, holder.roles, key.prefix)

    def _by_token(self, governed: Governed, verifier: Verifier, token: str) -> Caller:
        try:
            subject = verifier.subject(token, self.clock())
        except TokenRefusedError as error:
            raise _unknown(f"the token is refused: {error}") from None
        except JwksUnavailableError as error:
            detail = "the keys of the token's issuer cannot be read now"
            raise Problem("issuer_unavailable", detail, headers={"Retry-After": str(RETRY_SECONDS)}) from error
        for one in governed.principals.values():
            if one.oidc_subject == subject:
                return Caller(one.id, one.kind, one.roles, None)
        raise _unknown("nobody is registered for the subject of this token")

    def _count_failure(self, request: Request) -> None:
        source = request.client.host if request.client is not None else ""
        wait = self.failures.take(source)
        if wait > 0:
            detail = "too many requests from this address had no valid key"
            raise Problem("too_many_failures", detail, headers={"Retry-After": str(math.ceil(wait))})


def needs(*roles: str) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency of a route: who asks, once one of these roles lets them; without roles whoever has a key."""

    async def admitted(request: Request) -> Caller:
        gate: Gate = request.app.state.running.gate
        caller = replace(await gate.admit(request), needed=frozenset(roles))
        request.state.caller = caller
        return caller.with_role()

    return admitted


def _why_not(key: AccessKey) -> str:
    if key.revoked is not None:
        return f"the key `{key.prefix}` was revoked on {timestamp(key.revoked)}"
    return f"the key `{key.prefix}` expired on {timestamp(key.expires)}"


def _unknown(detail: str) -> Problem:
    return Problem("credentials_invalid", detail, headers={"WWW-Authenticate": _CHALLENGES})


def _credentials(request: Request) -> str:
    given = request.headers.getlist("authorization")
    if not given:
        detail = "the header Authorization is missing"
        raise Problem("credentials_missing", detail, headers={"WWW-Authenticate": _CHALLENGES})
    scheme, _, rest = given[0].strip().partition(" ")
    if len(given) > 1 or not rest.strip():
        raise _unknown("send one header Authorization: `Bearer` and the key")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        raise _unknown("send `Authorization: Bearer` and the key, or Basic with the key as password")
    try:
        return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        raise _unknown("the Basic credentials are not base64 of `name:key`") from None


def _refuse_secret_in_url(request: Request) -> None:
    """Addresses end up in histories and in other people's logs: a key that stood in one is burnt."""
    asked = unquote(f"{request.url.path}?{request.url.query}")
    if KEY_SHAPE.search(asked) or _SECRETS_IN_URL & {name.lower() for name in request.query_params}:
        detail = "a key or token stands in the address: send it in the header Authorization, and revoke it"
        raise Problem("credentials_in_url", detail, headers={"WWW-Authenticate": _CHALLENGES})


def _refuse_foreign_page(request: Request) -> None:
    """A browser adds what it has stored to requests of any page: only our own pages may change anything (CSRF)."""
    origin = request.headers.get("origin")
    if request.method in SAFE_METHODS or origin is None:
        return
    try:
        place = urlsplit(origin).netloc
    except ValueError:
        place = ""
    if place.lower() != request.headers.get("host", "").lower():
        raise Problem("csrf", "the page that sends this request is not one of this service")
