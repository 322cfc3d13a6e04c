"""The application: its routes, and how everything that goes wrong becomes application/problem+json."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from api import (
    comparisons_view,
    decisions,
    health,
    log_view,
    metrics,
    overrides_view,
    pages,
    policies_view,
    policy_file,
    previews,
    principals_view,
    revision_acts,
    revisions_view,
    trials,
)
from api.audit.moments import Clock
from api.description import fit_description
from api.edge import Edge
from api.identities import new_id
from api.problems import PROBLEMS, Problem, problem_response
from api.running import Running, start, terminate, utc_now
from api.settings import Settings

log = logging.getLogger("writ")

_CODES = {HTTPStatus.NOT_FOUND: "path_unknown", HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed"}
"""The problems that the framework finds by itself."""

_DENIED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
"""The answers to what a caller may not do."""


def create_app(settings: Settings, *, clock: Clock = utc_now, leave: Callable[[], None] = terminate) -> FastAPI:
    """The service with its policies loaded and its record open, ready to be run by any ASGI server.

    `leave` is called when the record cannot be trusted any more; the process must then end and be started again.
    Raises PolicyFileError, policies.diagnostics.Refused, AuditUnavailableError and KeyFileError.
    """
    running = start(settings, clock, leave)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        running.audit.publisher.start()
        running.shadows.start()
        yield
        running.shadows.close()
        running.worker.close()
        running.audit.close()

    running.metrics.report(lambda: policy_file.gauges(running))
    policy_file.warn(running)
    app = pages.new_app(lifespan)
    app.state.running = running
    routed = (
        decisions,
        trials,
        previews,
        policies_view,
        revisions_view,
        revision_acts,
        comparisons_view,
        overrides_view,
        principals_view,
    )
    for module in (*routed, log_view, health, metrics):
        app.include_router(module.router)
    app.add_api_route("/problems", pages.problems_page, include_in_schema=False)
    app.add_api_route("/", _to_docs, include_in_schema=False)
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(HTTPException, _answer_refusal)
    app.add_middleware(Edge, clock=clock)
    _describe(app, running)
    return app


def _describe(app: FastAPI, running: Running) -> None:
    """Have the description of the API name the policies in force, whatever is in force when it is asked for."""
    plain = app.openapi
    fitted: dict[str, dict[str, Any]] = {}

    def openapi() -> dict[str, Any]:
        in_force = running.revisions.today()
        if in_force.bundle.digest not in fitted:
            app.openapi_schema = None
            description = plain()
            fit_description(description, in_force, new_id("try", running.clock()))
            fitted.clear()
            fitted[in_force.bundle.digest] = description
        return fitted[in_force.bundle.digest]

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation has it


def _to_docs() -> RedirectResponse:
    return RedirectResponse("/docs")


async def _answer_problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    request_id = request.state.request_id
    request.app.state.running.metrics.problems.labels(error.code).inc()
    cause = f": {error.__cause__}" if error.__cause__ is not None else ""
    if PROBLEMS[error.code].status in _DENIED:
        _say_denied(request, error)
        return problem_response(error, request_id)
    level = logging.ERROR if PROBLEMS[error.code].status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.INFO
    log.log(level, "request %s: %s%s", request_id, error.code, cause)
    return problem_response(error, request_id)


def _say_denied(request: Request, error: Problem) -> None:
    """Who was turned away from where: the route, never the address itself, in which anything may stand."""
    route, caller = request.scope.get("route"), getattr(request.state, "caller", None)
    who = "nobody known" if caller is None else f"`{caller.id}`" + (f", key `{caller.key}`" if caller.key else "")
    where = f"{request.method} {getattr(route, 'path', '?')}"
    source = request.client.host if request.client is not None else "?"
    log.warning("request %s: denied: %s, %s, from %s: %s", request.state.request_id, error.code, who, source, where)


async def _answer_refusal(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException) or error.status_code not in _CODES:
        raise error
    code = _CODES[HTTPStatus(error.status_code)]
    problem = Problem(code, PROBLEMS[code].title, headers=error.headers)
    return await _answer_problem(request, problem)
