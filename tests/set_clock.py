"""The service in this process, asked over its HTTP application, by a clock that a test sets."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from api.app import create_app
from api.running import Running
from tests.granting import let_in
from tests.recorded_logs import settings_of


@dataclass(slots=True)
class SetClock:
    """Shows the same moment until it is set to another."""

    now: dt.datetime

    def __call__(self) -> dt.datetime:
        return self.now


class _InProcess(httpx.BaseTransport):
    """Hands requests to an application in this process, one after another."""

    def __init__(self, app: FastAPI) -> None:
        self._asgi = httpx.ASGITransport(app)
        self._runner = asyncio.Runner()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def answered() -> httpx.Response:
            answer = await self._asgi.handle_async_request(request)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        return self._runner.run(answered())

    def close(self) -> None:
        self._runner.close()


@dataclass(frozen=True, slots=True)
class Desk:
    """A service by a set clock, and a client that may do everything there."""

    client: httpx.Client
    running: Running
    clock: SetClock


@contextmanager
def desk(folder: Path, text: str, now: dt.datetime, **settings: Any) -> Iterator[Desk]:
    """A service whose first text is this one, at a moment; closed at the end."""
    (folder / "policies.yaml").write_text(text, encoding="utf-8")
    clock, given = SetClock(now), settings_of(folder, **settings)
    key = let_in(given, clock)
    app = create_app(given, clock=clock)
    running: Running = app.state.running
    bearer = {"Authorization": f"Bearer {key}"}
    try:
        with httpx.Client(transport=_InProcess(app), base_url="http://writ", headers=bearer) as client:
            yield Desk(client, running, clock)
    finally:
        running.worker.close()
        running.audit.close()
