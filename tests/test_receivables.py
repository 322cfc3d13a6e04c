"""`writ facts`: figures checked by hand, balances, currencies, disputes, and the shipped sample exports."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

from api import receivables
from api.receivables import write_facts
from api.receivables.documents import bucket
from api.receivables.history import months_before
from tests.ledger_runs import DATED, HEADER, LEDGER, SNAPSHOT, SNAPSHOT_HEADER, as_csv, run

HOME = Path(receivables.__file__).parent


def test_figures_of_a_customer_that_can_be_checked_by_hand(tmp_path: Path) -> None:
    done = run(tmp_path, DATED, LEDGER)
    assert done.facts == {
        "007": {
            "customer": {"customer_id": "007"},
            "credit_account": {
                "currency": "USD",
                "last_payment_date": "2026-04-30",
                "last_payment_amount": "600",
                "exposure": {"open_items": "120.5", "as_of": "2026-06-30"},
            },
            "open_items": [
                {
                    "invoice_id": "0004",
                    "document_type": "invoice",
                    "invoice_date": "2026-04-01",
                    "due_date": "2026-05-01",
                    "original_amount": "50",
                    "open_amount": "50",
                    "currency": "USD",
                },
                {
                    "invoice_id": "0005",
                    "document_type": "invoice",
                    "invoice_date": "2026-06-01",
                    "due_date": "2026-07-01",
                    "original_amount": "70.5",
                    "open_amount": "70.5",
                    "currency": "USD",
                },
            ],
            "ageing": {
                "current": "70.5",
                "d1_30": "0",
                "d31_60": "50",
                "d61_90": "0",
                "d91_plus": "0",
                "overdue": "50",
                "oldest_days": 60,
            },
            "payment_history": {
                "window_months": 12,
                "invoices_paid": 3,
                "amount_paid": "1000",
                "avg_days_beyond_terms": "10",  # (-10 + 10 + 30) / 3
                "weighted_dbt": "20",  # (-1000 + 3000 + 18000) / 1000
                "on_time_ratio": "0.3333333333333333333333333333333333",
                "on_time_amount_ratio": "0.1",
                "avg_days_to_pay": "40",  # (20 + 40 + 60) / 3
                "max_days_late": 30,
                "late_count": 2,
            },
            "transactions": {
                "window_months": 12,
                "revenue": "1120.5",
                "invoice_count": 5,
                "first_invoice_date": "2025-01-01",
                "last_invoice_date": "2026-06-01",
            },
        }
    }
    report = done.report
    assert (report.rows_read, report.customers, report.customers_unknown, report.later) == (8, 1, 1, 2)
    assert (report.open_items, report.open_amount, report.settled) == (2, {"USD": Decimal("120.50")}, 3)


def test_a_customer_who_paid_nothing_in_the_window_has_no_means(tmp_path: Path) -> None:
    ledger = as_csv([HEADER, ["1", "1", "2026-06-01", "2026-07-01", "10.00", ""]])
    facts = run(tmp_path, DATED, ledger).facts["1"]
    assert facts["payment_history"] == {"window_months": 12, "invoices_paid": 0, "amount_paid": "0"}
    assert "last_payment_date" not in facts["credit_account"]
    assert facts["ageing"]["oldest_days"] == 0


def test_without_an_open_item_there_is_no_oldest_one(tmp_path: Path) -> None:
    ledger = as_csv([HEADER, ["1", "1", "2026-06-01", "2026-07-01", "10.00", "2026-06-30"]])
    facts = run(tmp_path, DATED, ledger).facts["1"]
    assert facts["open_items"] == []
    assert "oldest_days" not in facts["ageing"]
    assert facts["payment_history"]["max_days_late"] == 0


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (-5, "current"),
        (0, "current"),
        (1, "d1_30"),
        (30, "d1_30"),
        (31, "d31_60"),
        (60, "d31_60"),
        (61, "d61_90"),
        (90, "d61_90"),
        (91, "d91_plus"),
        (4000, "d91_plus"),
    ],
)
def test_both_ends_of_an_ageing_bucket_belong_to_it(days: int, name: str) -> None:
    assert bucket(days) == name


def test_a_window_starts_after_the_same_day_so_many_months_before() -> None:
    assert months_before(dt.date(2026, 6, 30), 12) == dt.date(2025, 6, 30)
    assert months_before(dt.date(2026, 3, 31), 1) == dt.date(2026, 2, 28)
    assert months_before(dt.date(2024, 2, 29), 12) == dt.date(2023, 2, 28)


@pytest.mark.parametrize(
    ("earlier", "later", "trend"),
    [(0, 6, "worsening"), (0, 5, "stable"), (5, 0, "stable"), (6, 0, "improving"), (-9, -2, "worsening")],
)
def test_the_trend_compares_the_halves_of_the_window(tmp_path: Path, earlier: int, later: int, trend: str) -> None:
    def paid(number: int, due: dt.date, late: int) -> list[str]:
        on = due + dt.timedelta(late)
        return ["1", str(number), "2025-07-01", due.isoformat(), "10.00", on.isoformat()]

    rows = [paid(n, dt.date(2025, 9, 10), earlier) for n in range(3)]
    rows += [paid(n, dt.date(2026, 3, 10), later) for n in range(3, 6)]
    assert run(tmp_path, DATED, as_csv([HEADER, *rows])).facts["1"]["payment_history"]["trend"] == trend
    few = run(tmp_path, DATED, as_csv([HEADER, *rows[:5]])).facts["1"]["payment_history"]
    assert "trend" not in few


def test_balances_credits_and_part_payments_of_a_snapshot(tmp_path: Path) -> None:
    map_text = SNAPSHOT + "amounts: {credits: negative}\n"
    ledger = as_csv(
        [
            SNAPSHOT_HEADER,
            ["1", "a", "2026-05-01", "2026-05-31", "100.00", "40.00", "2026-06-10", "USD"],
            ["1", "b", "2026-04-01", "2026-05-01", "60.00", "0.00", "2026-05-11", "USD"],
            ["1", "c", "2026-06-01", "", "-25.00", "-15.00", "", "USD"],
            ["1", "d", "2026-04-01", "2026-05-01", "60.00", "0.00", "", "USD"],
            ["2", "e", "2026-04-01", "2026-05-01", "60.00", "61.00", "", "USD"],
            ["2", "f", "2026-04-01", "2026-05-01", "60.00", "0.00", "2026-07-01", "USD"],
        ]
    )
    done = run(tmp_path, map_text, ledger)
    facts = done.facts["1"]
    assert facts["credit_account"]["exposure"] == {
        "open_items": "40",
        "unapplied_credits": "15",
        "as_of": "2026-06-30",
    }
    assert [(each["invoice_id"], each["document_type"], each["open_amount"]) for each in facts["open_items"]] == [
        ("a", "invoice", "40"),
        ("c", "credit_note", "15"),
    ]
    assert facts["credit_account"]["last_payment_date"] == "2026-06-10"
    assert "last_payment_amount" not in facts["credit_account"], "how much of it came that day is not in the export"
    assert facts["ageing"]["overdue"] == "40"
    assert facts["payment_history"]["invoices_paid"] == 1
    assert done.report.undated_settlements == 1
    assert [each["reasons"][0]["code"] for each in done.rejected] == ["balance", "after-snapshot"]


def test_a_list_of_open_items_tells_neither_revenue_nor_history_nor_the_last_payment(tmp_path: Path) -> None:
    map_text = (
        SNAPSHOT.replace("  settled_date: Settled\n", "") + "documents: {column: Type, invoice: [I], payment: [P]}\n"
    )
    header = ["Customer", "Invoice", "Date", "Due", "Amount", "Balance", "Currency", "Type"]
    rows = [
        ["1", "a", "2026-05-01", "2026-05-31", "100.00", "40.00", "USD", "I"],
        ["1", "p", "2026-06-01", "", "0", "7.00", "USD", "P"],
    ]
    facts = run(tmp_path, map_text, as_csv([header, *rows])).facts["1"]
    assert set(facts) == {"customer", "credit_account", "open_items", "ageing"}
    assert set(facts["credit_account"]) == {"currency", "exposure"}
    assert facts["credit_account"]["exposure"]["unapplied_credits"] == "7"


RATES = """\
convert:
  to: USD
  rates:
    - {from: CNY, rate: 0.1389, date: 2026-01-31, source: example bank}
    - {from: CNY, rate: 0.1400, date: 2026-06-30, source: example bank}
    - {from: CNY, rate: 0.5, date: 2026-07-31, source: example bank}
