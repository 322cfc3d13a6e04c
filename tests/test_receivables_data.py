"""`writ facts` on real exports, against an independent count in plain SQL over the same CSV, in integer cents."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from api.receivables import FactsReport, write_facts
from engine import decide
from policies import load
from policies.source import decode

POLICIES = Path(__file__).resolve().parents[1] / "policies.yaml"
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
MAPS = Path(__file__).parent / "maps"
IBM = DATA / "ibm-ar" / "WA_Fn-UseC_-Accounts-Receivable.csv"
HIGHRADIUS = DATA / "highradius-open" / "open_invoices.csv"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the data folder {DATA} is absent")

BUCKETS = ("current", "d1_30", "d31_60", "d61_90", "d91_plus")

COUNT = """
SELECT CASE
         WHEN julianday(:day) - julianday(due) <= 0 THEN 'current'
         WHEN julianday(:day) - julianday(due) <= 30 THEN 'd1_30'
         WHEN julianday(:day) - julianday(due) <= 60 THEN 'd31_60'
         WHEN julianday(:day) - julianday(due) <= 90 THEN 'd61_90'
         ELSE 'd91_plus'
       END AS bucket, count(*), sum(cents)
FROM invoice
WHERE written <= :day AND (settled IS NULL OR settled > :day)
GROUP BY bucket
"""


def facts_of(ledger: Path, map_name: str, day: str) -> tuple[FactsReport, list[dict[str, Any]]]:
    out, rejected = io.StringIO(), io.StringIO()
    report = write_facts(ledger, MAPS / map_name, dt.date.fromisoformat(day), out, rejected)
    assert rejected.getvalue() == ""
    return report, [json.loads(line)["facts"] for line in out.getvalue().splitlines()]


def iso(american: str) -> str:
    month, day, year = american.split("/")
    return f"{year}-{int(month):02}-{int(day):02}"


def cents(text: str) -> int:
    """Cents by string surgery: no decimal library, no float."""
    whole, _, fraction = text.partition(".")
    digits = (fraction + "000")[:3]
    return int(whole) * 100 + int(digits[:2]) + (digits[2] >= "5")


def table(rows: list[tuple[str, str, str, str, str | None, int]]) -> sqlite3.Connection:
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE invoice (customer, number, written, due, settled, cents)")
    base.executemany("INSERT INTO invoice VALUES (?, ?, ?, ?, ?, ?)", rows)
    return base


@pytest.fixture(scope="module")
def ibm() -> sqlite3.Connection:
    with IBM.open(encoding="utf-8", newline="") as file:
        return table(
            [
                (
                    row["customerID"],
                    row["invoiceNumber"],
                    iso(row["InvoiceDate"]),
                    iso(row["DueDate"]),
                    iso(row["SettledDate"]),
                    cents(row["InvoiceAmount"]),
                )
                for row in csv.DictReader(file)
            ]
        )


@pytest.fixture(scope="module")
def highradius() -> sqlite3.Connection:
    with HIGHRADIUS.open(encoding="utf-8", newline="") as file:
        return table(
            [
                (
                    row["cust_number"],
                    row["doc_id"][:-2],
                    row["posting_date"],
                    row["due_in_date"],
                    None,
                    cents(row["converted_usd"]),
                )
                for row in csv.DictReader(file)
            ]
        )


def counted(documents: list[dict[str, Any]], day: str) -> dict[str, tuple[int, int]]:
    """Number and cents of the open items in the documents, by bucket, from the items themselves."""
    found = dict.fromkeys(BUCKETS, (0, 0))
    for facts in documents:
        for item in facts["open_items"]:
            days = (dt.date.fromisoformat(day) - dt.date.fromisoformat(item["due_date"])).days
            name = BUCKETS[0 if days <= 0 else min(4, 1 + (days - 1) // 30)]
            number, amount = found[name]
            found[name] = (number + 1, amount + int(Decimal(item["open_amount"]) * 100))
    return found


def check(base: sqlite3.Connection, report: FactsReport, documents: list[dict[str, Any]], day: str) -> None:
    expected = dict.fromkeys(BUCKETS, (0, 0))
    expected |= {name: (number, amount) for name, number, amount in base.execute(COUNT, {"day": day})}
    assert counted(documents, day) == expected
    for name, (_, amount) in expected.items():
        assert sum(Decimal(facts["ageing"][name]) for facts in documents) * 100 == amount
    total = sum(amount for _, amount in expected.values())
    assert report.open_items == sum(number for number, _ in expected.values())
    assert report.open_amount == ({"USD": Decimal(total) / 100} if report.open_items else {})
    exposure = sum(Decimal(facts["credit_account"]["exposure"]["open_items"]) for facts in documents)
    assert exposure * 100 == total


@pytest.mark.parametrize("day", ["2013-06-30", "2012-12-31", "2013-03-31"])
def test_open_items_of_the_ibm_ledger_equal_a_count_in_sql(ibm: sqlite3.Connection, day: str) -> None:
    report, documents = facts_of(IBM, "ibm-ar.yaml", day)
    check(ibm, report, documents, day)
    (known,) = ibm.execute("SELECT count(DISTINCT customer) FROM invoice WHERE written <= ?", (day,)).fetchone()
    assert report.customers == len(documents) == known
    assert report.rows_read == 2466


@pytest.mark.parametrize("day", ["2013-06-30", "2012-12-31"])
def test_the_payment_history_of_the_ibm_ledger_equals_sql(ibm: sqlite3.Connection, day: str) -> None:
    rows = ibm.execute(
        """
        SELECT customer, count(*), sum(cents), sum(julianday(settled) > julianday(due)),
               sum(cents * (julianday(settled) - julianday(due))) / sum(cents)
        FROM invoice WHERE written <= :day AND settled <= :day AND settled > date(:day, '-12 months')
        GROUP BY customer
        """,
        {"day": day},
    ).fetchall()
    _, documents = facts_of(IBM, "ibm-ar.yaml", day)
    history = {facts["customer"]["customer_id"]: facts["payment_history"] for facts in documents}
    assert {customer for customer, *_ in rows} == {key for key, each in history.items() if each["invoices_paid"]}
    for customer, number, amount, late, weighted in rows:
        facts = history[customer]
        assert (facts["invoices_paid"], facts["late_count"]) == (number, late)
        assert Decimal(facts["amount_paid"]) * 100 == amount
        assert float(facts["weighted_dbt"]) == pytest.approx(weighted)


@pytest.mark.parametrize("day", ["2013-06-30", "2012-12-31"])
def test_the_shipped_classes_stand_on_the_ibm_ledger_alone(day: str) -> None:
    policies = load(decode(POLICIES.name, POLICIES.read_bytes())).policies
    _, documents = facts_of(IBM, "ibm-ar.yaml", day)
    classes = {"standard": 0, "high-risk": 0}
    for facts in documents:
        outcome = decide(policies["customer-class"], facts, dt.date.fromisoformat(day)).outcome
        value = decide(policies["customer-value"], facts, dt.date.fromisoformat(day)).outcome
        history = facts["payment_history"]
        late, on_time = Decimal(history["weighted_dbt"]), Decimal(history["on_time_amount_ratio"])
        classes[outcome["class"]] += 1
        # Whoever pays well is not high-risk, and whoever pays badly is; nobody is a VIP whose margin nobody knows.
        assert value["class"] in {"steady", "at-risk"}
        if on_time >= Decimal("0.8") and outcome["overlays"] != ["overdue"]:
            assert outcome["class"] == "standard", facts["customer"]
        if late > 15 and on_time < Decimal("0.5"):
            assert outcome["class"] == "high-risk", facts["customer"]
    assert min(classes.values()) > 0


def test_no_leading_zero_of_the_ibm_ledger_is_lost(ibm: sqlite3.Connection) -> None:
    _, documents = facts_of(IBM, "ibm-ar.yaml", "2013-06-30")
    numbers = {item["invoice_id"] for facts in documents for item in facts["open_items"]}
    sql = "SELECT number FROM invoice WHERE written <= '2013-06-30' AND settled > '2013-06-30'"
    assert numbers == {number for (number,) in ibm.execute(sql)}
    assert all(re.fullmatch(r"[0-9]{10}", number) for number in numbers)


def test_open_items_of_the_highradius_list_equal_a_count_in_sql(highradius: sqlite3.Connection) -> None:
    report, documents = facts_of(HIGHRADIUS, "highradius-open.yaml", "2020-05-22")
    check(highradius, report, documents, "2020-05-22")
    assert (report.open_items, report.customers) == (9681, 694)
    assert report.rounded == 631
    customers = {facts["customer"]["customer_id"] for facts in documents}
    assert customers == {customer for (customer,) in highradius.execute("SELECT DISTINCT customer FROM invoice")}
    numbers = {item["invoice_id"] for facts in documents for item in facts["open_items"]}
    assert len(numbers) == 9681
    assert all(re.fullmatch(r"[0-9]{10}", number) for number in numbers)
