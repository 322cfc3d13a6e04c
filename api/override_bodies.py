"""What is sent to decide otherwise than the policy, and to take that back."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from api.bodies import Body
from api.revision_bodies import Day

Why = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S", description="why, for the record")]
Amount = Annotated[
    Decimal,
    Field(strict=False, ge=0, max_digits=30, allow_inf_nan=False, description="an amount, in the policy's currency"),
]


class OverrideRequest(Body):
    """What a person decides instead, why, and until when."""

    outcome: str = Field(min_length=1, max_length=200, description="the word the policy should have said")
    reason: Why
    until: Annotated[Day, Field(description="the last day it holds, `YYYY-MM-DD`")]
    release_when: str | None = Field(
        default=None, min_length=1, max_length=2000, description="the condition on which it ends before, in words"
    )
    amount: Amount | None = Field(default=None, description="the amount an approval releases")
    tolerance_pct: Annotated[Decimal, Field(strict=False, ge=0, le=100, max_digits=10)] | None = Field(
        default=None, description="by how many percent the order may rise and still be released; 0 without it"
    )


class OverrideEnd(Body):
    """Why an override ends before its last day."""

    reason: Why
