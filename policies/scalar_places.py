"""Where each character of a YAML scalar's value stands in the source: quotes, escapes, folding and indents undone."""

from __future__ import annotations

from collections.abc import Iterator

Place = tuple[int, int]
"""Start and end offset, in the source text, of what was written for one character of the value."""

_BLANK = " \t\r\n"

_ESCAPED = {"x": 2, "u": 4, "U": 8}
"""How many hex digits follow the escape's letter."""

_BLANK_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\t": "\t", " ": " "}


def places(value: str, text: str, start: int, end: int, *, plain: bool) -> tuple[Place, ...]:
    """One place per character of `value`, a scalar written in `text[start:end]`.

    Rests on one invariant of all five YAML styles: the characters that are not blank are the same, in the same order,
    in the value and in what is written once escapes are decoded. Blanks may differ (folding, indents): a blank of the
    value is placed on a blank between its neighbours when there is one, else between them with no width.
    """
    written = list(_written(text, start, end, plain=plain))
    found: list[Place] = []
    at = 0
    for character in value:
        if character not in _BLANK:
            while written[at][0] in _BLANK:
                at += 1
        elif at == len(written) or written[at][0] not in _BLANK:
            between = written[at][1] if at < len(written) else found[-1][1] if found else start
            found.append((between, between))
            continue
        found.append(written[at][1:])
        at += 1
    return tuple(found)


def _written(text: str, start: int, end: int, *, plain: bool) -> Iterator[tuple[str, int, int]]:
    """The characters written, decoded, each with its offsets."""
    style = "" if plain else text[start]
    match style:
        case "'":
            yield from _single_quoted(text, start + 1, end - 1)
        case '"':
            yield from _double_quoted(text, start + 1, end - 1)
        case "|" | ">":
            header = text.find("\n", start, end)
            body = end if header < 0 else header + 1
            yield from ((text[at], at, at + 1) for at in range(body, end))
        case _:
            yield from ((text[at], at, at + 1) for at in range(start, end))


def _single_quoted(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    at = start
    while at < end:
        width = 2 if text[at] == "'" else 1
        yield text[at], at, at + width
        at += width


def _double_quoted(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    at = start
    while at < end:
        if text[at] != "\\":
            yield text[at], at, at + 1
            at += 1
            continue
        letter = text[at + 1]
        if letter in "\r\n":  # an escaped line break joins two lines: the value has nothing for it
            at += 2
            continue
        width = 2 + _ESCAPED.get(letter, 0)
        yield _decoded(text[at + 1 : at + width]), at, at + width
        at += width


def _decoded(escape: str) -> str:
    """The blank an escape stands for, or, for every other escape, a character that is not blank."""
    if escape[0] in _ESCAPED:
        return chr(int(escape[1:], 16))
    return _BLANK_ESCAPES.get(escape[0], escape[0])
