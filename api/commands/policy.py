"""`writ check`, `writ test` and `writ schema`: a policy text checked, its own cases run, its schema for editors."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, assert_never

import orjson
import typer

from api.commands import policy_file
from api.commands.terminal import REFUSED, fail, write
from policies.diagnostics import Diagnostic, Refused, render_gnu, render_text
from policies.ir import Bundle

Form = Literal["text", "json", "gnu"]
"""For people, for programs, for editors."""


def check(file: Path, form: Form) -> None:
    """Check a policy file and print what was found; ends with 1 when it is refused."""
    try:
        bundle = policy_file.load_unguarded(file)
    except Refused as refused:
        _show(file, None, refused.diagnostics, form)
        raise typer.Exit(REFUSED) from None
    _show(file, bundle, bundle.warnings, form)


def _show(file: Path, bundle: Bundle | None, found: tuple[Diagnostic, ...], form: Form) -> None:
    match form:
        case "json":
            policy_file.write_checked(file, found, accepted=bundle is not None)
        case "gnu":
            if found:
                write(render_gnu(found))
        case "text":
            if found:
                write(render_text(found))
            if bundle:
                write(_summary(bundle))
        case _ as never:
            assert_never(never)


def _summary(bundle: Bundle) -> str:
    names = ", ".join(f"{policy.name} ({policy.kind})" for policy in bundle.policies.values())
    said = f"{bundle.source.name}: accepted: {names}; {len(bundle.tests)} cases; digest {bundle.digest[:12]}"
    return "\n".join([said, *_to_verify(bundle)])


def _to_verify(bundle: Bundle) -> Iterator[str]:
    """The figures that somebody must still confirm: the document's own by name, the library's by block."""
    marked = {
        parameter.name
        for policy in bundle.policies.values()
        for parameter in policy.parameters
        if any(dated.verify for dated in parameter.values)
    }
    own = sorted(name for name in marked if "." not in name)
    blocks = sorted({f"{name.partition('.')[0]} (library)" for name in marked if "." in name})
    if marked:
        yield f"to be verified before you rely on them: {', '.join([*own, *blocks])}"


def schema(out: Path | None) -> None:
    """Write the JSON Schema of the policy document, to a file or to standard output."""
    from policies.schema import json_schema  # noqa: PLC0415 (only this command needs the schema made)

    text = orjson.dumps(json_schema(), option=orjson.OPT_INDENT_2)
    if out is None:
        sys.stdout.buffer.write(text + b"\n")
        return
    try:
        out.write_bytes(text + b"\n")
    except OSError as error:
        fail(f"cannot write {out}: {error.strerror}")
