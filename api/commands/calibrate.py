"""`writ calibrate`: breakpoints of a policy's named values over a portfolio, as parameters ready to paste."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import typer

from api.bulk.rows import FileRefused
from api.calibration import Cut, Observed, Portfolio, Ties, cut, observe
from api.commands import policy_file
from api.commands.ledger import counted, stopped
from api.commands.terminal import REFUSED, fail, misused, write, write_json
from engine.decision import plain_decimal
from policies.currencies import minor_units
from policies.declarations import UNITS
from policies.diagnostics import visible
from policies.identifiers import did_you_mean
from policies.ir import Let, Policy
from policies.types import Money, Number, Type

SHARES = {2: "halves", 3: "thirds", 4: "quartiles", 5: "quintiles", 10: "deciles"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: the lets of a policy, the file, the day, how many parts, what to do with ties."""

    policy: Policy
    lets: tuple[Let, ...]
    facts: Path
    as_of: dt.date
    parts: int
    ties: Ties


@dataclass(frozen=True, slots=True)
class Found:
    """One let with what was observed of it and its breakpoints; `problem` says why they cannot be used."""

    let: Let
    observed: Observed
    cut: Cut
    problem: str | None


def calibrate(
    file: Path, policy: str, facts: Path, as_of: dt.date, lets: Sequence[str], parts: int, ties: Ties, *, as_json: bool
) -> None:
    """Print the breakpoints of each let; ends with 1 when those of one cannot be used."""
    checked = policy_file.find(policy_file.load(file, as_json=as_json), policy)
    asked = Asked(checked, tuple(_let(checked, name) for name in lets), facts, as_of, parts, ties)
    if len({let.name for let in asked.lets}) < len(asked.lets):
        misused("--let names the same value twice")
    with ExitStack() as stack:
        try:
            portfolio = observe(checked, lets, facts, as_of, stack)
        except FileRefused as refused:
            fail(str(refused), refused.help)
        except KeyboardInterrupt:
            stopped()
        found = [_found(asked, let, observed) for let, observed in zip(asked.lets, portfolio.observed, strict=True)]
    if as_json:
        write_json(_as_json(asked, portfolio, found))
    else:
        write("\n".join(_told(asked, portfolio, found)))
    problems = [each.problem for each in found if each.problem is not None]
    for problem in problems:
        sys.stderr.write(f"writ: {visible(problem)}\n")
    if problems:
        raise typer.Exit(REFUSED)


def _let(policy: Policy, name: str) -> Let:
    lets = {value.name: value for value in policy.values if isinstance(value, Let)}
    if name not in lets:
        close = did_you_mean(name, lets)
        misused(f"`{policy.name}` has no let `{name}`" + (f"; did you mean `{close}`?" if close else ""))
    if not isinstance(lets[name].value.type, (Number, Money)):
        misused(f"`{name}` is no number and no amount of money, and has no breakpoints")
    return lets[name]


def _found(asked: Asked, let: Let, observed: Observed) -> Found:
    if observed.values.count < asked.parts:
        said = f"{let.name}: {counted(observed.values.count, 'known value')} cannot be cut into {asked.parts} parts"
        return Found(let, observed, Cut((), (), (), complete=False), said)
    made = cut(observed.values, asked.parts, asked.ties)
    return Found(let, observed, made, _problem(asked, let, made))


def _problem(asked: Asked, let: Let, made: Cut) -> str | None:
    type_ = let.value.type
    if not made.complete:
        tied = ", ".join(f"{tie.number} on {plain_decimal(tie.value)}" for tie in made.ties)
        if asked.ties == "raise":
            return f"{let.name}: too few different values for {asked.parts} parts (ties at breakpoints {tied})"
        mend = "write fewer --parts, or --ties raise to take the next larger value"
        return f"{let.name}: breakpoints would not rise strictly, ties at breakpoints {tied}; {mend}"
    places = minor_units(type_.currency) or 0 if isinstance(type_, Money) else None
    if places is not None and any(_decimals(value) > places for value in made.breakpoints):
        return f"{let.name}: amounts with more than {places} decimals; round them in the policy, where the bands are"
    return None


def _decimals(value: Decimal) -> int:
    _, _, fraction = plain_decimal(value).partition(".")
    return len(fraction)


