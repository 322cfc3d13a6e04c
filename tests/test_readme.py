"""What the READMEs show is true: their policy loads, its cases pass, its mistake is shown as printed."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from api.cli import app
from api.preview import words_of
from engine import decide
from engine.cases import run_cases
from policies import load
from policies.diagnostics import Refused, render_text
from policies.source import Source, decode

ROOT = Path(__file__).resolve().parent.parent
READMES = ["README.md", "README.zh-CN.md"]


def policy_in(readme: str) -> str:
    text = (ROOT / readme).read_text(encoding="utf-8")
    found = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize("readme", READMES)
def test_the_policy_shown_loads_and_its_cases_pass(readme: str) -> None:
    bundle = load(Source(readme, policy_in(readme)))
    assert [found.message for found in bundle.warnings] == []
    report = run_cases(bundle)
    assert len(report.results) == 2
    assert report.failed == ()


@pytest.mark.parametrize("readme", READMES)
def test_the_mistake_is_shown_as_printed(readme: str) -> None:
    with pytest.raises(Refused) as refused:
        load(Source("policies.yaml", policy_in(readme).replace("> review_above", "> reviw_above")))
    [paragraph, _] = render_text(refused.value.diagnostics).split("\n\n")
    assert paragraph in (ROOT / readme).read_text(encoding="utf-8")


@pytest.mark.parametrize(("readme", "language"), [("README.md", "en"), ("README.zh-CN.md", "zh-Hans")])
def test_the_calendar_is_shown_as_printed(readme: str, language: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    found = re.search(r"^\$ writ preview --policy dunning --facts (\S+).*\n…\n(.*)…$", text, re.MULTILINE)
    assert found is not None
    request = json.loads((ROOT / found[1]).read_text(encoding="utf-8"))
    shipped = load(decode("policies.yaml", (ROOT / "policies.yaml").read_bytes()))
    decision = decide(shipped.policies["dunning"], request["facts"], dt.date.fromisoformat(request["as_of"]))
    assert words_of(decision, language).startswith(found[2])


@pytest.mark.parametrize("readme", READMES)
def test_every_command_is_listed(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    assert len(root.commands) > 10
    for name, command in root.commands.items():
        [row] = re.findall(rf"^\| `writ {name}[ `](.*)$", text, re.MULTILINE)
        within = command.commands if isinstance(command, TyperGroup) else {}
        assert [one for one in within if not re.search(rf"\b{one}\b", row)] == [], name
