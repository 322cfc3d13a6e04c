"""The connections of the service: a caller that does not finish its request's head is not waited for."""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEAD_SECONDS = 10.0
"""How long a request's first line and headers may take to arrive, from the connection's start or the last answer."""


class Connection(H11Protocol):
    """One connection. uvicorn closes idle ones, but each byte that arrives puts that off: one a second is enough."""

    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request."""
        super().connection_made(cast("asyncio.Transport", transport))
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        if self._due is not None:
            self._due.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next request. What is left of this one's body counts as late, too: it was answered without."""
        super().on_response_complete()
        self._wait_for_head()

    def _wait_for_head(self) -> None:
        if self._due is not None:
            self._due.cancel()
        self._due = self.loop.call_later(HEAD_SECONDS, self._close_unless_asked)

    def _close_unless_asked(self) -> None:
        last = cast("RequestResponseCycle | None", self.cycle)
        if last is None or last.response_complete:
            self.timeout_keep_alive_handler()
