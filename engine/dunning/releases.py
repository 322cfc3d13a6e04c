"""Which effects in force are lifted: those whose condition of release holds at every level that sets them (D21)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.decision import Status, Step
from engine.dunning.account import Account
from engine.dunning.findings import ACCOUNT
from engine.dunning.notice import ForReview, Release, Result
from engine.meaning import Notes, all_of
from engine.sitting import Judged, Sitting
from policies.ir import Expression
from policies.kinds.ladder import Dunning, Level
from policies.kinds.notices import Effect

_LEFT_ALONE = frozenset({"D23", "D25"})
"""The rules that leave an account to a person or to another version of its procedure, with all that is in force."""


def with_releases(result: Result, account: Account, body: Dunning, sitting: Sitting) -> Result:
    """The result with what is lifted of the effects that the case says are in force; the trace says why, or why not.

    What this decision sets again stays. Unknown is not released: a person looks at it.
    """
    releases: list[Release] = []
    review: list[ForReview] = []
    left_alone = any(finding.rule in _LEFT_ALONE for finding in result.findings)
    set_again = {hold.effect.value for hold in result.holds}
    for name in dict.fromkeys(account.case.holds):
        setting = _setting(name, body)
        if not setting:
            sitting.steps.append(Step("release", name, Status.SKIPPED, note="no level sets it"))
            review.append(ForReview(ACCOUNT, "hold_set_by_no_level", {"effect": name}))
        elif left_alone:
            sitting.steps.append(Step("release", name, Status.SKIPPED, note="left to a person"))
            review.append(ForReview(ACCOUNT, "hold_left_alone", {"effect": name}))
        elif name in set_again:
            sitting.steps.append(Step("release", name, Status.NOT_FIRED, note="set again"))
        else:
            strictest, level, effect = setting[-1]
            judged = _judge([each.release_if for _, _, each in setting], sitting)
            if judged is None:
                note = "released by a person: its condition stands in words"
                sitting.steps.append(Step("release", name, Status.SKIPPED, line=level.line, note=note))
                continue
            status = {True: Status.FIRED, False: Status.NOT_FIRED}.get(judged.value, Status.UNKNOWN)
            sitting.steps.append(judged.step("release", name, status, level.line))
            if status is Status.FIRED:
                releases.append(Release(name, strictest, effect.release_when))
            elif status is Status.UNKNOWN:
                review.append(_not_known(name, tuple(judged.notes.missing)))
    return replace(result, releases=tuple(releases), for_review=(*result.for_review, *review))


def _not_known(effect: str, missing: tuple[str, ...]) -> ForReview:
    if missing:
        return ForReview(ACCOUNT, "hold_release_not_known", {"effect": effect, "what": missing})
    return ForReview(ACCOUNT, "hold_release_no_value", {"effect": effect})


def _setting(name: str, body: Dunning) -> list[tuple[int, Level, Effect]]:
    """The levels that set an effect, from mild to strict, each with its number and its effect."""
    return [
        (number, level, effect)
        for number, level in enumerate(body.levels, start=1)
        for effect in level.effects
        if effect.effect == name
    ]


def _judge(conditions: Iterable[Expression | None], sitting: Sitting) -> Judged | None:
    """Whether all of them hold, with what they read; None where one level leaves its release to a person."""
    notes, truths = Notes(), []
    for condition in conditions:
        if condition is None:
            return None
        judged = sitting.judge(condition)
        truths.append(judged.value)
        notes.read.update(judged.notes.read)
        notes.because_of(judged.notes)
    return Judged(all_of(truths), notes)
