"""A preview: the calendar in words of three languages, on the command line and over real HTTP; never recorded."""
# ruff: noqa: RUF001 (full-width punctuation is how Chinese is written)

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from api.preview_words import Coming, day_in, sentence
from api.tree import render_decision
from engine import decide
from policies import load
from policies.source import Source
from tests.pinned_cases import REMINDERS, facts
from tests.serving import ROOT, assert_problem, new_key, served

AS_OF = dt.date(2026, 11, 20)
COMING = (
    Coming(dt.date(2026, 11, 28), 0, 1, ()),
    Coming(dt.date(2026, 12, 3), 1, 1, ()),
    Coming(dt.date(2026, 12, 17), 2, 1, ("hold_orders",)),
    Coming(dt.date(2026, 12, 31), 3, 1, ("set_payment_terms", "to_agency")),
    Coming(dt.date(2027, 1, 14), 4, 1, ("credit_stop",)),
)


# In words


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            (
                "if nothing is paid: 28 November reminder, 3 December level 1, 17 December level 2 and hold, "
                "31 December collections and new payment terms, 14 January 2027 level 4 and credit stop"
            ),
        ),
        (
            "zh-Hans",
            (
                "如未付款：11月28日到期前提醒；12月3日第1级催收；12月17日第2级催收并暂停订单；"
                "12月31日委托第三方催收并调整付款条件；2027年1月14日第4级催收并停止赊销"
            ),
        ),
        (
            "zh-Hant",
            (
                "如未付款：11月28日到期前提醒；12月3日第1級催收；12月17日第2級催收並暫停訂單；"
                "12月31日委外催收並調整付款條件；2027年1月14日第4級催收並停止賒銷"
            ),
        ),
    ],
)
def test_a_calendar_is_one_sentence(language: str, said: str) -> None:
    assert sentence(COMING, None, AS_OF, language) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "if nothing is paid: 17 December level 2 and hold (2 items), level 1 (1 item), 31 December level 3"),
        ("zh-Hans", "如未付款：12月17日第2级催收并暂停订单（2项）、第1级催收（1项）；12月31日第3级催收"),
        ("zh-Hant", "如未付款：12月17日第2級催收並暫停訂單（2項）、第1級催收（1項）；12月31日第3級催收"),
    ],
)
def test_letters_of_several_levels_on_a_day_say_of_how_many_items(language: str, said: str) -> None:
    first, last = dt.date(2026, 12, 17), dt.date(2026, 12, 31)
    coming = (Coming(first, 2, 2, ("hold_orders",)), Coming(first, 1, 1, ()), Coming(last, 3, 2, ()))
    assert sentence(coming, None, AS_OF, language) == said


def test_an_empty_calendar_and_one_cut_short_say_so() -> None:
    assert sentence((), None, AS_OF, "en") == "if nothing is paid: nothing is sent"
    cut = sentence(COMING[:1], dt.date(2027, 12, 25), AS_OF, "en")
    assert cut == "if nothing is paid: 28 November reminder, not looked at after 25 December 2027"
    assert sentence((), dt.date(2027, 12, 25), AS_OF, "zh-Hans") == "如未付款：不再发送通知；2027年12月25日之后未作推算"


def test_a_day_has_its_year_where_that_is_not_the_one_before() -> None:
    assert day_in(dt.date(2026, 3, 1), "en", 2026) == "1 March"
    assert day_in(dt.date(2026, 3, 1), "zh-Hant", 2025) == "2026年3月1日"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "if nothing is paid: 7 March level 1, 22 March level 2 and hold"),
        ("zh-Hans", "如未付款：3月7日第1级催收；3月22日第2级催收并暂停订单"),
        ("zh-Hant", "如未付款：3月7日第1級催收；3月22日第2級催收並暫停訂單"),
    ],
)
def test_the_tree_of_a_decision_has_the_sentence(language: str, said: str) -> None:
    policy = load(Source("reminders.yaml", REMINDERS)).policies["reminders"]
    console = Console(width=160, highlight=False, markup=False, no_color=True)
    with console.capture() as captured:
        console.print(render_decision(decide(policy, facts(), dt.date(2026, 3, 3)), policy, language))
    [line] = [line for line in captured.get().splitlines() if said[:6] in line]
    assert line.endswith(f"= {said}")


