"""The shapes on the wire of what governs decisions: revisions, people and systems, their keys."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import Field

from api.wire import Day, Digest, Shape

Number = Annotated[int, Field(ge=1, description="the revision's number")]


class RevisionLine(Shape):
    """A revision in a list."""

    revision: Number
    state: str = Field(
        json_schema_extra={"enum": ["draft", "proposed", "approved", "scheduled", "active", "superseded", "withdrawn"]}
    )
    bundle: str
    bundle_digest: Digest = Field(description="SHA-256 of the exact text")
    author: str
    drafted_at: dt.datetime
    comment: str
    effective_from: Day | None = Field(description="its first day; null of the text the service began with")
    effective_to: Day | None = Field(description="its last day; null while no other text follows")
    rollback_of: int | None
    imported: bool = Field(description="read from the policy file at the first start")
    emergency: bool = Field(description="put in force by one person alone")
    unconfirmed: bool = Field(description="an emergency that waits for a second person")
    shadow_until: dt.datetime | None = Field(description="until when it runs beside the text in force")


class RevisionApproval(Shape):
    """Who approved which text; it `holds` while that is the text."""

    by: str
    bundle_digest: Digest
    at: dt.datetime
    seq: int = Field(description="its entry in the log")
    comment: str | None
    holds: bool


class RevisionView(RevisionLine):
    """One revision, with all that was done with it."""

    policies: dict[str, Digest] = Field(description="the digest of each of its policies")
    makers: list[str] = Field(description="who wrote any of it: none of them may approve it")
    checked: dict[str, Any] | None = Field(description="its own cases, and what they did not reach")
    approvals: list[RevisionApproval]
    confirmed_by: str | None
    history: list[dict[str, Any]] = Field(description="every act on it, with its entry in the log")


class PolicyFileReport(Shape):
    """How the policy file on disk stands to what decides."""

    state: str = Field(json_schema_extra={"enum": ["in_force", "known", "differs", "absent"]})
    path: str
    bundle_digest: Digest | None
    revision: int | None


class RevisionList(Shape):
    """All revisions, the newest first."""

    in_force: int = Field(description="the revision that decides today")
    unconfirmed: list[int] = Field(description="emergencies that wait for a second person")
    policy_file: PolicyFileReport
    revisions: list[RevisionLine]


class KeyLine(Shape):
    """An API key, without the key."""

    key: str = Field(description="its prefix, by which it is named")
    holder: str
    made_at: dt.datetime
    made_by: str
    expires_at: dt.datetime
    revoked_at: dt.datetime | None
    live: bool = Field(description="whether it opens anything now")


class MadeKey(KeyLine):
    """A new key, this once with the key itself."""

    secret: str


class PrincipalView(Shape):
    """A person or system."""

    id: str
    type: str = Field(json_schema_extra={"enum": ["person", "system"]})
    roles: list[str]
    oidc_subject: str | None
    keys: list[KeyLine]


class PrincipalList(Shape):
    """Everybody."""

    principals: list[PrincipalView]


class ComparedText(Shape):
    """One of the two texts."""

    name: str
    digest: Digest
    revision: int


class ComparisonView(Shape):
    """What two texts say otherwise, and what they decide otherwise."""

    comparison_id: str = Field(pattern="^cmp_[0-9a-z]{26}$")
    old: ComparedText
    new: ComparedText
    differences: list[dict[str, Any]] = Field(
        description="rules, rows, bands, parameters, reasons: added, removed, changed"
    )
    replay: dict[str, Any] = Field(
        description="by policy: how many change, from what to what, by how much; who moves most"
    )
    erased: bool = Field(default=False, description="a customer was erased from it since; absent otherwise")


class ComparisonLine(Shape):
    """A stored comparison in a list."""

    comparison_id: str
    bundle_digest: Digest = Field(description="the text it is of")
    against_revision: int = Field(description="what it was compared with: the revision that was in force")
    against_digest: Digest
    asked: dict[str, Any] = Field(description="on what: `recorded` decisions, of a time `since`, `until`")
    questions: int
    changed: int
    at: dt.datetime
    seq: int = Field(description="its entry in the log")


class ComparisonList(Shape):
    """The comparisons of a revision, the newest first."""

    comparisons: list[ComparisonLine]


class MoverView(Shape):
    """A customer that moves, with both decisions and both traces."""

    subject: str | None
    policy: str
    ref: str = Field(description="the recorded decision's id, or the row of the facts")
    as_of: Day
    from_: str | None = Field(alias="from")
    to: str | None
    measure: str | None
    currency: str | None
    old: Any
    new: Any
    delta: str | None
    facts: dict[str, Any]
    old_decision: dict[str, Any]
    new_decision: dict[str, Any]


class ShadowView(Shape):
    """What a shadow has found so far."""

    revision: int
    started_at: dt.datetime
    until: dt.datetime
    followed_to: int = Field(description="entries of the log it has seen")
    erased: int = Field(description="decisions left out, since personal data of theirs was erased")
    beside: list[dict[str, Any]] = Field(description="for each text it ran beside, the differences as in a comparison")
