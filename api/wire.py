"""The shapes on the wire, for the API's own description (`/openapi.json`): requests, answers, problems."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field

from engine.decision import DOMAINS, Status
from engine.principal import MOST
from policies.document import ReasonPart

Day = Annotated[dt.date, Field(description="a calendar day, `YYYY-MM-DD`")]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, hexadecimal")]
Json = dict[str, Any]
ByLanguage = Annotated[
    dict[str, str],
    Field(
        description="a text for each language that the policy file names",
        examples=[{"en": "The order is small", "zh-Hans": "订单金额较小"}],
    ),
]
Paths = Annotated[list[str], Field(description="dotted paths of the facts that were missing; absent when none were")]
Read = Annotated[
    Json,
    Field(
        description="values read, by name: decimals as text, what the engine counted as whole numbers, lists by their "
        "length; absent when none were read",
        examples=[{"amount": "250.5", "days_overdue": "3"}],
    ),
]

REASON_KINDS = get_args(ReasonPart.model_fields["kind"].annotation)


class Shape(BaseModel):
    """A shape with no members beside those named."""

    model_config = ConfigDict(extra="forbid")


class DecisionRequest(Shape):
    """What to decide on. Amounts may be JSON numbers or text; both are read as exact decimals."""

    facts: Json = Field(description="the facts the policy reads; `GET /v1/policies/{name}` has their JSON Schema")
    as_of: Day | None = Field(
        default=None, description="the day to decide for; absent: today in the zone of `WRIT_TIME_ZONE`"
    )


class LogPlace(Shape):
    """Where a record stands in the log."""

    seq: int = Field(ge=0, description="the entry's number, from 0 without gaps")
    leaf: Digest = Field(description="SHA-256 of the byte 0x00 and the record's exact bytes (RFC 9162, section 2.1.1)")


class DecisionReason(Shape):
    """Why the outcome is what it is. Knock-outs come first, those that decline before all others."""

    code: str = Field(description="stable; declared under `reasons` in the policy text, or a standard code")
    kind: str = Field(json_schema_extra={"enum": list(REASON_KINDS)})
    policy: str = Field(description="the policy that gave it")
    rule: str = Field(description="the rule, factor, limit method or other part of the policy it came from")
    text: ByLanguage
    disclosable: bool = Field(description="whether it may be told to the customer")
    domain: str | None = Field(
        default=None,
        description="what a standard code speaks of, by its area",
        json_schema_extra={"enum": list(DOMAINS.values())},
    )
    rank: int = Field(ge=1, description="its place among the reasons, from 1")
    then: str | None = Field(default=None, description="what it leads to by itself: an outcome, a class")
    required: str | None = Field(
        default=None, description="the condition, in FEEL, under which it would not have been given, or no points lost"
    )
    hint: ByLanguage = Field(default_factory=dict, description="what the customer can do about it, by language")
    observed: Read = Field(default_factory=dict)
    fact_paths: list[str] = Field(
        default_factory=list, description="the facts behind what was observed; absent where they are what was observed"
    )
    missing: Paths = Field(default_factory=list)
    points_lost: str | None = Field(default=None, description="of a scorecard's factor, decimal text")


class TraceStep(Shape):
    """What became of one part of the policy. Members that would be empty are absent."""

    part: str = Field(description="what it is: `rule`, `let`, `row`, `factor`, `method`, `level`, `need` and so on")
    name: str
    status: Status = Field(
        description="`fired`: its condition holds; `not_fired`: it does not; `skipped`: it was not come to; `unknown`: "
        "something it needs is missing or has no value; `computed`: it has a value"
    )
    value: Any = Field(default=None, description="its value; absent when it has none")
    read: Read = Field(default_factory=dict)
    missing: Paths = Field(default_factory=list)
    undefined: list[str] = Field(
        default_factory=list, description="computations without value: `zero denominator in …`"
    )
    line: int | None = Field(default=None, ge=1, description="its line in the policy text")
    note: str | None = Field(default=None, description="what else there is to know: the row that answered")
    steps: list[TraceStep] = Field(default_factory=list, description="the steps it consists of, in their order")


class Answer(Shape):
    """What was decided, or would be."""

    policy: str
    kind: str
    policy_digest: Digest = Field(description="of the checked policy in canonical form")
    revision: int = Field(ge=1, description="the number of the policy text that decided")
    revision_named: bool = Field(default=False, description="true where the caller named the revision; else absent")
    engine: str
    as_of: Day
    decided_at: dt.datetime
    outcome: Json = Field(
        description="by kind of policy; `outcome_schema` of `GET /v1/policies/{name}` is its schema",
        examples=[{"release": True}],
    )
    principal_reasons: list[str] = Field(
        max_length=MOST, description="codes of the reasons the customer is told, the gravest first"
    )
    customer_text: dict[str, str] = Field(
        default_factory=dict,
        description="what the customer is told, by language; of credit decisions that are no plain approval",
    )
    reasons: list[DecisionReason]
    trace: list[TraceStep] = Field(description="what became of every part of the policy, with the values it read")
    log: LogPlace


class DecisionAnswer(Answer):
    """A decision that has been recorded."""

    decision_id: str = Field(pattern="^dec_[0-9a-z]{26}$")


class TrialAnswer(Answer):
    """A trial that has been recorded as one: it decides nothing."""

    test: bool = Field(description="always true")
    test_id: str = Field(pattern="^tst_[0-9a-z]{26}$")


class RecordedTrial(TrialAnswer):
    """A trial read back, with the facts it was made on."""

    facts: Json


class RecordedDecision(DecisionAnswer):
    """A decision read back, with the facts it was made on as they were received (decimals as text)."""

    facts: Json
    overrides: list[Json] = Field(
        default_factory=list, description="what persons decided otherwise, as `GET /v1/overrides`; absent without any"
    )


class LogEntry(Shape):
    """An entry of the log, by what it is found by; null where it has no such thing."""

    seq: int = Field(ge=0)
    id: str
    kind: str
    at: dt.datetime
    policy: str | None
    outcome: str | None = Field(description="the word of the outcome that says most: decision, class, dunning outcome")
    revision: int | None
    principal: str | None
    subject: str | None
    reasons: list[str] = Field(description="the codes of the reasons that were given, each once")


class EntryPage(Shape):
    """Entries that were looked for, the newest first."""

    entries: list[LogEntry]
    next: str | None = Field(description="the address of the page below; null on the last one")


class EntryCount(Shape):
    """A value, and how many entries have it."""

    value: str | int | None
    entries: int = Field(ge=1)


class EntryCounts(Shape):
    """Entries that were looked for, counted; the most first."""

    by: str
    counts: list[EntryCount]
    more: bool = Field(description="whether there are more values than are counted here")


Hashes = Annotated[list[Digest], Field(description="SHA-256, hexadecimal, in the order of RFC 9162")]
Note = Annotated[
    str | None, Field(description="the checkpoint the proof leads to: a signed note; null for other sizes")
]


class InclusionProof(Shape):
    """Proof that a leaf is in the log (RFC 9162, section 2.1.3)."""

    seq: int = Field(ge=0)
    leaf: Digest
    size: int = Field(ge=1)
    proof: Hashes
    checkpoint: Note


class ConsistencyProof(Shape):
    """Proof that the log of `from` entries is the beginning of that of `to` (RFC 9162, section 2.1.4)."""

    from_: int = Field(alias="from", ge=0)
    to: int = Field(ge=1)
    proof: Hashes
    checkpoint: Note


class PreviewEffect(Shape):
    """What a notice does to the account beside asking for money."""

    effect: str = Field(description="such as `hold_orders` or `to_agency`")
    to: str | None = Field(description="what is set, where something is")


class PreviewEntry(Shape):
    """The letters of a day at one level, 0 for reminders. Amounts are what they add by themselves, decimal text."""

    on: Day
    outcome: str = Field(description="`notice` or `reminder`")
    level: str
    level_name: str | None
    items: list[str] = Field(description="the items in it")
    fees: str
    interest: str
    total_claim: str = Field(description="principal, fees and interest in it")
    effects: list[PreviewEffect]


class PreviewAnswer(Shape):
    """What is sent to an account on a day, and from then on if nothing is paid. It is not recorded."""

    recorded: bool = Field(description="false: nothing of this is in the log", json_schema_extra={"const": False})
    policy: str
    kind: str
    policy_digest: Digest = Field(description="of the policy in canonical form")
    engine: str
    as_of: Day
    now: list[PreviewEntry] = Field(description="what is sent on the day itself, the strictest level first")
    skips: list[str] = Field(description="why no notice is sent on the day itself")
    calendar: list[PreviewEntry]
    calendar_until: Day | None = Field(description="the last day looked at, where the calendar was cut short")
    words: dict[str, str] = Field(
        description="the calendar in one sentence, by language",
        examples=[{"en": "if nothing is paid: 17 December level 2 and hold, 31 December collections"}],
    )
    revision: int = Field(ge=1, description="number of the policy text that was asked")


class PolicyLine(Shape):
    """A policy in force."""

    name: str
    kind: str
    title: ByLanguage
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

    facts_schema: Json = Field(description="JSON Schema (2020-12) of the facts: those it reads, and those it does not")
    outcome_schema: Json = Field(description="JSON Schema (2020-12) of the `outcome` of its decisions")
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
    policy_file: str = Field(
        description="`in_force`, `known`, `differs` or `absent`: how the file on disk stands to it"
    )
    unconfirmed: list[int] = Field(description="revisions that one person put in force, not confirmed by a second")
