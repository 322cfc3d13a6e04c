"""What the HTTP API refuses, over real connections: rows 18 and 49-79 of the bad-input catalogue."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.serving import (
    FACTS,
    POLICIES,
    URL,
    Served,
    assert_problem,
    decided,
    new_key,
    post,
    served,
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("service"), max_body=200_000) as running:
        yield running


@pytest.fixture
def client(service: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=15) as client:
        yield client


# Refusing: the catalogue


def facts(text: str) -> str:
    return f'{{"facts": {{"days_overdue": 0, {text}}}}}'


JSON_ROWS = [
    (49, facts('"amount": NaN'), 400, "json_invalid"),
    (49, facts('"amount": -Infinity'), 400, "json_invalid"),
    (50, facts('"amount": 1e400'), 422, "number_out_of_range"),
    (59, facts('"amount": 18446744073709551616'), 422, "integer_out_of_range"),
    (60, facts(f'"amount": {"9" * 5000}'), 422, "integer_out_of_range"),
    (61, facts('"amount": 1, "amount": 999'), 400, "key_repeated"),
    (62, facts('"amount": 1, "\\u0061mount": 999'), 400, "key_repeated"),
    (63, "[" * 100_000, 400, "json_too_deep"),
    (64, facts('"amount": 1, "remark": "\\ud800"'), 400, "json_bad_text"),
    (65, b'{"facts": {"remark": "\xff\xfe"}}', 400, "json_not_utf8"),
    (70, b"\xef\xbb\xbf{}", 400, "json_byte_order_mark"),
]


@pytest.mark.parametrize(("row", "raw", "status", "code"), JSON_ROWS)
def test_what_is_not_strict_json_is_refused_with_its_place(
    client: httpx.Client, row: int, raw: bytes | str, status: int, code: str
) -> None:
    problem = assert_problem(post(client, raw), status, code)
    assert problem.get("position") or problem.get("pointer"), f"row {row} names no place"
    if "amount" in str(problem.get("pointer")):
        assert problem["pointer"] == "/facts/amount"
    decided(client)


FACT_ROWS = [
    (52, '"amount": "1e1000000"', "/facts/amount", "exponent"),
    (53, '"amount": "1e99999999"', "/facts/amount", "exponent"),
    (54, '"amount": "1e100000000"', "/facts/amount", "exponent"),
    (55, '"amount": "sNaN"', "/facts/amount", "sNaN"),
    (55, '"amount": "Infinity"', "/facts/amount", "Infinity"),
    (56, '"amount": "\uff11\uff12"', "/facts/amount", "0-9"),
    (56, '"amount": "١٢٣"', "/facts/amount", "0-9"),
    (57, '"amount": "1_000"', "/facts/amount", "underscore"),
    (57, '"amount": " 12\\n"', "/facts/amount", "digits"),
    (57, '"amount": "+1"', "/facts/amount", "digits"),
    (58, '"amount": 0.001', "/facts/amount", "2 decimals"),
    (66, '"amount": 1, "days_overdue": true', "/facts/days_overdue", "integer"),
    (66, '"amount": 1, "days_overdue": 1.5', "/facts/days_overdue", "integer"),
    (66, '"amount": 1, "insured": "yes"', "/facts/insured", "true or false"),
    (67, '"amount": 1, "ordered_at": "10000-01-01T00:00:00Z"', "/facts/ordered_at", "date"),
    (67, '"amount": 1, "ordered_at": "2026-01-01T23:59:60Z"', "/facts/ordered_at", "date"),
    (67, '"amount": 1, "ordered_at": "2026-01-01T23:59:00"', "/facts/ordered_at", "zone"),
    (72, '"amount": 1, "amuont": 2', "/facts/amuont", "amount"),
]


@pytest.mark.parametrize(("row", "text", "pointer", "names"), FACT_ROWS)
def test_facts_that_do_not_fit_are_refused_with_a_pointer(
    client: httpx.Client, row: int, text: str, pointer: str, names: str
) -> None:
    given = facts(text) if '"days_overdue"' not in text else f'{{"facts": {{{text}}}}}'
    path = "/v1/decisions/echo" if "ordered_at" in text else URL
    given = given.replace('"days_overdue": 0, "amount": 1, ', "") if path != URL else given
    problem = assert_problem(post(client, given, path), 422, "facts_invalid")
    error = next(error for error in problem["errors"] if error["pointer"] == pointer)
    assert names in f"{error['detail']} {error['help']}", f"row {row}: {error}"
    decided(client)


def test_minus_zero_is_zero(client: httpx.Client) -> None:
    assert decided(client, amount="-0")["outcome"]["asked"] == "0"


def test_every_misfit_is_named_at_once(client: httpx.Client) -> None:
    problem = assert_problem(
        post(client, '{"facts": {"amount": "x", "insured": 1, "nobody": 2}}'), 422, "facts_invalid"
    )
    assert {error["pointer"] for error in problem["errors"]} == {
        "/facts/amount",
        "/facts/insured",
        "/facts/nobody",
        "/facts/days_overdue",
    }


REQUEST_ROWS = [
    (72, '{"facts": {}, "role": "admin"}', "/role"),
    (72, '{"fcats": {}}', "/fcats"),
    (94, '{"facts": {}, "approved/by": "me"}', "/approved~1by"),
    (66, "[]", ""),
    (66, '{"facts": 1}', "/facts"),
    (18, '{"facts": {}, "as_of": "2026-02-30"}', "/as_of"),
    (67, '{"facts": {}, "as_of": "10000-01-01"}', "/as_of"),
    (67, '{"facts": {}, "as_of": 20260101}', "/as_of"),
]


@pytest.mark.parametrize(("row", "raw", "pointer"), REQUEST_ROWS)
def test_a_request_with_wrong_members_is_refused_by_name(
    client: httpx.Client, row: int, raw: str, pointer: str
) -> None:
    problem = assert_problem(post(client, raw), 422, "request_invalid")
    assert pointer in [error["pointer"] for error in problem["errors"]], f"row {row}"


def test_a_body_over_the_limit_is_refused_before_all_of_it_is_read(client: httpx.Client) -> None:
    assert_problem(post(client, b"x" * 11_000_000), 413, "body_too_large")
    decided(client)


def test_a_chunked_body_over_the_limit_is_refused_too(client: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(1100):
            yield b"x" * 10_000

    answer = client.post(URL, content=chunks(), headers={"Content-Type": "application/json"} | new_key())
    assert_problem(answer, 413, "body_too_large")
    decided(client)


def test_compressed_bodies_are_not_read(client: httpx.Client) -> None:
    answer = post(client, gzip.compress(b"0" * 10_000_000), Content_Encoding="gzip")
    assert_problem(answer, 415, "encoding_unsupported")
    assert answer.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("media_type", ["text/plain", "", "application/json; charset=utf-16", "multipart/form-data"])
def test_only_json_in_utf8_is_read(client: httpx.Client, media_type: str) -> None:
    assert_problem(post(client, b"{}", Content_Type=media_type), 415, "media_type_unsupported")
    decided(client)


def test_a_key_is_required(client: httpx.Client) -> None:
    answer = client.post(URL, json={"facts": dict(FACTS)})
    assert_problem(answer, 400, "idempotency_key_missing")
    assert "/problems#" in answer.headers["link"]


@pytest.mark.parametrize("key", [b"", b"k" * 256, "\N{SMILING FACE WITH OPEN MOUTH}".encode(), b"two words"])
def test_a_key_that_cannot_be_used_is_refused(client: httpx.Client, key: bytes) -> None:
    headers = [(b"Idempotency-Key", key), (b"Content-Type", b"application/json")]
    assert_problem(client.post(URL, content=b"{}", headers=headers), 400, "idempotency_key_invalid")


def test_two_keys_are_refused(client: httpx.Client) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "a"), ("Content-Type", "application/json")]
    assert_problem(client.post(URL, content=b"{}", headers=headers), 400, "idempotency_key_invalid")


def test_a_key_used_for_another_request_is_refused(client: httpx.Client) -> None:
    key = str(uuid.uuid4())
    assert post(client, facts('"amount": 1'), Idempotency_Key=key).status_code == 200
    assert_problem(post(client, facts('"amount": 2'), Idempotency_Key=key), 422, "idempotency_key_reused")
    other = post(client, facts('"amount": 1'), "/v1/decisions/echo", Idempotency_Key=key)
    assert_problem(other, 422, "idempotency_key_reused")


def test_a_refused_request_leaves_its_key_free(client: httpx.Client) -> None:
    key = str(uuid.uuid4())
    assert_problem(post(client, facts('"amount": "x"'), Idempotency_Key=key), 422, "facts_invalid")
    assert post(client, facts('"amount": 1'), Idempotency_Key=key).status_code == 200


def test_a_retry_after_a_restart_with_other_policies_gets_the_first_answer(tmp_path: Path) -> None:
    def ask(service: Served, key: str, policy: str = "small-order") -> httpx.Response:
        """A decision as of today, when the newest text is in force."""
        url, headers = f"{service.url}/v1/decisions/{policy}", {"Idempotency-Key": key}
        return httpx.post(url, json={"facts": dict(FACTS)}, headers=headers, timeout=15)

    with served(tmp_path) as before:
        first = ask(before, "k-1")
        assert first.json()["revision"] == 1
    changed = POLICIES.replace("small-order", "tiny-order").replace("order-desk", "other-desk")
    with served(tmp_path, changed) as after:
        again = ask(after, "k-1")
        assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
        assert_problem(ask(after, "k-2"), 404, "policy_unknown")
        assert ask(after, "k-3", "tiny-order").json()["revision"] == 2
        assert after.decide().json()["revision"] == 1, "the first text was in force on that day"
    with served(tmp_path) as back:
        again = ask(back, "k-2").json()
        assert (again["revision"], again["policy_digest"]) == (3, first.json()["policy_digest"])


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/v1/decisions/smal-order", 404, "policy_unknown"),
        ("POST", "/v1/decisions/..%2f..%2fetc%2fpasswd", 404, "path_unknown"),
        ("GET", "/v1/decisions/dec_00000000000000000000000000", 404, "decision_unknown"),
        ("GET", "/v1/policies/nobody", 404, "policy_unknown"),
        ("GET", "/v2", 404, "path_unknown"),
        ("DELETE", "/v1/policies", 405, "method_not_allowed"),
    ],
)
def test_what_is_not_there_is_a_problem_too(
    client: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    answer = client.request(method, path, json={"facts": {}} if method == "POST" else None, headers=new_key())
    problem = assert_problem(answer, status, code)
    if "smal-" in path:
        assert "did you mean `small-order`" in problem["detail"]
