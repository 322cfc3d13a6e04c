"""Decide, and read a decision back. No record, no decision: the answer is made from what has been committed."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response

from api import overrides
from api.access.gate import Caller, needs
from api.audit.appending import Key, find_key, key_hash
from api.audit.canonical import fingerprint
from api.audit.database import AuditUnavailableError, KeyReusedError
from api.audit.records import decision_answer
from api.audit.store import Kept
from api.audit.whole import whole_record
from api.intake import KEY_HEADER, read_asked, read_json, read_key
from api.log_queries import Asked as QueryAsked
from api.problem_answers import OF_ACCESS, OF_BODIES, problems
from api.problems import RETRY_SECONDS, Problem, misfits_problem
from api.recording import RecordKind, decision_record
from api.request import Request as Asked
from api.revisions import InForce
from api.running import Running
from api.strict_json import JsonValue
from api.wire import DecisionAnswer, DecisionRequest, RecordedDecision
from engine import decide
from engine.decision import Decision, Fault, Json
from engine.headline import headline
from policies.identifiers import did_you_mean
from policies.ir import Policy

_LAST_WORD = 1.0
"""Seconds after `busy_timeout` within which the database says why it is not available."""

OF_DECISIONS = (
    *OF_ACCESS,
    *OF_BODIES,
    "idempotency_key_missing",
    "idempotency_key_invalid",
    "idempotency_key_in_progress",
    "idempotency_key_reused",
    "policy_unknown",
    "revision_unknown",
    "revision_state",
    "request_invalid",
    "query_invalid",
    "facts_invalid",
    "overloaded",
)
"""Problems that a decision request may meet."""

_DECISION = re.compile(r"(?:dec|tst)_[0-9a-z]{26}")

router = APIRouter(prefix="/v1/decisions", tags=["decisions"])


ASKED = {
    "parameters": [
        {
            "name": KEY_HEADER,
            "in": "header",
            "required": True,
            "description": "one new key per decision; the same key again gets the same answer",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        },
        {
            "name": "revision",
            "in": "query",
            "required": False,
            "description": "the number of the revision to decide by; absent: the one in force on the day decided for",
            "schema": {"type": "integer", "minimum": 1},
        },
    ],
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": DecisionRequest.model_json_schema()}},
    },
}
"""What a decision request and a trial of one consist of, beside their address."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request for a decision, or for a trial of one: by whom, of which policy, by which revision if it names one."""

    caller: Caller
    kind: RecordKind
    policy: str
    named: int | None


@router.post(
    "/{policy}",
    summary="Decide",
    response_model=DecisionAnswer,
    responses=problems(*OF_DECISIONS),
    openapi_extra=ASKED,
)
async def post_decision(policy: str, request: Request, caller: Annotated[Caller, Depends(needs("decide"))]) -> Response:
    """Decide on the facts, record the decision, then answer. A key that was used gets the answer it got before."""
    return await answer(request, Question(caller, "decision", policy, named_revision(request)))


async def answer(request: Request, question: Question) -> Response:
    """Decide, record, answer. Raises Problem."""
    running: Running = request.app.state.running
    key = read_key(request)
    body = await read_json(request, running.settings.max_body, running.settings.body_timeout)
    started = time.monotonic()
    deadline = started + running.settings.busy_timeout  # from here, so that waiting for a thread counts
    hash_ = key_hash(f"{question.caller.id} POST {question.kind}", key)
    try:
        with running.admission.enter():
            # The database has its own time-outs; this one holds whatever has become of it.
            async with asyncio.timeout(running.settings.busy_timeout + _LAST_WORD), running.in_progress.turn(hash_):
                done: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
                kept = await run_sync(_known_or_queued, running, question, hash_, body, deadline, done) or await done
                said = await run_sync(_answer_bytes, running, kept, hash_)
    except KeyReusedError:
        detail = f"the {KEY_HEADER} was used before, with another request"
        raise Problem("idempotency_key_reused", detail) from None
    except TimeoutError as error:
        raise unavailable() from error
    except AuditUnavailableError as error:
        raise unavailable() from error
    if question.kind == "decision":
        running.metrics.answered(question.policy, kept.replayed, time.monotonic() - started)
    headers = {"Idempotency-Replayed": "true"} if kept.replayed else {}
    return Response(said, media_type="application/json", headers=headers)


def named_revision(request: Request) -> int | None:
    """The revision that a request names by its number, if it does. Raises Problem."""
    number: int | None = QueryAsked.of(request, only=("revision",)).number("revision", None, 1)
    return number


def _known_or_queued(
    running: Running, question: Question, hash_: bytes, body: JsonValue, deadline: float, done: asyncio.Future[Kept]
) -> Kept | None:
    """The entry that the key has; or None, and a new decision is on its way into the log, whose entry `done` gets."""
    named = "" if question.named is None else f"?revision={question.named}"
    key = Key(hash_, fingerprint(f"{question.policy}{named}", body))
    known = find_key(running.audit.store, key)
    if known is None:
        _queue(running, question, key, body, deadline, done)
    return known


