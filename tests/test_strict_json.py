"""Strict reading of JSON: bad-inputs.md rows 49-54, 59-65, 68 and 70 as far as reading goes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.strict_json import BadJson, parse
from tests.costs import seconds


def refusal(raw: str | bytes) -> BadJson:
    with pytest.raises(BadJson) as refused:
        parse(raw.encode() if isinstance(raw, str) else raw)
    return refused.value


@pytest.mark.parametrize(
    ("row", "raw", "status", "code", "pointer", "position"),
    [
        (49, "NaN", 400, "json_invalid", "", 1),
        (49, '{"a": [1, -Infinity]}', 400, "json_invalid", "/a/1", 11),
        (50, '{"a": 1e400}', 422, "number_out_of_range", "/a", 7),
        (52, '{"a": 1e3}', 422, "number_exponent", "/a", 7),
        (53, '[{"a~/b": 1E99999999}]', 422, "number_out_of_range", "/0/a~0~1b", 11),
        (59, '{"a": 18446744073709551616}', 422, "integer_out_of_range", "/a", 7),
        (60, '{"a": ' + "9" * 5_000 + "}", 422, "integer_out_of_range", "/a", 7),
        (60, '{"a": 0.' + "9" * 5_000 + "}", 422, "number_too_long", "/a", 7),
        (61, '{"amount":1,"amount":999}', 400, "key_repeated", "/amount", 13),
        (61, '{"x": [{"a": 1}, {"a": 1, "b": {}, "a": 2}]}', 400, "key_repeated", "/x/1/a", 36),
        (62, '{"\\u0061mount":1,"amount":999}', 400, "key_repeated", "/amount", 18),
        (63, "[" * 100_000, 400, "json_too_deep", None, 33),
        (63, '{"a":' * 40, 400, "json_too_deep", None, 161),
        (64, '{"a": "\\ud800"}', 400, "json_bad_text", None, 8),
        (64, '{"a": "\\ude00\\ud83d"}', 400, "json_bad_text", None, 8),
        (65, b'{"a": "\xff"}', 400, "json_not_utf8", None, 8),
        (70, b"\xef\xbb\xbf{}", 400, "json_byte_order_mark", None, 1),
        (0, '{"a": 1,}', 400, "json_invalid", None, 9),
        (0, "", 400, "json_invalid", None, 1),
        (0, "{} {}", 400, "json_invalid", None, 4),
    ],
)
def test_what_is_refused(
    row: int, raw: str | bytes, status: int, code: str, pointer: str | None, position: int
) -> None:
    found = refusal(raw)
    assert (found.status, found.code, found.pointer, found.position) == (status, code, pointer, position), row
    assert seconds(lambda: refusal(raw), runs=3) < 0.1, row


def test_row_49_the_character_is_told() -> None:
    assert "not JSON, char 1" in refusal("NaN").detail


def test_row_51_a_number_is_exact() -> None:
    assert parse(b'{"a": 12345678901234567.89}') == {"a": Decimal("12345678901234567.89")}


@pytest.mark.parametrize(
    ("raw", "kept"),
    [("1.50", "1.5"), ("100.00", "100"), ("-0.00", "0"), ("0.10", "0.1"), ("100.05", "100.05")],
)
def test_a_number_is_its_value_without_the_zeros_it_was_written_with(raw: str, kept: str) -> None:
    value = parse(raw.encode())
    assert isinstance(value, Decimal)
    assert str(value) == kept


def test_row_61_the_key_is_named() -> None:
    assert refusal('{"amount":1,"amount":999}').detail == "key `amount` repeated"


def test_row_68_a_body_too_large_is_refused_unread() -> None:
    with pytest.raises(BadJson) as refused:
        parse(b"[" * 11, max_bytes=10)
    assert (refused.value.status, refused.value.code) == (413, "body_too_large")


def test_depth_32_is_read_and_brackets_in_text_do_not_count() -> None:
    assert parse(b"[" * 32 + b"]" * 32)
    text = "[" * 100 + '\\"' * 3
    assert parse(b'{"a": "' + text.encode() + b'"}') == {"a": "[" * 100 + '"' * 3}


def test_a_whole_pair_of_surrogates_is_one_character() -> None:
    assert parse(b'"\\ud83d\\ude00 \\\\ud800"') == "\U0001f600 \\ud800"


@pytest.mark.parametrize("raw", ["[" + "[]," * 40 + '"' + '\\"' * 200_000, '["' * 100_000, '{"a":"' + "\\" * 200_001])
def test_unclosed_text_costs_one_pass(raw: str) -> None:
    assert refusal(raw).status == 400
    assert seconds(lambda: refusal(raw), runs=3) < 0.3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, st.booleans())
def test_what_json_writes_is_read_back(value: Any, ascii_only: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


TOKENS = st.lists(
    st.sampled_from([*'[]{},:"\\ ', '"a"', '"a":', "1", "1.5", "1e9", "NaN", "true", "null", "99999999999999999999"]),
    max_size=30,
)


@given(TOKENS)
def test_any_text_is_json_or_bad_json(tokens: list[str]) -> None:
    raw = "".join(tokens).encode()
    try:
        value = parse(raw)
    except BadJson as raised:
        bad = raised
    else:
        assert value == json.loads(raw, parse_float=Decimal)
        return
    assert bad.position is not None
