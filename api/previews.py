"""What happens if nothing is paid: a dunning policy's calendar for one account, answered and never recorded."""

from __future__ import annotations

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response

from api.audit.database import AuditUnavailableError
from api.decisions import NOT_OF_DECISIONS, decided, policy_named, problems, unavailable
from api.intake import read_asked, read_json
from api.preview import has_calendar, preview_json
from api.problems import PROBLEMS, Problem
from api.running import Running
from api.strict_json import JsonValue
from api.wire import DecisionRequest, PreviewAnswer

_NOT_HERE = {*NOT_OF_DECISIONS, "overloaded"} - {"calendar_none"}

router = APIRouter(prefix="/v1/previews", tags=["previews"])


@router.post(
    "/{policy}",
    summary="Preview the calendar of an account",
    response_model=PreviewAnswer,
    responses=problems(*(code for code in PROBLEMS if code not in _NOT_HERE and not code.startswith("idempotency"))),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": DecisionRequest.model_json_schema()}},
        },
    },
)
async def post_preview(policy: str, request: Request) -> Response:
    """What is sent to the account, now and on later days, if nothing is paid. Nothing is recorded: no key is needed."""
    running: Running = request.app.state.running
    body = await read_json(request, running.settings.max_body, running.settings.body_timeout)
    return await run_sync(_preview, running, policy, body)


def _preview(running: Running, policy_name: str, body: JsonValue) -> Response:
    policy = policy_named(running, policy_name)
    if not has_calendar(policy):
        detail = f"`{policy_name}` is of kind `{policy.kind}`: only dunning has a calendar"
        raise Problem("calendar_none", detail)
    asked = read_asked(body)
    try:
        decision, deciding = decided(running, policy, asked, running.clock().date())
    except AuditUnavailableError as error:
        raise unavailable(running, error) from error
    answer = preview_json(decision) | {"revision": deciding.revision}
    return Response(orjson.dumps(answer), media_type="application/json")
