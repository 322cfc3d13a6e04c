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
from api.comparisons import compare_revision, standing
from api.decisions import unavailable
from api.governance import changes, checks
from api.governance.acts import REVISION
from api.governance.admissions import principal_of
from api.governance.governed import Governed
from api.governance.register import Moment, Text
from api.governance.revision import Revision
from api.problem_answers import OF_ACCESS, OF_BODIES, problems
from api.problems import Problem
from api.revision_bodies import Activation, Draft, Edit, Rollback, Seen, ShadowStart, Withdrawal
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
    | {200: {"model": RevisionView, "description": "your own open revision with this text, or the one in force"}},
    openapi_extra=described(Draft),
)
async def draft(request: Request, caller: Annotated[Caller, AUTHORS]) -> Response:
    """A checked policy text becomes a draft, the next revision.

    Your own open one with the same text is given back, and so is one that decides or is scheduled to.
    """
    running: Running = request.app.state.running
    body = await read_body(request, Draft, running.settings.max_policy)
    return await run_sync(_draft, running, caller, body)


def _draft(running: Running, caller: Caller, body: Draft) -> Response:
    bundle = checks.read_text(body.text.encode())
    governed = _looked(running)
    author = _author(governed, caller, body.on_behalf_of)
    today = running.register.today()
    makers = {caller.id, author or caller.id}
    for one in governed.revisions.values():
        state = governed.state(one, today)
        mine = makers <= one.makers and state in {"draft", "proposed", "approved"}
        if one.digest == bundle.digest and (mine or state in {"scheduled", "active"}):
            return _json(running, governed, one)
    made = _perform(
        running, caller, "drafted", lambda state, _: changes.drafted(state, bundle, body.comment, author), bundle
    )
    return _json(running, made, max(made.revisions.values(), key=lambda one: one.number), status=201)


@router.put(
    "/{number}/text",
    summary="Edit a revision",
    response_model=RevisionView,
    responses=problems(*_ANSWERS, *_OF_TEXTS, "content_changed"),
    openapi_extra=described(Edit),
)
async def edit(number: str, request: Request, caller: Annotated[Caller, AUTHORS]) -> Response:
    """Another text for a revision that does not decide yet: it is a draft again, its approvals are void."""
    running: Running = request.app.state.running
    body = await read_body(request, Edit, running.settings.max_policy)

    def edited() -> Response:
        bundle = checks.read_text(body.text.encode())
        governed = _looked(running)
        author = _author(governed, caller, body.on_behalf_of)
        before = changes.revision_of(governed, number_of(number))
        if body.bundle_digest is not None:
            changes.same_text(before, body.bundle_digest)
        if before.digest == bundle.digest and {caller.id, author or caller.id} <= before.makers:
            return _json(running, governed, before)  # nothing is edited, so that no approval is void
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
    responses=problems(*_ANSWERS, "content_changed", "backdated", "cases_failed", "comparison_lost", "overloaded"),
    openapi_extra=described(Seen),
)
async def propose(number: str, request: Request, caller: Annotated[Caller, AUTHORS]) -> Response:
    """Hand a draft to whoever may approve it. Its own cases must come out right; what they do not reach is told."""
    running: Running = request.app.state.running
    body = await read_body(request, Seen)

    def proposed() -> Response:
        bundle = _bundle(running, number, body.bundle_digest)
        evidence = checks.checked(bundle)
        _compare(running, caller, number_of(number))
        return _act(
            running,
            caller,
            "proposed",
            number,
            lambda state, moment, which: changes.proposed(state, moment, which, bundle, evidence),
        )

    with running.comparing.enter():
        return await run_sync(proposed)


@router.post(
    "/{number}/approval",
    summary="Approve a revision",
    response_model=RevisionView,
    responses=problems(*_ANSWERS, "content_changed", "maker_is_checker", "comparison_stale"),
    openapi_extra=described(Seen),
)
async def approve(number: str, request: Request, caller: Annotated[Caller, APPROVERS]) -> Response:
    """Stand for exactly this text, as a second person: who wrote any of it may not.

    What it would change has to be known: it was compared with the text that is in force now.
    """
    running: Running = request.app.state.running
    body = await read_body(request, Seen)

    def approved() -> Response:
        compared = _standing(running, number_of(number))

        def compose(state: Governed, moment: Moment, which: int) -> Mapping[str, Any]:
            said = changes.approved(state, moment, which, body.bundle_digest, caller.id, caller.key, body.comment)
            if compared is None:
                in_force = state.in_force(moment.today).number
                raise Problem("comparison_stale", f"revision {which} was not compared with revision {in_force}")
            return {**said, "comparison": compared["comparison_id"]}

        return _act(running, caller, "approved", number, compose)

    return await run_sync(approved)


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
        roles = caller.admitted(state, moment.at).roles
        return changes.withdrawn(state, moment, which, caller.id, roles, body.comment)

    return await run_sync(lambda: _act(running, caller, "withdrawn", number, compose))


