"""Comparisons and shadows over HTTP: what a revision would change, made, stored, and opened customer by customer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from api.access.gate import Caller, needs
from api.audit.database import AuditUnavailableError
from api.audit.records import timestamp
from api.bodies import Body, described, read_body
from api.comparison.kept import USUAL, kept_of
from api.comparison.recorded import MOST
from api.comparison.worker import ComparisonLostError
from api.comparisons import compare_revision, comparison_of, open_mover
from api.decisions import unavailable
from api.governance.changes import revision_of
from api.governance.governed import Governed
from api.governance.register import Moment
from api.problem_answers import OF_ACCESS, OF_BODIES, problems
from api.problems import RETRY_SECONDS, Problem
from api.revision_bodies import Instant
from api.revision_lines import number_of, revision_json
from api.running import Running
from api.wire_governance import ComparisonList, ComparisonView, MoverView, RevisionView, ShadowView

router = APIRouter(prefix="/v1/revisions", tags=["revisions"])

READERS = [Depends(needs("author", "approve", "audit"))]
MAKERS = Depends(needs("author", "approve"))
_FOUND = (*OF_ACCESS, "revision_unknown", "comparison_unknown")


class ComparisonRequest(Body):
    """On what to compare: the last so many recorded decisions, of a time if one is named, and facts sent along."""

    recorded: Annotated[int, Field(ge=0, le=MOST)] = USUAL
    since: Instant | None = None
    until: Instant | None = None
    facts: list[Any] = Field(default_factory=list, max_length=20_000, description="decision requests")


@router.post(
    "/{number}/comparisons",
    summary="Compare a revision with the one in force",
    status_code=201,
    response_model=ComparisonView,
    responses=problems(*OF_ACCESS, *OF_BODIES, "revision_unknown", "comparison_lost", "overloaded"),
    openapi_extra=described(ComparisonRequest),
)
async def compare(number: str, request: Request, caller: Annotated[Caller, MAKERS]) -> Response:
    """What the text says otherwise, and what it decides otherwise; stored, for whoever approves the revision."""
    running: Running = request.app.state.running
    body = await read_body(request, ComparisonRequest, running.settings.max_policy)
    if any(moment is not None and moment.tzinfo is None for moment in (body.since, body.until)):
        raise Problem("request_invalid", "`since` and `until` need a zone: write 2026-12-31T18:00:00Z")

    def compared() -> Response:
        revision = revision_of(running.register.looked(), number_of(number))
        id_, document = compare_revision(
            running,
            caller.id,
            revision,
            recorded=body.recorded,
            since=body.since,
            until=body.until,
            documents=body.facts,
        )
        return _json({"comparison_id": id_, **document}, 201)

    return await _alone(running, compared)


@router.get(
    "/{number}/comparisons",
    summary="List a revision's comparisons",
    response_model=ComparisonList,
    responses=problems(*OF_ACCESS, "revision_unknown"),
    dependencies=READERS,
)
def list_comparisons(number: str, request: Request) -> Response:
    """Those made of this revision, the newest first; one of an earlier text of it says which."""
    running: Running = request.app.state.running

    def listed() -> Response:
        revision = revision_of(running.register.looked(), number_of(number))
        return _json({"comparisons": kept_of(running.audit.store, revision.number)})

    return _answered(listed)


@router.get(
    "/{number}/comparisons/{comparison_id}",
    summary="Show a comparison",
    response_model=ComparisonView,
    responses=problems(*_FOUND),
    dependencies=READERS,
)
def show_comparison(number: str, comparison_id: str, request: Request) -> Response:
    """The differences of the texts, the migration of decisions, and who moves most."""
    running: Running = request.app.state.running

    def found() -> Response:
        document = comparison_of(running, number_of(number), comparison_id)["document"]
        return _json({"comparison_id": comparison_id, **document})

    return _answered(found)


@router.get(
    "/{number}/comparisons/{comparison_id}/movers/{rank}",
    summary="Open one customer of a comparison",
    response_model=MoverView,
    responses=problems(*_FOUND, "overloaded"),
    dependencies=READERS,
)
async def show_mover(number: str, comparison_id: str, rank: str, request: Request) -> Response:
    """Both decisions of one who moves, with both traces; `rank` counts from 1."""
    running: Running = request.app.state.running

    def opened() -> Response:
        found = comparison_of(running, number_of(number), comparison_id)
        return _json(open_mover(running, found, number_of(rank)))

    return await _alone(running, opened)


@router.get(
    "/{number}/shadow",
    summary="Show what a shadow has found",
    response_model=ShadowView,
    responses=problems(*OF_ACCESS, "revision_unknown", "revision_state", "comparison_lost", "overloaded"),
    dependencies=READERS,
)
async def show_shadow(number: str, request: Request) -> Response:
    """Every decision recorded since it began, decided by its text too: what would have come out otherwise."""
    running: Running = request.app.state.running

    def found() -> Response:
        revision = revision_of(running.register.looked(), number_of(number))
        summary = running.shadows.summary(revision)
        if summary is None or revision.shadow is None:
            raise Problem("revision_state", f"revision {revision.number} has no shadow that runs")
        times = {"started_at": timestamp(revision.shadow.started), "until": timestamp(revision.shadow.until)}
        return _json({"revision": revision.number, **times, **summary})

    return await _alone(running, found)


@router.delete(
    "/{number}/shadow",
    summary="End a shadow",
    response_model=RevisionView,
    responses=problems(*OF_ACCESS, "revision_unknown", "revision_state", "overloaded"),
)
async def end_shadow(number: str, request: Request, caller: Annotated[Caller, MAKERS]) -> Response:
    """It is asked nothing more; what it found is recorded in figures."""
    running: Running = request.app.state.running

    def ended() -> Response:
        revision = revision_of(running.register.looked(), number_of(number))
        check = partial(_admitted, caller)
        after = running.shadows.end(revision.number, caller.id, check)
        return _json(revision_json(after, after.revisions[revision.number], running.register.today()))

    return await _alone(running, ended)


def _admitted(caller: Caller, state: Governed, moment: Moment) -> None:
    caller.admitted(state, moment.at)


async def _alone(running: Running, do: Callable[[], Response]) -> Response:
    """Do what takes a thread for long, beside no more than one other: decisions need the others."""
    with running.comparing.enter():
        return await run_sync(_answered, do)


def _answered(do: Callable[[], Response]) -> Response:
    try:
        return do()
    except ComparisonLostError as error:
        headers = {"Retry-After": str(RETRY_SECONDS)}
        raise Problem("comparison_lost", "the process that compares ended; ask again", headers=headers) from error
    except AuditUnavailableError as error:
        raise unavailable() from error


def _json(said: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(said), media_type="application/json", status_code=status)
