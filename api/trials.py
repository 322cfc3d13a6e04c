"""Trials: a decision asked only to see what it would be, recorded as a test and never among what was decided."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request, Response

from api.access.gate import Caller, needs
from api.audit.database import AuditUnavailableError
from api.audit.records import decision_answer
from api.audit.whole import whole_record
from api.decisions import ASKED, OF_DECISIONS, Question, answer, find_decision, named_revision, own_or_all, unavailable
from api.problem_answers import OF_ACCESS, problems
from api.running import Running
from api.wire import RecordedTrial, TrialAnswer

router = APIRouter(prefix="/v1/tests", tags=["decisions"])


@router.post(
    "/{policy}",
    summary="Try a decision",
    response_model=TrialAnswer,
    responses=problems(*OF_DECISIONS),
    openapi_extra=ASKED,
)
async def post_trial(
    policy: str, request: Request, caller: Annotated[Caller, Depends(needs("decide", "author", "approve"))]
) -> Response:
    """What would be decided, also by a revision that is not in force. Recorded as a test; it decides nothing."""
    return await answer(request, Question(caller, "test", policy, named_revision(request)))


@router.get(
    "/{test_id}",
    summary="Read a trial back",
    response_model=RecordedTrial,
    responses=problems(*OF_ACCESS, "decision_unknown"),
)
def get_trial(
    test_id: str, request: Request, caller: Annotated[Caller, Depends(needs("decide", "author", "approve", "audit"))]
) -> Response:
    """The answer as it was given, with the facts it was made on."""
    running: Running = request.app.state.running
    try:
        kept = find_decision(running, test_id, "tst")
        record, _ = whole_record(running.audit.store, kept)
    except AuditUnavailableError as error:
        raise unavailable() from error
    own_or_all(caller, record)
    said = decision_answer(record, kept.seq, kept.leaf) | {"facts": record["facts"]}
    return Response(orjson.dumps(said), media_type="application/json")
