"""What people write from habit where FEEL has another sign or word: of other languages, of a Chinese keyboard."""
# ruff: noqa: RUF001 (the slips themselves)

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

SLIPS: Mapping[str, tuple[str, str]] = {
    "**": ("operator ** not allowed", "multiply, or name the power as a parameter"),
    "==": ("`==` is not FEEL", "write ="),
    "<>": ("`<>` is not FEEL", "write !="),
    "=>": ("`=>` is not FEEL", "write >="),
    "=<": ("`=<` is not FEEL", "write <="),
    "&&": ("`&&` is not FEEL", "write and"),
    "||": ("`||` is not FEEL", "write or"),
    "//": ("a comment is not allowed in an expression", "write it as a YAML comment, after #"),
    "/*": ("a comment is not allowed in an expression", "write it as a YAML comment, after #"),
    "&": ("`&` is not FEEL", "write and; to join texts write +"),
    "|": ("`|` is not FEEL", "write or"),
    "!": ("`!` is not FEEL", "write not(…)"),
    "%": ("`%` is not FEEL", "write modulo(a, b); for a percentage write a number of percent, or divide by 100"),
    "^": ("operator ^ not allowed", "multiply, or name the power as a parameter"),
    ";": ("`;` is not FEEL", "separate with ,"),
    "≤": ("`≤` is not FEEL", "write <="),
    "≥": ("`≥` is not FEEL", "write >="),
    "≠": ("`≠` is not FEEL", "write !="),
    "×": ("`×` is not FEEL", "write *"),
    "÷": ("`÷` is not FEEL", "write /"),
    "−": ("`−` (U+2212) is not the minus sign of FEEL", "write -"),
    "，": ("`，` (U+FF0C) is not FEEL's comma", "write ,"),
    "、": ("`、` (U+3001) is not FEEL's comma", "write ,"),
    "（": ("`（` (U+FF08) is not FEEL's parenthesis", "write ("),
    "）": ("`）` (U+FF09) is not FEEL's parenthesis", "write )"),
    **{mark: (f"`{mark}` is not FEEL's quotation mark", 'write "text"') for mark in "“”‘’「」『』＂"},
}
"""A sign of one or two characters: what is wrong with it, and the mend."""

NOT_ALLOWED = frozenset({"**", "^", "//", "/*"})
"""Slips that FEEL itself knows and Writ does not allow."""

_FULL_WIDTH = "＞＜＝：；！＋－＊／［］｛｝．％"
_IN_TWO = frozenset({">=", "<=", "!="})

_WORDS: Mapping[str, str] = {
    "is": "=",
    "equals": "=",
    "AND": "and",
    "OR": "or",
    **dict.fromkeys(("且", "并且", "並且", "而且"), "and"),
    **dict.fromkeys(("或", "或者"), "or"),
    **dict.fromkeys(("非", "不是"), "not(…)"),
    **dict.fromkeys(("等于", "等於"), "="),
    **dict.fromkeys(("不等于", "不等於"), "!="),
    **dict.fromkeys(("大于", "大於"), ">"),
    **dict.fromkeys(("小于", "小於"), "<"),
    **dict.fromkeys(("大于等于", "大於等於", "不小于", "不小於"), ">="),
    **dict.fromkeys(("小于等于", "小於等於", "不大于", "不大於"), "<="),
    **dict.fromkeys(("属于", "屬於"), "in"),
}


def slip_at(text: str, at: int) -> tuple[str, str, str] | None:
    """The slip that stands at a place: the sign, what is wrong, the mend; None when there is none."""
    pair, sign = text[at : at + 2], text[at]
    wide = sign in _FULL_WIDTH or (len(pair) > 1 and pair[1] in _FULL_WIDTH)
    if wide and unicodedata.normalize("NFKC", pair) in _IN_TWO:
        return pair, f"`{pair}` is not FEEL", f"write {unicodedata.normalize('NFKC', pair)}"
    for slip in (pair, sign):
        # `!=` is FEEL though `!` is not.
        if slip in SLIPS and not (slip == "!" and pair == "!="):
            return slip, *SLIPS[slip]
    if sign not in _FULL_WIDTH:
        return None
    narrow = unicodedata.normalize("NFKC", sign)
    mend = SLIPS[narrow][1] if narrow in SLIPS else f"write {narrow}"
    return sign, f"`{sign}` (U+{ord(sign):04X}) is a full-width character, not FEEL", mend


def word_meant(word: str) -> str | None:
    """What FEEL writes for a word of habit, such as `且`; None for any other word."""
    return _WORDS.get(word)
