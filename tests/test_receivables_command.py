"""`writ facts` on the command line: what it tells, where rejected rows go, and the way on to `writ run`."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import api.cli
from api import receivables
from api.commands import ledger as command
from tests.ledger_runs import DATED, HEADER, as_csv

HOME = Path(receivables.__file__).parent
POLICIES = HOME.parents[1] / "policies.yaml"


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "map.yaml").write_text(DATED, encoding="utf-8")
    return tmp_path


def facts(rows: list[list[str]], *more: str, out: str = "lc.jsonl") -> Result:
    Path("ledger.csv").write_text(as_csv([HEADER, *rows]), encoding="utf-8")
    command = ["facts", "ledger.csv", "--map", "map.yaml", "--as-of", "2026-06-30", "--out", out, *more]
    return CliRunner().invoke(api.cli.app, command)


GOOD = ["A1", "1", "2026-06-01", "2026-07-01", "10600.40", ""]
BAD = ["A1", "2", "2026-06-01", "2026-07-01", "ten", ""]


def test_customers_whose_facts_stay_unknown_are_named() -> None:
    nobodys = ["", "3", "2026-06-01", "2026-07-01", "1.00", ""]
    other = ["B7", "1", "2026-06-01", "2026-07-01", "10600.40", ""]
    told = facts([GOOD, BAD, nobodys, ["B7", *BAD[1:]], ["C3", *other[1:]]]).stdout
    assert "3 customers → lc.jsonl" in told
    assert "facts left unknown for 2 customers with rows set aside: A1, B7\n" in told
    assert "the customer of 1 rejected row cannot be read" in told
    assert "1 open item: 10600.40 USD" in told
    told = facts([[f"{number:02}", *BAD[1:]] for number in range(12)]).stdout
    assert "12 customers with rows set aside: 00, 01, 02, 03, 04, 05, 06, 07, 08, 09 and 2 more\n" in told


def test_one_of_a_thing_is_told_as_one_and_unknown_facts_only_where_there_are_some() -> None:
    told = facts([GOOD]).stdout
    assert told.startswith("1 customer → lc.jsonl\n1 row read, 0 rejected → lc.jsonl.rejected.jsonl\n")
    assert "unknown" not in told
    assert "cannot be read" not in told


@pytest.mark.parametrize("rejected", ["lc.jsonl", "ledger.csv", "map.yaml"])
def test_rejected_rows_never_take_the_place_of_another_file(rejected: str) -> None:
    result = facts([GOOD], "--rejected", rejected)
    assert result.exit_code == 2
    assert "must be different files" in result.stderr
    assert Path("map.yaml").read_text(encoding="utf-8") == DATED
    assert not Path("lc.jsonl").exists()


def test_ctrl_c_writes_nothing_and_says_so(monkeypatch: pytest.MonkeyPatch, room: Path) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "write_facts", interrupted)
    result = facts([GOOD])
    assert (result.exit_code, result.stderr) == (130, "stopped; nothing was written\n")
    assert sorted(path.name for path in room.iterdir()) == ["ledger.csv", "map.yaml"]


def test_the_way_from_a_shipped_export_to_notices(room: Path) -> None:
    sample, map_ = HOME / "samples" / "erpnext.csv", HOME / "maps" / "erpnext.yaml"
    asked = [str(sample), "--map", str(map_), "--as-of", "2026-06-30", "--out", "lc.jsonl"]
    assert CliRunner().invoke(api.cli.app, ["facts", *asked]).exit_code == 0
    asked = ["--in", "lc.jsonl", "--out", "lc.csv", "--policies", str(POLICIES)]
    assert CliRunner().invoke(api.cli.app, ["run", "dunning", *asked]).exit_code == 0
    with (room / "lc.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["outcome.outcome"] for row in rows} >= {"notice"}
    assert all("customer.entity_type" not in row["missing"] for row in rows)
    assert {path.name for path in room.iterdir()} >= {"lc.jsonl.rejected.jsonl", "lc.csv.rejected.jsonl"}
