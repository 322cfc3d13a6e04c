"""The policies in force, shown to those who call them: what each is, what it reads, and an example that works."""

from __future__ import annotations

import shlex

import orjson
from fastapi import APIRouter, Depends, Request

from api.access.gate import needs
from api.audit.canonical import canonical
from api.audit.database import AuditUnavailableError
from api.decisions import policy_named, unavailable
from api.problem_answers import OF_ACCESS, problems
from api.revisions import InForce
from api.running import Running
from api.wire import PolicyLine, PolicyList, PolicyView
from engine.decision import Json
from engine.facts import demanded
from engine.facts_schema import example_facts, facts_schema
from engine.outcome_schema import outcome_schema
from policies.ir import Policy

router = APIRouter(
    prefix="/v1/policies", tags=["policies"], dependencies=[Depends(needs("decide", "author", "approve", "audit"))]
)


@router.get("", summary="List the policies in force", responses=problems(*OF_ACCESS))
def list_policies(request: Request) -> PolicyList:
    """Every policy of the policy file, in its order."""
    in_force = _in_force(request)
    return PolicyList(
        bundle=in_force.bundle.name,
        bundle_digest=in_force.bundle.digest,
        revision=in_force.revision,
        policies=[PolicyLine(**_line(policy, in_force)) for policy in in_force.bundle.policies.values()],
    )


@router.get("/{name}", summary="Show one policy", responses=problems(*OF_ACCESS, "policy_unknown"))
def show_policy(name: str, request: Request) -> PolicyView:
    """What the policy is, the schemas of its facts and its outcome, and an example of a request."""
    in_force = _in_force(request)
    policy = policy_named(in_force, name)
    example = example_of(policy, in_force)
    return PolicyView(
        **_line(policy, in_force),
        facts_schema=facts_schema(policy.facts, policy.reads),
        outcome_schema=outcome_schema(policy.outcome),
        example=example,
        curl=_curl(str(request.url_for("post_decision", policy=name)), example),
    )


def _in_force(request: Request) -> InForce:
    running: Running = request.app.state.running
    try:
        return running.revisions.today()
    except AuditUnavailableError as error:
        raise unavailable() from error


def _line(policy: Policy, in_force: InForce) -> dict[str, Json]:
    return {
        "name": policy.name,
        "kind": policy.kind,
        "title": dict(policy.title),
        "policy_digest": policy.digest,
        "revision": in_force.revision,
        "needs": [needed.name for needed in policy.needs],
    }


def example_of(policy: Policy, in_force: InForce) -> dict[str, Json]:
    """A request body: the policy's first test case; where it has none, facts made from their declarations."""
    read = [fact for fact in policy.facts if demanded(fact.name, policy.reads)]
    for case in in_force.bundle.tests:
        if case.policy == policy.name:
            facts = {fact.name: case.facts[fact.name] for fact in read if fact.name in case.facts}
            return {"facts": orjson.loads(canonical(facts)), "as_of": case.as_of.isoformat()}
    return {"facts": example_facts(read)}


def _curl(url: str, example: Json) -> str:
    """The example as a command for a POSIX shell; each time it is run, it asks with a new key."""
    body = shlex.quote(orjson.dumps(example).decode())
    return (
        f"curl -s {shlex.quote(url)} -H \"Authorization: Bearer $WRIT_API_KEY\" -H 'Content-Type: application/json' "
        f'-H "Idempotency-Key: try-$(date +%s)-$$" -d {body}'
    )
