"""What changed between two checked policy documents in meaning: comments, layout and places are no difference.

INVARIANT: a policy's digest differs if and only if `bearing` finds something for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import chain
from typing import Any

from policies.difference import Difference, render
from policies.difference_walk import Place, Side, Step, Text, compare
from policies.ir import Bundle, Policy

__all__ = ["Difference", "bearing", "differences", "render"]

_SHARED = {
    "facts": "fact",
    "parameters": "parameter",
    "functions": "formula",
    "reason_texts": "reason",
    "adverse_action": "sentence",
}
"""What policies hold of the document, with its word. A part that no policy used before is added, though the document
or the library may have declared it: it comes into use."""

_APART = {*_SHARED, "name", "currency", "needs", "digest"}
"""The fields of a policy that are compared in a way of their own."""

Key = tuple[str, str]


def differences(old: Bundle, new: Bundle) -> tuple[Difference, ...]:
    """Everything that changed: of the document, each once, then of the policies, each followed by its test cases."""
    comparison = _Comparison(old, new)
    found = list(comparison.of_bundle())
    found += chain.from_iterable(comparison.shared.values())
    cases = list(comparison.of_cases())
    for name in comparison.names:
        found += comparison.bearing(name)
        found += [case for case in cases if case.policy == name]
    ordered = dict.fromkeys(found)
    return tuple(sorted(ordered, key=lambda each: each.policy is not None and comparison.names.index(each.policy) + 1))


def bearing(old: Bundle, new: Bundle) -> dict[str, tuple[Difference, ...]]:
    """What changed for each policy of either document: in itself, in what it uses of the document, in what it needs.

    Empty for a policy if and only if its digest is the same in both. All of it is among `differences`.
    """
    comparison = _Comparison(old, new)
    return {name: comparison.bearing(name) for name in comparison.names}


@dataclass(frozen=True)
class _Comparison:
    """Two documents, with what their policies share of each compared once."""

    old: Bundle
    new: Bundle
    _known: dict[str, tuple[Difference, ...]] = field(default_factory=dict)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The policies of both documents, the old one's first."""
        return tuple(dict.fromkeys([*self.old.policies, *self.new.policies]))

    @cached_property
    def _texts(self) -> tuple[Text, Text]:
        return Text(self.old.source), Text(self.new.source)

    @cached_property
    def shared(self) -> Mapping[Key, tuple[Difference, ...]]:
        """The differences in what the policies hold of the document, by section and name."""
        before, after = _pool(self.old.policies.values()), _pool(self.new.policies.values())
        found = {}
        for key in dict.fromkeys([*before, *after]):
            section, name = key
            place = Place(None, _SHARED.get(section, "bundle"), name)
            found[key] = tuple(compare(place, *self._sides(before.get(key), after.get(key), _steps(section, name))))
        return {key: each for key, each in found.items() if each}

    def _sides(self, was: Any, now: Any, steps: tuple[Step, ...]) -> tuple[Side, Side]:
        return Side(was, self._texts[0], steps), Side(now, self._texts[1], steps)

    def bearing(self, name: str) -> tuple[Difference, ...]:
        """What bears on a policy. Each is compared once, however many policies need it."""
        if name not in self._known:
            self._known[name] = tuple(dict.fromkeys(self._bearing(name)))
        return self._known[name]

    def _bearing(self, name: str) -> Iterator[Difference]:
        was, now = self.old.policies.get(name), self.new.policies.get(name)
        if was is None or now is None:
            yield from compare(Place(name, "policy", name), *self._sides(was, now, ("policies", name)))
        elif was.digest != now.digest:
            held = {**_pool([was]), **_pool([now])}
            found = list(chain.from_iterable(each for key, each in self.shared.items() if key in held))
            found += self._own(was, now)
            for needed in dict.fromkeys(policy.name for policy in (*was.needs, *now.needs)):
                found += self.bearing(needed)
            yield from found or self._thorough(was, now)

    def _own(self, was: Policy, now: Policy) -> Iterator[Difference]:
        place, near = Place(was.name, "policy"), self._sides(was, now, ("policies", was.name))
        old, new = ({policy.name: policy.name for policy in each.needs} for each in (was, now))
        for name in dict.fromkeys([*old, *new]):
            sides = (near[0].into(old.get(name), "needs"), near[1].into(new.get(name), "needs"))
            yield from compare(Place(was.name, "need", name), *sides)
        for each in fields(Policy):
            if each.compare and each.name not in {*_APART, "outcome", "reads"}:
                yield from self._field(place, each.name, near)

    def _field(self, place: Place, name: str, near: tuple[Side, Side]) -> Iterator[Difference]:
        old, new = near
        was, now = getattr(old.value, name), getattr(new.value, name)
        if name == "body" and type(was) is type(now):
            sides = (Side(was, old.text, old.steps, old.value.line), Side(now, new.text, new.steps, new.value.line))
            yield from compare(place, *sides)
        elif name in {"values", "rules"}:
            yield from compare(place, old.into(was, name), new.into(now, name))
        elif name != "body":
            yield from compare(place.dotted(name), old.into(was, name), new.into(now, name))

    def _thorough(self, was: Policy, now: Policy) -> Iterator[Difference]:
        """What only the digest minds, such as the order of facts: told when nothing else makes it another one."""
        near = self._sides(was, now, ("policies", was.name))
        for each in fields(Policy):
            if each.compare and each.name not in {"name", "needs", "digest"}:
                policy = None if each.name == "facts" else was.name
                place = Place(policy, _SHARED.get(each.name, "policy"), thorough=True)
                shared = each.name in _SHARED
                steps: tuple[Step, ...] = ("facts",) if each.name == "facts" else near[0].steps
                values = getattr(was, each.name), getattr(now, each.name)
                yield from compare(place if shared else place.dotted(each.name), *self._sides(*values, steps))

    def of_bundle(self) -> Iterator[Difference]:
        """What the document says of itself beside what its policies hold."""
        for name, section in (("name", "bundle"), ("effective", "effective"), ("languages", "languages")):
            values = getattr(self.old, name), getattr(self.new, name)
            yield from compare(Place(None, "bundle", name), *self._sides(*values, (section,)))

    def of_cases(self) -> Iterator[Difference]:
        """The documents' test cases, by policy and name; their order says nothing."""
        old, new = ({(case.policy, case.name): case for case in bundle.tests} for bundle in (self.old, self.new))
        for key in dict.fromkeys([*old, *new]):
            policy, name = key
            yield from compare(Place(policy, "case", name), *self._sides(old.get(key), new.get(key), ("tests",)))


def _steps(section: str, name: str) -> tuple[str, ...]:
    """Where in the text a part stands that policies hold of the document."""
    match section:
        case "currency":
            return (name,)
        case "reason_texts":
            return ("reasons", name)
        case "adverse_action":
            return (section, *name.split("."))
        case _:
            return (section, name)


def _pool(policies: Iterable[Policy]) -> dict[Key, Any]:
    """What policies hold of the document, by section and name."""
    pool: dict[Key, Any] = {}
    for policy in policies:
        pool["currency", "reporting_currency"] = policy.currency
        pool.update({("facts", fact.name): fact for fact in policy.facts})
        pool.update({("parameters", parameter.name): parameter for parameter in policy.parameters})
        pool.update({("functions", function.name): function for function in policy.functions})
        pool.update({("reason_texts", code): text for code, text in policy.reason_texts.items()})
        for language, sentences in policy.adverse_action.items():
            pool.update({("adverse_action", f"{name}.{language}"): text for name, text in sentences.items()})
    return pool
