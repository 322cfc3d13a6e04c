"""`writ compare`: what two policy texts say otherwise, and what they decide otherwise on the facts of a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from api.bulk.reading import open_rows
from api.bulk.rows import FileRefused
from api.commands import compare_record
from api.commands.consoles import stdout
from api.commands.decision import today
from api.commands.ledger import stopped
from api.commands.terminal import fail, misused, write, write_json
from api.comparison.document import comparison_document, replay_document
from api.comparison.facts import Asked, questions
from api.comparison.page import render_replay
from api.request import misfit_json
from api.tree import render_decision
from engine.comparing import MOVERS, Answer, Question, both, compare
from engine.decision import Decision, Json
from policies.diagnostics import visible
from policies.differences import differences, render
from policies.identifiers import did_you_mean
from policies.ir import Bundle


@dataclass(frozen=True, slots=True)
class Texts:
    """The two texts that are compared."""

    old: Bundle
    new: Bundle


@dataclass(frozen=True, slots=True)
class Wanted:
    """On what two texts are compared, facts of a file or the last recorded decisions, and what of it is shown.

    `as_of` is for rows that state none; of the question `opened` only the two decisions are shown.
    """

    facts: Path | None = None
    recorded: int | None = None
    database: str | None = None
    policies: Sequence[str] = ()
    as_of: dt.date | None = None
    movers: int = MOVERS
    opened: str | None = None
    as_json: bool = False


def compare_texts(old: str, new: str, wanted: Wanted) -> None:
    """Print the comparison of two policy files, or of revisions by their numbers."""
    facts, as_json = wanted.facts, wanted.as_json
    if facts is None and (wanted.opened is not None or wanted.policies or wanted.as_of is not None):
        misused("--open, --policy and --as-of go with --facts")
    if facts is not None and wanted.recorded is not None:
        misused("compare on --facts or on --recorded decisions, one at a time")
    needed = wanted.recorded is not None or any(compare_record.named_by_number(name) for name in (old, new))
    with compare_record.record_of(wanted.database, needed=needed) as audit:
        texts = Texts(*(compare_record.bundle_of(name, audit, as_json=as_json) for name in (old, new)))
        if audit is not None and wanted.recorded is not None:
            taken, stream = compare_record.recorded(audit, wanted.recorded, texts.old, texts.new)
            counted = compare(texts.old, texts.new, stream, wanted.movers)
            _print(texts, replay_document(counted) | {"recorded": taken.to_json()}, as_json=as_json)
            return
    _check_names(texts, wanted.policies)
    if facts is None:
        _print(texts, None, as_json=as_json)
        return
    asked = Asked(facts.name, wanted.as_of or today())
    if wanted.opened is not None:
        answers = _answers(texts, facts, asked, wanted.policies, wanted.opened)
        _open(texts, answers, wanted.opened, as_json=as_json)
        return
    with _questions(texts, facts, asked, wanted.policies) as stream:
        replay = replay_document(compare(texts.old, texts.new, stream, wanted.movers), asked)
    _print(texts, replay, as_json=as_json)


def _print(texts: Texts, replay: dict[str, Json] | None, *, as_json: bool) -> None:
    found = differences(texts.old, texts.new)
    if as_json:
        write_json(comparison_document(texts.old, texts.new, found, replay))
        return
    write("\n".join(visible(line) for line in render(found).splitlines()))
    if replay is not None:
        console = stdout()
        console.print()
        console.print(render_replay(replay))


def _check_names(texts: Texts, policies: Sequence[str]) -> None:
    known = {*texts.old.policies, *texts.new.policies}
    for name in policies:
        if name not in known:
            close = did_you_mean(name, known)
            misused(f"neither text has a policy `{name}`" + (f"; did you mean `{close}`?" if close else ""))


@contextmanager
def _questions(texts: Texts, facts: Path, asked: Asked, policies: Sequence[str]) -> Iterator[Iterator[Question]]:
    if facts.suffix.lower() != ".jsonl":
        fail(f"{facts} is no file of requests", "name a .jsonl file, such as `writ facts` writes")
    try:
        with open_rows(facts, texts.new.facts) as rows:
            yield questions(texts.old, texts.new, rows.rows, asked, policies)
    except FileRefused as refused:
        fail(str(refused), refused.help)
    except KeyboardInterrupt:
        stopped()


def _answers(
    texts: Texts, facts: Path, asked: Asked, policies: Sequence[str], ref: str
) -> list[tuple[Question, Answer, Answer]]:
    with _questions(texts, facts, asked, policies) as stream:
        found = [question for question in stream if question.ref == ref]
    if not found:
        fail(f"no question `{ref}` was asked", f"a row is named by its file and line, such as `{asked.ref(1)}`")
    return [(question, *both(texts.old, texts.new, question)) for question in found]


def _open(texts: Texts, answers: Sequence[tuple[Question, Answer, Answer]], ref: str, *, as_json: bool) -> None:
    """Both decisions of each question, one below the other, with their traces."""
    if as_json:
        write_json(
            [
                {"ref": ref, "policy": question.policy, "old": _answer_json(before), "new": _answer_json(after)}
                for question, before, after in answers
            ]
        )
        return
    console = stdout()
    for question, before, after in answers:
        for name, bundle, answer in (("old", texts.old, before), ("new", texts.new, after)):
            title = f"{name}: {bundle.source.name} {bundle.digest[:12]}, {question.policy}, {ref}"
            console.rule(Text(visible(title), "bold"), align="left")
            _show(console, bundle, answer)
            console.print()


def _show(console: Console, bundle: Bundle, answer: Answer) -> None:
    if isinstance(answer, Decision):
        console.print(render_decision(answer, bundle.policies[answer.policy], "en"))
        return
    for misfit in answer.misfits:
        console.print(Text(visible(f"not decided: {misfit.pointer} {misfit.message}"), "red"))


def _answer_json(answer: Answer) -> dict[str, Json]:
    if isinstance(answer, Decision):
        return {"recorded": False, **answer.to_json()}
    misfits: list[Any] = [misfit_json(misfit) for misfit in answer.misfits]
    return {"recorded": False, "misfits": misfits}
