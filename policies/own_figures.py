"""Figures of a library block that a document states anew, from its own first day on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from policies.blocks import Block
from policies.diagnostics import Code, Diagnostic
from policies.document import HeaderPart
from policies.identifiers import did_you_mean
from policies.ir import Parameter
from policies.reading import Report
from policies.types import Unknown, describe, nullable


def with_own_figures(
    blocks: Mapping[str, Block], own: Mapping[str, Parameter], header: HeaderPart, report: Report
) -> dict[str, Block]:
    """The blocks with the document's figures (`own`, by `block.name`) in place of theirs; reports what does not fit."""
    changed = dict(blocks)
    for name, parameter in own.items():
        block = changed.get(name.partition(".")[0])
        before = None if block is None else next((known for known in block.parameters if known.name == name), None)
        if block is None or before is None:
            report(_nowhere(name, block, header))
            continue
        if isinstance(parameter.type, Unknown) or not parameter.values:
            continue
        if (fault := _misfit(before, parameter, header)) is not None:
            report(fault)
            continue
        figures = tuple(_continued(known, parameter) if known is before else known for known in block.parameters)
        changed[block.name] = replace(block, parameters=figures)
    return changed


def _nowhere(name: str, block: Block | None, header: HeaderPart) -> Diagnostic:
    span = header.key_span("parameters", name)
    if block is None:
        said = f"`{name}`: this document uses no block `{name.partition('.')[0]}`"
        return Diagnostic(Code.UNKNOWN_BLOCK, said, span, "name it under `uses`; a name of your own has no dot")
    known = tuple(parameter.name for parameter in block.parameters)
    close = did_you_mean(name, known)
    mend = f"did you mean `{close}`?" if close else f"its figures are: {', '.join(known) or 'none'}"
    return Diagnostic(Code.UNKNOWN_NAME, f"the block `{block.name}` has no figure `{name}`", span, mend)


def _misfit(before: Parameter, stated: Parameter, header: HeaderPart) -> Diagnostic | None:
    wanted, given = nullable(before.type, yes=False), nullable(stated.type, yes=False)
    part = header.parameters[stated.name]
    if wanted != given:
        said = f"`{before.name}` is {describe(wanted)} in the library, not {describe(given)}"
        return Diagnostic(Code.TYPE_MISMATCH, said, part.span("type"), "give it the type it has there")
    ends = any(dated.end is not None for dated in stated.values)
    if ends and not before.type.nullable:
        said = f"`{before.name}` has a value on every day in the library, and its formulas count on it"
        return Diagnostic(Code.PARAMETER, said, part.span("values"), "leave `to` out")
    return None


def _continued(before: Parameter, stated: Parameter) -> Parameter:
    """The library's figures up to the day before the document's first one, then the document's."""
    first = stated.values[0].start
    earlier = () if first is None else tuple(dated for dated in before.values if (dated.start or dt.date.min) < first)
    return replace(before, values=(*earlier, *stated.values), title=stated.title or before.title)
