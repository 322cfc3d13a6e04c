"""The kind `dunning`: from carve-outs, the account's facts and the ladder's terms to an outcome with reasons."""

from __future__ import annotations

from collections.abc import Iterable

from engine.decision import Status, Step
from engine.dunning.account import Account, CarveOut
from engine.dunning.calendar import calendar, calendar_step
from engine.dunning.findings import ACCOUNT, Finding
from engine.dunning.from_facts import account_from, refuse_nameless
from engine.dunning.ladder import Ladder, ladder_faults
from engine.dunning.letter_steps import letter_steps
from engine.dunning.notice import Result
from engine.dunning.outcome import outcome_of
from engine.dunning.pinning import Procedure
from engine.dunning.procedure import dun, undecided
from engine.dunning.releases import with_releases
from engine.dunning.terms import Terms, evaluate_ladder
from engine.dunning.writing import Desk, with_texts
from engine.meaning import Notes
from engine.rules import judge_rules
from engine.sitting import MISSING, UNDEFINED, Judged, Sitting
from policies.feel.values import Value
from policies.ir import Expression
from policies.kinds.ladder import Dunning

NAMED = 5
"""How many items a reason names; the outcome names them all."""

_PARTS = {
    "C21": "currency",
    "D1": "as_of",
    "D2": "levels",
    "D3": "grace_days",
    "D8": "on_event",
    "D18": "default_terms",
    "D19": "account",
    "D4": "min_days_in_arrears",
    "D5": "interval_days",
    "D6": "levels",
    "D7": "levels",
    "D9": "reminders",
    "D10": "account",
    "D11": "account",
    "D12": "account",
    "D13": "credits",
    "D14": "tolerance",
    "D15": "levels",
    "D16": "interest",
    "D17": "interest",
    "D20": "account",
    "D21": "levels",
    "D22": "account",
    "D23": "account",
}
"""The part of a dunning policy that each rule of the domain stands in."""


def decide_dunning(body: Dunning, sitting: Sitting) -> dict[str, Value]:
    """The account's outcome. What is not known, in carve-outs, ladder or account, never lets a notice through."""
    carve_outs = _carve_outs(sitting)
    terms = Terms(sitting)
    procedure = Procedure(sitting.policy.name, sitting.policy.digest)
    desk = Desk.of(body, sitting)
    ladder = evaluate_ladder(body, terms, procedure, desk.unwritten())
    carve_outs += [_unknown(place, notes, sitting) for place, notes in terms.unknown.items()]
    faults = [] if terms.unknown else _faults(ladder, sitting)
    carve_outs += faults
    account, known = _account(body, sitting, carve_outs)
    usable = known and not terms.unknown and not faults
    if usable:
        result = dun(ladder, account, sitting.as_of)
    else:
        result = undecided(account, procedure, len(body.levels), sitting.as_of)
    coming = calendar(ladder, account, sitting.as_of, result)
    _write_reasons(result, body, sitting)
    sitting.steps += [*_ladder_steps(result, body), *result.trace]
    sitting.steps.append(calendar_step(coming, [level.name for level in body.levels]))
    result = with_texts(result, desk)
    sitting.steps += letter_steps(result)
    result = with_releases(result, account, body, sitting)
    return outcome_of(result, coming, procedure, body)


def _carve_outs(sitting: Sitting) -> list[CarveOut]:
    """Those that hold, and those that are unknown: unknown is not false."""
    found = []
    for ruling in judge_rules(sitting):
        rule, judged = ruling.rule, ruling.judged
        if ruling.status is Status.FIRED:
            sitting.reason(rule.reason, rule.name, judged)
            found.append(CarveOut(rule.name, rule.reason))
        elif ruling.status is Status.UNKNOWN:
            found.append(_unknown(rule.name, judged.notes, sitting))
    return found


