"""What can be done with a policy revision over HTTP: drafted, edited, proposed, approved, activated, taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response

from api.access.gate import Caller, needs
from api.audit.database import AuditUnavailableError
from api.bodies import described, read_body
from api.comparison.kept import kept_of
from api.comparisons import compare_revision
from api.decisions import unavailable
from api.governance import changes, checks
from api.governance.acts import REVISION
from api.governance.admissions import principal_of
from api.governance.governed import Governed
from api.governance.register import Moment, Text
from api.governance.revision import Revision
from api.problem_answers import OF_ACCESS, OF_BODIES, problems
from api.problems import Problem
from api.revision_bodies import Activation, Draft, Rollback, Seen, ShadowStart, Withdrawal
from api.revision_lines import number_of, revision_json
from api.running import Running
from api.wire_governance import RevisionView
from policies.ir import Bundle

router = APIRouter(prefix="/v1/revisions", tags=["revisions"])

AUTHORS = Depends(needs("author"))
APPROVERS = Depends(needs("approve"))
BOTH = Depends(needs("author", "approve"))

_ANSWERS = (*OF_ACCESS, *OF_BODIES, "revision_unknown", "revision_state")
_ENDING_SHADOWS = frozenset({"edited", "activated", "withdrawn"})
"""Acts after which no shadow runs: what it found is recorded with them."""

_OF_TEXTS = ("policy_refused", "principal_unknown")


@router.post(
    "",
    summary="Draft a revision",
    status_code=201,
    response_model=RevisionView,
    responses=problems(*OF_ACCESS, *OF_BODIES, *_OF_TEXTS)
    | {200: {"model": RevisionView, "description": "your own open revision with this text"}},
    openapi_extra=described(Draft),
)
async def draft(request: Request, caller: Annotated[Caller, AUTHORS]) -> Response:
    """A checked policy text becomes a draft, the next revision; your own open one of the same text is given back."""
    running: Running = request.app.state.running
    body = await read_body(request, Draft, running.settings.max_policy)
    return await run_sync(_draft, running, caller, body)


def _draft(running: Running, caller: Caller, body: Draft) -> Response:
    bundle = checks.read_text(body.text.encode())
    governed = running.register.current()
    author = _author(governed, caller, body.on_behalf_of)
    for one in governed.revisions.values():
        if one.digest == bundle.digest and caller.id in one.makers and one.stage in {"draft", "proposed", "approved"}:
            return _json(running, governed, one)
    made = _perform(
        running, caller, "drafted", lambda state, _: changes.drafted(state, bundle, body.comment, author), bundle
    )
    return _json(running, made, max(made.revisions.values(), key=lambda one: one.number), status=201)


@router.put(
    "/{number}/text",
    summary="Edit a revision",
    response_model=RevisionView,
    responses=problems(*_ANSWERS, *_OF_TEXTS),
    openapi_extra=described(Draft),
)
async def edit(number: str, request: Request, caller: Annotated[Caller, AUTHORS]) -> Response:
    """Another text for a revision that does not decide yet: it is a draft again, its approvals are void."""
    running: Running = request.app.state.running
    body = await read_body(request, Draft, running.settings.max_policy)

    def edited() -> Response:
        bundle = checks.read_text(body.text.encode())
        author = _author(running.register.current(), caller, body.on_behalf_of)
        return _act(
            running,
            caller,
            "edited",
            number,
            lambda state, moment, which: changes.edited(state, moment, which, bundle, body.comment, author),
            bundle,
        )

    return await run_sync(edited)


@router.post(
    "/{number}/proposal",
    summary="Propose a revision",
    response_model=RevisionView,
    responses=problems(*_ANSWERS, "content_changed", "backdated", "cases_failed", "comparison_lost"),
    openapi_extra=described(Seen),
)
async def propose(number: str, request: Request, caller: Annotated[Caller, AUTHORS]) -> Response:
    """Hand a draft to whoever may approve it. Its own cases must come out right; what they do not reach is told."""
    running: Running = request.app.state.running
    body = await read_body(request, Seen)

    def proposed() -> Response:
        bundle = _bundle(running, number, body.bundle_digest)
        evidence = checks.checked(bundle)
        _compare_once(running, caller, number_of(number), body.bundle_digest)
        return _act(
            running,
            caller,
            "proposed",
            number,
            lambda state, moment, which: changes.proposed(state, moment, which, bundle, evidence),
        )

    return await run_sync(proposed)


@router.post(
    "/{number}/approval",
    summary="Approve a revision",
    response_model=RevisionView,
    responses=problems(*_ANSWERS, "content_changed", "maker_is_checker"),
    openapi_extra=described(Seen),
)
async def approve(number: str, request: Request, caller: Annotated[Caller, APPROVERS]) -> Response:
    """Stand for exactly this text, as a second person: who wrote any of it may not."""
    running: Running = request.app.state.running
    body = await read_body(request, Seen)

    def compose(state: Governed, moment: Moment, which: int) -> Mapping[str, Any]:
        return changes.approved(state, moment, which, body.bundle_digest, caller.id, caller.key, body.comment)

    return await run_sync(lambda: _act(running, caller, "approved", number, compose))


@router.post(
    "/{number}/activation",
    summary="Put a revision in force",
    response_model=RevisionView,
    responses=problems(*_ANSWERS, "content_changed", "backdated", "overlapping"),
    openapi_extra=described(Activation),
)
async def activate(number: str, request: Request, caller: Annotated[Caller, APPROVERS]) -> Response:
    """An approved text decides: at once, or from a day to come on, until the next one does."""
    running: Running = request.app.state.running
    body = await read_body(request, Activation)

    def activated() -> Response:
        bundle = _bundle(running, number, body.bundle_digest)
        return _act(
            running,
            caller,
            "activated",
            number,
            lambda state, moment, which: changes.activated(
                state, moment, which, body.bundle_digest, bundle, body.effective
            ),
        )

    return await run_sync(activated)


@router.post(
    "/{number}/withdrawal",
    summary="Withdraw a revision",
    response_model=RevisionView,
    responses=problems(*_ANSWERS),
    openapi_extra=described(Withdrawal),
)
async def withdraw(number: str, request: Request, caller: Annotated[Caller, BOTH]) -> Response:
    """Take out a revision that does not decide yet, also one whose day is still to come."""
    running: Running = request.app.state.running
    body = await read_body(request, Withdrawal)

    def compose(state: Governed, moment: Moment, which: int) -> Mapping[str, Any]:
        return changes.withdrawn(state, moment, which, caller.id, caller.roles, body.comment)

    return await run_sync(lambda: _act(running, caller, "withdrawn", number, compose))


@router.post(
    "/{number}/rollback",
    summary="Roll back to a revision",
    status_code=201,
    response_model=RevisionView,
    responses=problems(*_ANSWERS),
    openapi_extra=described(Rollback),
)
async def roll_back(number: str, request: Request, caller: Annotated[Caller, BOTH]) -> Response:
    """Propose a text that was in force before as a new revision; in an emergency it decides at once.

    An emergency takes the role `approve`, and is reported until a second person confirms it.
    """
    running: Running = request.app.state.running
    body = await read_body(request, Rollback)
    if body.emergency and (caller.kind != "person" or "approve" not in caller.roles):
        raise Problem("role_missing", f"`{caller.id}` would need the role `approve`, as a person, for an emergency")

    def rolled_back() -> Response:
        made = _perform(
            running,
            caller,
            "rolled_back",
            lambda state, moment: changes.rolled_back(
                state, moment, number_of(number), body.comment, emergency=body.emergency
            ),
        )
        return _json(running, made, max(made.revisions.values(), key=lambda one: one.number), status=201)

    return await run_sync(rolled_back)


@router.post(
    "/{number}/confirmation",
    summary="Confirm an emergency",
    response_model=RevisionView,
    responses=problems(*_ANSWERS, "content_changed", "maker_is_checker"),
    openapi_extra=described(Seen),
)
async def confirm(number: str, request: Request, caller: Annotated[Caller, APPROVERS]) -> Response:
    """Stand, as a second person, for what one person put in force in an emergency."""
    running: Running = request.app.state.running
    body = await read_body(request, Seen)

    def compose(state: Governed, moment: Moment, which: int) -> Mapping[str, Any]:
        return changes.confirmed(state, moment, which, body.bundle_digest, caller.id, caller.key, body.comment)

    return await run_sync(lambda: _act(running, caller, "confirmed", number, compose))


@router.post(
    "/{number}/shadow",
    summary="Run a revision beside the one in force",
    response_model=RevisionView,
    responses=problems(*_ANSWERS, "content_changed"),
    openapi_extra=described(ShadowStart),
)
async def start_shadow(number: str, request: Request, caller: Annotated[Caller, AUTHORS]) -> Response:
    """Have every decision from now on decided by this text too, until a moment; it answers nobody."""
    running: Running = request.app.state.running
    body = await read_body(request, ShadowStart)
    if body.until.tzinfo is None:
        raise Problem("request_invalid", "`until` has no zone: write 2026-12-31T18:00:00Z", place={"pointer": "/until"})

    def compose(state: Governed, moment: Moment, which: int) -> Mapping[str, Any]:
        changes.same_text(changes.revision_of(state, which), body.bundle_digest)
        return changes.shadow_started(state, moment, which, body.until)

    return await run_sync(lambda: _act(running, caller, "shadow_started", number, compose))


def _act(
    running: Running,
    caller: Caller,
    word: str,
    number: str,
    compose: Callable[[Governed, Moment, int], Mapping[str, Any]],
    bundle: Bundle | None = None,
) -> Response:
    """Do an act on one revision; the revision after it."""
    which = number_of(number)
    before = running.register.current().revisions.get(which)
    try:
        found = running.shadows.found(before) if before is not None and word in _ENDING_SHADOWS else {}
    except AuditUnavailableError as error:
        raise unavailable(running, error) from error

    def told(state: Governed, moment: Moment) -> Mapping[str, Any]:
        said = compose(state, moment, which)
        return {**said, **found} if before is not None and state.revisions[which].shadow == before.shadow else said

    made = _perform(running, caller, word, told, bundle)
    return _json(running, made, made.revisions[which])


def _perform(
    running: Running,
    caller: Caller,
    word: str,
    compose: Callable[[Governed, Moment], Mapping[str, Any]],
    bundle: Bundle | None = None,
) -> Governed:
    text = None if bundle is None else Text(bundle.digest, bundle.name, bundle.source.text.encode())
    try:
        made = running.register.perform(REVISION, word, caller.id, compose, text)
    except AuditUnavailableError as error:
        raise unavailable(running, error) from error
    if bundle is not None:
        running.revisions.texts.keep(bundle)
    return made


def _bundle(running: Running, number: str, digest: str) -> Bundle:
    """The text of a revision, which is the one that was seen. Raises Problem."""
    try:
        revision = changes.revision_of(running.register.current(), number_of(number))
        changes.same_text(revision, digest)
        return running.revisions.texts.bundle(digest)
    except AuditUnavailableError as error:
        raise unavailable(running, error) from error


def _compare_once(running: Running, caller: Caller, number: int, digest: str) -> None:
    """Nobody is asked to approve a text without having seen what it would change."""
    try:
        if not any(one["bundle_digest"] == digest for one in kept_of(running.audit.store, number)):
            revision = changes.revision_of(running.register.current(), number)
            compare_revision(running, caller.id, revision)
    except AuditUnavailableError as error:
        raise unavailable(running, error) from error


def _author(governed: Governed, caller: Caller, behalf: str | None) -> str | None:
    """The person who wrote a text, where a system sends it. Raises Problem."""
    if caller.kind == "person":
        if behalf is not None:
            detail = f"`{caller.id}` is a person and acts for nobody else"
            raise Problem("request_invalid", detail, place={"pointer": "/on_behalf_of"})
        return None
    if behalf is None or principal_of(governed, behalf).kind != "person":
        detail = f"`{caller.id}` is a system: say which person wrote the text"
        raise Problem("request_invalid", detail, place={"pointer": "/on_behalf_of"})
    return behalf


def _json(running: Running, governed: Governed, revision: Revision, status: int = 200) -> Response:
    said = revision_json(governed, revision, running.register.today())
    return Response(orjson.dumps(said), media_type="application/json", status_code=status)
