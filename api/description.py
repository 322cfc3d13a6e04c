"""The API's description of itself (`/openapi.json`), fitted to the policies in force so that `/docs` can try it."""

from __future__ import annotations

from api.intake import KEY_HEADER
from api.policies_view import example_of
from api.running import InForce
from engine.decision import Json

_NEVER_SENT = ("HTTPValidationError", "ValidationError")
"""What the framework would answer, had it to validate anything: every error here is a ProblemDocument."""


def fit_description(description: dict[str, Json], in_force: InForce, key: str) -> None:
    """Change an OpenAPI document in place: only answers that are sent, the names in force, requests that work.

    `key` is an idempotency key that nobody has used: the one that a page for trying requests starts with.
    """
    _take_out_never_sent(description)
    first = next(iter(in_force.bundle.policies), None)
    examples = {"policy": first, "name": first, KEY_HEADER: key}
    for operation in _operations(description):
        for parameter in operation.get("parameters", ()):
            if examples.get(parameter["name"]) is not None:
                parameter["example"] = examples[parameter["name"]]
            if parameter["name"] in {"policy", "name"}:
                parameter["schema"]["enum"] = list(in_force.bundle.policies)
    body = description["paths"]["/v1/decisions/{policy}"]["post"]["requestBody"]
    body["content"]["application/json"]["examples"] = {
        name: {"summary": f"{name}: {policy.title.get('en') or next(iter(policy.title.values()))}",
               "value": example_of(policy, in_force)}
        for name, policy in in_force.bundle.policies.items()
    }  # fmt: skip


def _operations(description: dict[str, Json]) -> list[dict[str, Json]]:
    return [operation for path in description["paths"].values() for operation in path.values()]


def _take_out_never_sent(description: dict[str, Json]) -> None:
    shapes = description["components"]["schemas"]
    for name in _NEVER_SENT:
        shapes.pop(name, None)
    for operation in _operations(description):
        refused = operation["responses"].get("422", {}).get("content", {}).get("application/json", {})
        if refused.get("schema", {}).get("$ref", "").rpartition("/")[2] in _NEVER_SENT:
            del operation["responses"]["422"]
