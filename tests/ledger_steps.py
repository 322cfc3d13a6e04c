"""What a caller's ledger makes of dunning decisions: what was sent is carried into the facts of the next day.

A file of steps (`tests/examples/steps-*.yaml`) runs policies by days; a notice that is decided is sent, unless its step
says `sent: false`. Before a day's decision items may be settled, added or changed; `open` is what is open after it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from engine.cases import differences
from engine.decide import decide
from engine.decision import Decision
from policies import load
from policies.ir import Bundle
from policies.source import decode
from policies.types import ContextOf, ListOf

FOLDER = Path(__file__).parent / "examples"
Run = dict[str, Any]
"""The facts that an account starts with, and its steps."""
Facts = dict[str, Any]
"""A facts document as JSON: open items under `open_items`, the dunning case under `dunning_case`."""


def carried_forward(bundle: Bundle, facts: Facts, decision: Decision, *, book_claims: bool = True) -> Facts:
    """The facts after what the decision asks for was sent: only fields that the document declares are written.

    Each item of a notice has its new level, day, deadline and interest charged; the case its last notice, and its holds
    without those released; each claim of fees, compensation or interest is an open item of its own.
    """
    outcome, on = decision.to_json()["outcome"], decision.as_of.isoformat()
    after = deepcopy(facts)
    item_fields, case_fields = _fields(bundle, "open_items"), _fields(bundle, "dunning_case")
    ends = {end["invoice_id"]: end for end in outcome["items"]}
    deadlines = {number: letter.get("deadline") for letter in outcome.get("notices", []) for number in letter["items"]}
    for item in after.get("open_items", []):
        end = ends[item["invoice_id"]]
        if end["outcome"] == "notice":
            sent = {"dunning_level": int(end["recorded_level"]), "last_dunned_on": on}
            sent |= {"notice_deadline": deadlines.get(item["invoice_id"]), "interest_charged": _charged(item, outcome)}
            item.update({key: value for key, value in sent.items() if key in item_fields and value is not None})
        elif end["outcome"] == "reminder" and "reminded_on" in item_fields:
            item["reminded_on"] = on
    if outcome.get("releases") and "holds" in case_fields:
        released = {release["effect"] for release in outcome["releases"]}
        case = facts.get("dunning_case") or {}
        after["dunning_case"] = {**case, "holds": sorted(set(case.get("holds", [])) - released)}
    if outcome["outcome"] == "notice":
        after["dunning_case"] = _case(after.get("dunning_case") or {}, outcome, on, case_fields)
        if book_claims and "document_type" in item_fields:
            after["open_items"] += [_claimed(claim, outcome, facts, on, item_fields) for claim in outcome["claims"]]
    return after if case_fields else {name: value for name, value in after.items() if name != "dunning_case"}


def _fields(bundle: Bundle, fact: str) -> frozenset[str]:
    """The fields that the document declares of a record, or of the records of a list."""
    for declared in bundle.facts:
        type_ = declared.type.item if isinstance(declared.type, ListOf) else declared.type
        if declared.name == fact and isinstance(type_, ContextOf):
            return frozenset(name for name, _ in type_.fields)
    return frozenset()


def _case(before: Mapping[str, Any], outcome: Mapping[str, Any], on: str, fields: frozenset[str]) -> dict[str, Any]:
    procedure = outcome.get("procedure") or {}
    held = {hold["effect"] for hold in outcome["holds"]} | set(before.get("holds") or [])
    after = {
        "last_notice_date": on,
        "procedure_id": procedure.get("id"),
        "procedure_version": procedure.get("version"),
        "last_notice_key": outcome.get("notice_key"),
        "holds": sorted(held),
    }
    return {**before, **{key: value for key, value in after.items() if key in fields and value is not None}}


def _charged(item: Mapping[str, Any], outcome: Mapping[str, Any]) -> str:
    """The interest claimed on an item so far: every claim was booked, so that none booked is none claimed."""
    claims = [claim for claim in outcome["claims"] if claim["kind"] == "interest"]
    added = (Decimal(claim["amount"]) for claim in claims if claim["invoice_id"] == item["invoice_id"])
    return str(sum(added, Decimal(item.get("interest_charged") or 0)))


def _claimed(
    claim: Mapping[str, Any], outcome: Mapping[str, Any], facts: Facts, on: str, fields: frozenset[str]
) -> dict[str, Any]:
    """A claim as it is booked: for its invoice, or of an account with a single invoice for that one."""
    kind = "interest" if claim["kind"] == "interest" else "fee"
    booked = {"invoice_id": claim["claim_id"], "document_type": kind, "due_date": on, "open_amount": claim["amount"]}
    invoices = [item["invoice_id"] for item in facts["open_items"] if item.get("document_type", "invoice") == "invoice"]
    for_invoice = claim["invoice_id"] or (invoices[0] if len(invoices) == 1 else None)
    known = {"for_invoice": for_invoice, "currency": next((each["currency"] for each in outcome["notices"]), None)}
    return booked | {name: value for name, value in known.items() if name in fields and value is not None}


def balance(facts: Facts) -> Decimal:
    """What is open in all."""
    return sum((Decimal(str(item["open_amount"])) for item in facts["open_items"]), Decimal(0))


def changed(facts: Facts, step: Mapping[str, Any]) -> Facts:
    """The facts after what happened to the account: fields changed (null takes one out), items settled or added."""
    after = deepcopy(facts)
    settled = step.get("settle", [])
    after["open_items"] = [item for item in after["open_items"] if item["invoice_id"] not in settled]
    after["open_items"] += step.get("add", [])
    for number, fields in step.get("change", {}).items():
        (item,) = [item for item in after["open_items"] if item["invoice_id"] == number]
        item.update(fields)
        for name in [name for name, value in fields.items() if value is None]:
            del item[name]
    after.update(step.get("facts", {}))
    return after


def plain(tree: Any) -> Any:
    """A tree as YAML reads it, as JSON: days as text, numbers with a point as exact text."""
    match tree:
        case dict():
            return {str(key): plain(value) for key, value in tree.items()}
        case list():
            return [plain(value) for value in tree]
        case dt.date():
            return tree.isoformat()
        case float():
            return str(tree)
        case _:
            return tree


def bundle_of(path: Path) -> Bundle:
    return load(decode(path.name, path.read_bytes()))


def runs(prefix: str) -> Iterator[tuple[Path, Run]]:
    """The runs of the files of steps with that prefix, each with the policies it is for."""
    for path in sorted(FOLDER.glob(f"steps-{prefix}*.yaml")):
        document = plain(yaml.safe_load(path.read_text(encoding="utf-8")))
        for run in document["runs"]:
            yield FOLDER / document["policies"], run


def surprises(bundle: Bundle, run: Run) -> Iterator[str]:
    """What is otherwise than a run says, day by day."""
    facts = run["facts"]
    policy = bundle.policies[run["policy"]]
    for step in run["steps"]:
        facts = changed(facts, step)
        decision = decide(policy, facts, dt.date.fromisoformat(step["day"]))
        expected = replace(bundle.tests[0], policy=policy.name, expect=as_text(step["expect"]), reasons=None)
        yield from (f"{step['day']}: {difference}" for difference in differences(expected, decision))
        if step.get("sent", True):
            facts = carried_forward(bundle, facts, decision)
        if "open" in step and balance(facts) != Decimal(step["open"]):
            yield f"{step['day']}: expected {step['open']} open, got {balance(facts)}"


def as_text(tree: Any) -> Any:
    """Numbers as text, as a policy's own cases have them."""
    match tree:
        case dict():
            return {key: as_text(value) for key, value in tree.items()}
        case list():
            return [as_text(value) for value in tree]
        case bool() | None | str():
            return tree
        case _:
            return str(tree)
