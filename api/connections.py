"""The connections of the service: what is no sound HTTP is refused, and an unfinished head is not waited for."""

from __future__ import annotations

import asyncio
import sys
from http import HTTPStatus
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from api.identities import new_id
from api.problems import Problem, problem_response
from api.running import utc_now

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

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read as a request, with a problem document as everywhere, and close."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):  # it was answered before its body was read
            self.transport.close()
            return
        error = sys.exc_info()[1]
        hint = getattr(error, "error_status_hint", HTTPStatus.BAD_REQUEST)
        too_large = hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        problem = (
            Problem("headers_too_large", "the headers are too large") if too_large else Problem("http_invalid", msg)
        )
        answer = problem_response(problem, new_id("req", utc_now()))
        headers = [*answer.raw_headers, (b"connection", b"close")]
        sent: tuple[h11.Event, ...] = (
            h11.Response(status_code=answer.status_code, headers=headers),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        )
        for event in sent:
            self.transport.write(self.conn.send(event) or b"")
        if self.cycle is not None:
            self.cycle.disconnected = True  # whoever answers the request whose body this was has been forestalled
        self.transport.close()
