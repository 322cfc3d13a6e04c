"""Decide, and read a decision back. No record, no decision: the answer is made from what has been committed."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import time

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response

from api.audit.appending import Key, find_key, key_hash
from api.audit.canonical import fingerprint
from api.audit.database import AuditBrokenError, AuditUnavailableError, KeyReusedError
from api.audit.records import decision_answer
from api.audit.store import Kept
from api.audit.whole import whole_record
from api.intake import KEY_HEADER, read_asked, read_json, read_key
from api.problems import PROBLEMS, RETRY_SECONDS, Problem, misfits_problem
from api.recording import decision_record, headline
from api.request import Request as Asked
from api.revisions import InForce
from api.running import Running
from api.strict_json import JsonValue
from api.wire import DecisionAnswer, DecisionRequest, ProblemDocument, RecordedDecision
from engine import decide
from engine.decision import Decision, Fault, Json
from policies.identifiers import did_you_mean
from policies.ir import Policy

PRINCIPAL = "local"
"""Who asks, as long as nobody has to say."""

_LAST_WORD = 1.0
"""Seconds after `busy_timeout` within which the database says why it is not available."""

NOT_OF_DECISIONS = frozenset(
    {
        "http_invalid",
        "headers_too_large",
        "decision_unknown",
        "entry_unknown",
        "path_unknown",
        "query_invalid",
        "not_ready",
        "calendar_none",
    }
)
"""Problems that a decision request never meets."""

_DECISION = re.compile(r"dec_[0-9a-z]{26}")

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
    responses=problems(*(code for code in PROBLEMS if code not in NOT_OF_DECISIONS)),
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
    started = time.monotonic()
    deadline = started + running.settings.busy_timeout  # from here, so that waiting for a thread counts
    hash_ = key_hash(f"{PRINCIPAL} POST /v1/decisions", key)
    try:
        with running.admission.enter():
            # The database has its own time-outs; this one holds whatever has become of it.
            async with asyncio.timeout(running.settings.busy_timeout + _LAST_WORD), running.in_progress.turn(hash_):
                done: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
                kept = await run_sync(_known_or_queued, running, policy, hash_, body, deadline, done) or await done
                answer = await run_sync(_answer_bytes, running, kept, hash_)
    except KeyReusedError:
        detail = f"the {KEY_HEADER} was used before, with another request"
        raise Problem("idempotency_key_reused", detail) from None
    except TimeoutError as error:
        raise unavailable(running, AuditUnavailableError("the database does not answer")) from error
    except AuditUnavailableError as error:
        raise unavailable(running, error) from error
    running.metrics.answered(policy, kept.replayed, time.monotonic() - started)
    headers = {"Idempotency-Replayed": "true"} if kept.replayed else {}
    return Response(answer, media_type="application/json", headers=headers)


def _known_or_queued(
    running: Running, policy: str, hash_: bytes, body: JsonValue, deadline: float, done: asyncio.Future[Kept]
) -> Kept | None:
    """The entry that the key has; or None, and a new decision is on its way into the log, whose entry `done` gets."""
    key = Key(hash_, fingerprint(policy, body))
    known = find_key(running.audit.store, key)
    if known is None:
        _queue(running, policy, key, body, deadline, done)
    return known


def _queue(
    running: Running, policy_name: str, key: Key, body: JsonValue, deadline: float, done: asyncio.Future[Kept]
) -> None:
    policy = policy_named(running, policy_name)
    asked = read_asked(body)
    at, went_back = running.audit.moments.read()
    decision, deciding = decided(running, policy, asked, at.date())
    record = decision_record(
        policy, deciding, asked.facts, decision, key=key, principal=PRINCIPAL, at=at, went_back=went_back
    )
    running.audit.writer.queue(record, key, deadline, done)


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
    """The answer as it was given, with the facts it was made on. What was erased since is null."""
    running: Running = request.app.state.running
    try:
        kept = find_decision(running, decision_id)
        record, _ = whole_record(running.audit.store, kept)
    except AuditUnavailableError as error:
        raise unavailable(running, error) from error
    answer = decision_answer(record, kept.seq, kept.leaf) | {"facts": record["facts"]}
    return Response(orjson.dumps(answer), media_type="application/json")


def find_decision(running: Running, decision_id: str) -> Kept:
    """The entry of a decision. Raises Problem and AuditUnavailableError."""
    kept = running.audit.store.find_id(decision_id) if _DECISION.fullmatch(decision_id) else None
    if kept is None:
        raise Problem("decision_unknown", "there is no decision with this id")
    if not _is_of(kept, decision_id):
        raise AuditUnavailableError(f"entry {kept.seq} is not the one of the id it was found by")
    return kept


def _is_of(kept: Kept, id_: str) -> bool:
    try:
        return bool(orjson.loads(kept.body)["id"] == id_)
    except (ValueError, LookupError, TypeError):
        return False


def _answer_bytes(running: Running, kept: Kept, key: bytes) -> bytes:
    record, _ = whole_record(running.audit.store, kept)
    if record.get("key_sha256") != key.hex():
        raise AuditUnavailableError(f"entry {kept.seq} is not the one of the key it was found by")
    answer = decision_answer(record, kept.seq, kept.leaf)
    if not kept.replayed:
        running.metrics.decided(answer["policy"], headline(answer["kind"], answer["outcome"]))
    return orjson.dumps(answer)


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
