"""Bulk runs: how rows are read and written, and that every row is accounted for."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bulk.reading import open_rows
from api.bulk.rows import FileRefused, Row
from api.bulk.writing import FORMULA_STARTS, guarded, replacing
from policies.ir import Fact
from policies.types import Boolean, ContextOf, Date, ListOf, Money, Number, Text

CUSTOMER = (Fact("customer_id", Text()), Fact("staff", Number(), whole=True), Fact("vip", Boolean()))
FACTS = (
    Fact("customer", ContextOf(tuple((fact.name, fact.type) for fact in CUSTOMER)), fields=CUSTOMER),
    Fact("sales", Money("USD")),
    Fact("since", Date()),
    Fact("notes", ListOf(Text())),
)


def rows_of(path: Path) -> list[Row]:
    with open_rows(path, FACTS) as opened:
        return list(opened.rows)


def misfits_of(row: Row) -> list[tuple[str, str]]:
    return [(misfit.pointer, misfit.code) for misfit in row.misfits]


class TestJsonLines:
    def test_a_line_is_a_request_and_blank_lines_are_none(self, tmp_path: Path) -> None:
        path = tmp_path / "in.jsonl"
        path.write_bytes(b'{"facts": {"sales": 0.10}, "as_of": "2026-03-01"}\n\n{"facts": {}}')
        first, second = rows_of(path)
        assert (first.line, first.facts, first.as_of) == (1, {"sales": Decimal("0.10")}, dt.date(2026, 3, 1))
        assert (second.line, second.facts, second.as_of) == (3, {}, None)
        assert second.done == path.stat().st_size

    def test_what_is_no_request_is_a_rejected_row_with_all_its_misfits(self, tmp_path: Path) -> None:
        path = tmp_path / "in.jsonl"
        path.write_bytes(b'{"fact": {}, "as_of": "2026-02-30"}\n[1]\n{"facts": NaN}\n\xff\n{"facts": {}}\n')
        *bad, good = rows_of(path)
        assert misfits_of(bad[0]) == [
            ("/fact", "unknown_member"),
            ("/facts", "facts_missing"),
            ("/as_of", "no_such_date"),
        ]
        assert misfits_of(bad[1]) == [("", "not_a_request")]
        assert [row.raw for row in bad] == ['{"fact": {}, "as_of": "2026-02-30"}', "[1]", '{"facts": NaN}', "\\xff"]
        assert all(len(row.misfits) == 1 for row in bad[1:])
        assert good.misfits == ()
        assert good.line == 5

    def test_an_overlong_line_is_set_aside_and_the_next_one_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("api.bulk.reading.MAX_BYTES", 100)
        path = tmp_path / "in.jsonl"
        path.write_text(json.dumps({"facts": {"x": "y" * 500}}) + '\n{"facts": {}}\n', encoding="utf-8")
        long, good = rows_of(path)
        assert misfits_of(long) == [("", "line_too_long")]
        assert (good.line, good.misfits, good.done) == (2, (), path.stat().st_size)


class TestCsv:
    def write(self, tmp_path: Path, text: str | bytes) -> Path:
        path = tmp_path / "in.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def test_columns_are_fact_paths_and_empty_cells_are_absent_facts(self, tmp_path: Path) -> None:
        path = self.write(
            tmp_path,
            "\ufeffcustomer.customer_id,customer.staff,customer.vip,sales,since,as_of\n"
            "0012,5,TRUE,10.50,2020-01-31,2026-03-01\n"
            '"a\nb",,,,,\n'
            "x,0,false,-1,,\n",
        )
        first, second, third = rows_of(path)
        assert first.facts == {
            "customer": {"customer_id": "0012", "staff": 5, "vip": True},
            "sales": "10.50",
            "since": "2020-01-31",
        }
        assert first.as_of == dt.date(2026, 3, 1)
        assert (second.line, second.facts, second.as_of) == (3, {"customer": {"customer_id": "a\nb"}}, None)
        assert (third.line, third.facts["sales"]) == (5, "-1")

    def test_a_row_that_does_not_fit_its_columns_is_set_aside(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, b"sales,since\n1\n1,2,3\n\xe9,\n1,2020-01-01\n")
        short, long, latin, good = rows_of(path)
        assert misfits_of(short) == misfits_of(long) == [("", "csv_cells")]
        assert long.raw == ["1", "2", "3"]
        assert (misfits_of(latin), latin.raw) == ([("/facts/sales", "not_utf8")], {"sales": "\\xe9", "since": ""})
        assert (good.line, good.misfits) == (5, ())

    def test_text_that_is_no_csv_is_set_aside_as_it_stands(self, tmp_path: Path) -> None:
        bad, good, open_ended = rows_of(self.write(tmp_path, 'sales,since\n"1"2,x\n3,\n"4,\n5,\n'))
        assert (misfits_of(bad), bad.raw) == ([("", "csv_invalid")], '"1"2,x')
        assert (good.line, good.facts) == (3, {"sales": "3"})
        assert (open_ended.line, open_ended.raw) == (4, '"4,\n5,')

    def test_all_mistakes_of_the_header_are_told_at_once(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, "sales,sales,,customer,customer.vip,notes,salse\n")
        with pytest.raises(FileRefused) as refused:
            rows_of(path)
        told = str(refused.value)
        for part in (
            "column `sales` stands twice",
            "column 3 has no name",
            "column `customer` is a record of",
            "column `customer.vip` contradicts column `customer`",
            "column `notes` is a list of text, which a CSV cell cannot hold",
            "column `salse` is no declared fact",
        ):
            assert part in told

    def test_an_empty_file_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(FileRefused, match="is empty"):
            rows_of(self.write(tmp_path, ""))


class TestParquet:
    def test_typed_and_nested_columns_become_facts(self, tmp_path: Path) -> None:
        path = tmp_path / "in.parquet"
        pl.DataFrame(
            {
                "customer": [
                    {"customer_id": "007", "staff": 3, "vip": None},
                    {"customer_id": "8", "staff": 0, "vip": True},
                ],
                "sales": [Decimal("10.5000"), None],
                "since": [dt.date(2020, 1, 31), None],
                "notes": [["a", "b"], []],
                "as_of": ["2026-03-01", None],
            }
        ).write_parquet(path)
        first, second = rows_of(path)
        assert first.facts == {
            "customer": {"customer_id": "007", "staff": 3},
            "sales": Decimal("10.5"),
            "since": "2020-01-31",
            "notes": ["a", "b"],
        }
        assert (first.line, first.as_of) == (1, dt.date(2026, 3, 1))
        assert second.facts == {"customer": {"customer_id": "8", "staff": 0, "vip": True}, "notes": []}

    def test_a_binary_number_is_read_as_the_shortest_decimal_that_names_it(self, tmp_path: Path) -> None:
        path = tmp_path / "in.parquet"
        pl.DataFrame({"sales": [0.1, 1e23, float("nan")], "customer.staff": [5.0, 2.5, None]}).write_parquet(path)
        first, second, third = rows_of(path)
        assert first.facts == {"sales": Decimal("0.1"), "customer": {"staff": 5}}
        assert second.facts == {"sales": Decimal("1e23"), "customer": {"staff": Decimal("2.5")}}
        assert third.facts == {"sales": "nan"}

    def test_rows_keep_their_order_over_many_batches(self, tmp_path: Path) -> None:
        path = tmp_path / "in.parquet"
        pl.DataFrame({"sales": range(12_345)}).write_parquet(path, row_group_size=1_000)
        assert [row.facts["sales"] for row in rows_of(path)] == list(range(12_345))

    def test_what_is_no_parquet_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "in.parquet"
        path.write_bytes(b"no parquet at all")
        with pytest.raises(FileRefused, match="cannot be read as Parquet"):
            rows_of(path)


def test_an_unknown_ending_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        rows_of(tmp_path / "in.xls")
    assert refused.value.help == "name the file .jsonl, .csv or .parquet"


@given(st.text())
def test_no_text_cell_can_be_taken_for_a_formula(text: str) -> None:
    cell = guarded(text)
    assert not cell.startswith(FORMULA_STARTS)
    assert cell.removeprefix("'") == text.removeprefix("'")


def test_a_file_is_replaced_only_by_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before", encoding="utf-8")

    def fail_halfway() -> None:
        with replacing(path) as part:
            part.write_text("half", encoding="utf-8")
            raise OSError(28, "no space left on device")

    with pytest.raises(OSError, match="no space left"):
        fail_halfway()
    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]
