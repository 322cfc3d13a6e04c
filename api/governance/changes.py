"""What may be done with a revision, and when: each function says what its act's record holds, or why it may not be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from api.audit.records import timestamp
from api.governance.acts import SYSTEM
from api.governance.governed import Governed
from api.governance.register import Moment
from api.governance.revision import Revision
from api.problems import Problem
from policies.ir import Bundle

LONGEST_SHADOW = dt.timedelta(days=92)

_MENDS: Mapping[str, str] = {
    "draft": "propose it first",
    "proposed": "have it approved by another person first",
    "approved": "it waits to be activated",
    "scheduled": "withdraw it, or wait for its day",
    "active": "roll back to an earlier revision instead",
    "superseded": "roll back to it, or propose its text anew",
    "withdrawn": "propose its text anew",
}


def revision_of(governed: Governed, number: int) -> Revision:
    """The revision with this number. Raises Problem."""
    found = governed.revisions.get(number)
    if found is None:
        raise Problem("revision_unknown", f"there is no revision {number}")
    return found


def described(bundle: Bundle) -> dict[str, Any]:
    """What a record says of a policy text."""
    digests = {name: policy.digest for name, policy in bundle.policies.items()}
    stated = {} if bundle.effective is None else {"stated_effective": bundle.effective.isoformat()}
    return {"bundle": bundle.name, "bundle_digest": bundle.digest, "policies": digests, **stated}


def drafted(governed: Governed, bundle: Bundle, comment: str, author: str | None) -> dict[str, Any]:
    """A new draft. `author` is the person on whose behalf a system acts."""
    behalf = {} if author is None else {"on_behalf_of": author}
    return {"revision": len(governed.revisions) + 1, **described(bundle), "comment": comment, **behalf}


def edited(
    governed: Governed, moment: Moment, number: int, bundle: Bundle, comment: str, author: str | None
) -> dict[str, Any]:
    """Another text for a revision that does not decide yet; it is a draft again, and its approvals are void."""
    revision = revision_of(governed, number)
    _must_be(governed, moment, revision, "draft", "proposed", "approved")
    if revision.rollback_of is not None:
        raise Problem("revision_state", f"revision {number} is a rollback: it has the text of an earlier one")
    behalf = {} if author is None else {"on_behalf_of": author}
    return {"revision": number, **described(bundle), "comment": comment, **behalf}


def proposed(
    governed: Governed, moment: Moment, number: int, bundle: Bundle, checked: Mapping[str, Any]
) -> dict[str, Any]:
    """A draft handed to whoever may approve it, with what its own cases showed."""
    revision = revision_of(governed, number)
    _must_be(governed, moment, revision, "draft")
    same_text(revision, bundle.digest)
    _not_past(governed, bundle, moment)
    return {"revision": number, "bundle_digest": revision.digest, "checked": checked}


def approved(
    governed: Governed, moment: Moment, number: int, digest: str, by: str, key: str | None, comment: str | None
) -> dict[str, Any]:
    """An approval of exactly this text."""
    revision = revision_of(governed, number)
    same_text(revision, digest)
    _must_be(governed, moment, revision, "proposed")
    second_person(governed, revision, by, key)
    return {"revision": number, "bundle_digest": digest, **({} if comment is None else {"comment": comment})}


def activated(
    governed: Governed, moment: Moment, number: int, digest: str, bundle: Bundle, effective: dt.date | None
) -> dict[str, Any]:
    """An approved text put in force: from today at once, or from a day to come."""
    revision = revision_of(governed, number)
    same_text(revision, digest)
    _must_be(governed, moment, revision, "approved")
    if not any(revision.holds(approval) for approval in revision.approvals):
        raise Problem("content_changed", "no approval is of the text as it stands")
    # A day that was carried over with an earlier text is no day of this one.
    carried = revision.rollback_of is not None or bundle.effective == governed.in_force(moment.today).stated
    stated = None if carried else bundle.effective
    if not carried:
        _not_past(governed, bundle, moment)
    day = effective or max(moment.today, stated or moment.today)
    first = _first_day(governed, moment, day, stated)
    at_once = {"at_once": True} if day == moment.today else {}
    return {"revision": number, "bundle_digest": digest, "effective": first, **at_once}


def withdrawn(
    governed: Governed, moment: Moment, number: int, by: str, roles: frozenset[str], comment: str
) -> dict[str, Any]:
    """A revision that does not decide yet taken out: by one of its makers, or by one who may approve."""
    revision = revision_of(governed, number)
    _must_be(governed, moment, revision, "draft", "proposed", "approved", "scheduled")
    if revision.activated is not None and revision.activated.content.get("at_once"):
        # Whatever this node takes for today: it has decided.
        raise Problem("revision_state", f"revision {number} was put in force at once: {_MENDS['active']}")
    if by not in revision.makers and "approve" not in roles:
        raise Problem("role_missing", f"revision {number} is not yours: withdrawing it takes the role `approve`")
    return {"revision": number, "bundle_digest": revision.digest, "comment": comment}


def rolled_back(governed: Governed, moment: Moment, to: int, comment: str, *, emergency: bool) -> dict[str, Any]:
    """An earlier text as a new revision, to be approved like any other; in an `emergency` in force at once."""
    earlier = revision_of(governed, to)
    state = governed.state(earlier, moment.today)
    if state != "superseded":
        raise Problem("revision_state", f"revision {to} is {state}: only one that was in force before can come back")
    if earlier.emergency and earlier.unconfirmed:
        raise Problem("revision_state", f"revision {to} was put in force by one person and never confirmed")
    content = {
        "revision": len(governed.revisions) + 1,
        "rollback_of": to,
        "bundle": earlier.bundle,
        "bundle_digest": earlier.digest,
        "policies": dict(earlier.policies),
        **({} if earlier.stated is None else {"stated_effective": earlier.stated.isoformat()}),
        "comment": comment,
    }
    if emergency:
        content |= {"emergency": True, "effective": moment.today.isoformat()}
    return content


def confirmed(
    governed: Governed, moment: Moment, number: int, digest: str, by: str, key: str | None, comment: str | None
) -> dict[str, Any]:
    """A second person stands for what one person put in force in an emergency."""
    revision = revision_of(governed, number)
    same_text(revision, digest)
    if not revision.unconfirmed:
        state = governed.state(revision, moment.today)
        raise Problem("revision_state", f"revision {number} is {state} and waits for nobody's confirmation")
    second_person(governed, revision, by, key)
    return {"revision": number, "bundle_digest": digest, **({} if comment is None else {"comment": comment})}


def shadow_started(governed: Governed, moment: Moment, number: int, until: dt.datetime) -> dict[str, Any]:
    """A text that does not decide yet runs beside the one that does, until a moment."""
    revision = revision_of(governed, number)
    _must_be(governed, moment, revision, "proposed", "approved", "scheduled")
    if revision.shadow is not None and revision.shadow.until > moment.at:
        running_until = timestamp(revision.shadow.until)
        raise Problem("revision_state", f"a shadow of revision {number} runs until {running_until}: end it first")
    if not moment.at < until <= moment.at + LONGEST_SHADOW:
        detail = f"`until` must lie after now and at most {LONGEST_SHADOW.days} days ahead"
        raise Problem("request_invalid", detail, place={"pointer": "/until"})
    return {"revision": number, "bundle_digest": revision.digest, "until": timestamp(until)}


def same_text(revision: Revision, digest: str) -> None:
    """Whether who acts has seen the text that stands there. Raises Problem."""
    if revision.digest != digest:
        detail = f"revision {revision.number} has the text {revision.digest[:12]} now, not {digest[:12]}"
        raise Problem("content_changed", detail)


def second_person(governed: Governed, revision: Revision, by: str, key: str | None) -> None:
    """Whether a person is a second one: no maker of the text, and neither let in by one nor having let one in.

    Makers are those of every revision with this text; to let in is to give a role or a key, or to have let in whoever
    did. `key` is the prefix of the API key that the person came with, None with a token. Raises Problem.
    """
    if governed.principals[by].kind != "person":
        raise Problem("maker_is_checker", f"`{by}` is a system: a person has to approve")
    same = (one.makers for one in governed.revisions.values() if one.digest == revision.digest)
    makers = frozenset().union(*same) - {SYSTEM}
    if by in makers:
        raise Problem("maker_is_checker", f"`{by}` wrote revision {revision.number}: another person has to approve it")
    gave = governed.let_in_by(by) | ({governed.keys[key].made_by} if key is not None else set())
    if let_in := sorted(gave & makers):
        detail = f"`{let_in[0]}`, who wrote revision {revision.number}, let `{by}` in"
        raise Problem("maker_is_checker", detail)
    if let_in := sorted(one for one in makers if by in governed.let_in_by(one)):
        detail = f"`{by}` let `{let_in[0]}` in, who wrote revision {revision.number}"
        raise Problem("maker_is_checker", detail)


def _must_be(governed: Governed, moment: Moment, revision: Revision, *states: str) -> None:
    state = governed.state(revision, moment.today)
    if state not in states:
        raise Problem("revision_state", f"revision {revision.number} is {state}: {_MENDS[state]}")


def _not_past(governed: Governed, bundle: Bundle, moment: Moment) -> None:
    """A day that the text in force states as well was carried over with it, and is no day of this text."""
    carried = governed.in_force(moment.today).stated
    if bundle.effective is not None and bundle.effective < moment.today and bundle.effective != carried:
        detail = f"the text is effective from {bundle.effective}, which has passed: write {moment.today} or later"
        line = {} if bundle.effective_span is None else {"line": bundle.effective_span.line}
        raise Problem("backdated", detail, place=line)


def _first_day(governed: Governed, moment: Moment, day: dt.date, stated: dt.date | None) -> str:
    """The day from which a text decides. Raises Problem for one in the past, or that another has taken."""
    if day < moment.today:
        raise Problem("backdated", f"{day} has passed: name {moment.today} or a later day")
    if stated is not None and day < stated:
        raise Problem("backdated", f"the text is effective from {stated}: {day} is before that")
    if day > moment.today:
        for first, _, number in governed.timeline:
            if first == day:
                raise Problem("overlapping", f"revision {number} takes effect on {day} already: withdraw it first")
    return day.isoformat()
