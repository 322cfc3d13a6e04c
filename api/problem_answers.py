"""The problems that a route may answer with, for its description."""

from __future__ import annotations

from api.problems import PROBLEMS
from api.wire import ProblemDocument
from engine.decision import Json

OF_ACCESS = (
    "credentials_missing",
    "credentials_invalid",
    "credentials_in_url",
    "role_missing",
    "csrf",
    "rate_limited",
    "too_many_failures",
    "issuer_unavailable",
    "audit_unavailable",
    "internal_error",
)
"""Problems of every route that asks who is asking."""

OF_BODIES = (
    "json_invalid",
    "json_not_utf8",
    "json_byte_order_mark",
    "json_bad_text",
    "json_too_deep",
    "key_repeated",
    "body_too_slow",
    "body_too_large",
    "media_type_unsupported",
    "encoding_unsupported",
    "number_out_of_range",
    "number_exponent",
    "number_too_long",
    "integer_out_of_range",
    "request_invalid",
)
"""Problems of every route that reads a JSON body."""


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
