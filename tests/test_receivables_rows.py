"""`writ facts`: cells as offices write them, and rows that are set aside, never lost."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.receivables import write_facts
from api.receivables.cells import Unfit, read_amount, read_id
from api.receivables.map import Amounts
from policies.diagnostics import Refused
from tests.ledger_runs import DATED, HEADER, LEDGER, as_csv, run


def test_dates_without_padding_and_ids_with_leading_zeros(tmp_path: Path) -> None:
    ledger = as_csv([HEADER, ["0001", "0000611365", "1/2/2026", "2/1/2026", "55.94", ""]])
    done = run(tmp_path, DATED + 'dates: {all: "%m/%d/%Y"}\n', ledger)
    item = done.facts["0001"]["open_items"][0]
    assert (item["invoice_id"], item["invoice_date"], item["due_date"]) == ("0000611365", "2026-01-02", "2026-02-01")


@pytest.mark.parametrize(
    ("text", "how", "amount"),
    [
        ("1,234.50", Amounts(thousands=","), "1234.50"),
        ("1.234.567,5", Amounts(decimal=",", thousands="."), "1234567.5"),
        ("CN¥ 1,000", Amounts(thousands=",", symbols=("CN¥",)), "1000"),
        ("-$12.00", Amounts(symbols=("$",)), "-12.00"),
        ("$-12.00", Amounts(symbols=("$",)), "-12.00"),
        ("12.00 €", Amounts(symbols=("€",)), "12.00"),
        ("1 234,00", Amounts(decimal=",", thousands=" "), "1234.00"),
    ],
)
def test_amounts_as_offices_write_them(text: str, how: Amounts, amount: str) -> None:
    assert read_amount(text, how) == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["1,23.00", "1e5", "12,5", "NaN", "--1", "1.2.3", "\uff11\uff12", "(5.00)", "12 USD", "1,2345.0"]
)
def test_what_is_no_amount_is_never_guessed(text: str) -> None:
    with pytest.raises(Unfit) as unfit:
        read_amount(text, Amounts(thousands=","))
    assert text[:10] in unfit.value.message


@given(
    st.decimals(min_value=-(10**15), max_value=10**15, places=3), st.sampled_from([(".", ","), (",", "."), (",", " ")])
)
def test_an_amount_written_with_any_signs_is_read_back_exactly(amount: Decimal, signs: tuple[str, str]) -> None:
    point, group = signs
    written = f"{amount:,f}".translate({ord("."): point, ord(","): group})
    assert read_amount(written, Amounts.model_validate({"decimal": point, "thousands": group}, context={})) == amount


def test_an_id_keeps_its_zeros_and_loses_only_a_data_frames_decimal() -> None:
    assert read_id("0960623488.0", "strip_decimal") == "0960623488"
    assert read_id("2960623488.0", "text") == "2960623488.0"
    assert read_id("12.50", "strip_decimal") == "12.50"
    assert read_id(Decimal("2960623488.0"), "text") == "2960623488"


def test_too_many_decimals_are_set_aside_unless_the_map_rounds_them(tmp_path: Path) -> None:
    ledger = as_csv([HEADER, ["1", "1", "2026-06-01", "2026-07-01", "2309.7899999999995", ""]])
    strict = run(tmp_path, DATED, ledger)
    assert strict.facts == {"1": {"customer": {"customer_id": "1"}}}
    assert strict.rejected[0]["reasons"] == [
        {"code": "decimals", "message": "`amount`: `2309.7899999999995` has more than the 2 decimals of USD"}
    ]
    rounded = run(tmp_path, DATED + "amounts: {round: cents}\n", ledger)
    assert rounded.facts["1"]["credit_account"]["exposure"]["open_items"] == "2309.79"
    assert rounded.report.rounded == 1
    half = as_csv([HEADER, ["1", "1", "2026-06-01", "2026-07-01", "0.125", ""]])
    assert run(tmp_path, DATED + "amounts: {round: cents}\n", half).facts["1"]["ageing"]["current"] == "0.13"


BAD_ROWS = as_csv(
    [
        HEADER,
        ["1", "good", "2026-06-01", "2026-07-01", "10.00", ""],
        ["", "", "2026-06-01", "2026-07-01", "10.00", ""],
        ["1", "b", "06/01/2026", "2026-02-30", "ten", ""],
        ["1", "c", "2026-06-01", "2026-07-01", "-10.00", ""],
        ["1", "good", "2026-06-02", "2026-07-01", "11.00", ""],
        ["1", "d", "2026-06-01"],
        ["", "", "", "", "", ""],
        ["1", "e", "2026-06-01", "", "", ""],
    ]
)


def test_a_bad_row_is_set_aside_whole_with_every_reason(tmp_path: Path) -> None:
    done = run(tmp_path, DATED, BAD_ROWS)
    assert [(each["row"], [reason["code"] for reason in each["reasons"]]) for each in done.rejected] == [
        (3, ["missing", "missing"]),
        (4, ["amount", "date", "date"]),
        (5, ["sign"]),
        (6, ["duplicate"]),
        (7, ["cells"]),
        (9, ["missing", "missing"]),
    ]
    assert done.rejected[1]["cells"] == dict(
        zip(HEADER, ["1", "b", "06/01/2026", "2026-02-30", "ten", ""], strict=True)
    )
    assert done.rejected[4]["cells"] == ["1", "d", "2026-06-01"]
    report = done.report
    assert (report.rows_read, report.rows_rejected, report.blank) == (8, 6, 1)
    assert (report.unknown, report.withheld, report.open_items) == (("1",), 1, 0)
    assert report.nobodys == 2, "the row without an id and the one whose cells may stand under other columns"


def test_a_customer_with_a_row_set_aside_has_no_figures_that_lack_it(tmp_path: Path) -> None:
    """Nobody's exposure is stated short: what the ledger would say of such a customer is unknown."""
    map_text = (
        DATED.replace("columns:\n", "columns:\n  name: Name\n") + "given: {customer: {entity_type: corporation}}\n"
    )
    map_text += "customers: {id: No, facts: [{column: Limit, fact: credit_account.credit_limit, type: amount}]}\n"
    rows = [
        ["A1", "1", "2026-06-01", "2026-07-01", "10.00", "", "Ada"],
        ["A1", "2", "2026-06-01", "2026-07-01", "ten", "", "Ada"],
        ["B7", "1", "2026-06-01", "2026-07-01", "10.001", "", "Bo"],
        ["C3", "1", "2026-06-01", "2026-07-01", "12.00", "", "Cy"],
    ]
    master = as_csv([["No", "Limit"], ["A1", "500"], ["B7", "600"], ["C3", "700"], ["C3", "900"]])
    done = run(tmp_path, map_text, as_csv([[*HEADER, "Name"], *rows]), customers=master)
    assert done.facts["A1"] == {
        "customer": {"customer_id": "A1", "name": "Ada", "entity_type": "corporation"},
        "credit_account": {"credit_limit": "500"},
    }
    assert done.facts["B7"] == {
        "customer": {"customer_id": "B7", "entity_type": "corporation"},
        "credit_account": {"credit_limit": "600"},
    }
    assert done.facts["C3"]["credit_account"]["exposure"]["open_items"] == "12"
    assert "credit_limit" not in done.facts["C3"]["credit_account"], "two rows of the master: which one is right?"
    assert done.order == ["A1", "B7", "C3"]
    report = done.report
    assert (report.unknown, report.withheld, report.nobodys, report.customers) == (("A1", "B7"), 1, 0, 3)
    assert report.open_amount == {"USD": Decimal("12.00")}


