"""What is sent to change a revision."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from api.bodies import Body

Digest = Annotated[
    str, Field(pattern="^[0-9a-f]{64}$", description="the `bundle_digest` of the text as it was seen: SHA-256, hex")
]
Comment = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S", description="why, for the record")]
PolicyText = Annotated[str, Field(min_length=1, description="the whole policy document, YAML")]
Behalf = Annotated[
    str | None, Field(max_length=100, description="the person who wrote the text, where a system sends it")
]


def _like(pattern: re.Pattern[str], mend: str) -> BeforeValidator:
    """Days and moments are texts of one form: a number could be taken for a moment of some calendar."""

    def check(value: object) -> object:
        if not (isinstance(value, str) and pattern.match(value)):
            raise ValueError(mend)
        return value

    return BeforeValidator(check)


Day = Annotated[
    dt.date,
    _like(re.compile(r"\d{4}-\d{2}-\d{2}$"), "write a day, YYYY-MM-DD"),
    Field(strict=False, description="a day, `YYYY-MM-DD`, of the service's time zone"),
]
Instant = Annotated[
    dt.datetime,
    _like(re.compile(r"\d{4}-\d{2}-\d{2}T"), "write a moment with its zone, 2026-12-31T18:00:00Z"),
    Field(strict=False, description="a moment with its zone, as in RFC 3339"),
]


class Draft(Body):
    """A policy text to become a revision, or to take the place of a draft's text."""

    text: PolicyText
    comment: Comment
    on_behalf_of: Behalf = None


class Edit(Draft):
    """Another text for a revision. With the `bundle_digest` of the one it replaces, nobody else's edit is lost."""

    bundle_digest: Digest | None = None


class Seen(Body):
    """An act on a text that was seen."""

    bundle_digest: Digest
    comment: Comment | None = None


class Activation(Body):
    """From when an approved text decides; at once without a day, or from the one that the text states."""

    bundle_digest: Digest
    effective: Day | None = None


class Withdrawal(Body):
    """Why a revision is taken out."""

    comment: Comment


class Rollback(Body):
    """Why an earlier text comes back; in an `emergency` one person puts it in force, and a second one confirms it."""

    comment: Comment
    emergency: bool = False


class ShadowStart(Body):
    """Until when a text runs beside the one in force."""

    bundle_digest: Digest
    until: Instant
