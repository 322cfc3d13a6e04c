"""Overrides over HTTP: given, ended, and listed by whoever gave them."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response

from api import overrides
from api.access.gate import Caller, needs
from api.audit.database import AuditUnavailableError
from api.audit.search import LARGEST_PAGE, PAGE
from api.bodies import described as body_described
from api.bodies import read_body
from api.decisions import find_decision, unavailable
from api.log_queries import Asked, described
from api.override_bodies import OverrideEnd, OverrideRequest
from api.problem_answers import OF_ACCESS, OF_BODIES, problems
from api.problems import Problem
from api.running import Running
from api.wire_overrides import OverrideList, OverrideView

router = APIRouter(tags=["overrides"])

_QUERY = ("person", "policy", "in_force", "before", "limit")


@router.post(
    "/v1/decisions/{decision_id}/overrides",
    summary="Override a decision",
    status_code=201,
    response_model=OverrideView,
    responses=problems(
        *OF_ACCESS, *OF_BODIES, "decision_unknown", "authority_missing", "maker_is_checker", "override_state"
    ),
    openapi_extra=body_described(OverrideRequest),
)
async def give_override(
    decision_id: str, request: Request, caller: Annotated[Caller, Depends(needs("approve"))]
) -> Response:
    """A person with the authority for the amount decides otherwise, for a time and a reason.

    The decision stays as it was recorded; the override stands beside it.
    """
    running: Running = request.app.state.running
    body = await read_body(request, OverrideRequest)
    _must_be_person(caller)

    def given() -> Response:
        try:
            caller.admitted(running.register.looked(), running.clock())
            return _json(overrides.give(running, caller, find_decision(running, decision_id), body), 201)
        except AuditUnavailableError as error:
            raise unavailable() from error

    return await run_sync(given)


@router.post(
    "/v1/overrides/{override_id}/end",
    summary="End an override",
    response_model=OverrideView,
    responses=problems(*OF_ACCESS, *OF_BODIES, "override_unknown", "override_state", "authority_missing"),
    openapi_extra=body_described(OverrideEnd),
)
async def end_override(
    override_id: str, request: Request, caller: Annotated[Caller, Depends(needs("approve"))]
) -> Response:
    """Its condition is met, or it was a mistake: it does not count any more."""
    running: Running = request.app.state.running
    body = await read_body(request, OverrideEnd)
    _must_be_person(caller)

    def ended() -> Response:
        try:
            caller.admitted(running.register.looked(), running.clock())
            return _json(overrides.end(running, caller, override_id, body.reason))
        except AuditUnavailableError as error:
            raise unavailable() from error

    return await run_sync(ended)


@router.get(
    "/v1/overrides",
    summary="List overrides",
    response_model=OverrideList,
    responses=problems(*OF_ACCESS, "query_invalid"),
    openapi_extra=described(*_QUERY),
    dependencies=[Depends(needs("approve", "audit"))],
)
def list_overrides(request: Request) -> Response:
    """Who decided otherwise than the policies, the newest first; each says whether it counts today."""
    running: Running = request.app.state.running
    asked = Asked.of(request, only=_QUERY)
    limit = asked.number("limit", PAGE, 1, LARGEST_PAGE)
    before = asked.number("before", None, 0)
    wanted = asked.choice("in_force", ("true", "false", ""), "")
    try:
        found = overrides.listed(
            running,
            asked.given.get("person"),
            asked.given.get("policy"),
            None if not wanted else wanted == "true",
            before,
            limit,
        )
    except AuditUnavailableError as error:
        raise unavailable() from error
    following = f"before={found[-1]['log']['seq']}" if len(found) == limit else None
    return _json({"overrides": found, "next": following})


def _must_be_person(caller: Caller) -> None:
    if caller.kind != "person":
        raise Problem("role_missing", f"`{caller.id}` is a system: a person has to decide otherwise")


def _json(said: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(said), media_type="application/json", status_code=status)
