"""HTTP.md tells the truth: its examples run, its tables are complete."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.problems import PROBLEMS
from tests.serving import ROOT, Served, served

TEXT = (ROOT / "api" / "HTTP.md").read_text(encoding="utf-8")

ANSWERS: dict[str, Callable[[Any], bool]] = {
    "principals/order-system -H": lambda said: said["secret"].startswith("writ_"),
    "/v1/policies -H": lambda said: [policy["name"] for policy in said["policies"]] == ["small-order"],
    "/v1/policies/small-order": lambda said: set(said["facts_schema"]["properties"]) == {"amount", "days_overdue"},
    "order-4711": lambda said: said["outcome"] == {"release": True},
    "$DECISION": lambda said: said["facts"] == {"amount": "250.5", "days_overdue": 3},
    "/readyz": lambda said: said["revision"] == 1,
    "/v1/previews/dunning": lambda said: without_digest(said) == without_digest(json.loads(blocks("json")[2])),
    "/v1/log/checkpoint": lambda said: said.startswith("writ-log-") and said.splitlines()[1].isdecimal(),
    "/v1/log/entries?": lambda said: [one["policy"] for one in said["entries"]] == ["small-order"],
    "/v1/log/counts?": lambda said: said["counts"] == [{"value": "small-order", "entries": 1}],
    "order-4712": lambda said: [one["pointer"] for one in said["errors"]] == ["/facts/amount", "/facts/days_overdue"],
}
"""By what an example's command has in it: whether its last answer is what the text around it says."""


def without_digest(preview: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in preview.items() if name != "policy_digest"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("documented"), blocks("yaml")[0]) as running:
        yield running


@pytest.fixture(scope="module")
def reminding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("reminding"), blocks("yaml")[1]) as running:
        yield running


def ask(service: Served, command: str, decision: str = "") -> Any:
    key = service.url.partition("tester:")[2].partition("@")[0]
    done = subprocess.run(
        ["sh", "-c", command],
        env={
            "WRIT": re.sub("//.*@", "//", service.url),
            "WRIT_API_KEY": key,
            "WRIT_ADMINISTRATOR_KEY": key,
            "DECISION": decision,
            "PATH": str(Path(shutil.which("curl") or "").parent),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    last = done.stdout.replace("}{", "}\n{").splitlines()[-1]
    return json.loads(last) if last.startswith("{") else done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are curl commands")
def test_every_example_does_what_the_text_says(service: Served, reminding: Served) -> None:
    decision = ""
    told = []
    for command in blocks("sh"):
        said = ask(reminding if "/v1/previews/" in command else service, command, decision)
        decision = decision if isinstance(said, str) else said.get("decision_id", decision)
        told += [mark for mark, holds in ANSWERS.items() if mark in command and holds(said)]
    assert set(told) == set(ANSWERS)


def test_the_answer_shown_has_the_members_of_a_real_one(service: Served) -> None:
    shown = json.loads(blocks("json")[0])
    real = service.decide().json()
    assert list(shown) == list(real)
    assert [shown[part] for part in ("outcome", "reasons", "trace")] == [
        real[part] for part in ("outcome", "reasons", "trace")
    ]


def test_the_reason_shown_is_one_that_is_given(tmp_path: Path) -> None:
    with served(tmp_path) as running:
        assert running.decide().json()["reasons"] == [json.loads(blocks("json")[1])]


def test_the_table_of_problems_is_complete_and_true() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \| (.*) \| (.*) \|$", TEXT, re.MULTILINE)
    assert rows == [(code, str(kind.status), kind.title, kind.mend) for code, kind in PROBLEMS.items()]


def test_every_code_of_a_misfit_is_documented() -> None:
    sources = [*(ROOT / "engine").rglob("*.py"), ROOT / "api" / "request.py", ROOT / "api" / "bodies.py"]
    text = "".join(source.read_text(encoding="utf-8") for source in sources)
    used = set(re.findall(r'"(fact_(?!paths)\w+)"', text)) | set(re.findall(r'Misfit\("(\w+)"', text))
    used |= set(re.findall(r'"(member_\w+)"', text))
    table = TEXT.partition("Codes in `errors`:")[2].partition("## Settings")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == used


def test_every_code_of_bad_json_is_a_problem_with_its_status() -> None:
    source = (ROOT / "api" / "strict_json.py").read_text(encoding="utf-8")
    used = dict(re.findall(r'BadJson\("(\w+)", (\d+)', source))
    used |= dict.fromkeys(re.findall(r'"((?:number|integer)_\w+)"', source), "422")
    assert used
    assert {code: str(PROBLEMS[code].status) for code in used} == used
