"""policies/LANGUAGE.md keeps its word: its documents load and pass, every key is in it, what it claims holds."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from engine import decide
from engine.cases import run_cases
from policies import load
from policies.blocks import block_names, load_block
from policies.declarations import TYPE_WORDS
from policies.diagnostics import Refused
from policies.document import HeaderPart
from policies.document_fields import Part
from policies.feel.builtins import BUILTINS
from policies.kinds.registry import KINDS
from policies.source import decode

TEXT = (Path(__file__).parent.parent / "policies" / "LANGUAGE.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
DOCUMENTS = [block for block in BLOCKS if block.startswith("writ: 1")]


def parts_within(part: type[Part], seen: set[type[Part]]) -> Iterator[type[Part]]:
    """A part and all parts its fields are made of."""
    if part in seen:
        return
    seen.add(part)
    yield part
    for field in part.model_fields.values():
        for inner in types_within(field.annotation):
            yield from parts_within(inner, seen)


def types_within(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in get_args(annotation):
        yield from types_within(inner)


def every_key() -> list[tuple[str, str]]:
    seen: set[type[Part]] = set()
    roots: list[type[Part]] = [HeaderPart, *(kind.part for kind in KINDS.values())]
    return sorted(
        {
            (part.__name__, field.alias or name)
            for root in roots
            for part in parts_within(root, seen)
            for name, field in part.model_fields.items()
        }
    )


def test_there_are_documents_of_every_kind() -> None:
    assert len(DOCUMENTS) >= 4
    assert all(any(f"kind: {kind}\n" in document for document in DOCUMENTS) for kind in KINDS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda text: text.splitlines()[1])
def test_a_document_loads_and_passes_its_cases(document: str) -> None:
    bundle = load(decode("LANGUAGE.md", document.encode()))
    assert [warning.message for warning in bundle.warnings] == []
    assert [(result.case.name, result.differences) for result in run_cases(bundle).failed] == []
    assert bundle.tests


@pytest.mark.parametrize(("part", "key"), every_key())
def test_every_key_is_in_the_document(part: str, key: str) -> None:
    assert re.search(rf"`{key}`|`{key}:|\b{key}: |\b{key}:$|{{{key},|, {key}[,}}]", TEXT, re.MULTILINE), f"{part}.{key}"


def test_every_type_function_and_block_is_in_the_document() -> None:
    words = [f"`{word}`" for word in (*TYPE_WORDS, *BUILTINS, *block_names())]
    formulas = [f.name.partition(".")[2] for block in block_names() for f in load_block(block, "USD").functions]
    assert [word for word in (*words, *formulas) if word not in TEXT] == []


HEAD = """writ: 1
bundle: claims
reporting_currency: USD
facts:
  a: number?
  xs: {type: list, of: number}
  items: {type: list, fields: {amount: money, extra: money?}}
  m: money
  pct: percent
  share: ratio
  euro: {type: money, currency: EUR}
parameters:
  dated: {type: number, values: [{from: 2026-01-01, value: 5, source: s}, {from: 2026-07-01, value: 7, source: s}]}
policies:
  claim:
    kind: decision
    title: Claim
    outcome:
      value: {is: EXPRESSION, otherwise: null}
"""
FACTS = {
    "xs": [],
    "items": [{"amount": "1"}, {"amount": "2", "extra": "9"}],
    "m": "200",
    "pct": "10",
    "share": "0.1",
    "euro": "1",
}


def value_of(expression: str, as_of: dt.date = dt.date(2026, 3, 2)) -> Any:
    quoted = "'" + expression.replace("'", "''") + "'"
    bundle = load(decode("claims.yaml", HEAD.replace("EXPRESSION", quoted).encode()))
    return decide(bundle.policies["claim"], FACTS, as_of).to_json()["outcome"]["value"]


@pytest.mark.parametrize(
    "expression",
    [
        "a > 1",
        "not(a > 1)",
        "a = a",
        "a + 1",
        "if a > 1 then 2 else 3",
        "count([1][a > 1])",
        "sum([1, a])",
        "items[extra > 5]",
        "some i in items satisfies i.extra > 10",
        "sum(xs)",
        "max(xs)",
        "1 / 0",
        "items[3].amount",
    ],
)
def test_is_unknown(expression: str) -> None:
    assert value_of(expression) is None


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a = null", True),
        ("a != null", False),
        ("a > 1 and 1 > 2", False),
        ("a > 1 or 1 < 2", True),
        ("if a = null then 0 else a", "0"),
        ("count(items[extra != null and extra > 5])", "1"),
        ("some i in items satisfies i.extra > 5", True),
        ("count(xs)", "0"),
        ("sum(concatenate([0], xs))", "0"),
        ("0.1 + 0.2 = 0.3", True),
        ("m * pct / 100", "20"),
        ("m > 100", True),
        ("m / m", "1"),
        ("today()", "2026-03-02"),
        ('(as_of - @"2026-03-01").days', "1"),
        ("1 in [1..5)", True),
        ("5 in [1..5)", False),
        ("dated", "5"),
        ("{a: 1, b: a + 1}.b", "2"),
    ],
)
def test_is_this_value(expression: str, value: Any) -> None:
    assert value_of(expression) == value


def test_parameters_by_day() -> None:
    assert value_of("dated", dt.date(2026, 7, 1)) == "7"
    assert value_of("dated", dt.date(2025, 12, 31)) is None


@pytest.mark.parametrize(
    "expression", ["m > pct", "pct > share", "m + euro", "m * m", "2 ** 3", "sort(xs)", "a < null"]
)
def test_is_refused(expression: str) -> None:
    with pytest.raises(Refused):
        value_of(expression)
