"""The maker-checker matrix, all by HTTP: every role and every act, and every way to approve one's own text."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import pytest

from tests.officers import Officers, Seen, admit, body, by
from tests.serving import POLICIES, assert_problem, new_key, served

EVERYBODY = ("decide", "author", "approve", "audit", "administer")
AUTHORS, APPROVERS, MAKERS = ("author",), ("approve",), ("author", "approve")
READERS, ADMINISTRATORS, DECIDERS = ("author", "approve", "audit"), ("administer",), ("decide",)
SEEING = ("decide", "author", "approve", "audit")

MATRIX = {
    "post /v1/decisions/{policy}": DECIDERS,
    "post /v1/previews/{policy}": SEEING,
    "post /v1/tests/{policy}": ("decide", "author", "approve"),
    "get /v1/decisions/{decision_id}": ("decide", "approve", "audit"),
    "get /v1/decisions/{decision_id}/certificate": ("decide", "approve", "audit"),
    "get /v1/policies": SEEING,
    "get /v1/policies/{name}": SEEING,
    "get /v1/revisions": READERS,
    "get /v1/revisions/{number}": READERS,
    "get /v1/revisions/{number}/text": READERS,
    "post /v1/revisions": AUTHORS,
    "put /v1/revisions/{number}/text": AUTHORS,
    "post /v1/revisions/{number}/proposal": AUTHORS,
    "post /v1/revisions/{number}/approval": APPROVERS,
    "post /v1/revisions/{number}/activation": APPROVERS,
    "post /v1/revisions/{number}/confirmation": APPROVERS,
    "post /v1/revisions/{number}/withdrawal": MAKERS,
    "post /v1/revisions/{number}/rollback": MAKERS,
    "post /v1/revisions/{number}/comparisons": MAKERS,
    "get /v1/revisions/{number}/comparisons": READERS,
    "get /v1/revisions/{number}/comparisons/{comparison_id}": READERS,
    "get /v1/revisions/{number}/comparisons/{comparison_id}/movers/{rank}": READERS,
    "post /v1/revisions/{number}/shadow": AUTHORS,
    "get /v1/revisions/{number}/shadow": READERS,
    "delete /v1/revisions/{number}/shadow": MAKERS,
    "post /v1/decisions/{decision_id}/overrides": APPROVERS,
    "get /v1/overrides": ("approve", "audit"),
    "get /v1/tests/{test_id}": SEEING,
    "post /v1/overrides/{override_id}/end": APPROVERS,
    "get /v1/principals": ("administer", "audit"),
    "put /v1/principals/{name}": ADMINISTRATORS,
    "post /v1/principals/{name}/keys": ADMINISTRATORS,
    "delete /v1/principals/{name}/keys/{prefix}": ADMINISTRATORS,
    **{
        f"get /v1/log/{what}": ("audit",)
        for what in (
            "entries",
            "entries/{seq}",
            "counts",
            "checkpoint",
            "key",
            "proofs/inclusion",
            "proofs/consistency",
        )
    },
}
OPEN = {"get /healthz", "get /readyz"}


def changed(number: int) -> str:
    """Another text than the one in force, the same rules."""
    return f"{POLICIES}# {number}\n"


@dataclass
class Cast:
    """A service with a person or system for each role, and what was written so far."""

    client: httpx.Client
    keys: dict[str, str]
    texts: int = field(default=0)

    def text(self) -> str:
        self.texts += 1
        return changed(self.texts)

    @property
    def officers(self) -> Officers:
        return Officers(self.client, self.keys["author"], self.keys["approve"])

    def proposed(self) -> Seen:
        seen = self.officers.draft(self.text())
        body(self.officers.propose(seen))
        return seen

    def approve(self, seen: Seen, key: str) -> httpx.Response:
        said = {"bundle_digest": seen.digest}
        return self.client.post(f"/v1/revisions/{seen.number}/approval", json=said, auth=by(key))

    def state(self, seen: Seen) -> str:
        found = body(self.client.get(f"/v1/revisions/{seen.number}", auth=by(self.keys["audit"])))
        return str(found["state"])


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    with (
        served(tmp_path_factory.mktemp("matrix")) as running,
        httpx.Client(base_url=running.url, timeout=30) as client,
    ):
        keys = {role: admit(client, f"one-who-may-{role}", [role]) for role in EVERYBODY if role != "decide"}
        keys["decide"] = admit(client, "order-system", ["decide"], "system")
        keys["nothing"] = admit(client, "one-who-may-nothing", [])
        keys["all"] = admit(client, "one-who-may-all", EVERYBODY)
        yield Cast(client, keys)


def test_the_matrix_names_every_route_there_is(cast: Cast) -> None:
    described = body(cast.client.get("/openapi.json"))["paths"]
    routes = {f"{method} {path}" for path, methods in described.items() for method in methods}
    # No policy in force here has a calendar, so that the description leaves previews out.
    assert routes == (set(MATRIX) | OPEN) - {"post /v1/previews/{policy}"}


@pytest.mark.parametrize("route", sorted(MATRIX))
def test_each_role_may_do_what_is_its_own_and_nothing_else(cast: Cast, route: str) -> None:
    method, path = route.split(" ")
    # Nothing is at these addresses, so that an act which is let through changes nothing.
    places = {"policy": "no-policy", "number": "999", "name": "Nobody!", "rank": "1", "seq": "999999"}
    path = path.format_map(_Places(places))

    said: dict[str, Any] | None = None if method in {"get", "delete"} else {}
    with httpx.Client(base_url=cast.client.base_url.copy_with(userinfo=b""), timeout=30) as stranger:
        answer = stranger.request(method, path, json=said, headers=new_key())
    assert_problem(answer, 401, "credentials_missing")
    for role in (*EVERYBODY, "nothing"):
        answer = cast.client.request(method, path, json=said, headers=new_key(), auth=by(cast.keys[role]))
        if role in MATRIX[route]:
            assert answer.status_code in {200, 400, 404, 422}, (role, answer.text)
        else:
            detail = assert_problem(answer, 403, "role_missing")["detail"]
            assert [wanted for wanted in MATRIX[route] if f"`{wanted}`" not in detail] == []


class _Places(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"no-{name}"


def test_a_second_key_is_no_second_person(cast: Cast) -> None:
    first = admit(cast.client, "mia", ["author", "approve"])
    second = body(cast.client.post("/v1/principals/mia/keys", json={}), 201)["secret"]
    assert first != second
    mia = Officers(cast.client, first, second)
    seen = mia.draft(cast.text())
    body(mia.propose(seen))
    for key in (first, second):
        said = assert_problem(cast.approve(seen, key), 403, "maker_is_checker")
        assert "`mia` wrote revision" in said["detail"]
    assert cast.state(seen) == "proposed"
    body(cast.approve(seen, cast.keys["approve"]))
    assert cast.state(seen) == "approved"


def test_one_who_may_all_still_needs_another(cast: Cast) -> None:
    alone = Officers(cast.client, cast.keys["all"], cast.keys["all"])
    seen = alone.draft(cast.text())
    body(alone.propose(seen))
    assert_problem(alone.approve(seen), 403, "maker_is_checker")
    assert_problem(alone.activate(seen), 409, "revision_state")


def test_an_edit_voids_what_was_approved(cast: Cast) -> None:
    officers = cast.officers
    seen = officers.approved(cast.text())
    said = {"text": cast.text(), "comment": "one more thing"}
    edited = Seen.of(body(cast.client.put(f"/v1/revisions/{seen.number}/text", json=said, auth=by(officers.author))))
    assert (edited.number, cast.state(edited)) == (seen.number, "draft")
    assert_problem(officers.activate(seen), 409, "content_changed")
    assert_problem(officers.activate(edited), 409, "revision_state")
    assert_problem(officers.approve(edited), 409, "revision_state")
    body(officers.propose(edited))
    assert_problem(officers.approve(seen), 409, "content_changed")
    assert_problem(officers.activate(edited), 409, "revision_state")
    [voided] = body(cast.client.get(f"/v1/revisions/{seen.number}", auth=by(cast.keys["audit"])))["approvals"]
    assert (voided["bundle_digest"], voided["holds"]) == (seen.digest, False)
    body(officers.approve(edited))
    body(officers.activate(edited))


def test_who_edits_a_text_is_one_of_its_authors(cast: Cast) -> None:
    """The approver cannot slip a change in and approve it; nor does the first author become a second person by it."""
    both = admit(cast.client, "noor", ["author", "approve"])
    seen = cast.proposed()
    said = {"text": cast.text(), "comment": "mended"}
    edited = Seen.of(body(cast.client.put(f"/v1/revisions/{seen.number}/text", json=said, auth=by(both))))
    body(cast.officers.propose(edited))
    assert_problem(cast.approve(edited, both), 403, "maker_is_checker")
    body(cast.client.put("/v1/principals/one-who-may-author", json={"type": "person", "roles": ["author", "approve"]}))
    assert_problem(cast.approve(edited, cast.keys["author"]), 403, "maker_is_checker")
    body(cast.client.put("/v1/principals/one-who-may-author", json={"type": "person", "roles": ["author"]}))
    body(cast.approve(edited, cast.keys["approve"]))


def test_a_withdrawn_text_stays_withdrawn(cast: Cast) -> None:
    officers, seen = cast.officers, cast.proposed()
    path = f"/v1/revisions/{seen.number}"
    body(cast.client.post(f"{path}/withdrawal", json={"comment": "not this way"}, auth=by(officers.author)))
    for answer in (officers.approve(seen), officers.activate(seen), officers.propose(seen)):
        assert "withdrawn" in assert_problem(answer, 409, "revision_state")["detail"]
    edit = cast.client.put(f"{path}/text", json={"text": cast.text(), "comment": "x"}, auth=by(officers.author))
    assert_problem(edit, 409, "revision_state")
    assert_problem(officers.check(f"/{seen.number}/withdrawal", comment="again"), 409, "revision_state")


def test_an_approved_text_can_be_withdrawn_and_decides_never(cast: Cast) -> None:
    officers = cast.officers
    seen = officers.approved(cast.text())
    body(officers.check(f"/{seen.number}/withdrawal", comment="second thoughts"))
    assert_problem(officers.activate(seen), 409, "revision_state")


def test_another_author_cannot_withdraw_what_is_not_theirs(cast: Cast) -> None:
    other = admit(cast.client, "olga", ["author"])
    seen = cast.proposed()
    path = f"/v1/revisions/{seen.number}/withdrawal"
    assert_problem(cast.client.post(path, json={"comment": "mine is better"}, auth=by(other)), 403, "role_missing")
    assert cast.state(seen) == "proposed"


def test_whom_an_author_let_in_is_no_second_person(cast: Cast) -> None:
    """An author who administers too could make themselves a colleague, or a key of one."""
    puppeteer = admit(cast.client, "petra", ["author", "administer"])
    said = {"type": "person", "roles": ["approve"]}
    body(cast.client.put("/v1/principals/puppet", json=said, auth=by(puppeteer)))
    puppet = body(cast.client.post("/v1/principals/puppet/keys", json={}, auth=by(puppeteer)), 201)["secret"]
    stolen = body(cast.client.post("/v1/principals/one-who-may-approve/keys", json={}, auth=by(puppeteer)), 201)
    officers = Officers(cast.client, puppeteer, puppet)
    seen = officers.draft(cast.text())
    body(officers.propose(seen))
    for key in (puppet, stolen["secret"]):
        assert "`petra`, who wrote" in assert_problem(cast.approve(seen, key), 403, "maker_is_checker")["detail"]
    body(cast.client.delete(f"/v1/principals/one-who-may-approve/keys/{stolen['key']}"))
    body(cast.approve(seen, cast.keys["approve"]))


def test_an_emergency_is_confirmed_by_somebody_else(cast: Cast) -> None:
    officers = cast.officers
    officers.put_in_force(cast.text())
    refused = officers.write("/1/rollback", comment="at once", emergency=True)
    assert_problem(refused, 403, "role_missing")
    back = body(officers.check("/1/rollback", comment="it blocks every order", emergency=True), 201)
    assert (back["state"], back["unconfirmed"], back["rollback_of"]) == ("active", True, 1)
    seen = Seen.of(back)
    said = {"bundle_digest": seen.digest}
    path = f"/v1/revisions/{seen.number}/confirmation"
    assert_problem(cast.client.post(path, json=said, auth=by(officers.approver)), 403, "maker_is_checker")
    listed = body(cast.client.get("/v1/revisions", auth=by(cast.keys["audit"])))
    assert seen.number in listed["unconfirmed"]
    assert body(cast.client.get("/readyz"))["unconfirmed"] == listed["unconfirmed"]
    confirmed = body(cast.client.post(path, json=said, auth=by(cast.keys["all"])))
    assert (confirmed["unconfirmed"], confirmed["confirmed_by"]) == (False, "one-who-may-all")
    assert_problem(cast.client.post(path, json=said, auth=by(cast.keys["all"])), 409, "revision_state")


def test_a_roll_back_without_haste_takes_two(cast: Cast) -> None:
    officers = cast.officers
    back = Seen.of(body(officers.check("/1/rollback", comment="back to the first"), 201))
    assert cast.state(back) == "proposed"
    assert_problem(officers.approve(back), 403, "maker_is_checker")
    body(cast.approve(back, cast.keys["all"]))
    body(officers.activate(back))


MASS: list[tuple[str, str, dict[str, Any]]] = [
    ("post", "/v1/revisions", {"text": POLICIES, "comment": "x", "state": "approved"}),
    ("post", "/v1/revisions", {"text": POLICIES, "comment": "x", "author": "somebody-else"}),
    ("post", "/v1/revisions/1/approval", {"bundle_digest": "0" * 64, "approved_by": "noor"}),
    ("post", "/v1/revisions/1/activation", {"bundle_digest": "0" * 64, "emergency": True}),
    ("put", "/v1/principals/x", {"type": "person", "roles": [], "granted_by": "system"}),
    ("post", "/v1/principals/x/keys", {"days": 3, "role": "approve"}),
    ("post", "/v1/decisions/small-order", {"facts": {}, "approved_by": "noor"}),
    ("post", "/v1/tests/small-order", {"facts": {}, "role": "approve"}),
    ("post", "/v1/decisions/dec_01m8nv3f6r13xh8v37v2jspvs9/overrides", {"outcome": "approve", "approved_by": "noor"}),
]


@pytest.mark.parametrize(("method", "path", "said"), MASS)
def test_nobody_writes_into_a_request_what_the_service_says_itself(
    cast: Cast, method: str, path: str, said: dict[str, Any]
) -> None:
    """Row 94 of bad-inputs: a member that is not the caller's to send is refused by name, never ignored."""
    answer = cast.client.request(method, path, json=said, headers=new_key(), auth=by(cast.keys["all"]))
    errors = assert_problem(answer, 422, "request_invalid")["errors"]
    assert f"/{[*said][-1]}" in {error["pointer"] for error in errors}


