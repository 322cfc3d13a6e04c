"""A running service as commands ask it, over HTTP; a problem it answers ends the command in words for people."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import httpx
import orjson
import typer

from api.commands.terminal import REFUSED, fail, misused
from api.settings import KEY, SERVICE
from policies.diagnostics import visible

USUAL = "http://127.0.0.1:8700"
"""Where the service is asked unless another address is named."""

_OF_DOCUMENT = re.compile("`(detail|errors)`")
"""Marks help that sends its reader to other members of the problem document, which are shown anyway."""

PATIENCE = httpx.Timeout(600, connect=10)
"""A comparison of many decisions takes its time."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the service is, and the file with the key; None: as the environment says."""

    service: str | None = None
    key_file: Path | None = None

    def key(self) -> str:
        """The API key. It is never an argument: those can be seen by every user of the machine."""
        if self.key_file is not None:
            try:
                return self.key_file.read_text(encoding="utf-8").strip()
            except (OSError, ValueError) as error:
                misused(f"the key file {self.key_file} cannot be read: {error}")
        key = os.environ.get(KEY, "").strip()
        if not key:
            fail("nobody says who asks", f"put an API key into {KEY}, or into a file for --key-file")
        return key


@dataclass(frozen=True, slots=True)
class Service:
    """A service and the key to ask it with."""

    place: Place

    def get(self, path: str) -> Any:
        """The document at an address."""
        return self.ask("GET", path)

    def post(self, path: str, **said: Any) -> Any:
        """The document that is answered to what is sent, of which members that are None are left out."""
        return self.send("POST", path, **said)

    def send(self, method: str, path: str, **said: Any) -> Any:
        """The same by another method."""
        content = orjson.dumps({name: value for name, value in said.items() if value is not None})
        return self.ask(method, path, content)

    def ask(self, method: str, path: str, content: bytes | None = None) -> Any:
        """The document, or for a text its bytes, that is answered; whatever is wrong ends the command with 1.

        `content` is JSON.
        """
        headers = {} if content is None else {"Content-Type": "application/json"}
        with self._client() as client:
            address = client.base_url
            try:
                answer = client.request(method, path, content=content, headers=headers)
            except httpx.HTTPError as error:
                fail(
                    f"the service at {address} does not answer: {error}",
                    f"start it (`writ serve`), or name its address: --service URL, or {SERVICE}",
                )
        kind = answer.headers.get("content-type", "")
        if kind.startswith("application/problem+json"):
            refused(answer.json())
        if not answer.is_success:
            fail(f"{address} answered {answer.status_code} and no problem document", "is it Writ that listens there?")
        return answer.json() if kind.startswith("application/json") else answer.content

    def _client(self) -> httpx.Client:
        address = self.place.service or os.environ.get(SERVICE) or USUAL
        key = self.place.key()
        if not key.isascii():
            fail("the API key holds other than ASCII characters", "copy it again, as it was shown")
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL as error:
            misused(f"`{address}` is no address: {error}")
        if url.scheme not in {"http", "https"} or not url.host:
            misused(f"`{address}` is no address: write http://HOST:PORT")
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=url, timeout=PATIENCE, headers=headers, trust_env=False)


def refused(problem: Mapping[str, Any]) -> NoReturn:
    """End the command with the problem: its detail, every place in it, what to do."""
    sys.stderr.write(f"writ: {visible(problem['detail'])} ({problem['code']})\n")
    for line in _places(problem.get("errors", ())):
        sys.stderr.write(f"  {visible(line)}\n")
    if not _OF_DOCUMENT.search(problem["help"]):
        sys.stderr.write(f"  help: {visible(problem['help'])}\n")
    raise typer.Exit(REFUSED)


def _places(errors: Sequence[Mapping[str, Any]]) -> list[str]:
    found = []
    for error in errors:
        at = f"line {error['line']}: " if error.get("line") else f"{error['pointer']}: " if error.get("pointer") else ""
        case = f"{error['policy']} / {error['case']}: " if error.get("case") else ""
        mend = f" ({error['help']})" if error.get("help") else ""
        found.append(f"{at}{case}{error['detail']}{mend}")
    return found