def _told(asked: Asked, portfolio: Portfolio, found: Sequence[Found]) -> Iterator[str]:
    yield f"# {counted(portfolio.read, 'row')} read from {visible(asked.facts.name)}, {portfolio.rejected} rejected"
    if portfolio.rejected:
        yield f"# rejected: {_lines(portfolio.rejected_lines, portfolio.rejected)}; `writ run` says why"
    yield "parameters:"
    for each in found:
        yield from _parameter(asked, portfolio, each)


def _parameter(asked: Asked, portfolio: Portfolio, found: Found) -> Iterator[str]:
    observed, name = found.observed, found.let.name
    if observed.unknown:
        why = ", ".join(f"{visible(fact)} ({count})" for fact, count in observed.missing.most_common())
        where = _lines(observed.unknown_lines, observed.unknown)
        yield f"  # {name} is unknown for {counted(observed.unknown, 'customer')}, {where}; missing: {why or 'nothing'}"
    if found.problem is not None:
        yield f"  # no breakpoints: {visible(found.problem)}"
        return
    for tie in found.cut.ties:
        raised = plain_decimal(found.cut.breakpoints[tie.number - 1])
        yield f"  # breakpoint {tie.number} fell on {plain_decimal(tie.value)} again and was raised to {raised}"
    yield f"  # customers in each band: {', '.join(map(str, found.cut.bands))}"
    yield f"  {name}_breakpoints:"
    yield "    type: list"
    yield from (f"    {key}: {word}" for key, word in _type_words(found.let.value.type, asked.policy))
    yield f"    value: [{', '.join(map(plain_decimal, found.cut.breakpoints))}]"
    yield f"    source: {json.dumps(visible(_source(asked, portfolio, found)), ensure_ascii=False)}"


def _type_words(type_: Type, policy: Policy) -> Iterator[tuple[str, str]]:
    match type_:
        case Money(currency=currency):
            yield "of", "money"
            if currency != policy.currency:
                yield "currency", currency
        case Number(unit=str() as unit) if unit in UNITS:
            yield "of", unit
        case Number(unit=unit):
            yield "of", "number"
            if unit is not None:
                yield "unit", unit
        case _:
            return


def _source(asked: Asked, portfolio: Portfolio, found: Found) -> str:
    shares = SHARES.get(asked.parts, f"{asked.parts} parts")
    ties = ", ties raised to the next larger value" if found.cut.ties else ""
    return (
        f"{shares} of {found.let.name} over {counted(found.observed.values.count, 'customer')}"
        f" ({found.observed.unknown} unknown, {portfolio.rejected} rejected) as of {asked.as_of.isoformat()};"
        f" {asked.facts.name}, sha256 {portfolio.sha256};"
        f" policy {asked.policy.name}, digest {asked.policy.digest[:12]};"
        f" writ calibrate: the value at place ceil(k * n / {asked.parts}) of the ascending values{ties}"
    )


def _lines(lines: Sequence[int], count: int) -> str:
    more = count - len(lines)
    return f"line {', '.join(map(str, lines))}" + (f" and {more} more" if more else "")


def _as_json(asked: Asked, portfolio: Portfolio, found: Sequence[Found]) -> dict[str, Any]:
    return {
        "policy": asked.policy.name,
        "policy_digest": asked.policy.digest,
        "as_of": asked.as_of.isoformat(),
        "facts": asked.facts.name,
        "sha256": portfolio.sha256,
        "parts": asked.parts,
        "ties": asked.ties,
        "read": portfolio.read,
        "rejected": portfolio.rejected,
        "rejected_lines": portfolio.rejected_lines,
        "values": [_value_json(asked, portfolio, each) for each in found],
    }


def _value_json(asked: Asked, portfolio: Portfolio, found: Found) -> dict[str, Any]:
    usable = found.problem is None
    return {
        "let": found.let.name,
        **dict(_type_words(found.let.value.type, asked.policy)),
        "known": found.observed.values.count,
        "unknown": found.observed.unknown,
        "unknown_lines": found.observed.unknown_lines,
        "missing": dict(sorted(found.observed.missing.items())),
        "breakpoints": [plain_decimal(value) for value in found.cut.breakpoints] if usable else None,
        "bands": list(found.cut.bands) if usable else None,
        "ties": [{"breakpoint": tie.number, "value": plain_decimal(tie.value)} for tie in found.cut.ties],
        "problem": found.problem,
        "source": _source(asked, portfolio, found) if usable else None,
    }
