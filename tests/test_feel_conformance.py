"""The OMG's conformance tests of single FEEL expressions (dmn-tck), where they are at hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from engine import operators
from policies.feel.errors import FeelSyntaxError
from policies.feel.parser import parse_expression
from policies.feel.temporal import read_date_time, read_duration, read_time
from policies.feel.values import Value
from tests.feel_values import value_of

TCK = Path(__file__).resolve().parents[2] / "shared" / "conformance" / "dmn-tck" / "compliance-level-3"
FOLDERS = (
    "0050-feel-abs-function",
    "0056-feel-modulo-function",
    "0058-feel-number-function",
    "0060-feel-any-function",
    "0062-feel-mode-function",
    "0068-feel-equality",
    "0074-feel-properties",
    "0093-feel-at-literals",
    "0095-feel-day-of-year-function",
    "0097-feel-month-of-year-function",
    "1101-feel-floor-function",
    "1103-feel-substring-function",
    "1105-feel-upper-case-function",
    "1107-feel-substring-before-function",
    "1116-feel-time-function",
    "1120-feel-duration-function",
    "1140-feel-string-join-function",
    "1142-feel-round-down-function",
    "1144-feel-round-half-down-function",
)

BEYOND_WRIT = {
    ".123456789": "parts of a second below a microsecond",
    ".987654321": "parts of a second below a microsecond",
    ".999999999": "parts of a second below a microsecond",
    ":00.0001": "the suite takes times apart by less than a second for equal; Writ compares them exactly",
    "1.23e": "exponents are refused",
    "instance of": "types are declared, not asked for",
    "(null..": "a null end and an open end are one and the same in a value",
    "..null": "a null end and an open end are one and the same in a value",
    "(=10)": "a range of one value or of all others",
    "(!=10)": "a range of one value or of all others",
    "decimal sep:": "an unknown parameter of two words is refused when read, before it is null",
}
"""What of the suite Writ leaves out or does otherwise, by a part of the text, and why."""


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _literal_expressions(folder: Path) -> dict[str, str]:
    """The FEEL text of each decision that is a single literal expression."""
    texts = {}
    for model in folder.glob("*.dmn"):
        for decision in ET.parse(model).iter():  # noqa: S314 (a file of the project's own checkout)
            for part in decision if _local(decision) == "decision" else ():
                if _local(part) == "literalExpression":
                    texts[decision.get("name", "")] = "".join(part.itertext()).strip()
    return texts


def _expected(node: ET.Element) -> Iterator[Value]:
    """The value of a test's `expected`, when it is a single one."""
    for value in (value for part in node if _local(part) == "expected" for value in part if _local(value) == "value"):
        type_name = next((name for key, name in value.items() if key.endswith("}type")), "")
        text = (value.text or "") if type_name == "xsd:string" else (value.text or "").strip()
        readers = {"xsd:boolean": "true".__eq__, "xsd:dateTime": read_date_time, "xsd:date": dt.date.fromisoformat}
        readers |= {"xsd:time": read_time, "xsd:duration": read_duration, "xsd:string": str}
        yield None if not text and type_name != "xsd:string" else readers.get(type_name, Decimal)(text)


def conformance_cases() -> Iterator[tuple[str, str, Value]]:
    """(folder, FEEL text, expected value) of every case that is one expression with one value."""
    for folder in map(TCK.joinpath, FOLDERS):
        texts = _literal_expressions(folder)
        for cases in sorted(folder.glob("*-test*.xml")):
            for node in ET.parse(cases).iter():  # noqa: S314 (a file of the project's own checkout)
                if _local(node) == "resultNode" and node.get("name") in texts:
                    text = texts[node.get("name", "")]
                    if not any(part in text for part in BEYOND_WRIT):
                        yield from ((folder.name, text, expected) for expected in _expected(node))


@pytest.mark.skipif(not TCK.is_dir(), reason="the conformance tests of ../shared are not at hand")
def test_the_conformance_tests_agree() -> None:
    disagreeing, agreeing = [], 0
    for folder, text, expected in conformance_cases():
        try:
            actual = value_of(parse_expression(text))
        except FeelSyntaxError as error:
            # What FEEL reads as null when it runs, a bad date, Writ refuses when it is written.
            actual = None if error.code == "feel-temporal" else error
        except LookupError:
            continue
        agrees = actual is expected if expected is None else operators.equal(actual, expected) is True
        agreeing += agrees
        if not agrees:
            disagreeing.append(f"{folder}: {text} = {actual!r}, expected {expected!r}")
    assert not disagreeing, "\n".join(disagreeing)
    assert agreeing > 450
