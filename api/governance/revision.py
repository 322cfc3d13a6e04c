"""One policy revision: its text's digest, who wrote and approved it, and how far it has come.

    draft → proposed → approved → activated (scheduled, active, superseded by the day) ; withdrawn

Frozen: an act gives a new one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from api.audit.records import timestamp
from api.governance.acts import Act
from engine.decision import Json

Stage = Literal["draft", "proposed", "approved", "activated", "withdrawn"]
State = Literal["draft", "proposed", "approved", "scheduled", "active", "superseded", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved which exact text, when, and where that stands in the log."""

    by: str
    digest: str
    at: dt.datetime
    seq: int
    comment: str | None

    def to_json(self) -> dict[str, Json]:
        """The approval as JSON."""
        return {
            "by": self.by,
            "bundle_digest": self.digest,
            "at": timestamp(self.at),
            "seq": self.seq,
            "comment": self.comment,
        }


@dataclass(frozen=True, slots=True)
class Shadow:
    """The text runs beside the one in force, on decisions after entry `seq`, until a moment."""

    started: dt.datetime
    seq: int
    until: dt.datetime
    by: str


@dataclass(frozen=True, slots=True)
class Revision:
    """A policy text on its way: `digest` is the SHA-256 of its exact text, `policies` its policies' digests by name.

    `makers` are all who wrote any of it: none of them may approve it. `effective` is its first day, None for the text
    the service began with; `stated` the one that the text itself names. An `emergency` was put in force by one person
    and waits until it is `confirmed_by` another.
    """

    number: int
    bundle: str
    digest: str
    policies: Mapping[str, str]
    author: str
    drafted: dt.datetime
    comment: str
    stage: Stage
    makers: frozenset[str]
    approvals: tuple[Approval, ...] = ()
    checked: Mapping[str, Any] | None = None
    stated: dt.date | None = None
    effective: dt.date | None = None
    activated: Act | None = None
    rollback_of: int | None = None
    imported: bool = False
    emergency: bool = False
    confirmed_by: str | None = None
    shadow: Shadow | None = None
    history: tuple[Act, ...] = field(default=(), repr=False)

    @property
    def unconfirmed(self) -> bool:
        """Whether it was put in force by one person alone, and no second one has looked at it since."""
        return self.emergency and self.confirmed_by is None

    def holds(self, approval: Approval) -> bool:
        """Whether an approval is of the text as it stands: an edit voids those before it."""
        edits = [act.seq for act in self.history if act.word == "edited"]
        return approval.digest == self.digest and approval.seq > max(edits, default=-1)


def begun(act: Act) -> Revision:
    """The revision that an act begins: a draft, the imported first text, or a rollback to an earlier one."""
    said = act.content
    put_in_force = act.word == "imported" or said.get("emergency") is True
    stage: Stage = "activated" if put_in_force else "proposed" if act.word == "rolled_back" else "draft"
    return Revision(
        number=said["revision"],
        bundle=said["bundle"],
        digest=said["bundle_digest"],
        policies=said["policies"],
        author=said.get("on_behalf_of", act.principal),
        drafted=act.at,
        comment=said["comment"],
        stage=stage,
        makers=frozenset({act.principal, said.get("on_behalf_of", act.principal)}),
        checked=said.get("checked"),
        stated=_day(said.get("stated_effective")),
        effective=_day(said.get("effective")),
        activated=act if put_in_force else None,
        rollback_of=said.get("rollback_of"),
        imported=act.word == "imported",
        emergency=said.get("emergency") is True,
        history=(act,),
    )


def went_on(before: Revision, act: Act) -> Revision:
    """The revision after a further act."""
    said, now = act.content, replace(before, history=(*before.history, act))
    match act.word:
        case "edited":
            return replace(
                now,
                bundle=said["bundle"],
                digest=said["bundle_digest"],
                policies=said["policies"],
                comment=said["comment"],
                stated=_day(said.get("stated_effective")),
                stage="draft",
                checked=None,
                shadow=None,
                makers=before.makers | {act.principal, said.get("on_behalf_of", act.principal)},
            )
        case "proposed":
            return replace(now, stage="proposed", checked=said["checked"])
        case "approved":
            given = Approval(act.principal, said["bundle_digest"], act.at, act.seq, said.get("comment"))
            return replace(now, stage="approved", approvals=(*before.approvals, given))
        case "activated":
            return replace(now, stage="activated", effective=_day(said["effective"]), activated=act, shadow=None)
        case "withdrawn":
            return replace(now, stage="withdrawn", shadow=None)
        case "confirmed":
            return replace(now, confirmed_by=act.principal)
        case "shadow_started":
            until = dt.datetime.fromisoformat(said["until"])
            return replace(now, shadow=Shadow(act.at, act.seq, until, act.principal))
        case "shadow_ended":
            return replace(now, shadow=None)
        case _:
            msg = f"act {act.number} cannot follow: `{act.word}`"
            raise ValueError(msg)


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)
