"""Bulk runs: how rows are read and written, and that every row is accounted for."""

from __future__ import annotations

import csv
import datetime as dt
import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import time
from array import array
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

import api.cli
from api.bulk.amounts import in_cents
from api.bulk.reading import open_rows
from api.bulk.result import Columns
from api.bulk.rows import FileRefused, Format, Row
from api.bulk.writing import open_writer, replacing
from api.table_files import FORMULA_STARTS, guarded
from engine import decide
from policies import load
from policies.ir import Fact
from policies.source import Source
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
        path = self.write(tmp_path, b"sales,since\n1\n1,2,3\n1,2020-01-01\n")
        short, long, good = rows_of(path)
        assert misfits_of(short) == misfits_of(long) == [("", "csv_cells")]
        assert long.raw == ["1", "2", "3"]
        assert (good.line, good.misfits) == (4, ())

    @pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
    def test_a_file_that_is_not_utf8_is_refused_at_the_byte_that_shows_it(self, tmp_path: Path, start: bytes) -> None:
        head = start + "sales,customer.customer_id\n1,é\n2,".encode()
        with pytest.raises(FileRefused) as refused:
            rows_of(self.write(tmp_path, head + "青杉\n".encode("gb18030")))
        assert str(refused.value).endswith(f"in.csv: is not UTF-8 at byte {len(head) + 1}")
        assert refused.value.help == "save it as UTF-8"

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


POLICIES = """\
writ: 1
bundle: quarters
reporting_currency: CNY
languages: [en, zh-Hans, zh-Hant]
facts:
  customer: {type: context, fields: {customer_id: text}}
  amount: {type: money, currency: CNY}
  units: {type: number, default: 0}
  hold: boolean?
  watched: boolean?
reasons:
  OD-01: {kind: info, text: {en: Small, zh-Hans: 小, zh-Hant: 小}}
policies:
  quarters:
    kind: decision
    title: {en: Quarters, zh-Hans: 季度, zh-Hant: 季度}
    rules:
      - {rule: small, when: amount <= 1000, reason: OD-01}
      - {rule: smaller, when: amount <= 100, reason: OD-01}
      - {rule: held, when: hold or watched, reason: OD-01}
      - {rule: watched, when: watched, reason: OD-01}
    outcome:
      quarter: amount / 4
      ratio: units / 3
      small: amount <= 1000
"""


def request(customer: str, amount: str, **more: object) -> str:
    as_of = {"as_of": more.pop("as_of")} if "as_of" in more else {}
    return json.dumps({"facts": {"customer": {"customer_id": customer}, "amount": amount, **more}, **as_of})


def wait_until_empty(pipe: int, run: subprocess.Popen[str]) -> None:
    """Until the run has read what is in the pipe, at most half a minute."""
    for _ in range(600):
        unread = array("i", [0])
        fcntl.ioctl(pipe, termios.FIONREAD, unread)
        if unread[0] == 0 or run.poll() is not None:
            return
        time.sleep(0.05)
    run.kill()


