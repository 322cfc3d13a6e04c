"""The HTTP API over real connections: what it answers, and what it refuses (rows 49-79 of the bad-input catalogue)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import jsonschema
import pytest

from api import decisions
from api.app import create_app
from api.settings import Settings
from tests.granting import let_in
from tests.serving import (
    FACTS,
    POLICIES,
    URL,
    Served,
    address,
    assert_problem,
    decided,
    end,
    new_key,
    post,
    served,
    spawn,
)

FIRST_DECISION = 4
"""Its entry, after those of the signing key, the tester, the tester's key and the first revision."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("service"), max_body=200_000) as running:
        yield running


@pytest.fixture
def client(service: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=15) as client:
        yield client


# Deciding


def test_a_decision_is_answered_with_its_reasons_trace_and_place_in_the_log(client: httpx.Client) -> None:
    body = {"facts": {**FACTS}, "as_of": "2026-03-01"}
    answer = client.post(URL, json=body, headers=new_key())
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["policy"] == "small-order"
    assert said["kind"] == "decision"
    assert said["revision"] == 1
    assert said["as_of"] == "2026-03-01"
    assert said["outcome"] == {"release": True, "asked": "250.5", "insured": False}
    assert [reason["code"] for reason in said["reasons"]] == ["OD-01"]
    assert said["trace"]
    assert said["log"]["seq"] >= 1
    assert len(said["log"]["leaf"]) == 64


def test_a_decision_reads_back_the_same_with_its_facts(client: httpx.Client) -> None:
    said = decided(client, amount="12.30")
    read = client.get(f"/v1/decisions/{said['decision_id']}").json()
    assert read.pop("facts") == {"amount": "12.30", "days_overdue": 3}
    assert read == said


def test_a_json_number_is_recorded_by_value_and_text_as_written(client: httpx.Client) -> None:
    said = post(client, '{"facts": {"amount": 250.5000, "days_overdue": 3}}').json()
    assert client.get(f"/v1/decisions/{said['decision_id']}").json()["facts"]["amount"] == "250.5"


def test_without_as_of_it_is_today_in_utc(client: httpx.Client) -> None:
    said = decided(client)
    assert said["as_of"] == said["decided_at"][:10]


def test_numbers_and_text_reach_the_decimal_exactly(client: httpx.Client) -> None:
    raw = '{"facts": {"amount": 12345678901234567.89, "days_overdue": 0}}'
    said = post(client, raw).json()
    assert said["outcome"]["asked"] == "12345678901234567.89"
    assert client.get(f"/v1/decisions/{said['decision_id']}").json()["facts"]["amount"] == "12345678901234567.89"
    assert decided(client, amount="12345678901234567.89")["outcome"]["asked"] == "12345678901234567.89"


def test_the_same_key_and_request_get_the_first_answer_byte_for_byte(client: httpx.Client) -> None:
    key = {"Idempotency-Key": "order-4711"}
    first = client.post(URL, json={"facts": {"amount": 1.5, "days_overdue": 0}}, headers=key)
    assert "idempotency-replayed" not in first.headers
    again = client.post(
        URL,
        content=b'{ "facts":\n {"days_overdue":0, "amount": 1.50} }',
        headers=key | {"Content-Type": "application/json"},
    )
    assert again.headers["idempotency-replayed"] == "true"
    assert again.content == first.content


SAID = '{"facts": {"amount": "1.5", "days_overdue": 0, "remark": "A"}}'


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ('{"facts": {"remark": "\\u0041", "days_overdue": -0, "amount": "1.5"}}', 200),
        ('{"facts": {"amount": "1.50", "days_overdue": 0, "remark": "A"}}', 422),
        ('{"facts": {"amount": 1.5, "days_overdue": 0, "remark": "A"}}', 422),
        ('{"facts": {"amount": "1.5", "days_overdue": 0, "remark": "A", "insured": null}}', 422),
        ('{"facts": {"amount": "1.5", "days_overdue": 0, "remark": "A"}, "as_of": null}', 422),
    ],
)
def test_the_same_request_is_the_same_json_value(client: httpx.Client, other: str, status: int) -> None:
    key = str(uuid.uuid4())
    assert post(client, SAID, Idempotency_Key=key).status_code == 200
    again = post(client, other, Idempotency_Key=key)
    assert again.status_code == status, again.text
    assert again.headers.get("idempotency-replayed", "false") == ("true" if status == 200 else "false")


def test_many_at_once_with_one_key_make_one_record(service: Served) -> None:
    key = str(uuid.uuid4())
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda _: service.decide(key=key), range(48)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1


def test_the_log_has_no_gaps(service: Served) -> None:
    first = service.decide().json()["log"]["seq"]
    with ThreadPoolExecutor(8) as pool:
        later = list(pool.map(lambda _: service.decide().json()["log"]["seq"], range(24)))
    assert sorted(later) == list(range(first + 1, first + 25))


def test_a_bug_is_a_500_without_internals_and_decides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        msg = "the secret of 250.50"
        raise ZeroDivisionError(msg)

    (tmp_path / "policies.yaml").write_text(POLICIES, encoding="utf-8")
    settings = Settings(policy_file=tmp_path / "policies.yaml", database=str(tmp_path / "writ.db"))
    headers = {"Idempotency-Key": "k", "Authorization": f"Bearer {let_in(settings)}"}
    app = create_app(settings)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://writ") as client:
            return await client.post(URL, json={"facts": dict(FACTS)}, headers=headers)

    with monkeypatch.context() as broken:
        broken.setattr(decisions, "decide", fail)
        answer = asyncio.run(ask())
    assert_problem(answer, 500, "internal_error")
    assert "secret" not in answer.text
    assert "ZeroDivision" not in answer.text
    after = asyncio.run(ask())
    assert "idempotency-replayed" not in after.headers
    assert after.json()["log"]["seq"] == 4
    app.state.running.audit.close()


