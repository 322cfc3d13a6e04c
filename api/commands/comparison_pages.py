"""What a service says a text would change, as pages for people: a comparison, one customer of it, a shadow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from api.commands.consoles import stdout
from api.commands.terminal import write
from api.comparison.page import counted, render_replay
from policies.diagnostics import visible
from policies.differences import Difference, render


def show_comparison(said: Mapping[str, Any]) -> None:
    """What two texts say otherwise, and what they decide otherwise."""
    old, new = said["old"], said["new"]
    write(f"revision {new['revision']} ({new['digest'][:12]}) beside revision {old['revision']} ({old['digest'][:12]})")
    found = tuple(Difference(**one) for one in said["differences"])
    write("\n".join(visible(line) for line in render(found).splitlines()))
    if not found and old["digest"] != new["digest"]:
        write("the texts differ in comments, layout, or in what no policy uses")
    console = stdout()
    console.print()
    console.print(render_replay(said["replay"]))
    console.print()
    console.print(Text(f"{said['comparison_id']}, {_taken(said['replay'])}", "dim"))


def show_mover(said: Mapping[str, Any]) -> None:
    """One who moves, with both decisions, their reasons and traces."""
    console = stdout()
    who = visible(said["subject"] or said["ref"])
    console.print(Text.assemble((who, "bold"), f" {said['policy']} as of {said['as_of']}, {visible(said['ref'])}"))
    for name in ("old", "new"):
        console.print()
        console.print(Text(name, "bold"))
        console.print(_decision(said[f"{name}_decision"]))


def show_shadow(said: Mapping[str, Any]) -> None:
    """What a shadow has found."""
    write(
        f"revision {said['revision']} runs beside the one in force from {said['started_at']} until {said['until']}; "
        f"it has seen {said['followed_to']} entries of the log"
    )
    if said["erased"]:
        write(f"{counted(said['erased'], 'decision')} left out: personal data of theirs was erased")
    if not said["beside"]:
        write("nothing was decided since")
    console = stdout()
    for beside in said["beside"]:
        console.print()
        console.print(Text(f"beside revision {beside['revision']}", "bold"))
        console.print(render_replay(beside["replay"]))


def _taken(replay: Mapping[str, Any]) -> str:
    recorded = replay["recorded"]
    apart = [f"{recorded[name]} {name}" for name in ("erased", "damaged") if recorded[name]]
    asked = replay["asked"]
    span = [f"{word} {asked[name]}" for word, name in (("from", "since"), ("before", "until")) if asked[name]]
    return ", ".join([*span, f"{counted(recorded['read'], 'recorded decision')}", *apart])


def _decision(said: Mapping[str, Any]) -> RenderableType:
    if "undecided" in said:
        lines = (f"  not decided: {one['pointer']} {one['detail']}" for one in said["undecided"])
        return Group(*(Text(visible(line), "red") for line in lines))
    return Group(*(Text(visible(line)) for line in _lines(said)))


def _lines(said: Mapping[str, Any]) -> Iterator[str]:
    for name, value in said["outcome"].items():
        yield f"  {name}: {_value(value)}"
    for reason in said["reasons"]:
        missing = f", missing {', '.join(reason['missing'])}" if reason.get("missing") else ""
        yield f"  {reason['code']} {reason['text'].get('en', '')}{missing}"
    yield from _trace(said["trace"], "    ")


def _trace(trace: Sequence[Mapping[str, Any]], indent: str) -> Iterator[str]:
    for part in trace:
        value = f" = {_value(part['value'])}" if "value" in part else ""
        read = ", ".join(f"{name} {_value(each)}" for name, each in part.get("read", {}).items())
        missing = f" missing {', '.join(part['missing'])}" if "missing" in part else ""
        yield f"{indent}{part['part']} {part['name']}: {part['status']}{value}{f' ({read})' if read else ''}{missing}"
        yield from _trace(part.get("steps", ()), indent + "  ")


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_value(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(_value(each) for each in value)}]"
    return str(value) if value is not None and not isinstance(value, bool) else str(value).lower()
