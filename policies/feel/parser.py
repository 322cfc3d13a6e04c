"""FEEL's parser: recursive descent over the tokens, bounded in depth (DMN 1.5, 10.3.1.2).

INVARIANT: neither reading a text nor walking its tree can overflow the stack. Brackets, prefixes and branches are
counted as they open (`DEEPEST`); chains such as `a + b + c` are read in a loop, and their height is bounded after.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import cache
from typing import Final

from policies.feel.clauses import Clauses
from policies.feel.errors import FeelSyntaxError
from policies.feel.lexer import tokens
from policies.feel.syntax import Expr, Node, UnaryTests

TALLEST: Final = 120


def parse_expression(text: str, names: Iterable[str] = ()) -> Expr:
    """The syntax tree of one expression. `names` are the names in scope. Raises `FeelSyntaxError`."""
    parser = Clauses(tokens(text, names))
    expression = parser.expression()
    parser.finish()
    _bound_height(expression, len(text))
    return expression


def parse_tests(text: str, names: Iterable[str] = ()) -> UnaryTests:
    """The syntax tree of a table cell or band: unary tests. Raises `FeelSyntaxError`."""
    parser = Clauses(tokens(text, names))
    tests = parser.unary_tests()
    parser.finish()
    _bound_height(tests, len(text))
    return tests


@cache
def _parts_last_first(kind: type[Node]) -> tuple[str, ...]:
    return tuple(part.name for part in reversed(fields(kind)) if part.name != "type")


def children(node: Node) -> Iterator[Node]:
    """The nodes directly under a node, in the order of its fields."""
    names = _parts_last_first(type(node))  # type: ignore[arg-type]  # mypy takes a dataclass's type for one without a hash
    waiting: list[object] = [getattr(node, name) for name in names]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Node):
            yield part
        elif isinstance(part, tuple):
            waiting.extend(reversed(part))


def _bound_height(root: Node, length: int) -> None:
    """Refuse a tree so tall that walking it by recursion could overflow the stack."""
    waiting: list[tuple[Node, int]] = [(root, 1)]
    while waiting:
        node, height = waiting.pop()
        if height > TALLEST:
            message = f"more than {TALLEST} operators and brackets within each other"
            raise FeelSyntaxError("feel-too-deep", message, (0, length), "name its parts under let")
        waiting.extend((child, height + 1) for child in children(node))
