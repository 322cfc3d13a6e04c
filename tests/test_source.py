"""Strict reading of YAML: bad-inputs.md rows 1-32 and 35 as far as reading goes, places, names."""

from __future__ import annotations

import unicodedata

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from policies.diagnostics import Code, Diagnostic, Refused
from policies.source import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    Source,
    at,
    check_identifier,
    check_name,
    decode,
    did_you_mean,
    plain,
    read,
)
from tests.costs import seconds


def tree(text: str | bytes) -> Node:
    return read(decode("policies.yaml", text.encode() if isinstance(text, str) else text))


def refusal(text: str | bytes) -> tuple[Diagnostic, ...]:
    with pytest.raises(Refused) as refused:
        tree(text)
    return refused.value.diagnostics


def places(text: str | bytes) -> list[tuple[Code, int, int]]:
    return [(found.code, found.span.line, found.span.column) for found in refusal(text)]


LAUGHS = "a0: &a0 lol\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
MERGES = "a0: &a0 {k: v}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 7))


def test_row_1_billion_laughs_stop_at_the_first_anchor() -> None:
    [found] = refusal(LAUGHS)
    assert (found.code, found.span.line) == (Code.ANCHOR_NOT_ALLOWED, 1)
    assert "&a0" in found.message


def test_row_2_a_merge_bomb_stops_at_its_first_anchor() -> None:
    assert places(MERGES) == [(Code.ANCHOR_NOT_ALLOWED, 1, 5)]


def test_row_2_a_merge_key_without_an_anchor_is_refused() -> None:
    assert places("a:\n  <<: {b: 1}\n") == [(Code.MERGE_KEY_NOT_ALLOWED, 2, 3)]


def test_row_3_a_self_reference_stops_at_its_anchor() -> None:
    [found] = refusal("a: &x [*x]")
    assert "&x" in found.message
    assert places("a: &x [*x]") == [(Code.ANCHOR_NOT_ALLOWED, 1, 4)]


def test_row_3_an_alias_to_nothing_is_refused_too() -> None:
    assert places("a: *nowhere") == [(Code.ANCHOR_NOT_ALLOWED, 1, 4)]


@pytest.mark.parametrize(
    ("row", "text", "column"), [(4, "[" * 5_000, 25), (5, "[" * 100_000, 25), (6, "- " * 20_000, 49)]
)
def test_rows_4_to_6_nesting_is_refused_at_the_bracket_too_many_and_at_once(row: int, text: str, column: int) -> None:
    assert places(text) == [(Code.TOO_DEEP, 1, column)], row
    assert seconds(lambda: places(text), runs=3) < 0.1, row


def test_nesting_of_24_is_read() -> None:
    node = tree("[" * 24 + "]" * 24)
    assert isinstance(at(node, [0] * 23), Sequence)


def test_row_7_a_file_too_large_is_refused_unread() -> None:
    [found] = refusal(b"a" * 300_003)
    assert found.code is Code.POLICY_TOO_LARGE
    assert found.message == "policy file 300003 bytes, limit 262144"


def test_row_8_too_many_nodes_are_refused_where_they_become_too_many() -> None:
    assert places("- a\n" * 60_000) == [(Code.TOO_MANY_NODES, 20_000, 3)]


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!!str", "!own", "!<tag:x>", "!undeclared!x"])
def test_row_9_explicit_tags_are_refused(tag: str) -> None:
    assert places(f"a: {tag} [x]") == [(Code.TAG_NOT_ALLOWED, 1, 4)]


@pytest.mark.parametrize(
    ("row", "written"),
    [(10, "NO"), (11, "yes"), (11, "on"), (12, "1:30"), (13, "0123"), (14, "1_000"), (15, "1e3"), (17, ".nan"),
     (16, "12345678901234567.89"), (18, "2026-02-30"), (21, "9" * 100_000), (22, "0x" + "f" * 200_000),
     (23, ":".join(["1"] * 20_000))],
)  # fmt: skip
def test_rows_10_to_23_every_scalar_is_the_text_that_was_written(row: int, written: str) -> None:
    assert plain(tree(f"x: {written}")) == {"x": written}, row


