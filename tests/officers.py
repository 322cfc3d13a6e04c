"""Two persons who change policies over HTTP, each with a key: one writes, the other approves and activates."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from api.governance.register import Register
from tests.granting import grant


def by(key: str) -> tuple[str, str]:
    """Who asks, by Basic: httpx lets it stand before the key in a service's address."""
    return "anybody", key


def body(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """What was answered, which is what was hoped for."""
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    return said


def admit(client: httpx.Client, name: str, roles: Collection[str], type_: str = "person") -> str:
    """Register a person or system over HTTP and make it a key; the key."""
    body(client.put(f"/v1/principals/{name}", json={"type": type_, "roles": list(roles)}))
    secret: str = body(client.post(f"/v1/principals/{name}/keys", json={}), 201)["secret"]
    return secret


@dataclass(frozen=True, slots=True)
class Seen:
    """A revision as somebody has seen it: its number and the SHA-256 of its text."""

    number: int
    digest: str

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Seen:
        return cls(said["revision"], said["bundle_digest"])


@dataclass(frozen=True, slots=True)
class Officers:
    """Who writes (`author`) and who approves (`approver`), by their keys."""

    client: httpx.Client
    author: str
    approver: str

    @classmethod
    def let_in(cls, client: httpx.Client, register: Register) -> Officers:
        """Two new persons, Mia and Noor."""
        return cls(client, grant(register, "mia", ["author"]), grant(register, "noor", ["approve"]))

    @classmethod
    def registered(cls, client: httpx.Client) -> Officers:
        """The same two, by whoever administers."""
        return cls(client, admit(client, "mia", ["author"]), admit(client, "noor", ["approve"]))

    def write(self, path: str, **said: Any) -> httpx.Response:
        """What the author does."""
        return self.client.post(f"/v1/revisions{path}", json=said, auth=by(self.author))

    def check(self, path: str, **said: Any) -> httpx.Response:
        """What the approver does."""
        return self.client.post(f"/v1/revisions{path}", json=said, auth=by(self.approver))

    def draft(self, text: str) -> Seen:
        return Seen.of(body(self.write("", text=text, comment="a change"), 201))

    def propose(self, seen: Seen) -> httpx.Response:
        return self.write(f"/{seen.number}/proposal", bundle_digest=seen.digest)

    def approve(self, seen: Seen) -> httpx.Response:
        return self.check(f"/{seen.number}/approval", bundle_digest=seen.digest, comment="I have read it")

    def activate(self, seen: Seen, day: object = None) -> httpx.Response:
        effective = {} if day is None else {"effective": str(day)}
        return self.check(f"/{seen.number}/activation", bundle_digest=seen.digest, **effective)

    def approved(self, text: str) -> Seen:
        """A text that waits to be activated."""
        seen = self.draft(text)
        body(self.propose(seen))
        body(self.approve(seen))
        return seen

    def put_in_force(self, text: str, day: object = None) -> Seen:
        """A text in force by the two of them, at once or from a day on."""
        seen = self.approved(text)
        body(self.activate(seen, day))
        return seen

    def roll_back(self, number: int) -> Seen:
        """An earlier text in force again, by the two of them."""
        seen = self.proposed_rollback(number)
        body(self.approve(seen))
        body(self.activate(seen))
        return seen

    def proposed_rollback(self, number: int) -> Seen:
        """An earlier text as a new revision, which waits to be approved."""
        return Seen.of(body(self.write(f"/{number}/rollback", comment="it was better"), 201))

    def emergency(self, number: int) -> Seen:
        """An earlier text in force again at once, by the approver alone."""
        return Seen.of(body(self.check(f"/{number}/rollback", comment="at once", emergency=True), 201))

    def confirm(self, seen: Seen, key: str) -> httpx.Response:
        """A second person, by the key, stands for an emergency."""
        path = f"/v1/revisions/{seen.number}/confirmation"
        return self.client.post(path, json={"bundle_digest": seen.digest}, auth=by(key))
