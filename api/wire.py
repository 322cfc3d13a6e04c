"""The shapes on the wire, for the API's own description (`/openapi.json`): requests, answers, problems."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Day = Annotated[dt.date, Field(description="a calendar day, `YYYY-MM-DD`")]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, hexadecimal")]
Json = dict[str, Any]


class Shape(BaseModel):
    """A shape with no members beside those named."""

    model_config = ConfigDict(extra="forbid")


class DecisionRequest(Shape):
    """What to decide on. Amounts may be JSON numbers or text; both are read as exact decimals."""

    facts: Json = Field(description="the facts the policy reads; `GET /v1/policies/{name}` has their JSON Schema")
    as_of: Day | None = Field(default=None, description="the day to decide for; absent: today in UTC")


class LogPlace(Shape):
    """Where a record stands in the log."""

    seq: int = Field(ge=0, description="the entry's number, from 0 without gaps")
    leaf: Digest = Field(description="SHA-256 of the byte 0x00 and the record's exact bytes (RFC 9162, section 2.1.1)")


class DecisionAnswer(Shape):
    """A decision that has been recorded."""

    decision_id: str = Field(pattern="^dec_[0-9a-z]{26}$")
    policy: str
    kind: str
    policy_digest: Digest = Field(description="of the checked policy in canonical form")
    revision: int = Field(ge=1, description="the number of the policy text that decided")
    engine: str
    as_of: Day
    decided_at: dt.datetime
    outcome: Json
    reasons: list[Json]
    trace: list[Json] = Field(description="what became of every part of the policy, with the values it read")
    log: LogPlace


class RecordedDecision(DecisionAnswer):
    """A decision read back, with the facts it was made on as they were received (decimals as text)."""

    facts: Json


class PolicyLine(Shape):
    """A policy in force."""

    name: str
    kind: str
    title: dict[str, str] = Field(description="by language")
    policy_digest: Digest
    revision: int = Field(ge=1)
    needs: list[str] = Field(description="the policies whose outcomes it reads")


class PolicyList(Shape):
    """The policies in force, and the text they come from."""

    bundle: str
    bundle_digest: Digest = Field(description="of the policy file's exact text")
    revision: int = Field(ge=1)
    policies: list[PolicyLine]


class PolicyView(PolicyLine):
    """A policy with all it takes to ask it."""

    facts_schema: Json = Field(description="JSON Schema (2020-12) of the facts this policy reads")
    example: Json = Field(description="a request body that gets a decision")
    curl: str = Field(description="the example as a command")


class ProblemError(Shape):
    """One place that does not fit."""

    code: str
    pointer: str = Field(description="JSON pointer into the body (RFC 6901)")
    detail: str
    help: str | None


class ProblemDocument(Shape):
    """An error (RFC 9457)."""

    type: str = Field(description="where the code is explained")
    title: str
    status: int
    detail: str
    code: str
    help: str = Field(description="what to do about it")
    request_id: str
    pointer: str | None = Field(default=None, description="the place in the body (JSON pointer)")
    position: int | None = Field(default=None, description="the character in the body, from 1")
    errors: list[ProblemError] | None = Field(default=None, description="every place that does not fit")


class Health(Shape):
    """The service answers."""

    status: str


class Readiness(Shape):
    """The service can decide and record."""

    status: str
    revision: int
    bundle_digest: Digest