@pytest.mark.parametrize(
    ("more", "amount", "mend"),
    [
        (
            "",
            "-10.00",
            "negative: write `amounts: {credits: negative}` if a minus marks a credit, or name the rows that",
        ),
        (
            "documents: {column: Kind, fee: [i]}\n",
            "-10.00",
            "negative on a `fee`: name the rows that are credits under",
        ),
        (
            "documents: {column: Kind, credit_note: [i]}\n",
            "-10.00",
            "write `amounts: {credits: negative}` if credits have",
        ),
        (
            "documents: {column: Kind, credit_note: [i]}\namounts: {credits: negative}\n",
            "10.00",
            "positive on a `credit_note`: take `credits: negative` out of `amounts`",
        ),
    ],
)
def test_an_amount_of_the_wrong_sign_says_what_to_write(tmp_path: Path, more: str, amount: str, mend: str) -> None:
    ledger = as_csv([[*HEADER, "Kind"], ["1", "1", "2026-06-01", "2026-07-01", amount, "", "i"]])
    ((reason,),) = [each["reasons"] for each in run(tmp_path, DATED + more, ledger).rejected]
    assert reason["code"] == "sign"
    assert mend in reason["message"]


@pytest.mark.parametrize("rows_before", [1, 30_000])
def test_a_file_in_another_encoding_is_refused_at_the_byte_that_shows_it(tmp_path: Path, rows_before: int) -> None:
    ledger = tmp_path / "ledger.csv"
    rows = [["1", str(number), "2026-06-01", "2026-07-01", "10.00", "", "é"] for number in range(rows_before)]
    head = "\ufeff" + as_csv([[*HEADER, "Name"], *rows])
    row = as_csv([["2", "b", "2026-06-01", "2026-07-01", "10.00", "", "青杉"]])
    with_name = DATED.replace("columns:\n", "columns:\n  name: Name\n")
    ledger.write_bytes(head.encode() + row.encode("gb18030"))
    with pytest.raises(Refused) as refused:
        run(tmp_path, with_name, ledger)
    (found,) = refused.value.diagnostics
    bad = len(head.encode()) + row.encode("gb18030").index("青".encode("gb18030")) + 1
    assert found.message == f"`ledger.csv` is not UTF-8 at byte {bad}"
    assert found.help == "if it was saved by Excel in China, write `table: {encoding: gb18030}` in the map"
    ledger.write_bytes(head[1:].encode("gb18030") + row.encode("gb18030"))
    done = run(tmp_path, with_name + "table: {encoding: gb18030}\n", ledger)
    assert done.facts["2"]["customer"]["name"] == "青杉"
    ledger.write_bytes(head[1:].encode("gb18030") + b"\xff\xff")
    with pytest.raises(Refused, match=f"is not gb18030 at byte {len(head[1:].encode('gb18030')) + 1}"):
        run(tmp_path, with_name + "table: {encoding: gb18030}\n", ledger)


