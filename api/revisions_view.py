"""Policy revisions to be read: the list, one with its history, its exact text."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request, Response

from api.access.gate import needs
from api.audit.database import AuditUnavailableError
from api.decisions import unavailable
from api.governance.changes import revision_of
from api.policy_file import file_report
from api.problem_answers import OF_ACCESS, problems
from api.revision_lines import number_of, revision_json, revision_line
from api.running import Running
from api.wire_governance import RevisionList, RevisionView

router = APIRouter(
    prefix="/v1/revisions", tags=["revisions"], dependencies=[Depends(needs("author", "approve", "audit"))]
)


@router.get("", summary="List the revisions", response_model=RevisionList, responses=problems(*OF_ACCESS))
def list_revisions(request: Request) -> Response:
    """Every revision, the newest first; those that one person put in force alone; and how the policy file stands."""
    running: Running = request.app.state.running
    try:
        governed, today = running.register.looked(), running.register.today()
    except AuditUnavailableError as error:
        raise unavailable() from error
    lines = [revision_line(governed, one, today) for one in governed.revisions.values()]
    said = {
        "in_force": governed.in_force(today).number,
        "unconfirmed": [line["revision"] for line in lines if line["unconfirmed"]],
        "policy_file": file_report(running).to_json(),
        "revisions": sorted(lines, key=lambda line: -int(line["revision"])),
    }
    return _json(said)


@router.get(
    "/{number}",
    summary="Show a revision",
    response_model=RevisionView,
    responses=problems(*OF_ACCESS, "revision_unknown"),
)
def show_revision(number: str, request: Request) -> Response:
    """Where it stands, what was tested, who approved which text, and every act on it with its entry in the log."""
    running: Running = request.app.state.running
    try:
        governed = running.register.looked()
    except AuditUnavailableError as error:
        raise unavailable() from error
    return _json(revision_json(governed, revision_of(governed, number_of(number)), running.register.today()))


@router.get(
    "/{number}/text",
    summary="A revision's exact text",
    responses=problems(*OF_ACCESS, "revision_unknown"),
)
def show_text(number: str, request: Request) -> Response:
    """The policy document, byte for byte: its SHA-256 is the revision's `bundle_digest`."""
    running: Running = request.app.state.running
    try:
        revision = revision_of(running.register.looked(), number_of(number))
        text = running.revisions.texts.bundle(revision.digest).source.text.encode()
    except AuditUnavailableError as error:
        raise unavailable() from error
    return Response(text, media_type="application/yaml", headers={"X-Bundle-Digest": revision.digest})


def _json(said: Any) -> Response:
    return Response(orjson.dumps(said), media_type="application/json")
