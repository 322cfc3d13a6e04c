"""The shapes on the wire of overrides."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from api.wire import Day, LogPlace, Shape


class OverrideView(Shape):
    """What a person decided instead of a decision, and whether it counts today."""

    override_id: str = Field(pattern="^ovr_[0-9a-z]{26}$")
    at: dt.datetime
    given_by: str
    decision: str
    policy: str
    was: str = Field(description="what the policy decided")
    outcome: str = Field(description="what the person decided")
    reason: str
    until: Day = Field(description="the last day it counts")
    release_when: str | None
    released_amount: str | None = Field(default=None, description="of an approval; absent otherwise")
    tolerance_pct: str | None = Field(default=None, description="of an approval; absent otherwise")
    amount_tested: str | None = Field(description="what took authority; null: unknown, so the highest was needed")
    currency: str
    risk_class: str | None
    level_needed: int
    state: str = Field(json_schema_extra={"enum": ["in_force", "expired", "ended"]})
    code: str = Field(description="OV-MAN-01 while it counts, OV-EXP-01 when it does not any more")
    ended_seq: int | None = Field(description="the entry that ended it")
    log: LogPlace


class OverrideList(Shape):
    """Overrides, the newest first; `next` continues the list."""

    overrides: list[OverrideView]
    next: str | None
