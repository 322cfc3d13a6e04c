"""The API's description of itself (`/openapi.json`), fitted to the policies in force so that `/docs` can try it."""

from __future__ import annotations

from collections.abc import Mapping

from api.intake import KEY_HEADER
from api.policies_view import example_of
from api.preview import has_calendar
from api.revisions import InForce
from engine.decision import Json
from policies.ir import Policy

_PREVIEWS = "/v1/previews/{policy}"
_TRIALS = "/v1/tests/{policy}"
_OF_POLICIES = frozenset({"/v1/decisions/{policy}", _TRIALS, _PREVIEWS, "/v1/policies/{name}"})
"""The addresses that name a policy."""

_SCHEMES: Mapping[str, Json] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "an API key, or a token of the identity provider",
    },
    "basic": {"type": "http", "scheme": "basic", "description": "any user name, and an API key as the password"},
}
"""The ways to say who asks, either of which will do."""

_NEVER_SENT = ("HTTPValidationError", "ValidationError")
"""What the framework would answer, had it to validate anything: every error here is a ProblemDocument."""


def fit_description(description: dict[str, Json], in_force: InForce, key: str) -> None:
    """Change an OpenAPI document in place: only answers that are sent, the names in force, requests that work.

    `key` is an idempotency key that nobody has used: the one that a page for trying requests starts with.
    """
    _take_out_never_sent(description)
    policies = in_force.bundle.policies
    with_calendar = {name: policy for name, policy in policies.items() if has_calendar(policy)}
    if not with_calendar:
        del description["paths"][_PREVIEWS]
        _take_out_unused(description)
    for path in _OF_POLICIES & set(description["paths"]):
        asked = with_calendar if path == _PREVIEWS else policies
        for operation in description["paths"][path].values():
            # A trial may be asked of a draft, which may have policies of its own.
            _name_policies(operation, asked, closed=path != _TRIALS)
            for parameter in operation["parameters"]:
                if parameter["name"] == KEY_HEADER:
                    parameter["example"] = key
            if "requestBody" in operation:
                operation["requestBody"]["content"]["application/json"]["examples"] = _examples(asked, in_force)
    _say_who_may_ask(description)


def _name_policies(operation: dict[str, Json], asked: Mapping[str, Policy], *, closed: bool) -> None:
    for parameter in operation["parameters"]:
        if parameter["name"] in {"policy", "name"} and asked:
            parameter["example"] = next(iter(asked))
            if closed:
                parameter["schema"]["enum"] = list(asked)


def _say_who_may_ask(description: dict[str, Json]) -> None:
    """Have every operation that turns unknown callers away take a key: with it `/docs` offers to authorize."""
    description["components"]["securitySchemes"] = dict(_SCHEMES)
    for operation in _operations(description):
        if "401" in operation["responses"]:
            operation["security"] = [{name: []} for name in _SCHEMES]


def _examples(asked: Mapping[str, Policy], in_force: InForce) -> dict[str, Json]:
    return {
        name: {
            "summary": f"{name}: {policy.title.get('en') or next(iter(policy.title.values()))}",
            "value": example_of(policy, in_force),
        }
        for name, policy in asked.items()
    }


def _operations(description: dict[str, Json]) -> list[dict[str, Json]]:
    return [operation for path in description["paths"].values() for operation in path.values()]


def _take_out_unused(description: dict[str, Json]) -> None:
    """Take out the shapes that nothing refers to, until each that stays is referred to."""
    shapes = description["components"]["schemas"]
    while unused := [name for name in shapes if f"'#/components/schemas/{name}'" not in str(description)]:
        for name in unused:
            del shapes[name]


def _take_out_never_sent(description: dict[str, Json]) -> None:
    shapes = description["components"]["schemas"]
    for name in _NEVER_SENT:
        shapes.pop(name, None)
    for operation in _operations(description):
        refused = operation["responses"].get("422", {}).get("content", {}).get("application/json", {})
        if refused.get("schema", {}).get("$ref", "").rpartition("/")[2] in _NEVER_SENT:
            del operation["responses"]["422"]