"""


def test_amounts_are_converted_at_the_latest_stated_rate_and_the_rate_is_a_fact(tmp_path: Path) -> None:
    ledger = as_csv(
        [
            SNAPSHOT_HEADER,
            ["1", "a", "2026-05-01", "2026-05-31", "100.25", "100.25", "", "CNY"],
            ["1", "b", "2026-05-01", "2026-05-31", "10.00", "10.00", "", "USD"],
            ["2", "c", "2026-05-01", "2026-05-31", "10.00", "10.00", "", "EUR"],
        ]
    )
    done = run(tmp_path, SNAPSHOT + RATES, ledger)
    facts = done.facts["1"]
    assert facts["credit_account"]["exposure"]["open_items"] == "24.04"  # 100.25 * 0.14 = 14.035 -> 14.04
    assert facts["open_items"][0]["currency"] == "USD"
    assert facts["fx"] == [
        {"from": "CNY", "to": "USD", "rate": "0.1400", "date": "2026-06-30", "source": "example bank"}
    ]
    assert done.rejected[0]["reasons"] == [
        {"code": "DT-MIS-05", "message": "`currency`: no rate from EUR to USD on or before 2026-06-30"}
    ]


def test_two_currencies_of_one_customer_are_never_added(tmp_path: Path) -> None:
    ledger = as_csv(
        [
            SNAPSHOT_HEADER,
            ["1", "a", "2026-05-01", "2026-05-31", "100.00", "100.00", "", "CNY"],
            ["1", "b", "2026-05-01", "2026-05-31", "10.00", "10.00", "", "USD"],
            ["2", "c", "2026-05-01", "2026-05-31", "10.00", "10.00", "", "USD"],
        ]
    )
    done = run(tmp_path, SNAPSHOT, ledger)
    assert done.facts["1"] == {"customer": {"customer_id": "1"}}
    assert "open_items" in done.facts["2"]
    assert (done.report.unknown, done.report.withheld) == (("1",), 0)
    assert [(each["row"], each["reasons"][0]["code"]) for each in done.rejected] == [(2, "DT-MIS-05"), (3, "DT-MIS-05")]


def test_amounts_follow_the_minor_units_of_their_currency(tmp_path: Path) -> None:
    rows = [
        ["1", "a", "2026-05-01", "2026-05-31", "100.5", "100.5", "", "JPY"],
        ["2", "b", "2026-05-01", "2026-05-31", "100.125", "100.125", "", "KWD"],
        ["3", "c", "2026-05-01", "2026-05-31", "100", "100", "", "ZZZ"],
    ]
    done = run(tmp_path, SNAPSHOT, as_csv([SNAPSHOT_HEADER, *rows]))
    assert [customer for customer, facts in done.facts.items() if "open_items" in facts] == ["2"]
    assert [each["reasons"][0]["code"] for each in done.rejected] == ["decimals", "currency"]


SAMPLES = {
    # name: (documents rejected on purpose, customers, open debits by currency)
    "zoho-books": (0, 4, {"USD": "8350.49", "EUR": "1520.00"}),
    "fxiaoke": (1, 4, {"CNY": "209880.00", "USD": "22150.75"}),  # without C00041, who has the row set aside
    "erpnext": (0, 5, {"USD": "36135.85"}),
    "odoo": (1, 4, {"EUR": "8865.90", "JPY": "184000"}),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_export_reads_with_its_map(name: str) -> None:
    planted, customers, sums = SAMPLES[name]
    out, rejected = io.StringIO(), io.StringIO()
    report = write_facts(HOME / f"samples/{name}.csv", HOME / f"maps/{name}.yaml", dt.date(2026, 6, 30), out, rejected)
    assert report.rows_rejected == planted == len(rejected.getvalue().splitlines())
    assert report.customers == customers == len(out.getvalue().splitlines())
    assert report.open_amount == {currency: Decimal(amount) for currency, amount in sums.items()}
    documents = [json.loads(line)["facts"] for line in out.getvalue().splitlines()]
    assert all(facts["customer"]["entity_type"] == "corporation" for facts in documents)
    assert report.given == ("customer.entity_type",)


def test_every_map_has_a_sample_and_is_tested() -> None:
    assert {path.stem for path in (HOME / "maps").iterdir()} == {path.stem for path in (HOME / "samples").iterdir()}
    assert {path.stem for path in (HOME / "maps").iterdir()} == set(SAMPLES)
