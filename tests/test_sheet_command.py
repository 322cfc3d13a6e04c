"""Exporting tables of the log: what is refused, what is recorded, which days it has, and that none is half written."""

from __future__ import annotations

import datetime as dt
import json
import resource
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.audit import sheet
from api.audit.search import Query
from api.audit.sheet import Form, SheetError, export_sheet, form_of
from api.bulk.rows import FileRefused
from api.cli import app
from tests.recorded_logs import NOON, log_in, settings_of
from tests.sheets import DAY_ONE, FORMS, put, read, table

# What is refused, and what is left


def test_what_cannot_be_made_is_refused_before_it_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with log_in(tmp_path, lambda: NOON) as audit:
        put(audit, "decision", {})
        size = audit.store.state().size

        def refusal(out: Path, query: Query = DAY_ONE) -> str:
            with pytest.raises((SheetError, FileRefused)) as refused:
                export_sheet(audit, query, out, principal="tests", personal=False)
            assert audit.store.state().size == size
            return str(refused.value)

        (tmp_path / "there.csv").touch()
        assert refusal(tmp_path / "there.csv").endswith("there.csv` is there already")
        assert refusal(tmp_path / "t.csv", Query(since=NOON + dt.timedelta(1))) == "the log has no entries of that time"
        assert refusal(tmp_path / "no" / "t.csv").endswith("cannot be written: No such file or directory")
        assert "name it .csv, .xlsx or .parquet" in refusal(tmp_path / "t.ods")
        monkeypatch.setattr(sheet, "EXCEL_ROWS", 1)
        assert refusal(tmp_path / "t.xlsx") == (
            "2 entries are too many for an Excel sheet, which holds 1: take a shorter time (--from, --to), or name the"
            " file .csv or .parquet"
        )
        assert len(table(audit, tmp_path, "csv")) == 2


@pytest.mark.parametrize("form", FORMS)
def test_a_failed_export_leaves_no_file(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out").mkdir()
    with log_in(tmp_path, lambda: NOON) as audit:
        put(audit, "decision", {})
        put(audit, "decision", {})
        entries = audit.store.entries
        monkeypatch.setattr(audit.store, "entries", lambda *span: entries(*span)[:1] + entries(*span)[2:])
        with pytest.raises(SheetError, match="entry 1 is missing"):
            export_sheet(audit, DAY_ONE, tmp_path / "out" / f"t.{form}", principal="tests", personal=False)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(("name", "form"), [("a.csv", Form.CSV), ("a.XLSX", Form.XLSX), ("a.parquet", Form.PARQUET)])
def test_the_ending_says_the_form(name: str, form: Form) -> None:
    assert form_of(Path(name)) is form
    assert [form_of(Path(other)) for other in ("a", "a.zip", "csv", "a.csv.d", ".csv")] == [None] * 5


# The command


class TestCommand:
    @pytest.fixture(autouse=True)
    def _log(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = settings_of(tmp_path)
        for name in ("database", "log_key", "checkpoints"):
            monkeypatch.setenv(f"WRIT_{name.upper()}", str(getattr(settings, name)))
        monkeypatch.chdir(tmp_path)
        midnight = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
        tick = dt.timedelta(microseconds=1)
        moments = [midnight - dt.timedelta(days=1), midnight - tick, midnight, midnight + dt.timedelta(days=1)]
        read_ = iter([moments[0], *moments, *[moments[-1]] * 9])
        with log_in(tmp_path, lambda: next(read_)) as audit:
            for _ in moments:
                put(audit, "decision", {})

    def run(self, *args: str) -> Result:
        return CliRunner().invoke(app, ["audit", *args])

    @pytest.mark.parametrize("form", FORMS)
    def test_a_table_is_written_and_the_export_recorded(self, form: str) -> None:
        result = self.run("export", "--out", f"x.{form}", "--to", "2026-03-03", "--json")
        assert result.exit_code == 0, result.output
        said = json.loads(result.stdout)
        assert said == {"first": 0, "end": 5, "form": form, "path": f"x.{form}"}
        assert [int(row["seq"]) for row in read(Path(f"x.{form}"))] == list(range(5))
        found = json.loads(self.run("search", "--kind", "export", "--json").stdout)
        assert len(found.get("entries", found) if isinstance(found, dict) else found) == 1
        with log_in(Path()) as audit:
            noted = json.loads(audit.store.entries(5, 6)[0].body)
        assert (noted["kind"], noted["form"], noted["first"], noted["end"]) == ("export", form, 0, 5)
        assert (noted["with_personal"], noted["until"]) == (False, "2026-03-04T00:00:00.000000Z")

    def test_the_last_day_is_included(self) -> None:
        for asked, seqs in (
            (("--to", "2026-03-01"), [0, 1, 2]),
            (("--from", "2026-03-01", "--to", "2026-03-01"), [0, 1, 2]),
            (("--from", "2026-03-02", "--to", "2026-03-02"), [3]),
            (("--from", "2026-03-01T23:59:59.999999Z", "--to", "2026-03-02T00:00:00Z"), [2]),
        ):
            assert self.run("export", "--out", "x.csv", *asked).exit_code == 0
            assert [int(row["seq"]) for row in read(Path("x.csv"))] == seqs
            Path("x.csv").unlink()

    def test_refusals_are_told(self) -> None:
        Path("there.csv").touch()
        for args, said in (
            (("there.csv",), "is there already"),
            (("x.csv", "--from", "2100-01-01"), "no entries of that time"),
            (("no/x.parquet",), "cannot be written: No such file or directory"),
            (("there.csv/x.xlsx",), "cannot be written: Not a directory"),
        ):
            result = self.run("export", "--out", *args)
            assert (result.exit_code, result.stdout) == (1, "")
            assert said in result.stderr
        result = self.run("export", "--out", "x.csv", "--checkpoint", "there.csv")
        assert result.exit_code == 2
        assert "a table proves nothing" in result.stderr

    @pytest.mark.parametrize("form", FORMS)
    def test_a_full_disk_is_told(self, form: str, tmp_path: Path) -> None:
        """A limit on the size of files stands for the disk: the log compresses its records, the table does not."""
        with log_in(Path(), lambda: NOON) as audit:
            for _ in range(100):
                put(audit, "decision", {"remark": "x" * 20_000})
        before = sorted(tmp_path.iterdir())
        usual, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, most))
        try:
            result = self.run("export", "--out", f"x.{form}")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (usual, most))
        assert (result.exit_code, result.stderr) == (1, f"writ: cannot write `x.{form}`: File too large\n")
        assert sorted(tmp_path.iterdir()) == before

    def test_a_zip_is_a_pack_that_proves_itself(self) -> None:
        result = self.run("export", "--out", "p.zip", "--json")
        assert json.loads(result.stdout) == {"first": 0, "end": 5, "size": 6, "path": "p.zip"}
        assert self.run("verify", "p.zip").exit_code == 0
