"""What an expression can name at a place, and which of it is known not to be missing there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from policies.diagnostics import Code
from policies.feel.syntax import Call, Comparison, Expr, Logic, Name, NullLiteral, Path, Place
from policies.ir import Function
from policies.types import ContextOf, Type, nullable

ReportAt = Callable[[Code, str, Place, str | None], None]
"""Report a diagnostic at a place in an expression's text: code, message, place, help."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Names with their types; `known` holds dotted paths known not to be missing here.

    `broken` names are those whose declaration was itself refused: using one is not reported again.
    """

    names: Mapping[str, Type]
    functions: Mapping[str, Function] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()

    def adding(self, names: Mapping[str, Type]) -> Scope:
        """The scope with further names; what was known about names they hide is forgotten."""
        kept = frozenset(path for path in self.known if path.split(".")[0] not in names)
        return replace(self, names={**self.names, **names}, known=kept)

    def knowing(self, paths: frozenset[str]) -> Scope:
        """The scope where these paths are not missing."""
        return replace(self, known=self.known | paths) if paths else self

    def type_of(self, name: str) -> Type | None:
        """The type of a name here, or None when nothing declares it."""
        type_ = self.names.get(name)
        return nullable(type_, yes=False) if type_ is not None and name in self.known else type_


def dotted(expr: Expr) -> str | None:
    """`a.b.c` for a path of names, else None."""
    match expr:
        case Name(name=name):
            return name
        case Path(of=of, name=name):
            base = dotted(of)
            return None if base is None else f"{base}.{name}"
        case _:
            return None


def certain(condition: Expr, *, holds: bool) -> frozenset[str]:
    """The paths that cannot be missing when a condition is true (or, with `holds=False`, when it is false).

    A comparison that is true or false has known operands, since comparing with what is missing is unknown.
    """
    match condition:
        case Comparison(op=op, left=left, right=right):
            if isinstance(left, NullLiteral) or isinstance(right, NullLiteral):
                tested = right if isinstance(left, NullLiteral) else left
                return _with_parents(tested) if (op == "!=") == holds and op in {"=", "!="} else frozenset()
            return _with_parents(left) | _with_parents(right)
        case Logic(op=op, left=left, right=right):
            if (op == "and") == holds:
                return certain(left, holds=holds) | certain(right, holds=holds)
            return certain(left, holds=holds) & certain(right, holds=holds)
        case Call(function=Name(name="not"), args=(inner,)):
            return certain(inner, holds=not holds)
        case _:
            return frozenset()


def _with_parents(expr: Expr) -> frozenset[str]:
    path = dotted(expr)
    if path is None:
        return frozenset()
    steps = path.split(".")
    return frozenset(".".join(steps[: count + 1]) for count in range(len(steps)))


def narrowed_item(item: Type, known: frozenset[str]) -> Type:
    """The type of items that passed a filter: a field known not to be missing loses its nullability."""
    if not isinstance(item, ContextOf):
        return item
    by_item = item.field("item") is None  # a field of that name hides the item
    fields = tuple(
        (name, nullable(type_, yes=False) if name in known or (by_item and f"item.{name}" in known) else type_)
        for name, type_ in item.fields
    )
    return replace(item, fields=fields)
