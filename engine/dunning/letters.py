"""Which items go into one letter, and to whom: the grouping of what is dunned and of what is reminded (domain D22)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from engine.dunning.account import Account
from engine.dunning.considered import Considered
from engine.dunning.findings import Finding
from engine.dunning.ladder import Action, GroupBy, Ladder, PreDueReminder
from engine.dunning.notice import Message, Unsent


@dataclass(frozen=True, slots=True)
class Letter:
    """Items that go into one letter, the oldest first. `key` tells it apart from the account's others of that day.

    Its level is the highest in it; 0 for a reminder before the due date. `blocked`: its recipient is not written to.
    """

    key: str
    recipient: str
    level: int
    reminder: PreDueReminder | None
    items: tuple[Considered, ...]
    messages: tuple[Message, ...]
    blocked: bool

    @property
    def goes(self) -> bool:
        """Whether anything of it can be sent; what a level without actions writes, the caller knows (domain D21)."""
        return not self.blocked and (not self.messages or any(message.goes for message in self.messages))

    @property
    def unsent(self) -> Unsent:
        """The letter as one that cannot be sent."""
        ids = tuple(item.invoice_id for item in self.items)
        return Unsent(self.recipient, self.level, ids, self.blocked, self.messages)

    def findings(self, item: Considered) -> Iterator[Finding]:
        """Why an item of it is skipped, where it cannot be sent."""
        rule = "D22" if self.blocked else "D21"
        missing = (name for message in self.messages if message.unwritten for name in message.unwritten.missing)
        if not self.blocked and (names := tuple(dict.fromkeys(missing))):
            yield Finding("DT-MIS-01", rule, item.invoice_id, missing=names)
        yield Finding("DN-SKP-15", rule, item.invoice_id, {"recipient": self.recipient})


def recipient_of(item: Considered, account: Account) -> str:
    """Who is written to about an item: its own recipient, else the account's, else the account itself."""
    return item.lead.entry.item.dunning_recipient or account.addressee


def currency_of(item: Considered) -> str:
    """The currency an item was invoiced in; different ones are never in one letter, also where they are converted.

    Fees and interest of an invoice count as invoiced in its currency.
    """
    converted = item.lead.entry.presented.conversion
    return item.lead.entry.item.currency if converted is None else converted.currency


def notice_letters(noticed: Iterable[Considered], account: Account, ladder: Ladder) -> tuple[Letter, ...]:
    """The letters of a notice, the strictest first."""
    groups: dict[tuple[str, ...], list[Considered]] = {}
    for item in noticed:
        groups.setdefault(_group(item, account, ladder.group_by), []).append(item)
    letters = (_letter(group, items, account, ladder, None) for group, items in groups.items())
    return tuple(sorted(letters, key=lambda letter: (-letter.level, letter.key)))


def reminder_letters(reminded: Iterable[Considered], account: Account, ladder: Ladder) -> tuple[Letter, ...]:
    """The letters of reminders before the due date, one for each day it is to be sent ahead."""
    groups: dict[tuple[PreDueReminder, tuple[str, ...]], list[Considered]] = {}
    for item in reminded:
        if item.reminder is not None:
            groups.setdefault((item.reminder, _group(item, account, ladder.group_by)), []).append(item)
    letters = (_letter(group, items, account, ladder, reminder) for (reminder, group), items in groups.items())
    return tuple(sorted(letters, key=lambda letter: (letter.reminder.offset if letter.reminder else 0, letter.key)))


def _group(item: Considered, account: Account, group_by: GroupBy) -> tuple[str, ...]:
    addressed = (recipient_of(item, account), currency_of(item))
    match group_by:
        case GroupBy.CUSTOMER | GroupBy.HEAD_OFFICE:
            return addressed
        case GroupBy.LEVEL:
            return (*addressed, f"level {item.lead.level}")
        case GroupBy.INVOICE:
            return (*addressed, f"item {_part(item.lead.invoice_id)}")
        case _ as never:
            assert_never(never)


def _letter(
    group: tuple[str, ...],
    items: Iterable[Considered],
    account: Account,
    ladder: Ladder,
    reminder: PreDueReminder | None,
) -> Letter:
    recipient, currency, *rest = group
    others = [f"to {_part(recipient)}"] if recipient != account.account_id else []
    others += [f"in {currency}"] if currency != account.currency else []
    oldest_first = sorted(items, key=lambda item: (item.entry.item.due_date, item.invoice_id))
    level = 0 if reminder is not None else max(item.level for item in oldest_first)
    actions = ladder.level(level).actions if reminder is None else reminder.actions
    return Letter(
        key=":".join([account.account_id, *others, *rest]),
        recipient=recipient,
        level=level,
        reminder=reminder,
        items=tuple(oldest_first),
        messages=tuple(_messages(actions, account)),
        blocked=account.case.recipient_blocked and recipient == account.addressee,
    )


def _messages(actions: Iterable[Action], account: Account) -> Iterator[Message]:
    """Each action with the channel it takes: its own, else its fallback, else none.

    Where it is not known how the account can be reached, the action's own channel is named.
    """
    reachable = account.channels
    for action in actions:
        wanted = (action.channel, action.fallback)
        channel = action.channel if reachable is None else next((way for way in wanted if way in reachable), None)
        yield Message(action.template, channel, action.fallback, action.unwritten)


def _part(name: str) -> str:
    """A name as a part of a key: what sets parts off stands in it only as such, so that no two keys are the same."""
    return name.replace("%", "%25").replace(":", "%3A")