def test_a_customer_file_in_another_encoding_is_named_itself(tmp_path: Path) -> None:
    master = "customers: {id: No, facts: [{column: Name, fact: customer.name}]}\n"
    (tmp_path / "map.yaml").write_text(DATED + master, encoding="utf-8")
    (tmp_path / "ledger.csv").write_bytes(LEDGER.encode())
    (tmp_path / "customers.csv").write_bytes("No,Name\n007,青杉\n".encode("gb18030"))
    day, out = dt.date(2026, 6, 30), io.StringIO()
    files = (tmp_path / "ledger.csv", tmp_path / "map.yaml")
    with pytest.raises(Refused, match=r"`customers\.csv` is not UTF-8 at byte 13"):
        write_facts(*files, day, out, None, tmp_path / "customers.csv")
    (tmp_path / "customers.csv").write_bytes("No,Name\n007,青杉\n".encode())
    (tmp_path / "ledger.csv").write_bytes(LEDGER.encode() + "青".encode("gb18030"))
    with pytest.raises(Refused, match=r"`ledger\.csv` is not UTF-8"):
        write_facts(*files, day, out, None, tmp_path / "customers.csv")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "2", ""]),
            st.sampled_from(["a", "b", "c", "d", ""]),
            st.sampled_from(["2026-06-01", "2026-07-15", "x", ""]),
            st.sampled_from(["2026-07-01", ""]),
            st.sampled_from(["1.00", "-1", "1.001", "", "9" * 30]),
            st.sampled_from(["", "2026-06-15", "2026-08-01"]),
        ),
        max_size=12,
    )
)
@settings(max_examples=60, deadline=None)
def test_no_row_is_lost(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]) -> None:
    """Every row is blank, set aside with its reason, or a document: open, settled, or later than the day."""
    tmp_path = tmp_path_factory.mktemp("rows")
    done = run(tmp_path, DATED, as_csv([HEADER, *map(list, rows)]))
    report = done.report
    documents = report.rows_read - report.blank - report.rows_rejected
    settled = [row for row in rows if row[5] == "2026-06-15"]
    assert report.rows_read == len(rows)
    assert len(done.rejected) == report.rows_rejected
    known = report.open_items + report.later + report.withheld
    assert known <= documents <= known + len(settled)
    stated = [facts for facts in done.facts.values() if "open_items" in facts]
    assert sum(len(facts["open_items"]) for facts in stated) == report.open_items
    assert [facts["customer"]["customer_id"] for facts in done.facts.values() if facts not in stated] == [
        *report.unknown
    ]


def test_excel_and_parquet_say_the_same_as_csv(tmp_path: Path) -> None:
    expected = run(tmp_path, DATED, LEDGER).facts
    header, *rows = list(csv.reader(io.StringIO(LEDGER)))

    def typed(row: list[str]) -> list[Any]:
        day = dt.date.fromisoformat
        return [*row[:2], day(row[2]), day(row[3]), float(row[4]), day(row[5]) if row[5] else None]

    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (header, *(typed(row) for row in rows)):
        book.active.append(row)
    book.save(tmp_path / "ledger.xlsx")
    assert run(tmp_path, DATED, tmp_path / "ledger.xlsx").facts == expected
    frame = pl.DataFrame([typed(row) for row in rows], schema=header, orient="row")
    frame.write_parquet(tmp_path / "ledger.parquet")
    assert run(tmp_path, DATED, tmp_path / "ledger.parquet").facts == expected


def test_the_lines_of_an_invoice_are_one_document(tmp_path: Path) -> None:
    rows = [["1", "a", "2026-06-01", "2026-07-01", "10.00", ""]] * 3
    other = ["1", "a", "2026-06-01", "2026-07-01", "11.00", ""]
    done = run(tmp_path, DATED + "table: {rows: line}\n", as_csv([HEADER, *rows]))
    assert (done.report.open_items, done.report.lines) == (1, 2)
    done = run(tmp_path, DATED + "table: {rows: line}\n", as_csv([HEADER, *rows, other]))
    assert (done.report.unknown, done.report.lines) == (("1",), 2)
    assert [each["reasons"][0]["code"] for each in done.rejected] == ["duplicate"]


def test_progress_is_told_in_rows(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(DATED, encoding="utf-8")
    rows = [["1", str(n), "2026-06-01", "2026-07-01", "10.00", ""] for n in range(2500)]
    (tmp_path / "ledger.csv").write_text(as_csv([HEADER, *rows]), encoding="utf-8")
    told: list[int] = []
    write_facts(
        tmp_path / "ledger.csv", tmp_path / "map.yaml", dt.date(2026, 6, 30), io.StringIO(), None, progress=told.append
    )
    assert told == [1000, 2000, 2500]