def test_row_19_a_repeated_key_names_both_lines() -> None:
    [found] = refusal("limit: 1\nlimit: 2\n")
    assert (found.code, found.span.line) == (Code.KEY_REPEATED, 2)
    assert found.message == "key `limit` repeated, lines 1 and 2"
    assert found.related[0].span.line == 1


def test_all_repeated_keys_are_reported_together() -> None:
    assert [line for _, line, _ in places("a: 1\na: 2\nb: {c: 1, c: 2}\nb: 3\n")] == [2, 3, 4]


def test_row_20_keys_must_be_text() -> None:
    found = [(one.code, one.span.line) for one in refusal('1: a\n01: b\n"1": c\ntrue: d\n~: e\n1.5: f\n? [a]\n: g\n')]
    not_text = [(Code.KEY_NOT_TEXT, line) for line in (1, 2, 4, 5, 6, 7)]
    assert found == sorted([*not_text, (Code.KEY_REPEATED, 3)], key=lambda one: one[1])


def test_row_20_dates_words_and_tests_may_be_keys() -> None:
    text = '2026-01-01: a\nNO: b\n"1": c\n"< 1": d\nv1: e\n'
    assert list(plain(tree(text))) == ["2026-01-01", "NO", "1", "< 1", "v1"]


def test_row_24_a_second_document_is_refused_at_its_line() -> None:
    assert places("a: 1\n---\nb: 1\n") == [(Code.SECOND_DOCUMENT, 2, 1)]


def test_a_directive_is_refused() -> None:
    assert [code for code, _, _ in places("%YAML 1.1\n---\na: 1\n")] == [Code.DIRECTIVE_NOT_ALLOWED]


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\ufeff", "\r"])
def test_row_25_control_characters_are_refused_at_their_place(character: str) -> None:
    [found] = refusal(f"a:\n  b: x{character}y")
    assert (found.code, found.span.line, found.span.column) == (Code.CONTROL_CHARACTER, 2, 7)
    assert f"U+{ord(character):04X}" in found.message


def test_row_25_an_escape_does_not_smuggle_one_in() -> None:
    assert places('a: "x\\0"\nb: "\\u202e"') == [(Code.CONTROL_CHARACTER, 1, 6), (Code.BIDI_CONTROL, 2, 5)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_row_26_only_utf_8_is_read(encoding: str) -> None:
    text = "name: Müller"
    codes = {found.code for found in refusal(text.encode(encoding))}
    assert codes <= {Code.POLICY_NOT_UTF8, Code.CONTROL_CHARACTER}


def test_row_26_utf_16_with_a_mark_is_named() -> None:
    [found] = refusal("a: 1".encode("utf-16"))
    assert found.code is Code.POLICY_NOT_UTF8
    assert "UTF-8" in found.message


def test_row_26_a_bad_byte_is_placed() -> None:
    assert places("a: 1\nb: ü\xff".encode("latin-1")) == [(Code.POLICY_NOT_UTF8, 2, 4)]


def test_a_utf_8_mark_is_dropped() -> None:
    assert plain(tree(b"\xef\xbb\xbfa: 1")) == {"a": "1"}


def test_row_27_a_tab_indent_is_refused_at_the_tab() -> None:
    assert places("a:\n\tb: 1\n  \tc: 1\n") == [(Code.TAB_INDENT, 2, 1), (Code.TAB_INDENT, 3, 3)]


@pytest.mark.parametrize("control", ["\u202e", "\u2066", "\u200f", "\u061c"])
def test_row_28_bidi_controls_are_refused(control: str) -> None:
    [found] = refusal(f"a: 1\nwhen: x{control}y")
    assert (found.code, found.span.line) == (Code.BIDI_CONTROL, 2)
    assert f"U+{ord(control):04X}" in found.message


CYRILLIC_AMOUNT = "\u0430mount"


def test_row_29_mixed_scripts_are_refused_by_character_and_the_word_is_found() -> None:
    problem = check_identifier(CYRILLIC_AMOUNT)
    assert problem is not None
    assert "U+0430" in problem
    assert did_you_mean(CYRILLIC_AMOUNT, ["account", "amount"]) == "amount"


@pytest.mark.parametrize("name", ["amount", "客户等级", "客户A", "müller", "сумма", "d1_30"])
def test_names_of_one_script_are_taken(name: str) -> None:
    assert check_identifier(name) is None


@pytest.mark.parametrize("name", ["", "_x", "1a", "a-b", "a b", "\uff41\uff42", "a٣", "x" * 65, "\u03b1mount", "日本ю"])
def test_other_names_are_refused(name: str) -> None:
    assert check_identifier(name)


def test_row_30_separate_accents_are_refused() -> None:
    problem = check_identifier(unicodedata.normalize("NFD", "müller"))
    assert problem is not None
    assert "NFC" in problem


def test_row_31_the_word_meant_is_found() -> None:
    assert did_you_mean("limt", ["limit", "label"]) == "limit"
    assert did_you_mean("dayz_overdue", ["days_overdue", "open_amount"]) == "days_overdue"
    assert did_you_mean("zzz", ["limit"]) is None


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "\n\n"])
def test_row_32_an_empty_file_has_no_rules(text: str) -> None:
    [found] = refusal(text)
    assert found.code is Code.NO_DOCUMENT
    assert "no rules" in found.message


