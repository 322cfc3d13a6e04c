"""Checks what a dunning ladder sends and does: its messages, effects and reminders (domain D9, D21, D22)."""

from __future__ import annotations

from policies.desk import Desk
from policies.diagnostics import Code
from policies.ir import Expression
from policies.kinds.ladder import AccountPaths
from policies.kinds.ladder_figures import once
from policies.kinds.ladder_part import DunningPart, LevelPart
from policies.kinds.notices import Action, Effect, Reminder
from policies.kinds.notices_part import ActionPart, EffectPart
from policies.types import ContextOf

SETTING_EFFECTS = frozenset({"set_payment_terms", "assign_collector"})
"""Effects that set something, and so must say `to` what."""


def check_actions(parts: tuple[ActionPart, ...]) -> tuple[Action, ...]:
    """The messages, as written."""
    return tuple(Action(part.send, part.by, part.fallback) for part in parts)


def check_reminders(part: DunningPart, desk: Desk) -> tuple[Reminder, ...]:
    """The reminders before the due date, each on a day of its own."""
    once(((reminder.reminder, reminder) for reminder in part.reminders), "reminder", desk)
    days: set[int] = set()
    for reminder in part.reminders:
        if reminder.days >= 0:
            mend = f"write -{reminder.days or 3} for days before it; after it come the levels"
            said = "a reminder comes before the due date: its `days` are negative"
            desk.error(Code.DUNNING, said, reminder.span("days"), mend)
        elif reminder.days in days:
            desk.error(Code.DUNNING, "two reminders fall on the same day", reminder.span("days"), "keep one of them")
        days.add(reminder.days)
    return tuple(
        Reminder(
            reminder.reminder,
            reminder.days,
            desk.texts(reminder.title, reminder.span("title")),
            check_actions(reminder.actions),
            reminder.span().line,
        )
        for reminder in part.reminders
    )


def check_effects(level: LevelPart, desk: Desk) -> tuple[Effect, ...]:
    """A level's effects: each sets a field of its own, so that no two of them can contradict each other."""
    lines: dict[str, int] = {}
    for effect in level.effects:
        if effect.effect in lines:
            said = f"`{effect.effect}` is set twice at this level, first on line {lines[effect.effect]}"
            desk.error(Code.DUNNING, said, effect.span("effect"), "keep one of them")
        lines.setdefault(effect.effect, effect.span("effect").line)
    return tuple(_check_effect(effect, desk) for effect in level.effects)


def _check_effect(part: EffectPart, desk: Desk) -> Effect:
    if part.effect in SETTING_EFFECTS and part.to is None:
        desk.error(Code.DUNNING, f"`{part.effect}` must say `to` what", part.span("effect"), "add `to:`")
    elif part.effect not in SETTING_EFFECTS and part.to is not None:
        desk.error(Code.DUNNING, f"`{part.effect}` sets nothing", part.key_span("to"), "delete `to`")
    release_if = None if part.release_if is None else desk.condition(part.release_if)
    return Effect(part.effect, part.to, desk.texts(part.release_when, part.span("release_when")), release_if)


def check_correspondence(part: DunningPart, account: AccountPaths, desk: Desk) -> None:
    """What goes into one letter and who gets it; and whether the facts tell which effects are in force."""
    if part.group_by == "head_office" and part.account.head_office is None:
        mend = "add `head_office:` under `account`: the fact that names it"
        said = "letters go to the head office, but nothing says which that is"
        desk.error(Code.DUNNING, said, part.span("group_by"), mend)
    if part.group_by != "head_office" and part.account.head_office is not None:
        mend = "write `group_by: head_office`, or delete it"
        desk.warn(Code.DUNNING, "nothing goes to the head office", part.account.key_span("head_office"), mend)
    if not _knows_holds(account.case):
        for level in part.levels:
            for effect in level.effects:
                if effect.release_if is not None:
                    mend = "declare `holds: {type: list, of: text, optional: true}` in the dunning case"
                    said = "the facts do not tell which effects are in force, so none can be released"
                    desk.error(Code.DUNNING, said, effect.key_span("release_if"), mend)


def _knows_holds(case: Expression | None) -> bool:
    if case is None:
        return False
    return not isinstance(case.type, ContextOf) or case.type.field("holds") is not None
