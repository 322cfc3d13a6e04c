"""The policy file as a command line knows it: read, loaded, its policies found by name, its mistakes shown."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

import policies
from api.commands.terminal import REFUSED, fail, misused, write_json
from policies.diagnostics import Diagnostic, Refused, render_text, to_json
from policies.ir import Bundle, Policy
from policies.source import decode

DEFAULT = Path("policies.yaml")


def load_unguarded(file: Path) -> Bundle:
    """The file's policies; raises `Refused`."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        fail(f"cannot read {file}: {error.strerror}", "name the policy file, or go to the folder it is in")
    return policies.load(decode(str(file), raw))


def load(file: Path, *, as_json: bool = False) -> Bundle:
    """The file's policies; when it is refused, every mistake goes to stderr and the command ends with 1.

    With `as_json` the mistakes go to stdout instead, as JSON: that is where a program reads.
    """
    try:
        return load_unguarded(file)
    except Refused as refused:
        if as_json:
            write_checked(file, refused.diagnostics, accepted=False)
        else:
            sys.stderr.write(render_text(refused.diagnostics))
        raise typer.Exit(REFUSED) from None


def write_checked(file: Path, found: tuple[Diagnostic, ...], *, accepted: bool) -> None:
    """What checking the file found, as JSON on stdout."""
    write_json({"file": str(file), "accepted": accepted, "diagnostics": to_json(found)})


def find(bundle: Bundle, name: str) -> Policy:
    """The policy of this name; any other name is a misuse."""
    if name not in bundle.policies:
        known = ", ".join(f"`{known}`" for known in bundle.policies)
        misused(f"there is no policy `{name}` in {bundle.source.name}; it has {known}")
    return bundle.policies[name]