@pytest.mark.parametrize("name", ["../../etc/passwd", "con", "nul", "com1", "a" * 10_000, "", "A", "a_b", "a\n", "ä"])
def test_row_35_names_that_are_no_file_names_are_refused(name: str) -> None:
    assert check_name(name)


def test_row_35_a_plain_name_is_taken() -> None:
    assert check_name("trade-credit-2") is None


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("a: b: c", 1, 5, "second `:`"),
        ("a: [1, 2\nb: 3", 1, 4, "`[` is not closed"),
        ("a: {b: 1", 1, 4, "`{` is not closed"),
        ("a: 'x", 1, 4, "quote is not closed"),
        ('a: "x\ny: 3\n', 1, 4, "quote is not closed"),
        ("a: @x", 1, 4, "cannot start"),
        ("a: *", 1, 4, "`*` or `&`"),
        ("a:\n  b: 1\n c: 2\n", 3, 2, "indentation"),
        ("- a\nb: 1\n", 2, 1, "list item"),
        ("k: 'it's'\n", 1, 8, "cannot follow"),
        ('a: "\\q"', 1, 5, "escape"),
        ("a: - b\n", 1, 4, "list item"),
        ("a: ]", 1, 4, "value is expected"),
    ],
)
def test_syntax_errors_are_said_plainly_where_the_mend_belongs(text: str, line: int, column: int, said: str) -> None:
    [found] = refusal(text)
    assert (found.code, found.span.line, found.span.column) == (Code.YAML_SYNTAX, line, column)
    assert said in found.message


DOCUMENT = """\
policies:
  trade-credit:
    rules:
      - {rule: a}
      - rule: b
        when: x > 1   # why
    bands: {"< 1": 0}
"""


@pytest.mark.parametrize(
    ("location", "path", "written"),
    [
        (["policies", "trade-credit", "rules", 1, "when"], "$.policies.trade-credit.rules[1].when", "x > 1"),
        (["policies", "trade-credit", "rules", 0], "$.policies.trade-credit.rules[0]", "{rule: a}"),
        (["policies", "trade-credit", "bands", "< 1"], '$.policies.trade-credit.bands["< 1"]', "0"),
        (["policies", "trade-credit", "rules", 1], "$.policies.trade-credit.rules[1]", "rule: b\n        when: x > 1"),
    ],
)
def test_every_node_knows_its_path_and_its_text(location: list[str | int], path: str, written: str) -> None:
    span = at(tree(DOCUMENT), location).span
    assert span.path == path
    assert span.source.text[span.start : span.end] == written


def test_at_stops_at_the_deepest_node_there_is() -> None:
    root = tree(DOCUMENT)
    assert at(root, ["policies", "trade-credit", "limit", "cap"]).span.path == "$.policies.trade-credit"
    assert at(root, ["policies", "trade-credit", "rules", 9]).span.path == "$.policies.trade-credit.rules"


