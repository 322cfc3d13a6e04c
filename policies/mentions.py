"""What the expressions of a checked policy mention: fact paths, parameters, functions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from policies.feel.parser import children
from policies.feel.syntax import Name, Node, Path
from policies.ir import Cell, Expression, Function, NamedValue, Parameter, Policy
from policies.scope import dotted


def syntax_of(part: Any) -> Iterator[Node]:
    """Every expression and cell anywhere in a part of a policy (needed policies left out)."""
    match part:
        case Expression():
            yield part.syntax
        case Cell():
            yield part.tests
        case tuple():
            for item in part:
                yield from syntax_of(item)
        case _ if is_dataclass(part) and not isinstance(part, (Node, Policy)):
            for field in fields(part):
                yield from syntax_of(getattr(part, field.name))
        case _:
            return


def paths_of(root: Node) -> Iterator[str]:
    """The longest dotted paths a tree mentions: `order.amount`, not `order` as well."""
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (Name, Path)) and (path := dotted(node)) is not None:
            yield path
        else:
            waiting.extend(children(node))


def fact_paths(part: Any, facts: Collection[str]) -> frozenset[str]:
    """The paths that begin with a fact's name. A local name that hides a fact counts as it: rather one too many."""
    return frozenset(path for tree in syntax_of(part) for path in paths_of(tree) if path.split(".")[0] in facts)


def mentioned(part: Any) -> frozenset[str]:
    """Every path with all its beginnings: `a`, `a.b` and `a.b.c` for `a.b.c`."""
    found = {path for tree in syntax_of(part) for path in paths_of(tree)}
    return frozenset(
        ".".join(steps[: count + 1]) for steps in (path.split(".") for path in found) for count in range(len(steps))
    )


def parameters_behind(
    part: Any,
    parameters: Mapping[str, Parameter],
    functions: Mapping[str, Function],
    values: Mapping[str, NamedValue],
) -> frozenset[str]:
    """The parameters a part depends on: those it names, and those its formulas and named values name in turn."""
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = [(path, "") for path in mentioned(part)]
    while waiting:
        path, block = waiting.pop()
        if (path, block) in seen:
            continue
        seen.add((path, block))
        name = f"{block}.{path}" if block else path  # inside a formula, its block's names go without the block's
        if name in parameters:
            found.add(name)
        elif name in functions:
            waiting += [(inner, name.split(".")[0]) for inner in mentioned(functions[name].body)]
        elif name in values:
            waiting += [(inner, "") for inner in mentioned(values[name])]
    return frozenset(found)
