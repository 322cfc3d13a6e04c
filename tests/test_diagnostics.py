"""Diagnostics: their renderings, and that every code is documented."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.diagnostics import (
    Code,
    Diagnostic,
    Refused,
    Related,
    Severity,
    quote,
    render_gnu,
    render_text,
    to_json,
)
from policies.source import Source, Span

POLICY = Source("policies.yaml", "rules:\n  - rule: late\n    when: dayz_overdue > 30\n")


def found(source: Source, piece: str, message: str = "wrong", **more: object) -> Diagnostic:
    start = source.text.index(piece)
    return Diagnostic(Code.YAML_SYNTAX, message, Span(source, start, start + len(piece)), **more)  # type: ignore[arg-type]  # help or related


def test_a_diagnostic_shows_line_caret_and_help() -> None:
    one = found(POLICY, "dayz_overdue", "unknown fact `dayz_overdue`", help="did you mean `days_overdue`?")
    assert render_text([one]) == (
        "policies.yaml:3:11: unknown fact `dayz_overdue`\n"
        "3 │     when: dayz_overdue > 30\n"
        "  │           ^^^^^^^^^^^^ did you mean `days_overdue`?\n"
        "\n"
        "1 error\n"
    )


def test_related_places_have_their_own_line_and_caret() -> None:
    related = Related(found(POLICY, "late").span, "the rule")
    one = found(POLICY, "30", related=(related,), severity=Severity.WARNING)
    assert render_text([one]) == (
        "policies.yaml:3:26: warning: wrong\n"
        "3 │     when: dayz_overdue > 30\n"
        "  │                          ^^\n"
        "2 │   - rule: late\n"
        "  │           ^^^^ the rule\n"
        "\n"
        "1 warning\n"
    )


def test_a_related_place_in_another_file_says_which() -> None:
    block = Source("ratios.yaml", "a: 1\n")
    one = found(POLICY, "late", related=(Related(found(block, "1").span, "declared here"),))
    assert "\n  ╰ ratios.yaml:1:4\n1 │ a: 1\n  │    ^ declared here\n" in render_text([one])


def test_wide_characters_take_two_columns_and_accents_none() -> None:
    source = Source("p", "客户e\u0301: x")
    assert "\n  │        ^\n" in render_text([found(source, "x")])


def test_tabs_are_shown_as_spaces_and_the_caret_keeps_its_place() -> None:
    source = Source("p", "a:\tb\tx")
    assert "1 │ a:    b    x\n  │            ^\n" in render_text([found(source, "x")])


@pytest.mark.parametrize("before", [0, 10, 90, 5_000])
def test_a_long_line_is_cut_around_the_caret(before: int) -> None:
    source = Source("p", "a" * before + "X" + "b" * 5_000)
    _, line, caret, *_ = render_text([found(source, "X")]).splitlines()
    assert len(line) <= 105
    assert line[caret.index("^")] == "X"
    assert line.endswith("…")


def test_a_long_help_has_its_own_line() -> None:
    lines = render_text([found(POLICY, "30", help="h" * 90)]).splitlines()
    assert lines[3] == "  │ " + "h" * 90


def test_a_span_over_several_lines_is_marked_to_the_end_of_its_first() -> None:
    source = Source("p", "a: [1,\n  2]\n")
    assert "1 │ a: [1,\n  │    ^^^\n" in render_text([found(source, "[1,\n  2]")])


def test_the_count_says_errors_and_warnings() -> None:
    many = [found(POLICY, "late"), found(POLICY, "30"), found(POLICY, "30", severity=Severity.WARNING)]
    assert render_text(many).endswith("\n2 errors, 1 warning\n")
    assert render_text([]) == "no errors\n"


def test_the_gnu_form_is_one_line() -> None:
    assert render_gnu([found(POLICY, "late")]) == "policies.yaml:2:11: error: wrong [yaml-syntax]"


def test_json_carries_the_place_from_and_to() -> None:
    [one] = to_json([found(POLICY, "late", help="mend", related=(Related(found(POLICY, "30").span, "why"),))])
    assert json.loads(json.dumps(one)) == {
        "code": "yaml-syntax",
        "severity": "error",
        "message": "wrong",
        "help": "mend",
        "file": "policies.yaml",
        "line": 2,
        "column": 11,
        "end_line": 2,
        "end_column": 15,
        "path": "$",
        "related": [
            {
                "message": "why",
                "file": "policies.yaml",
                "line": 3,
                "column": 26,
                "end_line": 3,
                "end_column": 28,
                "path": "$",
            }
        ],
    }


def test_refused_holds_its_diagnostics_in_the_order_of_their_places() -> None:
    refused = Refused([found(POLICY, "30"), found(POLICY, "late")])
    assert [one.span.line for one in refused.diagnostics] == [2, 3]
    assert str(refused).startswith("policies.yaml:2:11: error: wrong")


def test_quoted_text_is_cut() -> None:
    assert quote("x" * 1_000) == "`" + "x" * 59 + "…`"


DANGEROUS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


@given(st.text(min_size=1, max_size=40), st.text(max_size=40), st.data())
def test_no_rendering_holds_what_a_terminal_obeys(text: str, name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    span = Span(Source(name, text), start, end, text)
    one = Diagnostic(Code.YAML_SYNTAX, text, span, name, (Related(span, text),))
    rendered = render_text([one]) + render_gnu([one]) + str(to_json([one]))
    assert not DANGEROUS.search(rendered)
    assert "\n" not in render_gnu([one])


def test_the_escape_of_a_terminal_is_shown_not_sent() -> None:
    assert "`\\u001b[2J`" in render_gnu([found(POLICY, "late", "`\x1b[2J`")])


def test_every_code_is_documented_with_its_meaning() -> None:
    page = (Path(__file__).parents[1] / "policies" / "DIAGNOSTICS.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([a-z0-9-]+)` \| (.+?) \| .+ \|$", page, re.MULTILINE)
    assert documented == [(code.value, code.meaning) for code in Code]
