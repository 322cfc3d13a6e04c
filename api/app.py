"""The application: its routes, and how everything that goes wrong becomes application/problem+json."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from api import decisions, health, log_view, metrics, pages, policies_view, previews
from api.audit.moments import Clock
from api.description import fit_description
from api.edge import Edge
from api.identities import new_id
from api.problems import PROBLEMS, Problem, problem_response
from api.running import start, terminate, utc_now
from api.settings import Settings

log = logging.getLogger("writ")

_CODES = {HTTPStatus.NOT_FOUND: "path_unknown", HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed"}
"""The problems that the framework finds by itself."""


def create_app(settings: Settings, *, clock: Clock = utc_now, leave: Callable[[], None] = terminate) -> FastAPI:
    """The service with its policies loaded and its record open, ready to be run by any ASGI server.

    `leave` is called when the record cannot be trusted any more; the process must then end and be started again.
    Raises PolicyFileError, policies.diagnostics.Refused, AuditUnavailableError and KeyFileError.
    """
    running = start(settings, clock, leave)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        running.audit.publisher.start()
        yield
        running.audit.close()

    app = pages.new_app(lifespan)
    app.state.running = running
    app.include_router(decisions.router)
    app.include_router(previews.router)
    app.include_router(policies_view.router)
    app.include_router(log_view.router)
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.add_api_route("/problems", pages.problems_page, include_in_schema=False)
    app.add_api_route("/", _to_docs, include_in_schema=False)
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(HTTPException, _answer_refusal)
    app.add_middleware(Edge, clock=clock)
    fit_description(app.openapi(), running.in_force, new_id("try", clock()))
    return app


def _to_docs() -> RedirectResponse:
    return RedirectResponse("/docs")


async def _answer_problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    request_id = request.state.request_id
    request.app.state.running.metrics.problems.labels(error.code).inc()
    cause = f": {error.__cause__}" if error.__cause__ is not None else ""
    level = logging.ERROR if PROBLEMS[error.code].status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.INFO
    log.log(level, "request %s: %s%s", request_id, error.code, cause)
    return problem_response(error, request_id)


async def _answer_refusal(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException) or error.status_code not in _CODES:
        raise error
    code = _CODES[HTTPStatus(error.status_code)]
    problem = Problem(code, PROBLEMS[code].title, headers=error.headers)
    return await _answer_problem(request, problem)
