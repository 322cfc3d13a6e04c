"""A document's test cases: YAML text made into the JSON a caller would send, and what is expected of the answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from policies.diagnostics import Code, Diagnostic
from policies.document import CasePart
from policies.identifiers import did_you_mean
from policies.ir import Case, Fact, Policy
from policies.nodes import Span
from policies.reading import Entries, Items, Report, Tree
from policies.scalars import ScalarProblem, boolean_of, integer_of
from policies.types import Boolean, ContextOf, ListOf, Type


def check_cases(
    parts: tuple[CasePart, ...],
    facts: tuple[Fact, ...],
    policies: Mapping[str, Policy],
    known: frozenset[str],
    effective: dt.date | None,
    broken: frozenset[str],
    report: Report,
) -> tuple[Case, ...]:
    """The cases, each with its facts whole: those of the case it is based on, less `without`, plus `given`.

    `known` are the names of all policies written, also of those that were refused; `broken` names what was written
    and taken out for a mistake in it: `effective`, a fact, a case. What follows from that is not reported again.
    """
    absent: set[str] = set()
    declared = {fact.name: fact for fact in facts}
    done: dict[str, Case] = {}
    for part in parts:
        if part.case in done:
            report(Diagnostic(Code.CASE, f"case `{part.case}` stands twice", part.span("case"), "give it another name"))
        if part.policy not in known:
            close = did_you_mean(part.policy, known)
            mend = f"did you mean `{close}`?" if close else "the policies are " + ", ".join(sorted(known))
            report(Diagnostic(Code.UNKNOWN_POLICY, f"no policy `{part.policy}`", part.span("policy"), mend))
        as_of = part.as_of or effective
        based = _base(part, done, broken | absent, report)
        if part.as_of is None and based is not None:
            as_of = based.as_of
        if as_of is None:
            absent.add(part.case)
            if not broken & {"as_of", "effective"} and part.based_on not in broken | absent:
                mend = "add `as_of:` here or `effective:` on top"
                report(Diagnostic(Code.CASE, "no `as_of`", part.span("case"), mend))
            continue
        given = {key: _fact_json(key, value, declared, broken, part, report) for key, value in part.given.items()}
        merged = _merged(based.facts if based else {}, given)
        for path in part.without:
            _remove(merged, path, part.span("without"), report)
        expect = {key: _expected(value) for key, value in part.expect.items()}
        done[part.case] = Case(
            name=part.case,
            policy=part.policy,
            as_of=as_of,
            facts=merged,
            expect=expect,
            reasons=part.reasons,
            principal_reasons=part.principal_reasons,
            because=part.because,
            line=part.span().line,
        )
    return tuple(case for case in done.values() if case.policy in policies)


def _base(part: CasePart, done: Mapping[str, Case], lost: frozenset[str], report: Report) -> Case | None:
    if part.based_on is None:
        return None
    if part.based_on not in done and part.based_on not in lost:
        close = did_you_mean(part.based_on, done)
        mend = f"did you mean `{close}`?" if close else "a case can be based on one that stands before it"
        report(Diagnostic(Code.CASE, f"no case `{part.based_on}` before this one", part.span("based_on"), mend))
    return done.get(part.based_on)


def _fact_json(
    name: str, tree: Tree, declared: Mapping[str, Fact], broken: frozenset[str], part: CasePart, report: Report
) -> Any:
    fact = declared.get(name)
    if fact is None and name in broken:
        return None
    if fact is None:
        close = did_you_mean(name, declared)
        mend = f"did you mean `{close}`?" if close else None
        report(Diagnostic(Code.CASE, f"unknown fact `{name}`", part.key_span("given", name), mend))
        return None
    return json_of(fact.type, fact, tree, report)


def json_of(type_: Type, fact: Fact | None, tree: Tree, report: Report) -> Any:
    """The JSON for a fact written in YAML: its type says what a scalar is; a wrong one stays text, to be refused."""
    match tree:
        case Entries():
            members = {member.name: member for member in (fact.fields if fact else ())}
            body = {}
            for key, value in tree.items():
                member = members.get(key)
                if members and member is None:
                    close = did_you_mean(key, members)
                    named = tree.node.key(key)
                    mend = f"did you mean `{close}`?" if close else "the fields are " + ", ".join(members)
                    span = named.span if named else tree.node.span
                    report(Diagnostic(Code.CASE, f"unknown fact `{key}`", span, mend))
                inner = member.type if member else _inner(type_, key)
                body[key] = json_of(inner, member, value, report) if inner is not None else None
            return body
        case Items():
            item = type_.item if isinstance(type_, ListOf) else type_
            return [json_of(item, fact, value, report) for value in tree]
        case scalar if scalar.plain and scalar.text in {"null", "~", ""}:
            return None
        case scalar:
            return _scalar_json(type_, fact, scalar.text)


def _inner(type_: Type, key: str) -> Type | None:
    return type_.field(key) if isinstance(type_, ContextOf) else None


def _scalar_json(type_: Type, fact: Fact | None, text: str) -> Any:
    readers: list[Callable[[str], Any]] = [boolean_of] if isinstance(type_, Boolean) else []
    if fact is not None and fact.whole:
        readers = [integer_of]
    for reader in readers:
        try:
            return reader(text)
        except ScalarProblem:
            return text
    return text


def _expected(tree: Tree) -> Any:
    match tree:
        case Entries():
            return {key: _expected(value) for key, value in tree.items()}
        case Items():
            return [_expected(value) for value in tree]
        case scalar if scalar.plain and scalar.text in {"null", "~", ""}:
            return None
        case scalar if scalar.plain and scalar.text in {"true", "false"}:
            return scalar.text == "true"
        case scalar:
            return scalar.text


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid on `base`: contexts merge, anything else replaces."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _remove(facts: dict[str, Any], path: str, span: Span, report: Report) -> None:
    """Take a fact out; the blocks on the way are copied, since the base case shares them."""
    steps = path.split(".")
    block = facts
    for step in steps[:-1]:
        inner = block.get(step)
        if not isinstance(inner, Mapping):
            break
        block[step] = dict(inner)
        block = block[step]
    if steps[-1] not in block:
        report(Diagnostic(Code.CASE, f"there is no `{path}` to leave out", span, "write the path of a given fact"))
        return
    del block[steps[-1]]
