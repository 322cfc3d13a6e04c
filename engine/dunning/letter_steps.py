"""The trace of what goes out: a step for each letter, and below it one for each message."""

from __future__ import annotations

from collections.abc import Iterator

from engine.decision import Status, Step
from engine.dunning.ladder import Unwritten
from engine.dunning.notice import Message, Notice, Result
from policies.feel.values import Value


def letter_steps(result: Result) -> Iterator[Step]:
    """What each letter asks of whom, and by which channel it goes."""
    for notice in result.notices:
        steps = tuple(_message(message) for message in notice.messages)
        yield Step("notice", notice.recipient, Status.FIRED, notice.open_amount, _read(notice), steps=steps)
    for letter in result.unsent:
        read: dict[str, Value] = {"level": letter.level, "items": f"{len(letter.items)} items"}
        steps = () if letter.blocked else tuple(_message(message) for message in letter.messages)
        note = "recipient blocked" if letter.blocked else "cannot be sent"
        yield Step("notice", letter.recipient, Status.SKIPPED, read=read, note=note, steps=steps)


def _read(notice: Notice) -> dict[str, Value]:
    read: dict[str, Value] = {"level": notice.level, "items": f"{len(notice.items)} items"}
    if notice.listed:
        read["listed_items"] = f"{len(notice.listed)} items"
    if notice.level:
        read["total_claim"] = notice.total_claim
    if notice.deadline is not None:
        read["deadline"] = notice.deadline
    return read


def _message(message: Message) -> Step:
    if message.channel is None:
        return Step("message", message.template, Status.SKIPPED, note="no channel")
    match message.unwritten:
        case None:
            return Step("message", message.template, Status.FIRED, note=f"by {message.channel}")
        case Unwritten(missing=(), languages=languages):
            return Step("message", message.template, Status.SKIPPED, note=f"no text in {', '.join(languages)}")
        case Unwritten(missing=missing):
            return Step("message", message.template, Status.UNKNOWN, missing=missing, note="cannot be written")
