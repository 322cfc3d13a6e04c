"""What a notice or reminder sets going: messages, holds, and cases for a person to look at (domain D10, D21)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from engine.dunning.account import Account
from engine.dunning.dunnable import Dunnable
from engine.dunning.findings import ACCOUNT, Finding
from engine.dunning.gates import Gate
from engine.dunning.ladder import Action, Level
from engine.dunning.notice import ForReview, Hold, Message

_WHY = {
    "DN-SKP-05": ("blocked", "reason"),
    "DN-SKP-12": ("left to a person", "carve_out"),
    "DT-MIS-01": ("not known", "carve_out"),
    "DT-UND-01": ("has no value", "carve_out"),
    "DT-MIS-05": ("in a currency that is not converted", "currency"),
}
"""What to tell for a code, and which observed value names its cause."""


def messages(account: Account, actions: Iterable[Action], level: int, items: Sequence[str]) -> Iterator[Message]:
    """Each action with the channel it takes: its own, else its fallback, else none.

    Where it is not known how the account can be reached, the action's own channel is named.
    """
    reachable = account.channels
    for action in actions:
        wanted = (action.channel, action.fallback)
        channel = action.channel if reachable is None else next((way for way in wanted if way in reachable), None)
        yield Message(action.template, channel, action.fallback, level, tuple(items))


def holds(level: Level) -> tuple[Hold, ...]:
    """The level's side effects, each with what lifts it."""
    return tuple(Hold(effect.effect, effect.value, effect.release_when, level.number) for effect in level.side_effects)


def for_review(gates: Iterable[Gate], items: Iterable[Dunnable], sent: Iterable[Message]) -> tuple[ForReview, ...]:
    """What a person has to look at: what is blocked, left to a person or not known, and what no channel can take."""
    shut = (gate.shut for gate in gates if gate.shut is not None)
    found = (finding for entry in items for finding in entry.findings)
    unsent = (message for message in sent if message.channel is None)
    return (
        *(ForReview(finding.subject, _why(finding)) for finding in (*shut, *found) if finding.code in _WHY),
        *(ForReview(ACCOUNT, f"no channel for `{message.template}`") for message in unsent),
    )


def _why(finding: Finding) -> str:
    words, name = _WHY[finding.code]
    return f"{words}: {finding.observed.get(name) or ', '.join(finding.missing)}"
