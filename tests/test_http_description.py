"""The service's description of itself lists what is sent and nothing else, and what it shows can be tried at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.serving import ROOT, new_key, served


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    text = (ROOT / "policies.yaml").read_text(encoding="utf-8")
    with (
        served(tmp_path_factory.mktemp("described"), text) as running,
        httpx.Client(base_url=running.url, timeout=15) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def described(client: httpx.Client) -> dict[str, Any]:
    description: dict[str, Any] = client.get("/openapi.json").json()
    return description


def names(client: httpx.Client) -> list[str]:
    return [policy["name"] for policy in client.get("/v1/policies").json()["policies"]]


def parameters(described: dict[str, Any], path: str, method: str) -> dict[str, Any]:
    return {parameter["name"]: parameter for parameter in described["paths"][path][method]["parameters"]}


def test_no_answer_is_listed_that_is_never_sent(described: dict[str, Any]) -> None:
    assert "ValidationError" not in str(described)
    refusing = {
        path for path, methods in described["paths"].items() for one in methods.values() if "422" in one["responses"]
    }
    asking_the_log = {"entries", "counts", "proofs/inclusion", "proofs/consistency"}
    assert refusing == {
        "/v1/decisions/{policy}",
        "/v1/previews/{policy}",
        "/v1/decisions/{decision_id}/certificate",
        *(f"/v1/log/{name}" for name in asking_the_log),
    }


def test_every_shape_that_is_referred_to_is_there(described: dict[str, Any]) -> None:
    shapes = described["components"]["schemas"]
    referred = {part.partition("'")[0] for part in str(described).split("#/components/schemas/")[1:]}
    assert referred <= set(shapes)
    assert set(shapes) - referred == set()


@pytest.mark.parametrize(
    ("path", "method", "name"), [("/v1/decisions/{policy}", "post", "policy"), ("/v1/policies/{name}", "get", "name")]
)
def test_a_policy_is_chosen_among_those_in_force(
    client: httpx.Client, described: dict[str, Any], path: str, method: str, name: str
) -> None:
    parameter = parameters(described, path, method)[name]
    assert parameter["schema"]["enum"] == names(client)
    assert parameter["example"] == names(client)[0]


def test_there_is_an_example_for_every_policy_and_each_is_decided(
    client: httpx.Client, described: dict[str, Any]
) -> None:
    body = described["paths"]["/v1/decisions/{policy}"]["post"]["requestBody"]["content"]["application/json"]
    assert list(body["examples"]) == names(client)
    for name, example in body["examples"].items():
        assert example["value"] == client.get(f"/v1/policies/{name}").json()["example"]
        answer = client.post(f"/v1/decisions/{name}", json=example["value"], headers=new_key())
        assert answer.status_code == 200, answer.text


def test_what_the_page_starts_with_is_decided_as_it_stands(client: httpx.Client, described: dict[str, Any]) -> None:
    given = parameters(described, "/v1/decisions/{policy}", "post")
    body = described["paths"]["/v1/decisions/{policy}"]["post"]["requestBody"]["content"]["application/json"]
    policy = given["policy"]["example"]
    headers = {"Idempotency-Key": given["Idempotency-Key"]["example"]}
    answer = client.post(f"/v1/decisions/{policy}", json=body["examples"][policy]["value"], headers=headers)
    assert (answer.status_code, answer.headers.get("idempotency-replayed")) == (200, None), answer.text
    assert '"tryItOutEnabled": true' in client.get("/docs").text


def test_the_bare_address_leads_to_the_docs(client: httpx.Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")
    assert client.get("/", follow_redirects=True).status_code == 200