@router.post(
    "/{number}/rollback",
    summary="Roll back to a revision",
    status_code=201,
    response_model=RevisionView,
    responses=problems(*_ANSWERS, "comparison_lost", "overloaded"),
    openapi_extra=described(Rollback),
)
async def roll_back(number: str, request: Request, caller: Annotated[Caller, BOTH]) -> Response:
    """Propose a text that was in force before as a new revision; in an emergency it decides at once.

    An emergency takes the role `approve`, and is reported until a second person confirms it.
    """
    running: Running = request.app.state.running
    body = await read_body(request, Rollback)

    def compose(state: Governed, moment: Moment) -> Mapping[str, Any]:
        roles = caller.admitted(state, moment.at).roles
        if body.emergency and (caller.kind != "person" or "approve" not in roles):
            raise Problem("role_missing", f"`{caller.id}` would need the role `approve`, as a person, for an emergency")
        return changes.rolled_back(state, moment, number_of(number), body.comment, emergency=body.emergency)

    def rolled_back() -> Response:
        earlier = changes.revision_of(_looked(running), number_of(number))
        try:
            running.revisions.texts.bundle(earlier.digest)  # what cannot be read any more must not come into force
        except AuditUnavailableError as error:
            raise unavailable() from error
        made = _perform(running, caller, "rolled_back", compose)
        new = max(made.revisions.values(), key=lambda one: one.number)
        if not body.emergency:
            _compare(running, caller, new.number)
        return _json(running, made, new, status=201)

    if body.emergency:
        return await run_sync(rolled_back)
    with running.comparing.enter():
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
    before = _looked(running).revisions.get(which)
    try:
        found = running.shadows.found(before) if before is not None and word in _ENDING_SHADOWS else {}
    except AuditUnavailableError as error:
        raise unavailable() from error

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

    def still(state: Governed, moment: Moment) -> Mapping[str, Any]:
        caller.admitted(state, moment.at)
        return compose(state, moment)

    try:
        made = running.register.perform(REVISION, word, caller.id, still, text)
    except AuditUnavailableError as error:
        raise unavailable() from error
    if bundle is not None:
        running.revisions.texts.keep(bundle)
    return made


def _bundle(running: Running, number: str, digest: str) -> Bundle:
    """The text of a revision, which is the one that was seen. Raises Problem."""
    try:
        revision = changes.revision_of(_looked(running), number_of(number))
        changes.same_text(revision, digest)
        return running.revisions.texts.bundle(digest)
    except AuditUnavailableError as error:
        raise unavailable() from error


def _looked(running: Running) -> Governed:
    """The state with what other nodes have just done."""
    try:
        return running.register.looked()
    except AuditUnavailableError as error:
        raise unavailable() from error


def _compare(running: Running, caller: Caller, number: int) -> None:
    """Nobody is asked to approve a text without what it would change, compared with the text in force."""
    if _standing(running, number) is None:
        try:
            compare_revision(running, caller.id, changes.revision_of(running.register.current(), number))
        except AuditUnavailableError as error:
            raise unavailable() from error


def _standing(running: Running, number: int) -> Mapping[str, Any] | None:
    try:
        return standing(running, changes.revision_of(running.register.current(), number))
    except AuditUnavailableError as error:
        raise unavailable() from error


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
    if "author" not in governed.principals[behalf].roles:
        raise Problem("role_missing", f"`{behalf}`, who is said to have written the text, would need the role `author`")
    return behalf


def _json(running: Running, governed: Governed, revision: Revision, status: int = 200) -> Response:
    said = revision_json(governed, revision, running.register.today())
    return Response(orjson.dumps(said), media_type="application/json", status_code=status)
