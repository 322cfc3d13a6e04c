"""One difference in meaning between two policy documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Change = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Difference:
    """What one part says in the old document and in the new one.

    `policy` None: of the document itself, whose facts, parameters, formulas and reasons its policies share. `part` is
    the word the trace has for it, `name` is stable: a rule's name, a factor with a band's test, a parameter with the
    day a value starts, a dotted name for what lies within. `old` and `new` are as a risk officer would read them (FEEL,
    amounts, texts) and, like the lines, counted from 1, None where there is nothing.
    """

    policy: str | None
    part: str
    name: str
    change: Change
    old: str | None
    new: str | None
    old_line: int | None
    new_line: int | None

    def to_json(self) -> dict[str, Any]:
        """Its fields as JSON, all of them always there."""
        return {
            "policy": self.policy,
            "part": self.part,
            "name": self.name,
            "change": self.change,
            "old": self.old,
            "new": self.new,
            "old_line": self.old_line,
            "new_line": self.new_line,
        }


_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def render(differences: tuple[Difference, ...]) -> str:
    """The differences as text for people: a heading for the document and each policy, one line for each difference."""
    if not differences:
        return "no differences\n"
    grouped: dict[str | None, list[str]] = {}
    for each in differences:
        grouped.setdefault(each.policy, []).append(_line(each))
    headings = ((f"policy {policy}" if policy else "document", grouped[policy]) for policy in grouped)
    return "\n".join("\n".join((heading, *lines, "")) for heading, lines in headings)


def _line(difference: Difference) -> str:
    old, new = (None if text is None else " ".join(text.split()) for text in (difference.old, difference.new))
    said = " → ".join(text for text in (old, new) if text is not None)
    lines = dict.fromkeys(str(line) for line in (difference.old_line, difference.new_line) if line is not None)
    place = f" (line {' → '.join(lines)})" if lines else ""
    return f"  {_SIGNS[difference.change]} {difference.part} {difference.name}: {said}{place}"
