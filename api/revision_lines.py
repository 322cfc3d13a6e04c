"""A revision as it is shown: where it stands, who did what, and what of it needs somebody's eye."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from api.audit.records import timestamp
from api.governance.governed import Governed
from api.governance.revision import Revision
from api.problems import Problem

LONGEST_NUMBER = 9


def number_of(text: str) -> int:
    """A revision's number, as it stands in an address. Raises Problem."""
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER):
        raise Problem("revision_unknown", f"there is no revision `{text[:40]}`")
    return int(text)


def revision_line(governed: Governed, revision: Revision, today: dt.date) -> dict[str, Any]:
    """The revision in a list."""
    return {
        "revision": revision.number,
        "state": governed.state(revision, today),
        "bundle": revision.bundle,
        "bundle_digest": revision.digest,
        "author": revision.author,
        "drafted_at": timestamp(revision.drafted),
        "comment": revision.comment,
        "effective_from": None if revision.effective is None else revision.effective.isoformat(),
        "effective_to": _last_day(governed, revision),
        "rollback_of": revision.rollback_of,
        "imported": revision.imported,
        "emergency": revision.emergency,
        "unconfirmed": revision.unconfirmed,
        "shadow_until": None if revision.shadow is None else timestamp(revision.shadow.until),
    }


def revision_json(governed: Governed, revision: Revision, today: dt.date) -> dict[str, Any]:
    """The whole revision: also what was tested of it, who approved which text, and every act on it."""
    return {
        **revision_line(governed, revision, today),
        "policies": dict(revision.policies),
        "makers": sorted(revision.makers),
        "checked": revision.checked,
        "approvals": [{**one.to_json(), "holds": revision.holds(one)} for one in revision.approvals],
        "confirmed_by": revision.confirmed_by,
        "history": [
            {
                "act": act.word,
                "by": act.principal,
                "at": timestamp(act.at),
                "seq": act.seq,
                **_said(act.content),
            }
            for act in revision.history
        ],
    }


def _said(content: Mapping[str, Any]) -> dict[str, Any]:
    shown = ("bundle_digest", "comment", "effective", "until", "on_behalf_of", "emergency", "rollback_of", "shadow")
    return {name: content[name] for name in shown if name in content}


def _last_day(governed: Governed, revision: Revision) -> str | None:
    """The last day as of which a revision decides; None while no other follows, or where it never decided alone."""
    if revision.activated is None or revision.stage != "activated":
        return None
    mine = (revision.effective or dt.date.min, revision.activated.number)
    later = [day for day, act, _ in governed.timeline if (day, act) > mine]
    if not later or later[0] == dt.date.min:
        return None
    return (later[0] - dt.timedelta(days=1)).isoformat()
