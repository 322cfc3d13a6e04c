"""What can go wrong between question and answer: the closed list of error codes, and their one form (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
from fastapi import Response

from engine.decision import Json, Misfit

MEDIA_TYPE = "application/problem+json"

RETRY_SECONDS = 2
"""What `Retry-After` says where trying again may help."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of error: its HTTP status, its title, and what to do about it."""

    status: int
    title: str
    mend: str


PROBLEMS: Mapping[str, Kind] = {
    "http_invalid": Kind(
        400, "the request is not sound HTTP", "send one Host, and Content-Length or Transfer-Encoding, never both"
    ),
    "headers_too_large": Kind(431, "the request's headers are too large", "send at most 32 KiB of them"),
    "json_invalid": Kind(400, "the body is not JSON", "mend the JSON (RFC 8259) at the character `position`, from 1"),
    "json_not_utf8": Kind(400, "the body is not UTF-8 text", "send the body in UTF-8"),
    "json_byte_order_mark": Kind(400, "the body begins with a byte-order mark", "send the body without it"),
    "json_bad_text": Kind(400, "a text holds half a surrogate pair", "send both halves, or the character itself"),
    "json_too_deep": Kind(400, "the body is nested too deeply", "nest lists and objects at most 32 deep"),
    "key_repeated": Kind(400, "an object has the same key twice", "send each key once"),
    "idempotency_key_missing": Kind(
        400, "the header Idempotency-Key is missing", "send one new key per decision, and the same key again to retry"
    ),
    "idempotency_key_invalid": Kind(
        400, "the Idempotency-Key cannot be used", "send it once, as 1 to 255 visible ASCII characters"
    ),
    "credentials_missing": Kind(
        401, "nobody says who asks", "send `Authorization: Bearer` and an API key or a token of the identity provider"
    ),
    "credentials_invalid": Kind(401, "the key or token opens nothing", "see `detail`; an administrator makes new keys"),
    "credentials_in_url": Kind(
        401, "a key or token stands in the address", "send it in the header Authorization, and have that one revoked"
    ),
    "role_missing": Kind(403, "the caller's roles do not let it do this", "ask an administrator for the role"),
    "maker_is_checker": Kind(403, "who wrote a text may not approve it", "have a second person do it"),
    "authority_missing": Kind(
        403, "the person has no authority for this amount", "ask somebody who has, or see `authority` in the settings"
    ),
    "csrf": Kind(
        403, "another site's page sent the request", "send it from a program, or from this service's own page"
    ),
    "policy_unknown": Kind(404, "there is no such policy", "`GET /v1/policies` lists the policies in force"),
    "decision_unknown": Kind(404, "there is no such decision", "use the `decision_id` of an answer"),
    "entry_unknown": Kind(404, "the log has no such entry", "`GET /v1/log/checkpoint` says how many it has"),
    "revision_unknown": Kind(404, "there is no such revision", "`GET /v1/revisions` lists them"),
    "principal_unknown": Kind(404, "there is no such person or system", "`GET /v1/principals` lists them"),
    "access_key_unknown": Kind(404, "there is no such key", "`GET /v1/principals` lists the keys by their prefixes"),
    "override_unknown": Kind(404, "there is no such override", "`GET /v1/overrides` lists them"),
    "comparison_unknown": Kind(
        404, "there is no such comparison", "`GET /v1/revisions/{number}/comparisons` lists them"
    ),
    "path_unknown": Kind(404, "there is nothing at this address", "`/docs` lists the addresses"),
    "method_not_allowed": Kind(405, "this address does not take this method", "the header Allow lists what it takes"),
    "body_too_slow": Kind(
        408, "the body did not arrive in time", "send the whole body within the setting `body_timeout`"
    ),
    "idempotency_key_in_progress": Kind(
        409, "a request with this Idempotency-Key is under way", "send the same request with the same key again"
    ),
    "content_changed": Kind(
        409, "the text is not the one you have seen", "read the revision again, and send its `bundle_digest`"
    ),
    "revision_state": Kind(409, "the revision is not in a state for this", "see `detail`"),
    "comparison_stale": Kind(
        409,
        "the text was not compared with the one in force",
        "`POST /v1/revisions/{number}/comparisons` compares it; read what it says",
    ),
    "backdated": Kind(409, "a text cannot take effect in the past", "name today or a later day"),
    "overlapping": Kind(409, "another revision takes effect on that day", "withdraw that one, or name another day"),
    "principal_state": Kind(409, "people, systems and keys do not allow this", "see `detail`"),
    "override_state": Kind(409, "the decision or override does not allow this", "see `detail`"),
    "body_too_large": Kind(413, "the body is too large", "send less, or raise the setting `max_body`"),
    "media_type_unsupported": Kind(415, "the body's media type is not read", "send `Content-Type: application/json`"),
    "encoding_unsupported": Kind(415, "the body's encoding is not read", "send the body without Content-Encoding"),
    "number_out_of_range": Kind(422, "a number is out of range", "send a number of at most 40 digits"),
    "number_exponent": Kind(422, "a number has an exponent", "write the digits out"),
    "number_too_long": Kind(422, "a number is too long", "send a number of at most 40 digits"),
    "integer_out_of_range": Kind(422, "a whole number is out of range", "send larger amounts as text"),
    "calendar_none": Kind(
        422, "this kind of policy has no calendar", "preview a policy of kind `dunning`, or decide with this one"
    ),
    "idempotency_key_reused": Kind(
        422, "the Idempotency-Key stands for another request", "repeat the first request exactly, or use a new key"
    ),
    "query_invalid": Kind(422, "the query cannot be answered", "mend every place in `errors`"),
    "request_invalid": Kind(422, "the request does not have the right members", "mend every place in `errors`"),
    "facts_invalid": Kind(422, "the facts do not fit the policy", "mend every place in `errors`; nothing was decided"),
    "policy_refused": Kind(422, "the policy text has mistakes", "mend every place in `errors`"),
    "cases_failed": Kind(422, "the text's own cases come out otherwise", "mend the text, or its cases in `errors`"),
    "rate_limited": Kind(429, "the caller asks too often", "wait as `Retry-After` says, or raise the setting `rate`"),
    "too_many_failures": Kind(429, "too many failed requests from this address", "wait as `Retry-After` says"),
    "internal_error": Kind(500, "the service failed; nothing was answered", "tell the operator the `request_id`"),
    "audit_unavailable": Kind(
        503,
        "the record cannot be written or read now",
        "send the same request with the same key again: it tells what became of it",
    ),
    "issuer_unavailable": Kind(503, "the token's issuer cannot be asked now", "send the request again, after a pause"),
    "comparison_lost": Kind(503, "the comparison was lost", "send the request again"),
    "overloaded": Kind(
        503, "too many decisions are under way", "send the same request with the same key again, after a pause"
    ),
    "not_ready": Kind(503, "the service cannot decide now", "see `detail`; try again"),
}


