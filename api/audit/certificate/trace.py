"""The trace on a certificate: a table for each policy, what fired in bold, everything with its line in the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from api.audit.certificate.markup import Markup, identifier, tag, text, together
from api.audit.certificate.outcome import result_in
from api.audit.certificate.values import Gone, Reader, read_values, show, show_paths, show_read
from api.tree_words import part_in, phrase_in, word
from engine.decision import Json, Status

MARKS: Mapping[str, str] = {
    Status.FIRED: "●",
    Status.NOT_FIRED: "○",
    Status.SKIPPED: "↷",
    Status.UNKNOWN: "?",
    Status.COMPUTED: "=",
}
"""A sign for each status, so that the page needs no colour."""

_DEEPEST = 6
"""Steps below this are indented no further."""

_NAMED_BY_ENGINE = frozenset({"order", "row"})


@dataclass(frozen=True, slots=True)
class Trace:
    """The steps of one policy, those of the policies it needs taken out."""

    policy: str
    steps: Sequence[Mapping[str, Json]]


def traces(decision: Mapping[str, Json]) -> list[Trace]:
    """The trace of the policy that decided, then of each policy that it needs, each once."""
    steps = decision.get("trace")
    found: list[Trace] = [Trace(str(decision.get("policy")), steps if isinstance(steps, list) else [])]
    for trace in found:
        for step in trace.steps:
            if step.get("part") == "need" and isinstance(step.get("steps"), list):
                needed = Trace(str(step.get("name")), step["steps"])
                found += [needed] if needed not in found else []
    return found


def fired_lines(decision: Mapping[str, Json]) -> frozenset[int]:
    """The lines of all parts that fired."""
    return frozenset(
        step["line"]
        for trace in traces(decision)
        for _, step in _walk(trace.steps, 0)
        if step.get("status") == Status.FIRED and isinstance(step.get("line"), int)
    )


def trace_table(trace: Trace, reader: Reader) -> Markup:
    """The steps as an indented table, after a line that counts what became of them."""
    steps = list(_walk(trace.steps, 0))
    counts = Counter(str(step.get("status")) for _, step in steps)
    legend = (tag("span", _status(status, reader), f" {counts[status]}") for status in MARKS if counts[status])
    rows = [_row(step, depth, reader, trace.policy) for depth, step in steps]
    return together(
        [
            tag("p", together(legend, Markup(" ")), class_="legend"),
            reader.table(["status", "part", "result", "line"], rows, "trace"),
        ]
    )


def _walk(steps: Sequence[Mapping[str, Json]], depth: int) -> Iterator[tuple[int, Mapping[str, Json]]]:
    for step in steps:
        yield depth, step
        if step.get("part") != "need" and isinstance(step.get("steps"), list):
            yield from _walk(step["steps"], depth + 1)


def _row(step: Mapping[str, Json], depth: int, reader: Reader, policy: str) -> Markup:
    status = str(step.get("status"))
    shown = status if status in MARKS else "other"
    return tag(
        "tr",
        tag("td", _status(status, reader), class_="status"),
        tag(
            "th",
            tag("span", part_in(str(step.get("part")), reader.language), class_="part"),
            " ",
            _name(step, reader),
            "" if step.get("part") == "formula" else _note(step, reader, policy),
            scope="row",
            class_=f"d{min(depth, _DEEPEST)}",
        ),
        tag("td", _result(step, reader, policy)),
        tag("td", _line(step.get("line"), reader), class_="line"),
        class_=shown,
    )


def _status(status: str, reader: Reader) -> Markup:
    told = word(status, reader.language) if status in MARKS else status
    return together([tag("span", MARKS.get(status, "·"), class_="mark"), text(f" {told}")])


def _name(step: Mapping[str, Json], reader: Reader) -> Markup:
    """The policy's title and name of a part; what the engine named, in words."""
    name, line = step.get("name"), step.get("line")
    if not isinstance(name, str):
        return tag("b", show(name, reader))
    title = reader.title(reader.policy.titles.get((name, line if isinstance(line, int) else 0)))
    if title:
        return together([tag("b", title), text(" "), identifier(name)])
    if line is None or step.get("part") in _NAMED_BY_ENGINE:
        told = phrase_in(name, reader.language)
        if told != name or " " in name:
            return tag("b", told)
    return tag("b", identifier(name))


def _note(step: Mapping[str, Json], reader: Reader, policy: str) -> str:
    note = step.get("note")
    if note is None:
        return ""
    if note is Gone.ERASED:
        told = show(note, reader)
    elif step.get("part") in {"rule", "overlay", "item"}:
        told = together([text("→ "), result_in(note, reader, policy)])
    else:
        told = text(phrase_in(str(note), reader.language))
    return tag("div", told, class_="note")


def _result(step: Mapping[str, Json], reader: Reader, policy: str) -> Markup:
    told, line = [], []
    if step.get("value") is not None:
        line.append(tag("span", "→ ", show_read(step["value"], reader), class_="value"))
    if step.get("part") == "need":
        line.append(tag("span", reader.say("see_below"), class_="note"))
    if step.get("read"):
        line.append(tag("span", read_values(step["read"], reader), class_="read"))
    if line:
        told.append(tag("div", together(line, Markup(" "))))
    if step.get("part") == "formula":
        told.append(text(_note(step, reader, policy)))
    if step.get("missing"):
        missing = show_paths(step["missing"], reader)
        told.append(tag("div", reader.say("missing"), reader.say("colon"), missing, class_="missing"))
    for undefined in step.get("undefined") or []:
        said = phrase_in(undefined, reader.language) if isinstance(undefined, str) else show(undefined, reader)
        told.append(tag("div", said, class_="missing"))
    return together(told)


def _line(line: Json, reader: Reader) -> Markup:
    if not isinstance(line, int):
        return text("")
    if line in reader.policy.shown_lines:
        return tag("a", str(line), href=f"#line-{line}")
    return text(str(line))
