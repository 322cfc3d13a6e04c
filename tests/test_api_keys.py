"""API keys: their shape, that only the whole key fits its hash, and that no secret stays in a text (row 91)."""

from __future__ import annotations

import base64
import hashlib
import re

from hypothesis import given
from hypothesis import strategies as st

from api.access.api_keys import KEY_SHAPE, hidden, matches, new_key, prefix_of

KEY = "writ_abcdefg2_" + "Ab-_" * 10 + "XYZ"


def test_a_new_key_has_the_shape_that_is_promised() -> None:
    key = new_key()
    assert re.fullmatch(r"writ_[a-z2-7]{8}_[A-Za-z0-9_-]{43}", key.secret)
    assert len(base64.urlsafe_b64decode(key.secret[14:] + "=")) == 32
    assert prefix_of(key.secret) == key.prefix == key.secret[5:13]
    assert key.sha256 == hashlib.sha256(key.secret.encode()).hexdigest()
    assert matches(key.secret, key.sha256)


def test_no_two_new_keys_are_alike() -> None:
    keys = [new_key() for _ in range(2000)]
    assert len({key.secret for key in keys}) == len({key.prefix for key in keys}) == 2000


@given(st.integers(0, 56), st.characters(exclude_categories=()))
def test_a_key_with_one_other_character_does_not_fit(place: int, letter: str) -> None:
    other = KEY[:place] + letter + KEY[place + 1 :]
    assert matches(other, hashlib.sha256(KEY.encode()).hexdigest()) == (other == KEY)


def test_only_a_whole_key_has_a_prefix() -> None:
    assert prefix_of(KEY) == "abcdefg2"
    for text in ("", KEY[:-1], KEY + "a", KEY + "\n", " " + KEY, KEY.upper(), KEY.replace("g2", "g1"), KEY[:-1] + "é"):
        assert prefix_of(text) is None, text


@given(st.text(), st.text())
def test_a_key_is_found_and_hidden_anywhere_in_a_text(before: str, after: str) -> None:
    text = f"{before}{KEY}{after}"
    found = KEY_SHAPE.search(text)
    assert found
    assert found[1] == "abcdefg2"
    assert KEY[14:] not in hidden(text)
    assert "writ_abcdefg2_…" in hidden(text)


def test_a_key_that_was_cut_off_is_hidden_too() -> None:
    assert hidden(f"GET /?key={KEY[:40]}&x=1 {KEY}, {KEY}") == (
        "GET /?key=writ_abcdefg2_…&x=1 writ_abcdefg2_…, writ_abcdefg2_…"
    )


@given(st.text())
def test_a_text_without_a_key_stays_as_it_is(text: str) -> None:
    assert hidden(text) == text


def test_what_is_hidden_keeps_the_prefix_and_its_neighbours() -> None:
    assert hidden(f"the key {KEY} expired") == "the key writ_abcdefg2_… expired"
