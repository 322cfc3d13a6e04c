"""`writ compare`: the page, the JSON, one question opened; no row is dropped without a word."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from api.cli import app
from api.comparison.page import render_replay
from policies import load
from policies.source import decode
from tests.pinned_cases import GENTLER, REMINDERS, facts

DAY = "2026-03-10"
OLD = REMINDERS.replace("customer_id: text", "customer_id: {type: text, subject: true}", 1)
NEW = GENTLER.replace("customer_id: text", "customer_id: {type: text, subject: true}", 1)


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "old.yaml").write_text(OLD, encoding="utf-8")
    (tmp_path / "new.yaml").write_text(NEW, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str, rows: list[Any] | None = None, lines: str = "") -> Result:
    command = ["compare", "old.yaml", "new.yaml", *words]
    if rows is not None:
        written = "".join(json.dumps(row) + "\n" for row in rows)
        Path("facts.jsonl").write_text(written + lines, encoding="utf-8")
        command += ["--facts", "facts.jsonl"]
    return CliRunner().invoke(app, command)


def row(number: str = "C-1", **case: Any) -> dict[str, Any]:
    return {"facts": facts(number, **case), "as_of": DAY}


def test_without_facts_only_the_texts_are_compared() -> None:
    result = run()
    assert result.exit_code == 0, result.output
    assert "min_days" in result.stdout
    assert "asked" not in result.stdout
    found = json.loads(run("--json").stdout)
    assert found["replay"] is None
    assert found["differences"]
    assert [found[side]["name"] for side in ("old", "new")] == ["old.yaml", "new.yaml"]
    assert [found[side]["digest"] for side in ("old", "new")] == [
        load(decode(name, Path(name).read_bytes())).digest for name in ("old.yaml", "new.yaml")
    ]


def test_the_page_and_the_json_say_the_same() -> None:
    found = json.loads(run("--json", rows=[row("C-1"), row("C-2")]).stdout)["replay"]
    [mover, other] = found["movers"]
    assert (mover["subject"], mover["from"], mover["to"]) == ("C-1", "notice", "notice")
    assert (mover["old"], mover["new"], mover["delta"], mover["currency"]) == ("1010", "1000", "-10", "EUR")
    assert other["subject"] == "C-2"
    page = run(rows=[row("C-1"), row("C-2")]).stdout
    assert "reminders (dunning): 2 of 2 decisions changed" in page
    assert "plain (decision): 0 of 2 decisions changed" in page
    said = [" ".join(line.split()) for line in page.splitlines()]
    assert "total claim 2020 2000 -20" in said
    assert "1 C-1 notice 1010 1000 -10" in said
    assert any(line.startswith("facts.jsonl:2 reminders, total claim in EUR") for line in said)


def test_no_row_is_dropped_without_a_word() -> None:
    rows = [
        row(),
        {"facts": 3},
        {"facts": {"customer_id": "C-9"}},
        {"facts": facts("C-4")},
        {"as_of": "x", "facts": {}},
    ]
    found = json.loads(run("--json", "--as-of", DAY, rows=rows, lines="{oops\n").stdout)["replay"]
    told = found["rows"]
    assert (told["read"], told["rejected"], told["unasked"], told["undated"]) == (6, 3, 1, 1)
    assert [each["line"] for each in told["first_rejected"]] == [2, 5, 6]
    assert told["first_unasked"] == [3]
    assert found["questions"] == 4
    page = run("--as-of", DAY, rows=rows, lines="{oops\n").stdout
    assert "facts.jsonl: 6 rows read, 3 rejected, 1 with the facts of no policy" in page
    assert "line 2 rejected: /facts `facts` must be an object" in page
    assert "facts of no policy: line 3" in page
    assert f"1 row without an `as_of`: decided as of {DAY}" in page


def test_a_named_policy_is_asked_of_every_row() -> None:
    rows = [row(), {"facts": {"customer_id": "C-9"}, "as_of": DAY}]
    found = json.loads(run("--json", "--policy", "reminders", rows=rows).stdout)["replay"]
    [told] = found["policies"]
    assert (told["policy"], told["compared"], told["undecided"]["both"]) == ("reminders", 1, 1)
    assert told["undecided"]["first"][0]["old"]["pointer"] == "/open_items"
    assert "not decided: 1 under both" in run("--policy", "reminders", rows=rows).stdout


def test_a_running_case_stays_with_the_text_it_began_with() -> None:
    version = load(decode("old.yaml", OLD.encode())).policies["reminders"].digest
    pinned = row("C-1", procedure_id="reminders", procedure_version=version, last_notice_date="2026-02-01")
    result = run("--json", "--policy", "reminders", rows=[pinned, row("C-2")])
    [told] = json.loads(result.stdout)["replay"]["policies"]
    assert (told["questions"], told["pinned"], told["compared"]) == (2, 1, 1)
    assert "1 pinned to an earlier text" in run(rows=[pinned]).stdout


def test_a_fact_that_only_the_new_text_requires_is_a_finding(room: Path) -> None:
    (room / "new.yaml").write_text(NEW.replace("facts:\n", "facts:\n  country: text\n", 1), encoding="utf-8")
    changed = (
        (room / "new.yaml").read_text(encoding="utf-8").replace("count(open_items)", "if country = null then 0 else 1")
    )
    (room / "new.yaml").write_text(changed, encoding="utf-8")
    told = json.loads(run("--json", rows=[row()]).stdout)["replay"]["policies"]
    plain = next(each for each in told if each["policy"] == "plain")
    assert plain["undecided"]["new"] == 1
    assert plain["undecided"]["first"][0]["new"]["pointer"] == "/country"


def test_one_row_is_opened_with_both_traces() -> None:
    result = run("--open", "facts.jsonl:2", "--policy", "reminders", rows=[row("C-1"), row("C-2")])
    assert result.exit_code == 0, result.output
    before, after = result.stdout.split("new: new.yaml")
    assert before.startswith("old: old.yaml")
    assert ("total_claim" in before, "total_claim" in after) == (True, True)
    assert "1010" in before
    assert "1010" not in after
    for page in (before, after):
        assert "trace" in page
    [opened] = json.loads(
        run("--open", "facts.jsonl:2", "--policy", "reminders", "--json", rows=[row("C-1"), row("C-2")]).stdout
    )
    assert (opened["old"]["outcome"]["total_claim"], opened["new"]["outcome"]["total_claim"]) == ("1010", "1000")
    assert opened["old"]["trace"] != opened["new"]["trace"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--policy", "reminder"], 2, "did you mean `reminders`?"),
        (["--open", "facts.jsonl:9"], 1, "no question `facts.jsonl:9` was asked"),
        (["--movers", "-1"], 2, "--movers"),
    ],
)
def test_what_cannot_be_asked_is_refused(words: list[str], code: int, said: str) -> None:
    result = run(*words, rows=[row()])
    assert result.exit_code == code
    assert said in " ".join(result.stderr.replace("│", "").split())


def test_only_json_lines_are_taken(room: Path) -> None:
    (room / "facts.csv").write_text("customer_id\nC-1\n", encoding="utf-8")
    result = run("--facts", "facts.csv")
    assert result.exit_code == 1
    assert "name a .jsonl file" in result.stderr
    assert run("--open", "facts.jsonl:1").exit_code == 2, "there is no file to open it from"


def test_the_page_fits_a_hundred_columns() -> None:
    rows = [row(f"CUSTOMER-{number:010}") for number in range(30)]
    replay = json.loads(run("--json", rows=rows).stdout)["replay"]
    assert len(replay["movers"]) == 20
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(render_replay(replay))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 100
    assert sum("CUSTOMER-00000000" in line for line in lines) == 20, "no customer number is broken over two lines"
