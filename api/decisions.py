"""Decide, and read a decision back. No record, no decision: the answer is made from what has been committed."""

from __future__ import annotations

import datetime as dt
import hashlib
import time

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response

from api.identities import new_id
from api.intake import KEY_HEADER, read_asked, read_json, read_key
from api.ledger import decision_answer, fingerprint, make_record, read_record
from api.problems import PROBLEMS, Problem, misfits_problem
from api.request import Request as Asked
from api.revisions import InForce
from api.running import Running
from api.store import AuditBrokenError, AuditUnavailableError, Kept, Key, KeyReusedError
from api.strict_json import JsonValue
from api.wire import DecisionAnswer, DecisionRequest, ProblemDocument, RecordedDecision
from engine import decide
from engine.decision import Decision, Fault, Json
from policies.identifiers import did_you_mean
from policies.ir import Policy

PRINCIPAL = "local"
"""Who asks, as long as nobody has to say."""

RETRY_SECONDS = 2

_NOT_HERE = {"decision_unknown", "path_unknown", "not_ready", "calendar_none"}

router = APIRouter(prefix="/v1/decisions", tags=["decisions"])


def problems(*codes: str) -> dict[int | str, dict[str, Json]]:
    """The problem answers of a route, by status, for its description."""
    described: dict[int | str, dict[str, Json]] = {}
    for code in codes:
        kind = PROBLEMS[code]
        line = f"`{code}`: {kind.title}"
        if kind.status in described:
            described[kind.status]["description"] += f"; {line}"
        else:
            content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
            described[kind.status] = {"model": ProblemDocument, "description": line, "content": content}
    return described


@router.post(
    "/{policy}",
    summary="Decide",
    response_model=DecisionAnswer,
    responses=problems(*(code for code in PROBLEMS if code not in _NOT_HERE)),
    openapi_extra={
        "parameters": [
            {
                "name": KEY_HEADER,
                "in": "header",
                "required": True,
                "description": "one new key per decision; the same key again gets the same answer",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": DecisionRequest.model_json_schema()}},
        },
    },
)
async def post_decision(policy: str, request: Request) -> Response:
    """Decide on the facts, record the decision, then answer. A key that was used gets the answer it got before."""
    running: Running = request.app.state.running
    key = read_key(request)
    body = await read_json(request, running.settings.max_body, running.settings.body_timeout)
    deadline = time.monotonic() + running.settings.busy_timeout  # from here, so that waiting for a thread counts
    return await run_sync(_decide, running, policy, key, body, deadline)


def _decide(running: Running, policy: str, key: str, body: JsonValue, deadline: float) -> Response:
    used = Key(
        scope=f"{PRINCIPAL} POST /v1/decisions",
        key_hash=hashlib.sha256(key.encode()).digest(),
        fingerprint=fingerprint(policy, body),
    )
    try:
        kept = running.store.find_key(used) or _record(running, policy, used, body, deadline)
        answer = orjson.dumps(_answer(running, kept))
    except KeyReusedError:
        detail = f"the {KEY_HEADER} was used before, with another request"
        raise Problem("idempotency_key_reused", detail) from None
    except AuditUnavailableError as error:
        raise unavailable(running, error) from error
    headers = {"Idempotency-Replayed": "true"} if kept.replayed else {}
    return Response(answer, media_type="application/json", headers=headers)


def _record(running: Running, policy_name: str, key: Key, body: JsonValue, deadline: float) -> Kept:
    policy = policy_named(running, policy_name)
    asked = read_asked(body)
    at = running.clock()
    decision, deciding = decided(running, policy, asked, at.date())
    content = {
        "principal": PRINCIPAL,
        "key_sha256": key.key_hash.hex(),
        "fingerprint": key.fingerprint.hex(),
        "revision": deciding.revision,
        "bundle_digest": deciding.bundle.digest,
        "facts": asked.facts,
        "decision": decision.to_json(),
    }
    return running.store.append(make_record("decision", new_id("dec", at), at, content), key, deadline)


def decided(running: Running, policy: Policy, asked: Asked, today: dt.date) -> tuple[Decision, InForce]:
    """The decision and the revision that made it: the one in force, or the one by which a running case goes on.

    Raises Problem and AuditUnavailableError.
    """
    deciding = running.revisions.of_case(policy, asked.facts) or running.in_force
    try:
        decision = decide(deciding.bundle.policies[policy.name], asked.facts, asked.as_of or today)
    except Fault as fault:
        raise misfits_problem("facts_invalid", fault.misfits, within="/facts") from None
    return decision, deciding


@router.get(
    "/{decision_id}",
    summary="Read a decision back",
    response_model=RecordedDecision,
    responses=problems("decision_unknown", "audit_unavailable", "internal_error"),
)
def get_decision(decision_id: str, request: Request) -> Response:
    """The answer as it was given, with the facts it was made on."""
    running: Running = request.app.state.running
    try:
        kept = running.store.find_id(decision_id) if decision_id.startswith("dec_") else None
        if kept is None:
            raise Problem("decision_unknown", "there is no decision with this id")
        answer = _answer(running, kept, with_facts=True)
    except AuditUnavailableError as error:
        raise unavailable(running, error) from error
    return Response(orjson.dumps(answer), media_type="application/json")


def _answer(running: Running, kept: Kept, *, with_facts: bool = False) -> dict[str, Json]:
    record = read_record(kept.body, running.store.part)
    answer = decision_answer(record, kept.seq, kept.leaf)
    return answer | {"facts": record["facts"]} if with_facts else answer


def policy_named(running: Running, name: str) -> Policy:
    """The policy in force of this name. Raises Problem: 404, with the name that was probably meant."""
    named = running.in_force.bundle.policies
    if name in named:
        return named[name]
    near = did_you_mean(name, named)
    raise Problem("policy_unknown", "there is no policy of this name" + (f"; did you mean `{near}`?" if near else ""))


def unavailable(running: Running, error: AuditUnavailableError) -> Problem:
    """The 503 for a record that cannot be written or read; the process ends where it cannot be trusted any more."""
    if isinstance(error, AuditBrokenError):
        running.leave()
    detail = "the record cannot be written or read now; nothing was decided that is not recorded"
    return Problem("audit_unavailable", detail, headers={"Retry-After": str(RETRY_SECONDS)})
