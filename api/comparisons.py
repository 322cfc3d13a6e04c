"""What a revision would change: the text in force and the revision's, compared on recorded decisions and on facts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.audit.whole import whole_record
from api.comparison.document import comparison_document
from api.comparison.facts import Asked, questions, rows_of
from api.comparison.kept import USUAL, Basis, ErasedMeanwhileError, keep, kept, kept_of
from api.comparison.recorded import Taken, last_decisions, question_of, recorded_questions
from api.comparison.worker import ComparisonLostError
from api.governance.revision import Revision
from api.problems import RETRY_SECONDS, Problem
from api.running import Running
from engine.comparing import Answer, Question, both
from engine.decision import Decision
from policies.differences import differences
from policies.ir import Bundle

_COMPARISON = re.compile(r"cmp_[0-9a-z]{26}")

FACTS = "facts"
"""What a facts document sent along is called: its rows are `facts:1`, `facts:2` …"""


def compare_revision(
    running: Running,
    principal: str,
    revision: Revision,
    *,
    recorded: int = USUAL,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    documents: Sequence[Any] = (),
) -> tuple[str, dict[str, Any]]:
    """Compare a revision with the one in force and store what came of it; its id and the document.

    On the last `recorded` decisions of a time, then on `documents`, decision requests. Raises Problem and
    AuditUnavailableError.
    """
    basis = Basis(recorded, since, until, running.audit.store.state().size)
    in_force = running.revisions.today()
    old, new = in_force.bundle, running.revisions.texts.bundle(revision.digest)
    taken = last_decisions(running.audit, recorded, since, until) if recorded else Taken(0, 0)
    asked = Asked(FACTS, running.register.today())
    rows = list(rows_of(documents))

    def all_questions() -> Iterator[Question]:
        yield from recorded_questions(running.audit, taken, old, new)
        yield from questions(old, new, rows, asked)

    try:
        replay = running.worker.compare(old, new, all_questions())
    except ComparisonLostError as error:
        raise _lost("the comparison was lost: send it again, with fewer decisions if it happens again") from error
    replay |= {"recorded": taken.to_json(), "asked": basis.to_json()}
    replay |= {"rows": asked.to_json()} if documents else {}
    _leave_out_values(replay)
    document = comparison_document(old, new, differences(old, new), replay)
    document["old"]["revision"], document["new"]["revision"] = in_force.revision, revision.number
    # Facts that name nobody could never be erased.
    named = {mover["ref"] for mover in replay["movers"] if mover["subject"] is not None}
    facts = {
        asked.ref(row.line): {"facts": row.facts, "as_of": (row.as_of or asked.as_of).isoformat()}
        for row in rows
        if asked.ref(row.line) in named
    }
    try:
        return keep(running.audit, principal, revision.number, document, facts, basis), document
    except ErasedMeanwhileError:
        raise _lost("personal data was erased meanwhile: send it again") from None


def standing(running: Running, revision: Revision) -> Mapping[str, Any] | None:
    """The newest comparison that shows what a revision's text would change now; None where there is none.

    It is of this very text with the one in force today, and on no chosen part of the recorded decisions. Raises
    AuditUnavailableError.
    """
    against = running.revisions.today().bundle.digest
    for one in kept_of(running.audit.store, revision.number):
        asked = one["asked"]
        whole = asked["recorded"] >= USUAL and asked["since"] is None and asked["until"] is None
        if whole and one["bundle_digest"] == revision.digest and one["against_digest"] == against:
            return one
    return None


def _leave_out_values(replay: Mapping[str, Any]) -> None:
    """What misfits say may quote what somebody sent, and could not be erased."""
    for policy in replay["policies"]:
        for one in policy["undecided"]["first"]:
            for side in ("old", "new"):
                one.get(side, {}).pop("detail", None)
    for row in replay.get("rows", {}).get("first_rejected", ()):
        row["misfits"] = [{"code": one["code"], "pointer": one["pointer"]} for one in row["misfits"]]


def _lost(detail: str) -> Problem:
    return Problem("comparison_lost", detail, headers={"Retry-After": str(RETRY_SECONDS)})


def comparison_of(running: Running, revision: int, id_: str) -> dict[str, Any]:
    """A stored comparison of a revision. Raises Problem and AuditUnavailableError."""
    found = kept(running.audit.store, id_) if _COMPARISON.fullmatch(id_) else None
    if found is None or found["document"]["new"]["revision"] != revision:
        raise Problem("comparison_unknown", f"revision {revision} has no comparison `{id_[:40]}`")
    return found


def open_mover(running: Running, found: Mapping[str, Any], rank: int) -> dict[str, Any]:
    """Both decisions of one mover, with both traces. Raises Problem and AuditUnavailableError."""
    document = found["document"]
    movers = document["replay"]["movers"]
    if not 1 <= rank <= len(movers):
        raise Problem("comparison_unknown", f"the comparison names {len(movers)} customers, not {rank}")
    mover = movers[rank - 1]
    old, new = (running.revisions.texts.bundle(document[side]["digest"]) for side in ("old", "new"))
    question = _question(running, found["facts"], mover, old, new)
    before, after = both(old, new, question)
    return {**mover, "facts": question.facts, "old_decision": _answer(before), "new_decision": _answer(after)}


def _question(
    running: Running, facts: Mapping[str, Any], mover: Mapping[str, Any], old: Bundle, new: Bundle
) -> Question:
    ref = mover["ref"]
    if ref in facts:
        asked = facts[ref]
        return Question(ref, mover["policy"], asked["facts"], dt.date.fromisoformat(asked["as_of"]))
    entry = running.audit.store.find_id(ref)
    if entry is None:
        raise Problem("comparison_unknown", f"the facts of `{ref}` are not kept: they name nobody, or were erased")
    record, gone = whole_record(running.audit.store, entry)
    if gone:
        raise Problem("comparison_unknown", f"personal data of `{ref}` was erased: it cannot be decided again")
    return question_of(record, old, new)


def _answer(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, Decision):
        return answer.to_json()
    return {"undecided": [{"pointer": one.pointer, "detail": one.message} for one in answer.misfits]}
