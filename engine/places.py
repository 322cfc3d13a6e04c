"""Where in the facts something missing would stand: `open_items[3].dunning_level`, items counted from 0 as in JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from policies.feel.values import Value


@dataclass(slots=True)
class Places:
    """The records and lists of one set of facts, known again wherever they turn up: in a let, a filter, a formula.

    They are told apart by identity, which holds as long as the facts do, and gone through only when something is
    missing.
    """

    facts: Mapping[str, Value] = field(default_factory=dict)
    _paths: dict[int, str] | None = None

    def lacking(self, start: Value, steps: Sequence[str], reached: Value) -> Iterator[str]:
        """The paths of what is missing in the value reached from another by these steps, as far as it is a fact."""
        match start:
            case list():
                for number, (item, value) in enumerate(zip(start, reached, strict=True)):
                    if value is not None and not isinstance(value, list):
                        continue
                    if item is not None:
                        yield from self.lacking(item, steps, value)
                    elif (place := self._place(start)) is not None:
                        yield ".".join([f"{place}[{number}]", *steps])
            case Mapping() if steps:
                if start.get(steps[0]) is not None:
                    yield from self.lacking(start[steps[0]], steps[1:], reached)
                elif (place := self._place(start)) is not None:
                    yield ".".join([place, *steps])

    def _place(self, value: Value) -> str | None:
        if self._paths is None:
            self._paths = {}
            for name, fact in self.facts.items():
                self._go_through(fact, name, self._paths)
        return self._paths.get(id(value))

    def _go_through(self, value: Value, path: str, paths: dict[int, str]) -> None:
        match value:
            case list():
                paths[id(value)] = path
                for number, item in enumerate(value):
                    self._go_through(item, f"{path}[{number}]", paths)
            case dict():
                paths[id(value)] = path
                for name, inner in value.items():
                    if isinstance(inner, (list, dict)):
                        self._go_through(inner, f"{path}.{name}", paths)