def _queue(
    running: Running, question: Question, key: Key, body: JsonValue, deadline: float, done: asyncio.Future[Kept]
) -> None:
    asked = read_asked(body)
    at, went_back = running.audit.moments.read()
    trial = question.kind == "test"
    made = decided(running, question.policy, asked, running.register.day(at), question.named, trial=trial)
    record = decision_record(
        made.policy,
        made.deciding,
        asked.facts,
        made.decision,
        key=key,
        principal=question.caller.id,
        at=at,
        went_back=went_back,
        kind=question.kind,
    )
    running.audit.writer.queue(record, key, deadline, done)


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, the policy that was asked, and the revision that made it."""

    policy: Policy
    decision: Decision
    deciding: InForce


def decided(
    running: Running, name: str, asked: Asked, today: dt.date, named: int | None = None, *, trial: bool = False
) -> Decided:
    """Decide by the revision in force on the day decided for, the `named` one, or the one a running case goes on by.

    A `trial` may name a revision that has not been in force. Raises Problem and AuditUnavailableError.
    """
    day = asked.as_of or today
    in_force = running.revisions.in_force(day) if named is None else _named(running, named, trial=trial)
    dropped = running.revisions.of_dropped(in_force, name, asked.facts)
    policy = policy_named(dropped or in_force, name)
    deciding = dropped or running.revisions.of_case(policy, asked.facts) or in_force
    try:
        decision = decide(deciding.bundle.policies[policy.name], asked.facts, day)
    except Fault as fault:
        raise misfits_problem("facts_invalid", fault.misfits, within="/facts") from None
    return Decided(policy, decision, deciding)


def _named(running: Running, number: int, *, trial: bool) -> InForce:
    found = running.revisions.named(number, trial=trial)
    if found is None:
        if number not in running.register.current().revisions:
            raise Problem("revision_unknown", f"there is no revision {number}")
        detail = f"revision {number} is not and was not in force: it decides nothing but trials"
        raise Problem("revision_state", detail)
    return found


@router.get(
    "/{decision_id}",
    summary="Read a decision back",
    response_model=RecordedDecision,
    responses=problems(*OF_ACCESS, "decision_unknown"),
)
def get_decision(
    decision_id: str, request: Request, caller: Annotated[Caller, Depends(needs("decide", "approve", "audit"))]
) -> Response:
    """The answer as it was given, with the facts it was made on. What was erased since is null."""
    running: Running = request.app.state.running
    try:
        kept = find_decision(running, decision_id)
        record, _ = whole_record(running.audit.store, kept)
        own_or_all(caller, record)
        given = overrides.of_decision(running, decision_id)
    except AuditUnavailableError as error:
        raise unavailable() from error
    answer = decision_answer(record, kept.seq, kept.leaf) | {"facts": record["facts"]}
    if given:
        answer["overrides"] = given
    return Response(orjson.dumps(answer), media_type="application/json")


def find_decision(running: Running, decision_id: str, prefix: str = "dec") -> Kept:
    """The entry of a decision, or of a trial by its prefix. Raises Problem and AuditUnavailableError."""
    known = _DECISION.fullmatch(decision_id) and decision_id.startswith(prefix)
    kept = running.audit.store.find_id(decision_id) if known else None
    if kept is None:
        raise Problem("decision_unknown", "there is no decision with this id")
    if not _is_of(kept, decision_id):
        raise AuditUnavailableError(f"entry {kept.seq} is not the one of the id it was found by")
    return kept


def own_or_all(caller: Caller, record: Mapping[str, Json]) -> None:
    """A system that only decides reads its own decisions; of others it is not even told that they exist."""
    if not caller.roles & {"audit", "approve"} and record["principal"] != caller.id:
        raise Problem("decision_unknown", "there is no decision with this id")


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
    if not kept.replayed and record["kind"] == "decision":
        running.metrics.decided(answer["policy"], headline(answer["kind"], answer["outcome"]))
    return orjson.dumps(answer)


def policy_named(in_force: InForce, name: str) -> Policy:
    """The policy of this name in a revision. Raises Problem: 404, with the name that was probably meant."""
    named = in_force.bundle.policies
    if name in named:
        return named[name]
    near = did_you_mean(name, named)
    raise Problem("policy_unknown", "there is no policy of this name" + (f"; did you mean `{near}`?" if near else ""))


def unavailable() -> Problem:
    """The 503 for a record that cannot be written or read."""
    detail = "the record cannot be written or read now; nothing was decided that is not recorded"
    return Problem("audit_unavailable", detail, headers={"Retry-After": str(RETRY_SECONDS)})