# Describing itself


def test_the_policies_are_listed(client: httpx.Client) -> None:
    listed = client.get("/v1/policies").json()
    assert listed["bundle"] == "order-desk"
    assert listed["bundle_digest"] == hashlib.sha256(POLICIES.encode()).hexdigest()
    assert [policy["name"] for policy in listed["policies"]] == ["small-order", "echo"]
    assert listed["policies"][0]["title"]["zh-Hans"] == "小额订单"


@pytest.mark.parametrize("policy", ["small-order", "echo"])
def test_a_policys_example_is_decided_and_fits_its_own_schema(client: httpx.Client, policy: str) -> None:
    view = client.get(f"/v1/policies/{policy}").json()
    jsonschema.Draft202012Validator.check_schema(view["facts_schema"])
    jsonschema.validate(view["example"]["facts"], view["facts_schema"])
    answer = client.post(f"/v1/decisions/{policy}", json=view["example"], headers=new_key())
    assert answer.status_code == 200, answer.text


def test_the_schema_takes_what_the_service_takes_and_names_what_the_policy_does_not_read(client: httpx.Client) -> None:
    schema = client.get("/v1/policies/echo").json()["facts_schema"]
    notes = {name: said["description"] for name, said in schema["properties"].items()}
    assert [name for name, note in notes.items() if "not read by this policy" not in note] == ["ordered_at", "remark"]
    facts = {**FACTS, "remark": "x"}
    assert post(client, json.dumps({"facts": facts}), "/v1/decisions/echo").status_code == 200
    jsonschema.validate(facts, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**facts, "amuont": 1}, schema)


def test_the_curl_text_works_as_it_stands(client: httpx.Client) -> None:
    if shutil.which("curl") is None or shutil.which("sh") is None:
        pytest.skip("no curl here")
    text = client.get("/v1/policies/small-order").json()["curl"]
    key = {"WRIT_API_KEY": str(client.base_url.userinfo.decode().partition(":")[2])}
    done = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=True, env={**os.environ, **key})
    assert json.loads(done.stdout)["outcome"]["release"] is True


def test_the_answers_are_what_openapi_says(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()

    def check(answer: httpx.Response, path: str, method: str) -> None:
        responses = described["paths"][path][method]["responses"]
        media_type = answer.headers["content-type"]
        schema = responses[str(answer.status_code)]["content"][media_type]["schema"]
        jsonschema.validate(answer.json(), {**schema, "components": described["components"]})

    said = client.post(URL, json={"facts": dict(FACTS)}, headers=new_key())
    check(said, "/v1/decisions/{policy}", "post")
    check(client.get(f"/v1/decisions/{said.json()['decision_id']}"), "/v1/decisions/{decision_id}", "get")
    check(client.get("/v1/decisions/dec_0"), "/v1/decisions/{decision_id}", "get")
    check(client.get("/v1/policies"), "/v1/policies", "get")
    check(client.get("/v1/policies/echo"), "/v1/policies/{name}", "get")
    check(client.get("/v1/policies/nobody"), "/v1/policies/{name}", "get")
    check(client.get("/healthz"), "/healthz", "get")
    check(client.get("/readyz"), "/readyz", "get")
    check(post(client, '{"facts": {"amount": "x"}}'), "/v1/decisions/{policy}", "post")
    check(post(client, "{"), "/v1/decisions/{policy}", "post")
    check(post(client, "{}", Content_Type="text/plain"), "/v1/decisions/{policy}", "post")
    check(post(client, "{}", Authorization="Bearer nothing"), "/v1/decisions/{policy}", "post")
    check(client.get("/v1/policies", headers={"Authorization": "Basic nothing"}), "/v1/policies", "get")


def test_the_docs_need_nothing_from_outside(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert asset in page.text
        assert client.get(f"/docs-assets/{asset}").status_code == 200


def test_a_problems_type_leads_to_its_explanation(client: httpx.Client) -> None:
    problem = assert_problem(post(client, "{"), 400, "json_invalid")
    page, _, anchor = problem["type"].partition("#")
    assert f'id="{anchor}"' in client.get(page).text


def test_health_and_readiness(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz").json()
    assert (ready["status"], ready["revision"], ready["policy_file"]) == ("ready", 1, "in_force")


# Starting and stopping


def test_it_stops_cleanly(tmp_path: Path) -> None:
    (tmp_path / "policies.yaml").write_text(POLICIES, encoding="utf-8")
    process = spawn(tmp_path)
    address(process, tmp_path)
    process.terminate()
    assert end(process) == 0
    assert not (tmp_path / "writ.db-wal").exists(), "the log file is folded into the database"


def test_a_wrong_policy_file_stops_the_start_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "policies.yaml").write_text(
        POLICIES.replace("amount <= 1000 and", "amonut <= 1000 and"), encoding="utf-8"
    )
    assert end(spawn(tmp_path)) == 1
    said = (tmp_path / "service.log").read_text()
    assert "policies.yaml:20:16: unknown name `amonut`" in said
    with served(tmp_path) as mended:
        assert mended.decide().json()["revision"] == 1


def test_a_missing_policy_file_and_a_database_that_cannot_be_are_named(tmp_path: Path) -> None:
    assert end(spawn(tmp_path)) == 1
    (tmp_path / "policies.yaml").write_text(POLICIES, encoding="utf-8")
    assert end(spawn(tmp_path, database=tmp_path / "nowhere" / "writ.db")) == 1
    said = (tmp_path / "service.log").read_text()
    assert "cannot read the policy file" in said
    assert "cannot keep a record" in said
