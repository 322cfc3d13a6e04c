"""The command line: what it prints, where it prints it, and how it ends."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from api.cli import app

ROOT = Path(__file__).resolve().parent.parent
RECEIVABLES = ROOT / "api" / "receivables"

POLICIES = """\
writ: 1
bundle: order-desk
reporting_currency: USD
languages: [en, zh-Hans, zh-Hant]
facts:
  customer:
    type: context
    fields:
      customer_id: text
      name: text?
  amount: {type: money, currency: USD, title: {en: Amount, zh-Hans: 金额, zh-Hant: 金額}}
  days_overdue: {type: number, unit: days, whole: true}
  insured: boolean?
reasons:
  OD-01: {kind: info, text: {en: The order is small, zh-Hans: 订单金额较小, zh-Hant: 訂單金額較小}}
policies:
  small-order:
    kind: decision
    title: {en: Small order, zh-Hans: 小额订单, zh-Hant: 小額訂單}
    rules:
      - {rule: small, when: amount <= 1000, reason: OD-01}
    outcome:
      release: amount <= 1000 and days_overdue <= 30
      half: amount / 2
      note: customer.customer_id
tests:
  - case: small-and-paid
    policy: small-order
    as_of: 2026-03-01
    given: {customer: {customer_id: "1"}, amount: 250.50, days_overdue: 0, insured: true}
    expect: {release: true}
