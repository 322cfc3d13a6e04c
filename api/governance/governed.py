"""What the acts of a log add up to: its revisions, and who may do what with which key. Pure and frozen."""

from __future__ import annotations

import bisect
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from api.governance.acts import PRINCIPAL, REVISION, Act
from api.governance.revision import Revision, State, begun, went_on

ROLES = ("decide", "author", "approve", "audit", "administer")
"""What one may be: roles do not include each other."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or a system with its roles. `oidc_subject` is how the identity provider knows a person.

    `granted_by` are those who gave it what it has: who wrote a policy may not have it approved by somebody of his own
    making.
    """

    id: str
    kind: str
    roles: frozenset[str]
    oidc_subject: str | None
    granted_by: frozenset[str]


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An API key, known by its prefix; of the key itself only the SHA-256."""

    prefix: str
    holder: str
    sha256: str
    made: dt.datetime
    made_by: str
    expires: dt.datetime
    revoked: dt.datetime | None = None

    def live(self, at: dt.datetime) -> bool:
        """Whether it opens anything at that moment."""
        return self.revoked is None and at < self.expires


@dataclass(frozen=True, slots=True)
class Governed:
    """The state after `acts` acts. `timeline` has the revisions in force: first day, act, number, in that order."""

    acts: int = 0
    revisions: Mapping[int, Revision] = field(default_factory=dict)
    principals: Mapping[str, Principal] = field(default_factory=dict)
    keys: Mapping[str, AccessKey] = field(default_factory=dict)
    timeline: tuple[tuple[dt.date, int, int], ...] = ()

    def after(self, act: Act) -> Governed:
        """The state after the next act. Raises ValueError for one that cannot follow."""
        if act.number != self.acts + 1:
            msg = f"act {act.number} (entry {act.seq}) follows act {self.acts}: the record of acts has a gap"
            raise ValueError(msg)
        try:
            if act.kind == REVISION:
                return self._revised(act)
            return self._registered(act) if act.kind == PRINCIPAL else self._keyed(act)
        except LookupError as error:
            msg = f"act {act.number} (entry {act.seq}) names what there is not: {error}"
            raise ValueError(msg) from error

    def in_force(self, day: dt.date) -> Revision:
        """The revision that decides as of a day; before the first one's first day that one. Raises LookupError."""
        place = bisect.bisect_right(self.timeline, (day, self.acts + 1, 0))
        return self.revisions[self.timeline[max(place - 1, 0)][2]]

    def state(self, revision: Revision, today: dt.date) -> State:
        """How far a revision has come, today."""
        if revision.stage != "activated":
            return revision.stage
        if revision.effective is not None and revision.effective > today:
            return "scheduled"
        return "active" if self.in_force(today).number == revision.number else "superseded"

    def was_in_force(self, digest: str) -> bool:
        """Whether a text with this SHA-256 has ever been put in force, if only from a coming day on."""
        return any(self.revisions[number].digest == digest for _, _, number in self.timeline)

    def administrators(self) -> frozenset[str]:
        """Who may administer."""
        return frozenset(one.id for one in self.principals.values() if "administer" in one.roles)

    def let_in_by(self, name: str) -> frozenset[str]:
        """Who gave a principal roles or a key that was not revoked, who gave those theirs, and so on."""
        found: set[str] = set()
        ahead = [name]
        while ahead:
            one = ahead.pop()
            known = self.principals.get(one)
            gave = known.granted_by if known is not None else frozenset()
            gave |= {key.made_by for key in self.keys.values() if key.holder == one and key.revoked is None}
            ahead += gave - found
            found |= gave
        return frozenset(found)

    def _revised(self, act: Act) -> Governed:
        number = act.content["revision"]
        before = self.revisions.get(number)
        if before is None and number != len(self.revisions) + 1:
            raise LookupError(f"revision {number}")
        revision = begun(act) if before is None else went_on(before, act)
        revisions = {**self.revisions, number: revision}
        times = sorted(
            (one.effective or dt.date.min, one.activated.number, one.number)
            for one in revisions.values()
            if one.stage == "activated" and one.activated is not None
        )
        return replace(self, acts=act.number, revisions=revisions, timeline=tuple(times))

    def _registered(self, act: Act) -> Governed:
        said, before = act.content, self.principals.get(act.content["name"])
        principal = Principal(
            said["name"],
            said["type"],
            frozenset(said["roles"]),
            said.get("oidc_subject"),
            frozenset({act.principal}) | (before.granted_by if before is not None else frozenset()),
        )
        return replace(self, acts=act.number, principals={**self.principals, principal.id: principal})

    def _keyed(self, act: Act) -> Governed:
        said = act.content
        if act.word == "revoked":
            key = replace(self.keys[said["key"]], revoked=act.at)
        else:
            expires = dt.datetime.fromisoformat(said["expires"])
            key = AccessKey(said["key"], said["holder"], said["key_hash"], act.at, act.principal, expires)
        return replace(self, acts=act.number, keys={**self.keys, key.prefix: key})