def _unknown(name: str, notes: Notes, sitting: Sitting) -> CarveOut:
    sitting.data_reason(name, notes)
    return CarveOut(name, MISSING if notes.missing else UNDEFINED, tuple(notes.missing))


def _faults(ladder: Ladder, sitting: Sitting) -> list[CarveOut]:
    """What makes a computed ladder unusable: with it nobody is dunned."""
    found = []
    for place, words in ladder_faults(ladder):
        sitting.reason(UNDEFINED, place, Judged(None, Notes(read={place: words})))
        found.append(CarveOut(place, UNDEFINED))
    return found


def _account(body: Dunning, sitting: Sitting, carve_outs: list[CarveOut]) -> tuple[Account, bool]:
    """The account, and whether its key and items are known at all."""
    paths = body.account
    account_id, items = sitting.judge(paths.id), sitting.judge(paths.items)
    absent = [(name, judged) for name, judged in (("id", account_id), ("items", items)) if judged.value is None]
    carve_outs += [_unknown(f"account.{name}", judged.notes, sitting) for name, judged in absent]
    refuse_nameless(account_id.value, items.value or [], paths)
    account = account_from(
        account_id=account_id.value or "",
        items=items.value or [],
        case=_optional(paths.case, sitting),
        channels=_optional(paths.channels, sitting),
        rates=_optional(paths.rates, sitting),
        recipient=_recipient(body, sitting),
        carve_outs=tuple(carve_outs),
        body=body,
    )
    return account, not absent


def _recipient(body: Dunning, sitting: Sitting) -> str | None:
    """Who the letters go to in the account's place, if that is known; for letters to the head office that, else."""
    paths = body.account
    named = _optional(paths.recipient, sitting)
    return named or (_optional(paths.head_office, sitting) if body.group_by == "head_office" else None)


def _optional(expression: Expression | None, sitting: Sitting) -> Value:
    return None if expression is None else sitting.judge(expression).value


def _write_reasons(result: Result, body: Dunning, sitting: Sitting) -> None:
    """One reason for each code and part, naming its items; carve-outs have given theirs already."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in result.findings:
        if finding.rule != "D25":
            groups.setdefault((finding.code, _part(finding, body)), []).append(finding)
    for (code, part), findings in groups.items():
        missing = dict.fromkeys(path for finding in findings for path in finding.missing)
        if missing:
            sitting.data_reason(part, Notes(missing=missing))
        else:
            sitting.reason(code, part, Judged(None, Notes(read=_observed(findings))))


def _part(finding: Finding, body: Dunning) -> str:
    level = finding.observed.get("level")
    return body.levels[level - 1].name if isinstance(level, int) and level else _PARTS[finding.rule]


def _observed(findings: list[Finding]) -> dict[str, Value]:
    """What a single finding observed; of several, the items they are about."""
    named = list(dict.fromkeys(finding.subject for finding in findings if finding.subject != ACCOUNT))
    if len(findings) == 1:
        return {**({"invoice_id": named[0]} if named else {}), **_plain(findings[0].observed.items())}
    shown = ", ".join(named[:NAMED])
    return {"items": shown if len(named) <= NAMED else f"{shown} and {len(named) - NAMED} more"}


def _plain(observed: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    return {name: ", ".join(value) if isinstance(value, list) else value for name, value in observed}


def _ladder_steps(result: Result, body: Dunning) -> list[Step]:
    """Which reminders and levels the account's items are at."""
    reminded = {finding.observed["offset"] for finding in result.findings if finding.code == "DN-PRE-01"}
    reached = {item.assigned_level for item in result.items}
    steps = [
        Step(
            "reminder",
            reminder.name,
            Status.FIRED if reminder.days in reminded else Status.NOT_FIRED,
            line=reminder.line,
        )
        for reminder in body.reminders
    ]
    return steps + [
        Step("level", level.name, Status.FIRED if number in reached else Status.NOT_FIRED, line=level.line)
        for number, level in enumerate(body.levels, start=1)
    ]
