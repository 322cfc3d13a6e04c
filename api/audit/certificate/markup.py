"""HTML made of small pieces: text is escaped unless it is markup already, so nothing from a record can become a tag."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from policies.diagnostics import visible

_ATTRIBUTES = frozenset({"charset", "class", "colspan", "content", "href", "id", "lang", "name", "scope"})
"""All the attributes a page has. None of them can run anything; `href` leads only to a place on the same page."""

_EMPTY = frozenset({"meta", "br", "wbr"})


class Markup(str):
    """HTML that is safe as it stands: made by this module's functions, or written in the program."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str) -> Markup:
    """An element. Children that are not markup are escaped; an attribute may end in `_` where Python needs it.

    Raises ValueError for an attribute that no page has, and for a link that leads off the page.
    """
    said = []
    for written, value in attributes.items():
        attribute = written.rstrip("_")
        if attribute not in _ATTRIBUTES or (attribute == "href" and not value.startswith("#")):
            msg = f"no page has {attribute}={value!r}"
            raise ValueError(msg)
        said.append(f' {attribute}="{escape(visible(value))}"')
    opening = f"<{name}{''.join(said)}>"
    return Markup(opening if name in _EMPTY else f"{opening}{together(children)}</{name}>")


def text(value: str) -> Markup:
    """Text as it is, nothing in it that a browser could obey and no character hidden; markup stays what it is."""
    return value if isinstance(value, Markup) else Markup(escape(visible(value)))


def together(children: Iterable[str], between: str = "") -> Markup:
    """Pieces one after the other."""
    return Markup(text(between).join(text(child) for child in children))


def lines(value: str) -> Markup:
    """A text of several lines, its line breaks kept."""
    return together((text(line) for line in value.splitlines()), Markup("<br>"))


def identifier(name: str) -> Markup:
    """A dotted path, a code or a key, in the type of code; it may be broken after a point or an underscore."""
    breakable = text(name).replace("_", "_<wbr>").replace(".", ".<wbr>")
    return tag("code", Markup(breakable))


def table(columns: Sequence[str], rows: Iterable[str], class_: str, classes: Sequence[str] = ()) -> Markup:
    """A table with a heading for each column, also of the column's class; the rows are `tr` elements."""
    headings = (
        tag("th", column, scope="col", **({"class": classes[number]} if classes else {}))
        for number, column in enumerate(columns)
    )
    head = tag("thead", tag("tr", *headings))
    return tag("table", head, tag("tbody", *rows), class_=class_)


def pairs(entries: Iterable[tuple[str, str]], class_: str) -> Markup:
    """Words with what they stand for, each pair kept together."""
    told = (tag("div", tag("dt", word), tag("dd", meaning)) for word, meaning in entries)
    return tag("dl", *told, class_=class_)


def css_text(value: str) -> str:
    """A text as a string of CSS in which every character that CSS or HTML could read is written as its number."""
    written = (
        each if each.isascii() and each.isalnum() else " " if each == " " else f"\\{ord(each):x} "
        for each in visible(value)
    )
    return f'"{"".join(written)}"'
