"""A customer master: a second file whose columns state facts of a customer."""

from __future__ import annotations

from typing import TypeAlias, cast

from api.receivables.cells import Unfit, read_amount, read_date, read_id, read_text, read_whole, read_yes_no
from api.receivables.map import Amounts, CustomerFact, CustomerMaster
from api.receivables.rejects import Rejects
from api.receivables.table import Cell, Rows
from engine.decision import value_to_json

Facts: TypeAlias = dict[str, object]


def read_customers(table: Rows, master: CustomerMaster, amounts: Amounts, rejects: Rejects) -> dict[str, Facts]:
    """The facts of each customer, nested; an empty cell states nothing.

    A row that does not fit is rejected whole, and of two rows of one customer neither states anything.
    """
    place = {name: place for place, name in enumerate(table.header)}
    customers: dict[str, Facts] = {}
    doubtful: set[str] = set()
    for row in table.rows:
        rejects.report.rows_read += 1
        if row.blank:
            rejects.report.blank += 1
            continue
        if len(row.cells) != len(table.header):
            message = f"the row has {len(row.cells)} cells, the header has {len(table.header)}"
            rejects.add(row, [Unfit("cells", message)])
            continue
        reasons = []
        facts: Facts = {}
        customer_id = read_id(row.cells[place[master.id]], master.id_format)
        if customer_id is None:
            reasons.append(Unfit("missing", "`id` is empty"))
        elif customer_id in customers:
            reasons.append(Unfit("duplicate", f"customer `{customer_id}` has a row already"))
            doubtful.add(customer_id)
        for fact in master.facts:
            try:
                value = _value(row.cells[place[fact.column]], fact, master, amounts)
            except Unfit as unfit:
                reasons.append(Unfit(unfit.code, f"`{fact.column}`: {unfit.message}"))
                continue
            if value is not None:
                put(facts, fact.fact, value)
        if reasons or customer_id is None:
            rejects.add(row, reasons)
        else:
            customers[customer_id] = facts
    return {customer_id: facts for customer_id, facts in customers.items() if customer_id not in doubtful}


def _value(cell: Cell, fact: CustomerFact, master: CustomerMaster, amounts: Amounts) -> object:
    match fact.type:
        case "text":
            return read_text(cell)
        case "amount" | "number":
            return value_to_json(read_amount(cell, amounts))
        case "integer":
            return read_whole(cell)
        case "boolean":
            return read_yes_no(cell, fact.yes, fact.no)
        case "date":
            return value_to_json(read_date(cell, master.dates))


def put(facts: Facts, path: str, value: object) -> None:
    """Set the fact at a dotted path, making the blocks on the way."""
    *blocks, last = path.split(".")
    for block in blocks:
        inner = facts.setdefault(block, {})
        facts = cast("Facts", inner)  # the map's check refuses a fact that is a block as well
    facts[last] = value


def merge(facts: Facts, more: Facts) -> None:
    """Add facts to a document; the map's check has made sure that no two state the same one."""
    for key, value in more.items():
        if isinstance(value, dict):
            merge(cast("Facts", facts.setdefault(key, {})), value)
        else:
            facts[key] = value