def test_a_mapping_gives_its_keys_with_their_places() -> None:
    root = tree("a: 1\nb: 2\n")
    assert isinstance(root, Mapping)
    key = root.key("b")
    assert key is not None
    assert (key.key, key.span.line, key.span.path) == (True, 2, "$.b")
    assert root.get("c") is None


def test_a_bom_crlf_file_has_the_lines_an_editor_shows() -> None:
    node = at(tree("a: 1\r\nb: [x,\r\n  y]\r\n"), ["b", 1])
    assert (node.span.line, node.span.column) == (3, 3)
    assert node.span.source.line_text(1) == "a: 1"


WORDS = st.text(st.sampled_from("abz<>=.-'\"\\/:#,éß客😀 \t\n  "), min_size=1, max_size=60)
STYLES = st.sampled_from([None, "'", '"', "|", ">"])


@given(text=WORDS, style=STYLES, width=st.integers(5, 80), unicode=st.booleans(), data=st.data())
def test_place_finds_in_the_source_what_stands_in_the_value(
    text: str, style: str | None, width: int, unicode: bool, data: st.DataObject
) -> None:
    dumped = yaml.dump({"k": [text]}, default_style=style, width=width, allow_unicode=unicode, Dumper=Unmarked)
    try:
        node = at(tree(dumped), ["k", 0])
    except Refused:
        assume(False)
    assert isinstance(node, Scalar)
    assert node.text == text
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    span = node.place(start, end)
    assert node.span.start <= span.start <= span.end <= node.span.end
    piece = text[start:end]
    if not any(character.isspace() for character in piece):
        written = dumped[span.start : span.end]
        assert undone(written, dumped[node.span.start], plain=node.plain) == piece


class Unmarked(yaml.SafeDumper):
    """Writes keys and texts in the style asked for, without tags."""


def undone(written: str, mark: str, *, plain: bool) -> str:
    """A piece of source read back by PyYAML itself, in the quotes it stands in."""
    if plain or mark not in "'\"":
        return written
    value = yaml.safe_load(f"{mark}{written}{mark}")
    assert isinstance(value, str)
    return value


@pytest.mark.parametrize(
    ("document", "piece"),
    [
        ("a: x > dayz", "dayz"),
        ("a: 'it''s = dayz'", "dayz"),
        ('a: "\\u0041 \\" dayz"', "dayz"),
        ("a: one\n   two\n   dayz", "dayz"),
        ("a: |2-\n    x\n    dayz\n", "dayz"),
        ("a: >  # folded\n  x\n\n  dayz or\n  y\n", "dayz"),
        ('a: "one \\\n   dayz"', "dayz"),
        ('a: "a\n  \\tdayz"', "dayz"),
    ],
)
def test_place_in_each_style(document: str, piece: str) -> None:
    node = at(tree(document), ["a"])
    assert isinstance(node, Scalar)
    start = node.text.index(piece)
    span = node.place(start, start + len(piece))
    assert span.start == document.index(piece)
    assert document[span.start : span.end] == piece


def test_an_empty_place_stands_between_the_characters() -> None:
    node = at(tree("a: 'xy'"), ["a"])
    assert isinstance(node, Scalar)
    assert [node.place(n, n).column for n in range(3)] == [5, 6, 7]


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        node = read(Source("any.yaml", text))
    except Refused as raised:
        refused = raised
    else:
        assert isinstance(node, (Scalar, Sequence, Mapping))
        return
    assert refused.diagnostics
    assert all(0 <= found.span.start <= found.span.end <= len(text) for found in refused.diagnostics)


YAMLISH = st.lists(
    st.sampled_from(["a", "b: ", "- ", "[", "]", "{", "}", ",", "\n", "  ", "? ", ": ", '"', "'", "|", ">", "#", "&x ",
                     "*x", "!t ", "---\n", "...", "1", "true", "<<", "%Y", "\\", "\r\n"]),
    max_size=40,
).map("".join)  # fmt: skip


@given(YAMLISH)
def test_what_is_read_is_what_pyyaml_reads_as_text(text: str) -> None:
    try:
        node = read(Source("any.yaml", text))
    except Refused:
        return
    assert plain(node) == yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (BaseLoader makes nothing but text)