# On the command line


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reminders.yaml").write_text(REMINDERS, encoding="utf-8")
    (tmp_path / "one.json").write_text(json.dumps({"facts": facts(), "as_of": "2026-03-08"}), encoding="utf-8")
    lines = [{"facts": facts("C-1")}, {"facts": facts("C-2"), "as_of": "2026-01-01"}, {"facts": {}}]
    (tmp_path / "many.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return tmp_path


def preview(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "api.cli", "preview", str(folder / "reminders.yaml"), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_one_account_is_shown_as_a_table_and_a_sentence(folder: Path) -> None:
    done = preview(folder, "--policy", "reminders", "--facts", str(folder / "one.json"))
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0] == ["Reminders:", "C-1,", "as", "of", "2026-03-08"]
    assert rows[2] == ["8", "March", "2026", "level", "1:", "First", "reminder", "INV-1", "10", "0", "1010"]
    assert rows[3] == ["22", "March", "2026", "level", "2:", "Second", "reminder", "INV-1", "0", "0", "1000", "hold"]
    assert "if nothing is paid: 22 March level 2 and hold" in done.stdout


def test_it_is_shown_in_the_language_asked_for(folder: Path) -> None:
    asked = ("--policy", "reminders", "--facts", str(folder / "one.json"), "--language", "zh-Hans")
    assert "如未付款：3月22日第2级催收并暂停订单" in preview(folder, *asked).stdout


def test_the_day_on_the_command_line_comes_before_the_requests_own(folder: Path) -> None:
    asked = ("--policy", "reminders", "--facts", str(folder / "one.json"), "--as-of", "2026-03-03", "--json")
    said = json.loads(preview(folder, *asked).stdout)
    assert (said["recorded"], said["as_of"], said["now"], len(said["skips"])) == (False, "2026-03-03", [], 1)
    assert [(entry["on"], entry["level"]) for entry in said["calendar"]] == [("2026-03-07", "1"), ("2026-03-22", "2")]
    assert said["words"]["en"] == "if nothing is paid: 7 March level 1, 22 March level 2 and hold"


def test_of_many_accounts_there_is_a_line_each_and_the_misfits_are_named(folder: Path) -> None:
    done = preview(folder, "--policy", "reminders", "--facts", str(folder / "many.jsonl"), "--as-of", "2026-03-08")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "C-1  level 1; if nothing is paid: 22 March level 2 and hold",
        "C-2  level 1; if nothing is paid: 22 March level 2 and hold",
    ]
    assert done.stderr.startswith("line 3: /facts/")
    assert done.stderr.endswith("1 line was refused\n")


def test_as_json_there_is_a_document_for_each_line(folder: Path) -> None:
    done = preview(folder, "--policy", "reminders", "--facts", str(folder / "many.jsonl"), "--json")
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["line"], one.get("account")) for one in said] == [(1, "C-1"), (2, "C-2"), (3, None)]
    assert said[1]["as_of"] == "2026-01-01"
    assert {one["code"] for one in said[2]["misfits"]} == {"fact_missing"}


def test_a_kind_without_a_calendar_is_a_misuse(folder: Path) -> None:
    done = preview(folder, "--policy", "plain", "--facts", str(folder / "one.json"))
    assert done.returncode == 2
    assert "only dunning has a calendar" in " ".join(done.stderr.replace("│", " ").split())


# Over HTTP


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        served(tmp_path_factory.mktemp("previews"), REMINDERS) as running,
        httpx.Client(base_url=running.url, timeout=15) as client,
    ):
        yield client


def asked(**more: Any) -> dict[str, Any]:
    return {"facts": facts(), "as_of": "2026-03-08", **more}


def test_a_preview_is_answered_without_a_key_and_leaves_no_record(client: httpx.Client) -> None:
    before = client.post("/v1/decisions/reminders", json=asked(), headers=new_key()).json()
    said = client.post("/v1/previews/reminders", json=asked()).json()
    after = client.post("/v1/decisions/reminders", json=asked(), headers=new_key()).json()
    assert said["recorded"] is False
    assert after["log"]["seq"] == before["log"]["seq"] + 1
    assert (said["calendar"], said["revision"]) == (before["outcome"]["calendar"], before["revision"])
    assert (said["now"], said["skips"]) == (
        [
            {
                "on": "2026-03-08",
                "outcome": "notice",
                "level": "1",
                "level_name": "first",
                "items": ["INV-1"],
                "fees": "10",
                "interest": "0",
                "total_claim": "1010",
                "effects": [],
            }
        ],
        [],
    )
    assert set(said["words"]) == {"en", "zh-Hans", "zh-Hant"}


def test_a_kind_without_a_calendar_is_refused(client: httpx.Client) -> None:
    problem = assert_problem(client.post("/v1/previews/plain", json=asked()), 422, "calendar_none")
    assert problem["detail"] == "`plain` is of kind `decision`: only dunning has a calendar"


def test_what_does_not_fit_is_refused_as_for_a_decision(client: httpx.Client) -> None:
    assert_problem(client.post("/v1/previews/remiders", json=asked()), 404, "policy_unknown")
    assert_problem(client.post("/v1/previews/reminders", json=asked(days=3)), 422, "request_invalid")
    problem = assert_problem(client.post("/v1/previews/reminders", json={"facts": {}}), 422, "facts_invalid")
    assert {one["pointer"] for one in problem["errors"]} == {"/facts/customer_id", "/facts/open_items"}
    assert_problem(client.post("/v1/previews/reminders", content=b"{}"), 415, "media_type_unsupported")


def test_the_description_offers_the_policies_that_have_a_calendar(client: httpx.Client) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/v1/previews/{policy}"]["post"]
    [parameter] = operation["parameters"]
    assert (parameter["schema"]["enum"], parameter["example"]) == (["reminders"], "reminders")
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    assert list(examples) == ["reminders"]
    assert client.post("/v1/previews/reminders", json=examples["reminders"]["value"]).status_code == 200


def test_without_such_a_policy_it_is_not_offered(tmp_path: Path) -> None:
    with served(tmp_path) as running:
        described = httpx.get(f"{running.url}/openapi.json").json()
        assert "/v1/previews/{policy}" not in described["paths"]
        assert "PreviewAnswer" not in described["components"]["schemas"]
