"""Tables of the log: whole in every form, safe in a spreadsheet, exact to the last digit, without what is personal."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from api.audit.erasure import erase
from api.audit.pack import export_pack
from api.audit.sheet import export_sheet
from api.audit.sheet_rows import COLUMNS, FIGURES
from api.audit.sheet_xlsx import LONGEST, excel_text
from api.problems import Problem
from api.running import Running
from api.table_files import guarded
from tests.recorded_logs import NOON, log_in, record_all, running_with
from tests.sheets import DAY_ONE, FORMS, NAMES, put, table

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = (ROOT / "policies.yaml").read_text(encoding="utf-8")

ECHO = """\
writ: 1
bundle: echoes
reporting_currency: EUR
languages: [en]
facts:
  subject: {type: text, subject: true}
  remark: text?
  name: {type: text, optional: true, pii: true}
  amount: {type: number, optional: true}
reasons: {}
policies:
  echo:
    kind: decision
    title: {en: Echo}
    outcome:
      remark: {is: remark, otherwise: '"none"'}
      name: {is: name, otherwise: '"none"'}
"""

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
"""What begins a formula: also full-width and small."""

HOSTILE = [
    *(sign + rest for sign in SIGNS for rest in ('HYPERLINK("http://x","a")', "1", "")),
    *("=1+1" if not before else before + "=cmd|'/c calc'!A0" for before in (" ", "\t", "\r", "\n", "\x00", "\x0b")),
    *(before + "+1" for before in ("\u3000", "\u00a0", "\u200b", "\ufeff", "\u2028", " \t\r\n", "\x7f", "\u2060")),
    *("a\r=1+1", "a\n@SUM(A1)", "a\r\n-1", '"=1"', 'a",=1', "a,=1", "\tSUM(1)", "\rx", "\nx", "'=1", "#N/A", "\x1a"),
    *(
        "_x000D_",
        "_x0041_=1",
        "\uffff=1",
        "張三 \U0001d4b3",
        "null",
        "true",
        "1e5",
        "<a>&amp;</a>",
        "]]>",
        " padded ",
        "\\",
    ),
]


@contextmanager
def echoing(folder: Path, subjects: list[str], **facts: str) -> Iterator[Running]:
    """A log of decisions about each subject, who also asked for it."""
    with running_with(folder, ECHO) as running:
        for subject in subjects:
            try:
                record_all(running, "echo", [{"subject": subject, **facts}], principal=subject)
            except Problem:  # control characters: a fact may have none, so that only a record can
                put(running.audit, "decision", facts, subject=subject, principal=subject)
        yield running


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of the shipped policies' own cases."""
    folder = tmp_path_factory.mktemp("shipped")
    with running_with(folder, SHIPPED) as running:
        for case in running.revisions.today().bundle.tests:
            record_all(running, case.policy, [case.facts], day=case.as_of)
    return folder


def test_every_form_has_the_rows_of_the_pack(shipped: Path, tmp_path: Path) -> None:
    with log_in(shipped) as audit:
        pack = export_pack(audit, DAY_ONE, tmp_path / "pack", principal="tests")
        lines = (pack.path / "log.jsonl").read_bytes().splitlines()
        tables = {form: table(audit, tmp_path, form) for form in FORMS}
    leaves = [hashlib.sha256(b"\x00" + line).hexdigest() for line in lines]
    assert len(lines) > 40
    for form, rows in tables.items():
        assert [int(row["seq"]) for row in rows] == list(range(pack.first, pack.end)), form
        assert [row["leaf"] for row in rows] == leaves, form
        assert [row["id"] for row in rows] == [json.loads(line)["id"] for line in lines], form