def at_once(*works: Callable[[], httpx.Response]) -> list[httpx.Response]:
    """What several who ask at the same time are answered."""
    ready = threading.Barrier(len(works))

    def work(one: Callable[[], httpx.Response]) -> httpx.Response:
        ready.wait()
        return one()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(work, works))


def test_an_edit_and_an_approval_at_once_never_pass_both(cast: Cast) -> None:
    """Whoever is first: an approval of the text before the edit holds for nothing after it."""
    for _ in range(12):
        seen, said = cast.proposed(), {"text": cast.text(), "comment": "quickly"}
        edit = partial(cast.client.put, f"/v1/revisions/{seen.number}/text", json=said, auth=by(cast.keys["author"]))
        edited, approved = at_once(edit, partial(cast.officers.approve, seen))
        assert edited.status_code == 200
        assert approved.status_code in {200, 409}
        found = body(cast.client.get(f"/v1/revisions/{seen.number}", auth=by(cast.keys["audit"])))
        assert (found["state"], [one for one in found["approvals"] if one["holds"]]) == ("draft", [])
        assert_problem(cast.officers.activate(Seen.of(found)), 409, "revision_state")


def test_two_who_activate_at_once_do_it_once(cast: Cast) -> None:
    seen = cast.officers.approved(cast.text())
    path, said = f"/v1/revisions/{seen.number}/activation", {"bundle_digest": seen.digest}
    works = [partial(cast.client.post, path, json=said, auth=by(cast.keys[who])) for who in ("approve", "all")]
    assert sorted(answer.status_code for answer in at_once(*works)) == [200, 409]
    found = body(cast.client.get(f"/v1/revisions/{seen.number}", auth=by(cast.keys["audit"])))
    assert [act["act"] for act in found["history"]].count("activated") == 1
