"""The service's description of itself lists what is sent and nothing else, and what it shows can be tried at once."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
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


def operations(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every operation, by its method and path."""
    return {
        f"{method} {path}": operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }


READING_BODIES = {
    "post /v1/decisions/{policy}",
    "post /v1/tests/{policy}",
    "post /v1/previews/{policy}",
    "post /v1/revisions",
    "put /v1/revisions/{number}/text",
    *(
        f"post /v1/revisions/{{number}}/{act}"
        for act in ("proposal", "approval", "activation", "withdrawal", "rollback", "confirmation", "shadow")
    ),
    "post /v1/revisions/{number}/comparisons",
    "post /v1/decisions/{decision_id}/overrides",
    "post /v1/overrides/{override_id}/end",
    "put /v1/principals/{name}",
    "post /v1/principals/{name}/keys",
}
READING_QUERIES = {
    "get /v1/overrides",
    "get /v1/decisions/{decision_id}/certificate",
    *(f"get /v1/log/{name}" for name in ("entries", "counts", "proofs/inclusion", "proofs/consistency")),
}


def test_no_answer_is_listed_that_is_never_sent(described: dict[str, Any]) -> None:
    assert "ValidationError" not in str(described)
    asked = operations(described)
    assert {name for name, one in asked.items() if "requestBody" in one} == READING_BODIES
    for status in ("413", "415", "408"):
        assert {name for name, one in asked.items() if status in one["responses"]} == READING_BODIES
    assert {name for name, one in asked.items() if "422" in one["responses"]} == READING_BODIES | READING_QUERIES


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


def test_every_example_is_a_body_of_its_operation(described: dict[str, Any]) -> None:
    shown = 0
    for operation in operations(described).values():
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        for example in body.get("examples", {}).values():
            jsonschema.Draft202012Validator(body["schema"]).validate(example["value"])
            shown += 1
    assert shown


def test_people_revisions_and_searches_are_not_chosen_among_policies(
    client: httpx.Client, described: dict[str, Any]
) -> None:
    closed = {
        f"{name}: {parameter['name']}"
        for name, operation in operations(described).items()
        for parameter in operation.get("parameters", ())
        if set(parameter["schema"].get("enum", ())) & set(names(client))
    }
    assert closed == {
        "post /v1/decisions/{policy}: policy",
        "post /v1/previews/{policy}: policy",
        "get /v1/policies/{name}: name",
    }
    # A trial may be asked of a draft, whose policies are not in force.
    assert parameters(described, "/v1/tests/{policy}", "post")["policy"]["example"] == names(client)[0]


# Who asks


def test_what_turns_unknown_callers_away_says_that_it_takes_a_key(
    client: httpx.Client, described: dict[str, Any]
) -> None:
    open_to_all = set()
    with httpx.Client(base_url=client.base_url.copy_with(userinfo=b""), timeout=15) as nobody:
        for name, operation in operations(described).items():
            method, path = name.split(" ")
            answer = nobody.request(method, path)
            if "security" not in operation:
                assert answer.status_code == 200
                open_to_all.add(name)
            else:
                assert (answer.status_code, answer.json()["code"]) == (401, "credentials_missing"), name
    assert open_to_all == {"get /healthz", "get /readyz"}


def test_the_page_offers_to_authorize_in_the_ways_that_let_in(client: httpx.Client, described: dict[str, Any]) -> None:
    key = client.base_url.password
    credentials = {
        "basic": f"Basic {base64.b64encode(f'anybody:{key}'.encode()).decode()}",
        "bearer": f"Bearer {key}",
    }
    schemes = described["components"]["securitySchemes"]
    assert {name: (one["type"], one["scheme"]) for name, one in schemes.items()} == {
        name: ("http", name) for name in credentials
    }
    for operation in operations(described).values():
        # Each of them alone will do.
        assert operation.get("security", [{"bearer": []}, {"basic": []}]) == [{"bearer": []}, {"basic": []}]
    with httpx.Client(base_url=client.base_url.copy_with(userinfo=b""), timeout=15) as asking:
        for given in credentials.values():
            assert asking.get("/v1/policies", headers={"Authorization": given}).status_code == 200
        page = asking.get("/docs")
        assert (page.status_code, "url: '/openapi.json'" in page.text) == (200, True)
        assert asking.get("/openapi.json").json()["components"]["securitySchemes"] == schemes
        # The button is what Swagger UI draws wherever a description has security schemes.
        assert "AuthorizeBtnContainer" in asking.get("/docs-assets/swagger-ui-bundle.js").text


def test_the_bare_address_leads_to_the_docs(client: httpx.Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")
    assert client.get("/", follow_redirects=True).status_code == 200
