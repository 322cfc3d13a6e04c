"""The outermost layer of the service: every request gets an id and safe headers, every unexpected failure a problem."""

from __future__ import annotations

import logging

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.audit.moments import Clock
from api.identities import new_id
from api.pages import content_policy
from api.problems import Problem, problem_response

log = logging.getLogger("writ")

SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Edge:
    """Wraps the application. A failure that nothing else answered becomes a 500 without internals; the log has them."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self.app = app
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = new_id("req", self.clock())
        scope.setdefault("state", {})["request_id"] = request_id
        started = False
        lengths = {name for name, _ in scope["headers"]} & {b"content-length", b"transfer-encoding"}

        async def send_marked(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                headers["Content-Security-Policy"] = content_policy(scope["path"])
                headers.update(SAFE_HEADERS)
            await send(message)

        if len(lengths) > 1:
            # Two statements of where the body ends: a proxy before us may have read the other one (request smuggling).
            problem = Problem("http_invalid", "Content-Length and Transfer-Encoding", headers={"Connection": "close"})
            await problem_response(problem, request_id)(scope, receive, send_marked)
            return
        try:
            await self.app(scope, receive, send_marked)
        except ClientDisconnect:
            log.info("request %s: the caller left before its body was read", request_id)
        except Exception:
            log.exception("request %s failed", request_id)
            if started:
                raise
            problem = Problem("internal_error", "an unexpected failure; the service's log has it under the request_id")
            await problem_response(problem, request_id)(scope, receive, send_marked)
