"""What happens if nothing is paid: a dunning policy's calendar for one account, answered and never recorded."""

from __future__ import annotations

from typing import Annotated

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response

from api.access.gate import Caller, needs
from api.audit.database import AuditUnavailableError
from api.decisions import decided, policy_named, unavailable
from api.intake import read_asked, read_json
from api.preview import has_calendar, preview_json
from api.problem_answers import OF_ACCESS, OF_BODIES, problems
from api.problems import Problem
from api.running import Running
from api.strict_json import JsonValue
from api.wire import DecisionRequest, PreviewAnswer

router = APIRouter(prefix="/v1/previews", tags=["previews"])


@router.post(
    "/{policy}",
    summary="Preview the calendar of an account",
    response_model=PreviewAnswer,
    responses=problems(*OF_ACCESS, *OF_BODIES, "policy_unknown", "facts_invalid", "calendar_none"),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": DecisionRequest.model_json_schema()}},
        },
    },
)
async def post_preview(
    policy: str, request: Request, _caller: Annotated[Caller, Depends(needs("decide", "author", "approve", "audit"))]
) -> Response:
    """What is sent to the account, now and on later days, if nothing is paid. Nothing is recorded: no key is needed."""
    running: Running = request.app.state.running
    body = await read_json(request, running.settings.max_body, running.settings.body_timeout)
    return await run_sync(_preview, running, policy, body)


def _preview(running: Running, policy_name: str, body: JsonValue) -> Response:
    asked = read_asked(body)
    try:
        in_force = running.revisions.in_force(asked.as_of or running.register.today())
        policy = policy_named(in_force, policy_name)
        if not has_calendar(policy):
            detail = f"`{policy_name}` is of kind `{policy.kind}`: only dunning has a calendar"
            raise Problem("calendar_none", detail)
        made = decided(running, policy_name, asked, running.register.today())
    except AuditUnavailableError as error:
        raise unavailable() from error
    answer = preview_json(made.decision) | {"revision": made.deciding.revision}
    return Response(orjson.dumps(answer), media_type="application/json")
