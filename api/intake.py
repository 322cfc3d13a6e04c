"""What comes in with a request, read strictly: its media type, its body within limits, its key, its members."""

from __future__ import annotations

import asyncio

from anyio.to_thread import run_sync
from fastapi import Request

from api.problems import Problem, misfits_problem
from api.request import Request as Asked
from api.request import read_request
from api.strict_json import BadJson, JsonValue, parse

KEY_HEADER = "Idempotency-Key"
LONGEST_KEY = 255

LARGE = 100_000
"""Bytes from which on a body takes milliseconds to parse."""


async def read_json(request: Request, limit: int, seconds: float) -> JsonValue:
    """The body as JSON. Stops reading at `limit` bytes and after `seconds`. Raises Problem."""
    _check_headers(request)
    raw = await _read(request, limit, seconds)
    try:
        # A large body is parsed beside the event loop: decisions are not to wait for it.
        return parse(raw, limit) if len(raw) < LARGE else await run_sync(parse, raw, limit)
    except BadJson as bad:
        places = {"position": bad.position, "pointer": bad.pointer}
        raise Problem(
            bad.code, bad.detail, place={name: place for name, place in places.items() if place is not None}
        ) from None


def _check_headers(request: Request) -> None:
    encodings = request.headers.getlist("content-encoding")
    if any(encoding.strip().lower() != "identity" for encoding in encodings):
        detail = "the body must be sent without a content encoding"
        raise Problem("encoding_unsupported", detail, headers={"Accept-Encoding": "identity"})
    media_type, *parameters = (word.strip().lower() for word in request.headers.get("content-type", "").split(";"))
    charsets = [word.partition("=")[2].strip('"') for word in parameters if word.startswith("charset=")]
    if media_type != "application/json" or any(charset not in {"utf-8", "utf8"} for charset in charsets):
        detail = "the body must be application/json in UTF-8"
        raise Problem("media_type_unsupported", detail, headers={"Accept": "application/json"})


async def _read(request: Request, limit: int, seconds: float) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    raw = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                raw += chunk
                if len(raw) > limit:
                    raise _too_large(limit)
    except TimeoutError:
        detail = f"the body did not arrive within {seconds:g} seconds"
        raise Problem("body_too_slow", detail, headers={"Connection": "close"}) from None
    return bytes(raw)


def _too_large(limit: int) -> Problem:
    return Problem("body_too_large", f"the body is larger than {limit} bytes", headers={"Connection": "close"})


def read_key(request: Request) -> str:
    """The idempotency key: sent once, 1 to 255 visible ASCII characters. Raises Problem."""
    keys = request.headers.getlist(KEY_HEADER)
    if not keys:
        raise Problem(
            "idempotency_key_missing",
            f"the header {KEY_HEADER} is missing",
            headers={"Link": '</problems#idempotency_key_missing>; rel="help"'},
        )
    if len(keys) > 1:
        raise Problem("idempotency_key_invalid", f"the header {KEY_HEADER} is there {len(keys)} times")
    key = keys[0]
    if not 1 <= len(key) <= LONGEST_KEY:
        raise Problem("idempotency_key_invalid", f"the key has {len(key)} characters, allowed are 1 to {LONGEST_KEY}")
    if not all("!" <= character <= "~" for character in key):
        raise Problem("idempotency_key_invalid", "the key has a character that is not visible ASCII")
    return key


def read_asked(body: JsonValue) -> Asked:
    """The decision request that the body is. Raises Problem that names every misfit."""
    match read_request(body):
        case Asked() as asked:
            return asked
        case misfits:
            raise misfits_problem("request_invalid", misfits)