class Problem(Exception):  # noqa: N818 (RFC 9457's word)
    """A request that gets an error for an answer. `place` is `pointer` or `position` in the body, by that name."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, Json]] = (),
        place: Mapping[str, Json] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.place = dict(place or {})
        self.headers = dict(headers or {})


def misfits_problem(code: str, misfits: Sequence[Misfit], within: str = "") -> Problem:
    """Everything that does not fit, each with its pointer into the body; `within` leads to where the pointers begin."""
    errors = [
        {"code": one.code, "pointer": within + one.pointer, "detail": one.message, "help": one.help} for one in misfits
    ]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    detail = f"{errors[0]['pointer'] or 'body'}: {errors[0]['detail']}{more}"
    return Problem(code, detail, errors=errors, place={"pointer": errors[0]["pointer"]})


def problem_json(problem: Problem, request_id: str) -> dict[str, Json]:
    """The problem document; `type` leads to the code's explanation."""
    kind = PROBLEMS[problem.code]
    body: dict[str, Json] = {
        "type": f"/problems#{problem.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        "code": problem.code,
        "help": kind.mend,
        "request_id": request_id,
        **problem.place,
    }
    if problem.errors:
        body["errors"] = list(problem.errors)
    return body


def problem_response(problem: Problem, request_id: str) -> Response:
    """The problem as an answer."""
    return Response(
        orjson.dumps(problem_json(problem, request_id)),
        status_code=PROBLEMS[problem.code].status,
        media_type=MEDIA_TYPE,
        headers=problem.headers,
    )
