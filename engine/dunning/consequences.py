"""What a notice sets going: holds, and cases for a person to look at (domain D10, D21, D22)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from engine.dunning.account import Account
from engine.dunning.dunnable import Dunnable
from engine.dunning.findings import ACCOUNT, Finding
from engine.dunning.gates import Gate
from engine.dunning.ladder import Effect, Level, Unwritten
from engine.dunning.notice import ForReview, Hold, Message, Notice, Unsent

_WHY = {
    "DN-SKP-05": ("blocked", "reason", "reason"),
    "DN-SKP-12": ("left_to_person", "rule", "carve_out"),
    "DT-MIS-01": ("not_known", "what", "carve_out"),
    "DT-UND-01": ("no_value", "what", "carve_out"),
    "DT-MIS-05": ("not_converted", "currency", "currency"),
}
"""What to tell for a reason code, the figure in it, and the observed value that this is."""


def holds(levels: Iterable[Level]) -> tuple[Hold, ...]:
    """The side effects of the levels a notice has, each with what lifts it: of two of a kind the higher level's."""
    strictest: dict[Effect, Hold] = {}
    for level in sorted(levels, key=lambda level: -level.number):
        for effect in level.side_effects:
            held = Hold(effect.effect, effect.value, effect.release_when, level.number)
            strictest.setdefault(effect.effect, held)
    return tuple(strictest.values())


def for_review(gates: Iterable[Gate], items: Sequence[Dunnable]) -> tuple[ForReview, ...]:
    """What a person has to look at: what is blocked, left to a person or not known, and how a due date was found."""
    # An item that is not converted is told by itself, not once more with the account's balance.
    shut = (gate.shut for gate in gates if gate.shut is not None and gate.shut.rule != "C21")
    found = (finding for entry in items for finding in entry.findings)
    return (
        *(_told(finding) for finding in (*shut, *found) if finding.code in _WHY),
        *(
            ForReview(entry.item.invoice_id, remark.code, remark.figures)
            for entry in items
            for remark in entry.presented.remarks
        ),
    )


def dated_ahead(account: Account, as_of: dt.date) -> Iterator[ForReview]:
    """Each last notice that is dated after `as_of`: a day mistyped holds back every notice until it has passed."""
    of_items = ((item.invoice_id, item.last_dunned_on) for item in account.items)
    for subject, day in ((ACCOUNT, account.case.last_notice_date), *of_items):
        if day is not None and day > as_of:
            yield ForReview(subject, "notice_dated_ahead", {"day": day.isoformat(), "as_of": as_of.isoformat()})


def _told(finding: Finding) -> ForReview:
    observed = finding.observed
    if finding.rule == "D23":
        figures = {name: str(observed[name]) for name in ("pinned_to", "this_is")}
        return ForReview(finding.subject, "other_version", figures)
    code, figure, name = _WHY[finding.code]
    if code == "blocked" and observed["valid_to"] is None:
        code = "blocked_without_end"
    return ForReview(finding.subject, code, {figure: str(observed[name]) if name in observed else finding.missing})


def not_sent(sent: Iterable[Notice], unsent: Iterable[Unsent]) -> tuple[ForReview, ...]:
    """Each message that cannot go out, and each letter to a blocked recipient, once (domain D21, D22)."""
    blocked = {
        letter.recipient: ForReview(ACCOUNT, "recipient_blocked", {"recipient": letter.recipient})
        for letter in unsent
        if letter.blocked
    }
    letters: tuple[Notice | Unsent, ...] = (*sent, *(letter for letter in unsent if not letter.blocked))
    stuck = {
        (message.template, letter.recipient): _stuck(message, letter.recipient)
        for letter in letters
        for message in letter.messages
        if not message.goes
    }
    return (*blocked.values(), *stuck.values())


def _stuck(message: Message, recipient: str) -> ForReview:
    letter = {"template": message.template, "recipient": recipient}
    match message.unwritten:
        case None:
            return ForReview(ACCOUNT, "no_channel", letter)
        case Unwritten(missing=(), languages=languages):
            return ForReview(ACCOUNT, "no_text", {**letter, "what": languages})
        case Unwritten(missing=missing):
            return ForReview(ACCOUNT, "text_lacks", {**letter, "what": missing})
