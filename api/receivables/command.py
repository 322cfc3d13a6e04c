"""`writ facts`: from a ledger and its map to one decision request per customer."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TextIO, TypeAlias

from api.receivables.cells import Unfit
from api.receivables.customers import Facts, merge, read_customers
from api.receivables.documents import customer_block, customer_facts, settled_in_window
from api.receivables.items import Item
from api.receivables.map import LedgerMap
from api.receivables.map_checks import check_columns, check_master_columns, load_map, paths
from api.receivables.money import Money
from api.receivables.rejects import Rejects
from api.receivables.report import FactsReport
from api.receivables.rows import NoItem, RowReader
from api.receivables.table import Rows, UnreadableTableError, open_table
from policies.diagnostics import Code, Diagnostic, Refused

PROGRESS_ROWS = 1000
"""Rows between two calls of `progress`."""

Documents: TypeAlias = dict[str, Item]
"""The documents of one customer by their number."""


def write_facts(
    ledger: Path,
    map_path: Path,
    as_of: dt.date,
    out: TextIO,
    rejected: TextIO | None,
    customers: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> FactsReport:
    """Write a line `{"as_of": …, "facts": {…}}` for each customer known on the day, in order of customer id.

    Rows that do not fit go to `rejected`, and their customer's document leaves out what the ledger would state, for
    that would be short of them; `progress` is told the rows read so far. Raises `Refused`, before any row is
    read, with everything wrong with the map; and when a file is no table, or the day is not that of the snapshot.
    """
    map_ = load_map(map_path)
    _check_request(map_, as_of, customers)
    report = FactsReport(given=tuple(paths(map_.given)))
    with _opened(ledger, map_, customers) as (table, master_table):
        _check_headers(map_, table, master_table)
        masters: dict[str, Facts] = {}
        if master_table is not None and map_.customers is not None and customers is not None:
            rejects = Rejects(customers.name, master_table.header, rejected, report)
            masters = read_customers(master_table, map_.customers, map_.amounts, rejects)
        money = Money(map_, as_of)
        rejects = Rejects(ledger.name, table.header, rejected, report)
        items, unknown = _read_ledger(table, RowReader(map_, table.header, money), rejects, progress)
    report.rounded, report.converted = money.rounded, money.converted
    mixed = _mixed_currencies(items, as_of)
    report.withheld = sum(len(_known(items[customer], as_of)) for customer in items.keys() & unknown - mixed.keys())
    _write_documents(items, unknown | mixed.keys(), masters, map_, as_of, out, report)
    if mixed:
        late = {item.row: reason for customer, reason in mixed.items() for item in _known(items[customer], as_of)}
        with _opened(ledger, map_, None) as (table, _):
            for row in table.rows:
                if row.number in late:
                    rejects.add(row, [late[row.number]])
    return report


def _check_request(map_: LedgerMap, as_of: dt.date, customers: Path | None) -> None:
    found = []
    if map_.snapshot_date is not None and map_.snapshot_date != as_of:
        message = f"the export shows {map_.snapshot_date} only, and {as_of} is asked for"
        mend = f"ask for {map_.snapshot_date}, or export again and state that day"
        found.append(Diagnostic(Code.SHAPE, message, map_.span("snapshot_date"), mend))
    if customers is not None and map_.customers is None:
        message = f"the map does not say how to read the customer file `{customers.name}`"
        found.append(Diagnostic(Code.MISSING_KEY, message, map_.span(), "add `customers: …`"))
    if found:
        raise Refused(found)


@contextmanager
def _opened(ledger: Path, map_: LedgerMap, customers: Path | None) -> Iterator[tuple[Rows, Rows | None]]:
    try:
        with open_table(ledger, map_.table) as table:
            if customers is None or map_.customers is None:
                yield table, None
            else:
                with open_table(customers, map_.customers.table) as master:
                    yield table, master
    except UnreadableTableError as error:
        raise Refused([Diagnostic(Code.SHAPE, str(error), map_.span("table"), error.help)]) from error


def _check_headers(map_: LedgerMap, table: Rows, master_table: Rows | None) -> None:
    found = check_columns(map_, table.header)
    if map_.customers is not None and master_table is not None:
        found += check_master_columns(map_.customers, master_table.header)
    if found:
        raise Refused(found)


def _read_ledger(
    table: Rows, reader: RowReader, rejects: Rejects, progress: Callable[[int], None] | None
) -> tuple[dict[str, Documents], set[str]]:
    """The documents of each customer, and the customers with a row that is set aside because it cannot be one."""
    report = rejects.report
    items: dict[str, Documents] = defaultdict(dict)
    unknown: set[str] = set()
    read = 0
    for read, row in enumerate(table.rows, 1):
        report.rows_read += 1
        if progress is not None and read % PROGRESS_ROWS == 0:
            progress(read)
        if row.blank:
            report.blank += 1
        elif (why := reader.skipped(row)) is not None:
            report.skipped[why] += 1
        else:
            item = reader.read(row)
            if isinstance(item, Item):
                item = _kept(item, items[item.customer_id], reader, report)
            match item:
                case NoItem(customer_id=None):
                    report.nobodys += 1
                    rejects.add(row, item.reasons)
                case NoItem(customer_id=str() as customer_id):
                    unknown.add(customer_id)
                    rejects.add(row, item.reasons)
                case _:
                    pass
    if progress is not None:
        progress(read)
    return items, unknown


def _kept(item: Item, documents: Documents, reader: RowReader, report: FactsReport) -> Item | NoItem:
    """The document now among its customer's, or why it cannot be: another one has its number."""
    first = documents.setdefault(item.invoice_id, item)
    if first is not item:
        if reader.map.table.rows != "line" or replace(item, row=first.row) != first:
            message = f"customer `{item.customer_id}` has `{item.invoice_id}` in row {first.row} already"
            return NoItem(item.customer_id, (Unfit("duplicate", message),))
        report.lines += 1
    return first