def test_every_form_says_what_the_record_says(shipped: Path, tmp_path: Path) -> None:
    with log_in(shipped) as audit:
        records = [json.loads(kept.body) for kept in audit.store.entries(0, audit.store.state().size)]
        tables = [table(audit, tmp_path, form) for form in FORMS]
    seen = set()
    for as_csv, as_excel, as_parquet in zip(*tables, strict=True):
        record = records[as_parquet["seq"]]
        decision = record.get("decision", {})
        outcome, kind = decision.get("outcome", {}), decision.get("kind")
        seen.add(kind)
        for name in ("kind", "id", "policy", "policy_digest", "subject", "principal"):
            assert as_csv[name] == as_excel[name] == as_parquet[name] == record.get(name, decision.get(name))
        assert as_parquet["at"] == dt.datetime.fromisoformat(record["at"])
        assert as_excel["at"] == as_parquet["at"].replace(tzinfo=None)
        assert as_csv["at"] == record["at"]
        assert as_csv["as_of"] == decision.get("as_of")
        if kind is not None:
            assert as_parquet["as_of"] == as_excel["as_of"].date() == dt.date.fromisoformat(decision["as_of"])
            assert json.loads(as_csv["outcome_json"]) == outcome
            assert as_csv["outcome_json"] == as_parquet["outcome_json"]
        assert as_csv["revision"] == (str(record["revision"]) if "revision" in record else None)
        assert as_excel["revision"] == as_parquet["revision"] == record.get("revision")
        assert as_csv["clock_went_back"] == "false"
        assert as_excel["clock_went_back"] is as_parquet["clock_went_back"] is False
        said_otherwise = record.get("outcome", record.get("act"))
        word = said_otherwise or outcome.get(
            {"credit": "decision", "classification": "class", "dunning": "outcome"}.get(kind, "")
        )
        assert as_csv["outcome"] == as_excel["outcome"] == as_parquet["outcome"] == word
        for figures_of, names in FIGURES.items():
            for name in names:
                said = outcome.get(name) if kind == figures_of else None
                assert as_csv[name] == said, name
                if said is None or name == "class":
                    assert as_excel[name] == as_parquet[name] == said
                else:
                    assert as_parquet[name] == Decimal(said)
                    assert as_excel[name] == pytest.approx(float(said), rel=1e-15)
        reasons = decision.get("reasons", [])
        codes = " ".join(dict.fromkeys(reason["code"] for reason in reasons)) or None
        missing = " ".join(dict.fromkeys(path for reason in reasons for path in reason.get("missing", []))) or None
        for row in (as_csv, as_excel, as_parquet):
            assert (row["reasons"], row["missing"]) == (codes, missing)
    assert seen == {None, "credit", "classification", "dunning"}
    assert all(any(row[name] is not None for row in tables[2]) for name in NAMES)


# In a spreadsheet


@given(st.text(), st.sampled_from(SIGNS), st.text())
def test_a_guarded_text_begins_no_formula(before: str, sign: str, after: str) -> None:
    for text in (sign + after, before + sign + after):
        cell = guarded(text)
        assert cell in (text, f"'{text}")
        seen = cell.lstrip().lstrip("\x00\ufeff\u200b").lstrip()
        assert not seen.startswith(tuple(SIGNS))
        assert not cell.startswith(("\t", "\r", "\n"))


def test_no_text_is_a_formula_and_none_is_changed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with echoing(tmp_path, HOSTILE, remark="=1+1", name="=2+2"):
        pass
    with log_in(tmp_path) as audit:
        as_csv, as_excel, as_parquet = (table(audit, tmp_path / "out", form, personal=True) for form in FORMS)
    rows = [row for row in as_parquet if row["kind"] == "decision"]
    assert [row["subject"] for row in rows] == [row["principal"] for row in rows] == HOSTILE
    for row, excel in zip(rows, as_excel[-len(rows) :], strict=True):
        assert unescape(excel["subject"]) == row["subject"]
        assert json.loads(row["outcome_json"]) == {"remark": "=1+1", "name": "=2+2"}
    for row, text in zip(as_csv[-len(rows) :], HOSTILE, strict=True):
        assert row["subject"] == guarded(text)
    assert sum(row["subject"].startswith("'") for row in as_csv[-len(rows) :]) >= len(SIGNS) * 3
    for row in as_csv:
        for cell in row.values():
            assert not (cell or "").lstrip("\x00\ufeff\u200b\u2060\x7f\x0b \u3000").startswith(tuple(SIGNS))
            assert not (cell or "").startswith(("\t", "\r", "\n"))


