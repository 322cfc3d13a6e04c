"""What may be a name in a policy, and which name was probably meant."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MAX_LENGTH = 64
COMPARISONS = 50_000
"""How many names one reading of a policy is held against to suggest what was meant: about a second's work."""

_NAME = re.compile(r"[a-z0-9-]{1,64}")
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
"""File names that Windows takes for a device; a policy's name may become a file's."""

_EAST_ASIAN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL"})
"""Scripts that may stand together, and beside Latin letters, as in Unicode UTS 39's highly restrictive level."""

_LOOKS_LATIN = str.maketrans(
    "аеорсухіјѕԁԛԝһАВЕКМНОРСТХУІЈЅαονρικυχγΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdqwhABEKMHOPCTXYIJSaovpikuxyABEZHIKMNOPTYX",
)
"""Cyrillic and Greek letters that look like a Latin one (a part of Unicode's confusables, UTS 39)."""


def check_identifier(text: str) -> str | None:
    """What is wrong with the name of a fact, parameter or field; None when nothing is.

    Letters, digits and underscores, a letter first, at most 64 characters, composed form (NFC), one script.
    """
    if not text:
        return "a name must not be empty"
    if len(text) > MAX_LENGTH:
        return f"a name has at most {MAX_LENGTH} characters, this one has {len(text)}"
    if unicodedata.normalize("NFC", text) != text:
        return f"`{text}` is written with separate accents; write it in composed form (Unicode NFC)"
    if not text[0].isalpha():
        return f"`{text}` must start with a letter"
    for character in text:
        if not _may_stand(character):
            return f"{named(character)} is not allowed in a name; use letters, digits and _"
    return _mixed_scripts(text)


def _may_stand(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character == "_"
    return character.isalpha() and unicodedata.normalize("NFKC", character) == character


def _mixed_scripts(text: str) -> str | None:
    scripts = {character: unicodedata.name(character, "?").split()[0] for character in text if character.isalpha()}
    kinds = {"EAST ASIAN" if script in _EAST_ASIAN else script for script in scripts.values()}
    if len(kinds) == 1 or kinds == {"LATIN", "EAST ASIAN"}:
        return None
    foreign = {script for script in scripts.values() if script != "LATIN" and script not in _EAST_ASIAN}
    odd = next(character for character, script in scripts.items() if script in foreign)
    return f"`{text}` mixes scripts: {named(odd)} is {scripts[odd].capitalize()}"


def named(character: str) -> str:
    """A character with its code, for messages: the letter in backticks, `(U+0430)` after it."""
    return f"`{character}` (U+{ord(character):04X})"


def check_name(text: str) -> str | None:
    """What is wrong with the name of a policy, rule or case (`[a-z0-9-]`, 1 to 64 characters); None when nothing is."""
    if not _NAME.fullmatch(text):
        return "a name has only a-z, 0-9 and -, up to 64 characters"
    if text in _DEVICES:
        return f"`{text}` is the name of a device on Windows and cannot be used"
    return None


_left: ContextVar[list[int] | None] = ContextVar("comparisons left for suggestions", default=None)


@contextmanager
def few_suggestions() -> Iterator[None]:
    """Within it `did_you_mean` makes at most `COMPARISONS` comparisons: a file of misspelt names costs no minutes."""
    token = _left.set([COMPARISONS])
    try:
        yield
    finally:
        _left.reset(token)


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """The choice that was probably meant, or None: look-alike letters of other scripts count as the Latin ones.

    None too where `few_suggestions` leaves no room to look through the choices.
    """
    if len(word) > MAX_LENGTH:
        return None
    names = list(choices)
    left = _left.get()
    if left is not None:
        if left[0] < len(names):
            return None
        left[0] -= len(names)
    by_shape = {_shape(name): name for name in names}
    close = difflib.get_close_matches(_shape(word), by_shape, n=1, cutoff=0.65)
    return by_shape[close[0]] if close else None


def _shape(word: str) -> str:
    return unicodedata.normalize("NFC", word).translate(_LOOKS_LATIN).casefold()