"""


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a policy file, which is the one commands run in."""
    (tmp_path / "policies.yaml").write_text(POLICIES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def writ(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=stdin)


def ask(customer: str, amount: str, days: int | None = 0, **more: object) -> str:
    facts: dict[str, object] = {"customer": {"customer_id": customer}, "amount": amount}
    if days is not None:
        facts["days_overdue"] = days
    return json.dumps({"facts": facts, **more})


class TestCheck:
    def test_an_accepted_file_ends_well_and_says_what_it_holds(self) -> None:
        result = writ("check")
        assert result.exit_code == 0
        assert "policies.yaml: accepted: small-order (decision)" in result.stdout

    def test_figures_that_nobody_confirmed_yet_are_named(self) -> None:
        result = writ("check", str(ROOT / "policies.yaml"))
        [named] = [line for line in result.stdout.splitlines() if line.startswith("to be verified")]
        assert "longest_terms" in named
        assert "distress (library)" in named

    def test_a_refused_file_shows_line_caret_and_mend(self, room: Path) -> None:
        (room / "policies.yaml").write_text(POLICIES.replace("when: amount", "when: amuont"), encoding="utf-8")
        result = writ("check")
        assert result.exit_code == 1
        assert "policies.yaml:21:29: unknown name `amuont`" in result.stdout
        assert "^^^^^^ did you mean `amount`?" in result.stdout

    def test_editors_and_programs_get_their_form(self, room: Path) -> None:
        (room / "policies.yaml").write_text(POLICIES.replace("when: amount", "when: amuont"), encoding="utf-8")
        gnu = writ("check", "--format", "gnu").stdout.splitlines()
        assert gnu == ["policies.yaml:21:29: error: unknown name `amuont` [unknown-name]"]
        said = json.loads(writ("check", "--format", "json").stdout)
        assert said["accepted"] is False
        assert [(found["code"], found["line"], found["column"]) for found in said["diagnostics"]] == [
            ("unknown-name", 21, 29)
        ]

    def test_a_file_that_is_not_there_is_a_misuse(self) -> None:
        result = writ("check", "none.yaml")
        assert result.exit_code == 2
        assert "none.yaml" in result.stderr
        assert result.stdout == ""

    def test_it_waits_for_no_heavy_library(self) -> None:
        heavy = "{'fastapi', 'starlette', 'sqlalchemy', 'polars', 'uvicorn', 'rich.console', 'openpyxl'}"
        code = "import sys; from api.cli import app; app(['check'], standalone_mode=False)"
        code += f"; print({heavy} & set(sys.modules))"
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        assert done.stdout.splitlines()[-1] == "set()"


class TestDecide:
    def test_people_read_outcome_reasons_and_trace(self, room: Path) -> None:
        (room / "facts.json").write_text(ask("0017", "250.50", as_of="2026-03-01"), encoding="utf-8")
        result = writ("decide", "small-order", "--facts", "facts.json")
        assert result.exit_code == 0
        told = result.stdout
        assert told.index("outcome") < told.index("reasons") < told.index("trace")
        assert "as of 2026-03-01" in told
        assert "125.25" in told
        assert "The order is small" in told
        assert "not recorded" in told
        assert "\x1b[" not in told

    @pytest.mark.parametrize(("language", "text"), [("zh-Hans", "订单金额较小"), ("zh-Hant", "訂單金額較小")])
    def test_reasons_come_in_the_readers_language(self, language: str, text: str) -> None:
        result = writ("decide", "small-order", "--facts", "-", "--lang", language, stdin=ask("1", "1"))
        assert text in result.stdout

    def test_programs_read_the_whole_decision(self) -> None:
        result = writ(
            "decide", "small-order", "--facts", "-", "--json", "--as-of", "2026-04-01", stdin=ask("1", "1.10")
        )
        said = json.loads(result.stdout)
        assert (said["recorded"], said["as_of"]) == (False, "2026-04-01")
        assert said["outcome"] == {"release": True, "half": "0.55", "note": "1"}
        assert [reason["code"] for reason in said["reasons"]] == ["OD-01"]

    def test_all_misfits_are_told_together_with_their_pointers(self) -> None:
        asked = ask("1", "x", None, as_of="2026-03-01").replace('"customer_id"', '"customer_ix"')
        result = writ("decide", "small-order", "--facts", "-", stdin=asked)
        assert result.exit_code == 1
        assert result.stdout == ""
        for pointer in (
            "/facts/customer/customer_id",
            "/facts/customer/customer_ix",
            "/facts/amount",
            "/facts/days_overdue",
        ):
            assert f"{pointer}: " in result.stderr
        assert "4 facts do not fit; nothing was decided" in result.stderr
        said = json.loads(writ("decide", "small-order", "--facts", "-", "--json", stdin=asked).stdout)
        assert len(said["misfits"]) == 4

    def test_text_that_is_no_json_is_told_without_a_traceback(self) -> None:
        result = writ("decide", "small-order", "--facts", "-", stdin='{"facts": {"amount": NaN}}')
        assert result.exit_code == 1
        assert "NaN" in result.stderr
        assert "Traceback" not in result.output

    def test_an_empty_input_is_no_fact_that_does_not_fit(self) -> None:
        result = writ("decide", "small-order", "--facts", "-", stdin="\n")
        assert result.exit_code == 1
        assert result.stderr.splitlines() == [
            "(whole request): no request was read: the input is empty [no_request]",
            '  help: write {"facts": {…}}',
            "nothing was decided",
        ]

    def test_another_language_is_a_misuse_that_names_those_there_are(self) -> None:
        result = writ("decide", "small-order", "--facts", "-", "--lang", "fr", stdin=ask("1", "1"))
        assert result.exit_code == 2
        assert "`fr` is not one of en, zh-Hans, zh-Hant" in result.stderr
        assert "Value error" not in result.stderr

    def test_a_policy_that_is_not_there_is_a_misuse(self) -> None:
        result = writ("decide", "smal-order", "--facts", "-", stdin=ask("1", "1"))
        assert result.exit_code == 2
        assert "`smal-order`" in result.stderr
        assert "`small-order`" in result.stderr

    def test_a_refused_policy_file_decides_nothing(self, room: Path) -> None:
        (room / "policies.yaml").write_text(POLICIES.replace("when: amount", "when: amuont"), encoding="utf-8")
        result = writ("decide", "small-order", "--facts", "-", stdin=ask("1", "1"))
        assert (result.exit_code, result.stdout) == (1, "")
        assert "unknown name `amuont`" in result.stderr


ROWS = [ask("=1+1", "100"), ask("b", "5000", as_of="2026-01-31"), "{", ask("c", "2", None), ask("-d", "3", 31), ""]
"""Six lines: three that can be decided, two that cannot, and an empty one."""


class TestRun:
    def run(self, source: str, out: str, *more: str) -> Result:
        return writ("run", "small-order", "--in", source, "--out", out, "--as-of", "2026-03-01", *more)

    @pytest.fixture
    def source(self, room: Path) -> str:
        (room / "in.jsonl").write_text("\n".join(ROWS), encoding="utf-8")
        return "in.jsonl"

    def test_every_row_is_decided_or_set_aside(self, room: Path, source: str) -> None:
        result = self.run(source, "out.jsonl")
        assert result.exit_code == 0
        assert "5 rows read, 3 decided, 2 rejected" in result.stdout
        assert [line.split() for line in result.stdout.splitlines()[1:3]] == [
            ["release", "is", "false", "2", "66.7", "%"],
            ["release", "is", "true", "1", "33.3", "%"],
        ]
        decided = [json.loads(line) for line in (room / "out.jsonl").read_bytes().splitlines()]
        assert [(row["line"], row["customer_id"], row["as_of"]) for row in decided] == [
            (1, "=1+1", "2026-03-01"),
            (2, "b", "2026-01-31"),
            (5, "-d", "2026-03-01"),
        ]
        assert decided[0]["outcome"] == {"release": True, "half": "50", "note": "=1+1"}
        assert decided[0]["trace"] != []
        rejected = [json.loads(line) for line in (room / "out.jsonl.rejected.jsonl").read_bytes().splitlines()]
        assert [(row["line"], row["row"]) for row in rejected] == [(3, ROWS[2]), (4, ROWS[3])]
        assert rejected[1]["misfits"][0]["pointer"] == "/facts/days_overdue"

    def test_csv_is_flat_and_no_cell_is_a_formula(self, room: Path, source: str) -> None:
        self.run(source, "out.csv")
        with (room / "out.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [(row["customer_id"], row["outcome.note"], row["outcome.half"]) for row in rows] == [
            ("'=1+1", "'=1+1", "50.00"),
            ("b", "b", "2500.00"),
            ("'-d", "'-d", "1.50"),
        ]
        assert [(row["line"], row["outcome.release"], row["reasons"]) for row in rows] == [
            ("1", "true", "OD-01"),
            ("2", "false", ""),
            ("5", "false", "OD-01"),
        ]

    def test_parquet_is_typed_and_exact(self, room: Path, source: str) -> None:
        self.run(source, "out.parquet")
        found = pl.read_parquet(room / "out.parquet")
        assert found["customer_id"].to_list() == ["=1+1", "b", "-d"]
        assert found.schema["outcome.half"] == pl.Decimal(38, 2)
        assert found.schema["as_of"] == pl.Date
        assert found["outcome.release"].to_list() == [True, False, False]

    def test_csv_and_parquet_in_give_the_same_decisions(self, room: Path) -> None:
        header = ["customer.customer_id", "amount", "days_overdue", "insured", "as_of"]
        rows = [["0017", "10.50", "3", "true", "2026-02-01"], ["0018", "2000", "0", "", ""]]
        with (room / "in.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        pl.read_csv(room / "in.csv", infer_schema=False).with_columns(
            pl.col("days_overdue").cast(pl.Int64), pl.col("insured") == "true"
        ).write_parquet(room / "in.parquet")
        found = []
        for source in ("in.csv", "in.parquet"):
            assert self.run(source, "out.jsonl").exit_code == 0
            lines = [json.loads(line) for line in (room / "out.jsonl").read_bytes().splitlines()]
            found.append([{**line, "line": None} for line in lines])
        assert found[0] == found[1]
        assert [line["customer_id"] for line in found[0]] == ["0017", "0018"]

    def test_two_workers_write_the_same_bytes(self, room: Path) -> None:
        lines = [ask(f"c{number}", str(number), None if number % 7 == 0 else number % 60) for number in range(1_300)]
        (room / "many.jsonl").write_text("\n".join(lines), encoding="utf-8")
        for workers in ("1", "2"):
            self.run("many.jsonl", f"out{workers}.jsonl", "--workers", workers)
        for ending in (".jsonl", ".jsonl.rejected.jsonl"):
            assert (room / f"out1{ending}").read_bytes() == (room / f"out2{ending}").read_bytes()
        assert len((room / "out1.jsonl").read_bytes().splitlines()) == 1_300 - 186

    def test_totals_for_programs_add_up(self, source: str) -> None:
        said = json.loads(self.run(source, "out.csv", "--json").stdout)
        assert said == {
            "read": 5,
            "decided": 3,
            "rejected": 2,
            "outcomes": {"release is false": 2, "release is true": 1},
            "missing": {},
        }

    def test_an_input_without_rows_gives_empty_results(self, room: Path) -> None:
        (room / "empty.jsonl").write_bytes(b"")
        for out in ("out.jsonl", "out.csv", "out.parquet"):
            assert self.run("empty.jsonl", out).exit_code == 0
        assert pl.read_parquet(room / "out.parquet").height == 0
        assert (room / "out.csv").read_text(encoding="utf-8").startswith("line,customer_id,")

    def test_a_file_that_cannot_be_used_leaves_the_old_results(self, room: Path) -> None:
        (room / "in.csv").write_text("amuont\n1\n", encoding="utf-8")
        (room / "out.csv").write_text("before", encoding="utf-8")
        result = self.run("in.csv", "out.csv")
        assert result.exit_code == 1
        assert "column `amuont` is no declared fact" in result.stderr
        assert (room / "out.csv").read_text(encoding="utf-8") == "before"
        assert sorted(path.name for path in room.iterdir()) == ["in.csv", "out.csv", "policies.yaml"]

    def test_results_never_overwrite_what_they_are_made_of(self, room: Path, source: str) -> None:
        result = self.run(source, "../" + room.name + "/in.jsonl")
        assert result.exit_code == 2
        assert (room / "in.jsonl").read_text(encoding="utf-8") == "\n".join(ROWS)


class TestCases:
    def test_passing_cases_end_well(self) -> None:
        result = writ("test")
        assert result.exit_code == 0
        assert "1 case" in result.stdout

    def test_a_failing_case_shows_what_was_expected_and_what_came(self, room: Path) -> None:
        text = POLICIES.replace("expect: {release: true}", "expect: {release: false}")
        (room / "policies.yaml").write_text(text, encoding="utf-8")
        result = writ("test")
        assert result.exit_code == 1
        assert (
            "policies.yaml:27: case small-and-paid (small-order) failed\n  release: expected false, got true"
            in result.stdout
        )
        said = json.loads(writ("test", "--format", "json").stdout)
        assert (said["passed"], said["failed"]) == (0, 1)

    def test_a_refused_file_tells_programs_what_check_tells_them(self, room: Path) -> None:
        (room / "policies.yaml").write_text(POLICIES.replace("when: amount", "when: amuont"), encoding="utf-8")
        result = writ("test", "--format", "json")
        assert (result.exit_code, result.stderr) == (1, "")
        assert result.stdout == writ("check", "--format", "json").stdout
        assert json.loads(result.stdout)["diagnostics"][0]["code"] == "unknown-name"

    def test_what_no_case_reached_is_named_with_its_line(self, room: Path) -> None:
        more = "      - {rule: late, when: days_overdue > 30, reason: OD-01}\n    outcome:"
        (room / "policies.yaml").write_text(POLICIES.replace("    outcome:", more), encoding="utf-8")
        result = writ("test")
        assert result.exit_code == 0
        assert "policies.yaml:22: small-order: rule late" in result.stdout
        said = json.loads(writ("test", "--format", "json").stdout)
        assert said["unreached"] == [{"policy": "small-order", "part": "rule", "name": "late", "line": 22}]


class TestFacts:
    LEDGER = RECEIVABLES / "samples" / "zoho-books.csv"
    MAP = RECEIVABLES / "maps" / "zoho-books.yaml"

    def facts(self, *more: str) -> Result:
        return writ("facts", str(self.LEDGER), "--map", str(self.MAP), "--out", "facts.jsonl", *more)

    def test_a_ledger_becomes_one_request_per_customer(self, room: Path) -> None:
        result = self.facts("--as-of", "2026-06-30")
        assert result.exit_code == 0
        requests = [json.loads(line) for line in (room / "facts.jsonl").read_bytes().splitlines()]
        assert f"{len(requests)} customers → facts.jsonl" in result.stdout
        assert {request["as_of"] for request in requests} == {"2026-06-30"}
        items = sum(len(request["facts"]["open_items"]) for request in requests)
        assert f"{items} open items: " in result.stdout
        assert (room / "facts.jsonl.rejected.jsonl").exists()

    def test_another_day_than_the_exports_is_refused_and_writes_nothing(self, room: Path) -> None:
        result = self.facts("--as-of", "2026-06-29")
        assert result.exit_code == 1
        assert "2026-06-29" in result.stderr
        assert sorted(path.name for path in room.iterdir()) == ["policies.yaml"]

    def test_a_day_that_is_none_is_a_misuse(self) -> None:
        result = self.facts("--as-of", "30.06.2026")
        assert result.exit_code == 2
        assert "write it as YYYY-MM-DD" in result.stderr


def test_the_schema_is_json_schema_of_the_document(room: Path) -> None:
    assert writ("schema", "--out", "schema.json").exit_code == 0
    said = json.loads((room / "schema.json").read_bytes())
    assert {"writ", "facts", "policies"} <= said["properties"].keys()
    assert json.loads(writ("schema").stdout) == said


def test_the_installed_command_is_this_one() -> None:
    command = Path(sys.executable).with_name("writ")
    done = subprocess.run([command, "check"], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_bare_call_shows_the_commands() -> None:
    result = writ("--help")
    assert result.exit_code == 0
    for command in ("check", "decide", "test", "run", "facts", "serve", "demo", "schema"):
        assert f"  {command} " in result.stdout


def test_colour_is_for_terminals_that_want_it() -> None:
    environ = {**os.environ, "NO_COLOR": "1", "FORCE_COLOR": "1"}
    command = [sys.executable, "-m", "api.cli", "decide", "small-order", "--facts", "-"]
    done = subprocess.run(command, env=environ, input=ask("1", "1"), check=True, capture_output=True, text=True)
    assert "\x1b[3" not in done.stdout
