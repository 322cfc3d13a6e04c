"""People and systems, their roles and their keys, over HTTP. A key is shown once, when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from api.access.api_keys import new_key
from api.access.gate import Caller, needs
from api.audit.database import AuditUnavailableError
from api.audit.records import timestamp
from api.bodies import Body, described, read_body
from api.decisions import unavailable
from api.governance import admissions
from api.governance.acts import ACCESS_KEY, PRINCIPAL
from api.governance.governed import AccessKey, Governed, Principal
from api.governance.register import Compose, Moment
from api.problem_answers import OF_ACCESS, OF_BODIES, problems
from api.running import Running
from api.wire_governance import MadeKey, PrincipalList, PrincipalView

router = APIRouter(prefix="/v1/principals", tags=["access"])

ADMINISTRATORS = Depends(needs("administer"))
_ANSWERS = (*OF_ACCESS, *OF_BODIES, "principal_state")


class Registration(Body):
    """Who somebody is, and what they may do."""

    type: Literal["person", "system"]
    roles: list[str] = Field(max_length=5, description="of `decide`, `author`, `approve`, `audit`, `administer`")
    oidc_subject: str | None = Field(
        default=None, min_length=1, max_length=200, description="the `sub` of the person's tokens"
    )


class KeyRequest(Body):
    """For how many days a new key opens; a year without it."""

    days: int | None = Field(default=None, ge=1, le=admissions.LONGEST.days)


@router.get(
    "",
    summary="List people and systems",
    response_model=PrincipalList,
    responses=problems(*OF_ACCESS),
    dependencies=[Depends(needs("administer", "audit"))],
)
def list_principals(request: Request) -> Response:
    """Everybody with their roles and keys; of a key only its prefix."""
    running: Running = request.app.state.running
    try:
        governed = running.register.looked()
    except AuditUnavailableError as error:
        raise unavailable() from error
    return _json({"principals": [_principal(running, governed, one) for one in governed.principals.values()]})


@router.put(
    "/{name}",
    summary="Register a person or system, or change its roles",
    response_model=PrincipalView,
    responses=problems(*_ANSWERS),
    openapi_extra=described(Registration),
)
async def register(name: str, request: Request, caller: Annotated[Caller, ADMINISTRATORS]) -> Response:
    """The roles named are those it has from now on, and no others. Without roles its keys open nothing."""
    running: Running = request.app.state.running
    body = await read_body(request, Registration)

    def registered() -> Response:
        word = "changed" if name in running.register.looked().principals else "registered"
        made = _perform(
            running,
            PRINCIPAL,
            word,
            caller,
            lambda state, _: admissions.registered(state, name, body.type, body.roles, body.oidc_subject),
        )
        return _json(_principal(running, made, made.principals[name]))

    return await run_sync(registered)


@router.post(
    "/{name}/keys",
    summary="Make an API key",
    status_code=201,
    response_model=MadeKey,
    responses=problems(*_ANSWERS, "principal_unknown"),
    openapi_extra=described(KeyRequest),
)
async def make_key(name: str, request: Request, caller: Annotated[Caller, ADMINISTRATORS]) -> Response:
    """A new key, shown this once: the service keeps its SHA-256. A principal has at most two that open."""
    running: Running = request.app.state.running
    body = await read_body(request, KeyRequest)

    def made() -> Response:
        key = new_key()
        after = _perform(
            running,
            ACCESS_KEY,
            "made",
            caller,
            lambda state, moment: admissions.key_made(state, moment, name, key.prefix, key.sha256, body.days),
        )
        return _json({"secret": key.secret, **_key(running, after.keys[key.prefix])}, 201)

    return await run_sync(made)


@router.delete(
    "/{name}/keys/{prefix}",
    summary="Revoke an API key",
    response_model=PrincipalView,
    responses=problems(*OF_ACCESS, "principal_state", "principal_unknown", "access_key_unknown"),
)
def revoke_key(name: str, prefix: str, request: Request, caller: Annotated[Caller, ADMINISTRATORS]) -> Response:
    """The key opens nothing any more: in this process at once, in others within a second."""
    running: Running = request.app.state.running
    admissions.principal_of(running.register.looked(), name)
    after = _perform(
        running,
        ACCESS_KEY,
        "revoked",
        caller,
        lambda state, moment: admissions.key_revoked(state, moment, name, prefix),
    )
    return _json(_principal(running, after, after.principals[name]))


def _perform(running: Running, kind: str, word: str, caller: Caller, compose: Compose) -> Governed:
    def still(state: Governed, moment: Moment) -> Mapping[str, Any]:
        caller.admitted(state, moment.at)
        return compose(state, moment)

    try:
        return running.register.perform(kind, word, caller.id, still)
    except AuditUnavailableError as error:
        raise unavailable() from error


def _principal(running: Running, governed: Governed, principal: Principal) -> dict[str, Any]:
    keys = [key for key in governed.keys.values() if key.holder == principal.id]
    return {
        "id": principal.id,
        "type": principal.kind,
        "roles": sorted(principal.roles),
        "oidc_subject": principal.oidc_subject,
        "keys": [_key(running, key) for key in keys],
    }


def _key(running: Running, key: AccessKey) -> dict[str, Any]:
    return {
        "key": key.prefix,
        "holder": key.holder,
        "made_at": timestamp(key.made),
        "made_by": key.made_by,
        "expires_at": timestamp(key.expires),
        "revoked_at": None if key.revoked is None else timestamp(key.revoked),
        "live": key.live(running.clock()),
    }


def _json(said: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(said), media_type="application/json", status_code=status)