class TestResults:
    @pytest.fixture(autouse=True)
    def room(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        (tmp_path / "policies.yaml").write_text(POLICIES, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        return tmp_path

    def run(self, lines: list[str], out: str, *more: str) -> Result:
        Path("in.jsonl").write_text("\n".join(lines), encoding="utf-8")
        command = ["run", "quarters", "--in", "in.jsonl", "--out", out, "--as-of", "2026-03-01", *more]
        return CliRunner().invoke(api.cli.app, command)

    def test_the_same_policy_always_writes_the_same_column_types(self) -> None:
        months = {"may": ["1"], "june": ["0.04", "1000000"], "july": ["0.5"], "empty": []}
        for month, amounts in months.items():
            self.run([request("a", amount) for amount in amounts], f"{month}.parquet")
        frames = [pl.read_parquet(f"{month}.parquet") for month in months]
        assert len({tuple(frame.schema.items()) for frame in frames}) == 1
        assert frames[0].schema["outcome.quarter"] == pl.Decimal(38, 2)
        assert frames[0].schema["outcome.ratio"] == pl.Decimal(38, 10)
        together = pl.concat(frames)["outcome.quarter"].to_list()
        assert together == [Decimal("0.25"), Decimal("0.01"), Decimal(250000), Decimal("0.12")]

    def test_a_number_that_its_column_cannot_hold_is_told_whole(self) -> None:
        asked = [request("a", "0.50", units="1"), request("b", "4"), request("c", "4", units="9" + "0" * 29)]
        self.run(asked, "out.parquet")
        frame = pl.read_parquet("out.parquet")
        assert frame["outcome.quarter"].to_list() == [Decimal("0.12"), Decimal(1), Decimal(1)]
        assert frame["outcome.ratio"].to_list() == [Decimal("0.3333333333"), Decimal(0), None]
        assert frame["exact"].to_list() == [
            "outcome.quarter=0.125;outcome.ratio=0.3333333333333333333333333333333333",
            None,
            f"outcome.ratio=3{'0' * 29}",
        ]

    def test_amounts_in_csv_have_the_decimals_of_their_currency(self) -> None:
        self.run([request("a", "42401.60"), request("b", "0.50"), request("c", "8")], "out.csv")
        with Path("out.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["outcome.quarter"] for row in rows] == ["10600.40", "0.125", "2.00"]
        assert "exact" not in rows[0]

    def test_each_reason_and_each_missing_fact_stands_once_in_a_row(self) -> None:
        self.run([request("a", "8"), request("b", "8", hold=False, watched=True)], "out.csv")
        with Path("out.csv").open(encoding="utf-8", newline="") as file:
            first, second = csv.DictReader(file)
        assert (first["reasons"], first["missing"]) == ("DT-MIS-01;OD-01", "hold;watched")
        assert (second["reasons"], second["missing"]) == ("OD-01", "")

    def test_the_summary_names_what_was_missing_most_often(self) -> None:
        lines = [request("a", "8"), request("b", "8", hold=False), request("c", "8", watched=False)]
        told = self.run(lines, "out.csv").stdout
        assert "quarters: 3 rows read, 3 decided, 0 rejected" in told
        assert "most often missing: hold (2 rows), watched (2 rows)\n" in told
        said = json.loads(self.run(lines, "out.csv", "--json").stdout)
        assert said["missing"] == {"hold": 2, "watched": 2}
        told = self.run([request("a", "8", hold=True, watched=True)], "out.csv").stdout
        assert "quarters: 1 row read" in told
        assert "missing" not in told

    def test_the_day_of_the_run_is_told_only_where_rows_state_none(self) -> None:
        dated = request("a", "8", as_of="2026-01-31")
        assert "2026-03-01" not in self.run([dated], "out.csv").stdout
        told = self.run([dated, request("b", "8"), "{"], "out.csv").stdout
        assert "1 row without an `as_of` of its own: decided as of 2026-03-01" in told
        assert (
            "2 rows without an `as_of` of their own: decided as of" in self.run([request("b", "8")] * 2, "o.csv").stdout
        )

    def test_rejected_rows_of_two_files_with_one_stem_do_not_meet(self) -> None:
        for out in ("lc.jsonl", "lc.csv"):
            self.run([request("a", "8"), "{"], out)
            assert Path(f"{out}.rejected.jsonl").read_text(encoding="utf-8").count("\n") == 1
        assert not Path("lc.rejected.jsonl").exists()

    @pytest.mark.parametrize(
        ("out", "rejected"), [("o.csv", "in.jsonl"), ("o.csv", "o.csv"), ("o.csv", "policies.yaml")]
    )
    def test_no_file_of_a_run_is_another_one_of_it(self, out: str, rejected: str) -> None:
        result = self.run([request("a", "8")], out, "--rejected", rejected)
        assert result.exit_code == 2
        assert "must be different files" in result.stderr
        assert Path("policies.yaml").read_text(encoding="utf-8") == POLICIES
        assert not Path("o.csv").exists()

    def test_ctrl_c_writes_nothing_and_says_so(self, room: Path) -> None:
        os.mkfifo(room / "pipe.jsonl")
        (room / "out.csv").write_text("before", encoding="utf-8")
        before = sorted(path.name for path in room.iterdir())
        command = [sys.executable, "-m", "api.cli", "run", "quarters", "--in", "pipe.jsonl", "--out", "out.csv"]
        environ = {**os.environ, "PYTHONPATH": str(Path(api.cli.__file__).parent.parent)}
        # Opened for both, the pipe waits for nobody; what was written is gone from it once the run has read it.
        pipe = os.open(room / "pipe.jsonl", os.O_RDWR)
        with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True, start_new_session=True) as run:
            os.write(pipe, request("a", "8").encode() + b"\n")
            wait_until_empty(pipe, run)
            os.killpg(run.pid, signal.SIGINT)
            _, told = run.communicate(timeout=30)
        os.close(pipe)
        assert (run.returncode, told) == (130, "stopped; nothing was written\n")
        assert (room / "out.csv").read_text(encoding="utf-8") == "before"
        assert sorted(path.name for path in room.iterdir()) == before


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=5))
def test_an_amount_shown_in_cents_is_the_same_amount(amount: Decimal) -> None:
    for currency, decimals in (("CNY", 2), ("JPY", 0), ("KWD", 3)):
        shown = in_cents(amount, currency)
        assert Decimal(shown) == amount
        assert len(shown.partition(".")[2]) >= decimals


@given(st.decimals(0, 10**18, places=2), st.decimals(0, 10**20, places=12) | st.decimals(0, 10**33, places=0))
@settings(max_examples=25, deadline=None)
def test_no_digit_is_lost_on_the_way_to_parquet(
    tmp_path_factory: pytest.TempPathFactory, amount: Decimal, units: Decimal
) -> None:
    policy = load(Source("policies.yaml", POLICIES)).policies["quarters"]
    decision = decide(policy, {"customer": {"customer_id": "a"}, "amount": amount, "units": units}, dt.date(2026, 3, 1))
    columns, path = Columns(policy), tmp_path_factory.mktemp("parquet") / "out.parquet"
    with open_writer(path, Format.PARQUET, columns) as writer:
        writer.write(columns.write("table", Row(1, None, {}), decision))
    (row,) = pl.read_parquet(path).to_dicts()
    told = dict(pair.split("=") for pair in (row["exact"] or "").split(";") if pair)
    for name in ("quarter", "ratio"):
        held = Decimal(told.get(f"outcome.{name}", row[f"outcome.{name}"]))
        assert held == decision.outcome[name]