def test_excel_cells_are_text_and_no_formula(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with echoing(tmp_path, HOSTILE):
        pass
    with log_in(tmp_path) as audit:
        done = export_sheet(audit, DAY_ONE, tmp_path / "t.xlsx", principal="=1+1", personal=False)
    texts = {number for number, column in enumerate(COLUMNS) if column.kind is str}
    quoted = 0
    for row in openpyxl.load_workbook(done.path)["log"].iter_rows(min_row=2):
        for number, cell in enumerate(row):
            assert cell.data_type == "s" or (number not in texts or cell.value is None), cell.value
            quoted += cell.quotePrefix
    assert quoted >= len(SIGNS) * 3
    with zipfile.ZipFile(done.path) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_a_negative_amount_is_a_number(tmp_path: Path) -> None:
    with log_in(tmp_path, lambda: NOON) as audit:
        put(audit, "credit", {"decision": "decline", "limit": "0", "available": "-1", "exposure": -1})
        as_csv, as_excel, as_parquet = (table(audit, tmp_path, form)[1] for form in FORMS)
    assert (as_csv["available"], as_csv["exposure"]) == ("-1", "-1")
    assert (as_excel["available"], as_excel["exposure"], as_excel["limit"]) == (-1, -1, 0)
    assert (as_parquet["available"], as_parquet["exposure"]) == (Decimal(-1), Decimal(-1))


def test_no_digit_is_lost(tmp_path: Path) -> None:
    long, fine, whole = "1234567890123456789012345678901234.25", "0.12345678901234567", "100000000000000000000"
    with log_in(tmp_path, lambda: NOON) as audit:
        put(audit, "credit", {"limit": long, "exposure": fine, "available": whole, "terms_days": "123456789012.345"})
        as_csv, as_excel, as_parquet = (table(audit, tmp_path, form)[1] for form in FORMS)
    assert [as_csv[name] for name in FIGURES["credit"]] == [long, fine, whole, "123456789012.345"]
    assert [as_excel[name] for name in FIGURES["credit"]] == [long, fine, 10**20, 123456789012.345]
    assert as_parquet["limit"] is None
    assert as_parquet["exposure"] == Decimal("0.1234567890")
    assert as_parquet["available"] == Decimal(whole)
    assert as_parquet["exact"] == f"limit={long};exposure={fine}"


def test_a_long_number_of_few_digits_but_its_ends_is_text_in_excel(tmp_path: Path) -> None:
    far = "1" + "0" * 28 + "1"
    with log_in(tmp_path, lambda: NOON) as audit:
        put(audit, "credit", {"limit": far})
        assert table(audit, tmp_path, "xlsx")[1]["limit"] == far


@pytest.mark.parametrize("form", FORMS)
def test_a_figure_of_another_kind_is_no_figure(form: str, tmp_path: Path) -> None:
    with log_in(tmp_path, lambda: NOON) as audit:
        put(audit, "decision", {"limit": "5", "score": "6", "fees": "7"})
        row = table(audit, tmp_path, form)[1]
    assert [row[name] for names in FIGURES.values() for name in names] == [None] * 10
    assert row["outcome_json"] == '{"fees":"7","limit":"5","score":"6"}'


def test_what_is_too_long_for_excel_is_cut_with_a_mark(tmp_path: Path) -> None:
    remark = "說明𝒳" * 12_000
    with log_in(tmp_path, lambda: NOON) as audit:
        put(audit, "decision", {"remark": remark})
        as_csv, as_excel, as_parquet = (table(audit, tmp_path, form)[1]["outcome_json"] for form in FORMS)
    assert json.loads(as_csv) == json.loads(as_parquet) == {"remark": remark}
    assert as_excel.startswith('{"remark":"說明𝒳說明𝒳')
    assert as_excel.endswith(" … [cut: 36,013 characters; whole in .csv and .parquet]")
    assert LONGEST - 1 <= len(as_excel.encode("utf-16-le")) // 2 <= LONGEST


@given(st.text(), st.integers(LONGEST - 3, LONGEST + 3))
def test_text_fits_an_excel_cell(text: str, length: int) -> None:
    assert unescape(excel_text(text)) == text
    fitted = excel_text((text + "x") * (length // (len(text) + 1) + 1))
    assert len(fitted.encode("utf-16-le")) // 2 <= LONGEST


def test_days_before_excels_calendar_are_text(tmp_path: Path) -> None:
    with log_in(tmp_path, lambda: NOON) as audit:
        put(audit, "decision", {}, as_of="0001-01-01")
        as_csv, as_excel, as_parquet = (table(audit, tmp_path, form)[1]["as_of"] for form in FORMS)
    assert (as_csv, as_excel, as_parquet) == ("0001-01-01", "0001-01-01", dt.date(1, 1, 1))


# Personal data


@pytest.mark.parametrize("form", FORMS)
def test_personal_data_stays_out_unless_asked_for(form: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with echoing(tmp_path, ["c-1", "c-2"], name="Zhang San", remark="told Zhang San"):
        pass
    with log_in(tmp_path) as audit:
        without = table(audit, tmp_path / "out", form)[-1]
        assert json.loads(without["outcome_json"]) == {"name": None, "remark": None}
        assert "Zhang" not in str(without)
        with_ = table(audit, tmp_path / "out", form, personal=True)[-1]
        assert json.loads(with_["outcome_json"]) == {"name": "Zhang San", "remark": "told Zhang San"}
        erase(audit, "c-2", principal="tests", reason="asked")
        *_, other, erased = table(audit, tmp_path / "out", form, personal=True)
        assert (erased["subject"], json.loads(erased["outcome_json"])["name"]) == ("c-2", None)
        assert json.loads(other["outcome_json"])["name"] == "Zhang San"


def test_a_decision_whose_every_word_was_personal_is_still_a_row(tmp_path: Path) -> None:
    with log_in(tmp_path, lambda: NOON) as audit:
        reasons = [{"code": None, "missing": [None]}, {"code": "A"}]
        put(
            audit, None, {"decision": None, "limit": None}, policy=None, policy_digest=None, as_of=None, reasons=reasons
        )
        put(audit, "credit", {"decision": ["odd"], "limit": "many", "exposure": True, "available": "NaN"})
        for form in FORMS:
            _, row, odd = table(audit, tmp_path, form)[:3]
            assert (row["reasons"], row["missing"], row["policy"], row["as_of"]) == ("A", None, None, None)
            assert {odd[name] for name in ("outcome", *FIGURES["credit"])} == {None}
