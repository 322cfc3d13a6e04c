"""Whether the service answers (`/healthz`), and whether it can decide and record (`/readyz`)."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.audit.database import AuditUnavailableError
from api.audit.records import timestamp
from api.policy_file import file_report
from api.problem_answers import problems
from api.problems import RETRY_SECONDS, Problem
from api.running import Running
from api.wire import Health, Readiness

router = APIRouter(tags=["operations"])


@router.get("/healthz", summary="Does the service answer?")
async def healthz() -> Health:
    """The process is up. Says nothing about the database."""
    return Health(status="ok")


@router.get("/readyz", summary="Can the service decide?", responses=problems("not_ready"))
def readyz(request: Request) -> Readiness:
    """A revision is loaded and the database has just committed a row, as a decision would have it do."""
    running: Running = request.app.state.running
    try:
        running.audit.store.prove_writable(timestamp(running.clock()))
        in_force = running.revisions.today()
        governed = running.register.current()
    except AuditUnavailableError as error:
        detail = f"the record, or the policy text in force, cannot be used: {error}"
        raise Problem("not_ready", detail, headers={"Retry-After": str(RETRY_SECONDS)}) from error
    return Readiness(
        status="ready",
        revision=in_force.revision,
        bundle_digest=in_force.bundle.digest,
        policy_file=file_report(running).state,
        unconfirmed=[one.number for one in governed.revisions.values() if one.unconfirmed],
    )
