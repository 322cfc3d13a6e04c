"""Reading a MAP.yaml: every mistake in it, and every column it names that the export does not have, in one answer."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from pathlib import Path

from api.receivables.map import LEDGER_FACTS, CustomerMaster, LedgerMap
from policies.diagnostics import Code, Diagnostic, Refused, quote
from policies.document_fields import Part
from policies.identifiers import did_you_mean
from policies.reading import Reading, read_part, unfold
from policies.source import decode, read

COLUMNS_SHOWN = 12
"""Columns of the export that a help line lists when none is close."""


def load_map(path: Path, text: bytes | None = None) -> LedgerMap:
    """The map in a file. Raises `Refused` with everything that is wrong with it by itself."""
    root = read(decode(path.name, path.read_bytes() if text is None else text))
    reading = Reading()
    map_ = read_part(LedgerMap, unfold(root), reading)
    found = reading.found
    if map_ is None or not all(_stands_for_nothing(each) for each in found):
        raise Refused(found)
    found = [*found, *_contradictions(map_), *_taken_facts(map_), *_encodings(map_)]
    if found:
        raise Refused(found)
    return map_


def _stands_for_nothing(diagnostic: Diagnostic) -> bool:
    """Whether what was taken out is no misspelt key, whose absence would be reported as a second mistake."""
    misspelt = (diagnostic.help or "").startswith("did you mean")
    return diagnostic.code is Code.UNKNOWN_KEY and not misspelt


def check_columns(map_: LedgerMap, header: Sequence[str]) -> list[Diagnostic]:
    """A diagnostic for each column of the ledger that is not in its header, or is there twice."""
    return [
        diagnostic
        for keys, column in map_.named_columns()
        for diagnostic in _missing(map_, keys, column, header, in_key=keys[0] == "skip")
    ]


def check_master_columns(master: CustomerMaster, header: Sequence[str]) -> list[Diagnostic]:
    """The same for the customer master."""
    found = list(_missing(master, ("id",), master.id, header))
    for fact in master.facts:
        found.extend(_missing(fact, ("column",), fact.column, header))
    return found


def _missing(
    part: Part, keys: tuple[str, ...], column: str, header: Sequence[str], *, in_key: bool = False
) -> Iterator[Diagnostic]:
    span = part.key_span(*keys) if in_key else part.span(*keys)
    times = header.count(column)
    if times == 0:
        close = did_you_mean(column, header)
        names = ", ".join(quote(name) for name in header[:COLUMNS_SHOWN])
        more = " …" if len(header) > COLUMNS_SHOWN else ""
        mend = f"did you mean `{close}`?" if close else f"the export has {names}{more}"
        yield Diagnostic(Code.UNKNOWN_NAME, f"the export has no column {quote(column)}", span, mend)
    elif times > 1:
        message = f"the export has {times} columns {quote(column)}"
        yield Diagnostic(Code.NAME_TAKEN, message, span, "rename one of them in the export")


def _contradictions(map_: LedgerMap) -> Iterator[Diagnostic]:
    columns, currency = map_.columns, map_.currency
    if (currency.fixed is None) == (currency.column is None):
        yield _shape(map_, ("currency",), "the currency is either `fixed` or in a `column`")
    if map_.amounts.thousands == map_.amounts.decimal:
        yield _shape(map_, ("amounts", "thousands"), "`decimal` and `thousands` are the same sign")
    if map_.snapshot_date is None:
        yield from _dated_ledger(map_)
    elif map_.disputed is not None and map_.disputed.since is not None:
        yield _shape(map_, ("disputed", "since"), "a snapshot needs no `since`: its flags are of its own day")
    if map_.tells_disputes and columns.dispute_reason is None and (map_.disputed is None or not map_.disputed.reason):
        mend = "add the column `dispute_reason`, or a `reason` under `disputed`"
        keys = ("disputed",) if map_.disputed is not None else ("columns",)
        yield _shape(map_, keys, "a disputed amount needs a reason", mend)
    if columns.dispute_resolved_on is not None and columns.disputed_on is None:
        yield _shape(map_, ("columns", "dispute_resolved_on"), "`dispute_resolved_on` needs `disputed_on`")
    if not 1 <= map_.window_months <= MAX_MONTHS:
        yield _shape(map_, ("window_months",), f"`window_months` is from 1 to {MAX_MONTHS}")
    if map_.trend.min_invoices < 1 or map_.trend.tolerance_days < 0:
        yield _shape(map_, ("trend",), "`min_invoices` is 1 or more and `tolerance_days` 0 or more")
    for rate in map_.convert.rates if map_.convert is not None else ():
        if rate.rate <= 0:
            yield _shape(rate, ("rate",), "a rate must be more than 0")
    for kind, values in map_.documents or ():
        if kind != "column" and values:
            yield from _repeated_values(map_, kind)


MAX_MONTHS = 120


def _repeated_values(map_: LedgerMap, kind: str) -> Iterator[Diagnostic]:
    documents = map_.documents
    if documents is None:
        return
    order = ("invoice", "credit_note", "payment", "fee", "interest")
    earlier = {value for other in order[: order.index(kind)] for value in getattr(documents, other)}
    for value in getattr(documents, kind):
        if value in earlier:
            yield _shape(map_, ("documents", kind), f"{quote(value)} already stands for another kind")


def _dated_ledger(map_: LedgerMap) -> Iterator[Diagnostic]:
    """Without a snapshot date, only what carries its own date may be used: later knowledge must not leak back."""
    columns = map_.columns
    mend = "add `snapshot_date`, the day the export was made"
    for role in ("open_amount", "last_payment_date", "dunning_level", "last_dunned_on"):
        if getattr(columns, role) is not None:
            message = f"`{role}` is what stood on the day of the export, and the map does not say which day that was"
            yield _shape(map_, ("columns", role), message, mend)
    if columns.settled_date is None:
        message = "without `settled_date` nobody can tell what is open on which day"
        yield _shape(map_, ("columns",), message, f"name the column `settled_date`, or {mend}")
    if columns.invoice_date is None:
        yield _shape(map_, ("columns",), "a dated ledger needs `invoice_date`", mend)
    if columns.disputed_amount is not None and columns.disputed_on is None:
        yield _shape(map_, ("columns", "disputed_amount"), "`disputed_amount` needs `disputed_on`", mend)


def _taken_facts(map_: LedgerMap) -> Iterator[Diagnostic]:
    taken = set(LEDGER_FACTS)
    for name in ("name", "country"):
        if getattr(map_.columns, name) is not None:
            taken.add(f"customer.{name}")
    for path in paths(map_.given):
        if _clashes(path, taken):
            yield _shape(map_, ("given", *path.split(".")), f"`{path}` comes from the ledger and cannot be given")
        taken.add(path)
    for fact in map_.customers.facts if map_.customers is not None else ():
        if _clashes(fact.fact, taken):
            yield _shape(fact, ("fact",), f"`{fact.fact}` is stated twice", "keep one of the two")
        taken.add(fact.fact)


def _clashes(path: str, taken: set[str]) -> bool:
    return any(path == other or path.startswith(other + ".") or other.startswith(path + ".") for other in taken)


def paths(facts: dict[str, object], before: str = "") -> list[str]:
    """The fact paths of a nested mapping: `customer.entity_type`."""
    found = []
    for key, value in facts.items():
        found += paths(value, f"{before}{key}.") if isinstance(value, dict) else [before + key]
    return found


def _encodings(map_: LedgerMap) -> Iterator[Diagnostic]:
    for part in (map_.table, *([map_.customers.table] if map_.customers is not None else [])):
        try:
            codecs.lookup(part.encoding)
        except LookupError:
            message = f"{quote(part.encoding)} is no text encoding"
            yield Diagnostic(Code.CHOICE, message, part.span("encoding"), "write `utf-8-sig`, `gb18030`, `big5` …")


def _shape(part: Part, keys: tuple[str, ...], message: str, mend: str | None = None) -> Diagnostic:
    return Diagnostic(Code.SHAPE, message, part.span(*keys), mend)
