"""The JSON Schema for editors agrees with the checker: shipped and corpus policies fit it, mistakes of shape do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from policies.schema import json_schema

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = json_schema()


def as_editor_reads(text: str) -> Any:
    """A YAML document with numbers and truth values made of plain scalars, as an editor's schema check sees it."""
    return json.loads(json.dumps(yaml.load(text, Loader=yaml.CSafeLoader), default=str))


def complaints(text: str) -> list[str]:
    return [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(SCHEMA).iter_errors(as_editor_reads(text))
    ]


def good_policies() -> list[Path]:
    corpus = [
        path
        for path in sorted(ROOT.glob("tests/corpus/*/policy.yaml"))
        if not (path.parent / "diagnostics.txt").exists()
    ]
    return [ROOT / "policies.yaml", *corpus]


def test_the_schema_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", good_policies(), ids=lambda path: path.parent.name)
def test_accepted_policies_fit_the_schema(path: Path) -> None:
    assert complaints(path.read_text(encoding="utf-8")) == []


SMALL = """
writ: 1
bundle: small
reporting_currency: USD
facts: {amount: money}
policies:
  check:
    kind: decision
    title: Check
    outcome: {large: amount > 100}
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("bundle: small", "bundel: small"),
        ("kind: decision", "kind: decisions"),
        ("outcome: {large", "outcom: {large"),
        ("title: Check", "title: {fr: Contrôle}"),
        ("reporting_currency: USD", "reporting_currency: [USD]"),
    ],
)
def test_mistakes_of_shape_are_seen_by_the_editor(right: str, wrong: str) -> None:
    assert complaints(SMALL) == []
    assert complaints(SMALL.replace(right, wrong))


def test_an_editor_has_words_for_every_key_and_part() -> None:
    shapes = {"the document": SCHEMA, **SCHEMA["$defs"]}
    silent = [f"{name}.{key}" for name, shape in shapes.items() for key, value in shape["properties"].items()
              if not value.get("description", "").strip()]  # fmt: skip
    assert silent == []
    assert [name for name, shape in shapes.items() if not shape.get("description")] == []
    assert SCHEMA["title"] == "Writ policy document"
    assert SCHEMA["$defs"]["CarveOutPart"]["title"] == "Carve out"


def test_the_schema_shipped_for_editors_is_the_one_made() -> None:
    shipped = json.loads((ROOT / "policies" / "document.schema.json").read_text(encoding="utf-8"))
    assert shipped == SCHEMA, "run `writ schema --out policies/document.schema.json`"


def test_the_shipped_policies_point_the_editor_to_it() -> None:
    first = (ROOT / "policies.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=policies/document.schema.json"