def _known(documents: Documents, as_of: dt.date) -> list[Item]:
    return [item for item in documents.values() if item.known_on(as_of)]


def _mixed_currencies(items: dict[str, Documents], as_of: dt.date) -> dict[str, Unfit]:
    """The customers whose documents are in currencies that may not be added, each with the reason against its rows."""
    mixed = {}
    for customer_id, documents in items.items():
        currencies = sorted({item.currency for item in _known(documents, as_of)})
        if len(currencies) > 1:
            message = f"customer `{customer_id}` has documents in {', '.join(currencies)}: state rates under `convert`"
            mixed[customer_id] = Unfit("DT-MIS-05", message)
    return mixed


def _write_documents(
    items: dict[str, Documents],
    unknown: set[str],
    masters: dict[str, Facts],
    map_: LedgerMap,
    as_of: dt.date,
    out: TextIO,
    report: FactsReport,
) -> None:
    """Write a document for each customer known on the day, and for each with a row set aside, then without figures."""
    report.unknown = tuple(sorted(unknown))
    for customer_id in sorted(items.keys() | unknown):
        known = _known(items.get(customer_id, {}), as_of)
        report.later += len(items.get(customer_id, {})) - len(known)
        if customer_id in unknown:
            facts: Facts = {"customer": customer_block(customer_id, known)}
            report.customers += 1
        elif known:
            facts = customer_facts(known, as_of, map_)
            _count(known, as_of, map_, report)
        else:
            report.customers_unknown += 1
            continue
        merge(facts, map_.given)
        merge(facts, masters.get(customer_id, {}))
        out.write(json.dumps({"as_of": as_of.isoformat(), "facts": facts}, ensure_ascii=False) + "\n")


def _count(known: Iterable[Item], as_of: dt.date, map_: LedgerMap, report: FactsReport) -> None:
    items = list(known)
    report.customers += 1
    report.settled += settled_in_window(items, as_of, map_)
    for item in items:
        if item.settled_by(as_of):
            report.undated_settlements += item.kind == "invoice" and item.settled_on is None
        elif item.is_debit:
            report.open_items += 1
            _add(report.open_amount, item, as_of)
        else:
            report.open_credits += 1
            _add(report.credit_amount, item, as_of)


def _add(sums: dict[str, Decimal], item: Item, as_of: dt.date) -> None:
    sums[item.currency] = sums.get(item.currency, Decimal(0)) + item.open_on(as_of)
