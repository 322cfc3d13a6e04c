"""The policy file as a command line knows it: read, loaded, its policies found by name, its mistakes shown."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

import policies
from api.commands.terminal import REFUSED, fail, misused
from policies.diagnostics import Refused, render_text
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


def load(file: Path) -> Bundle:
    """The file's policies; when it is refused, every mistake goes to stderr and the command ends with 1."""
    try:
        return load_unguarded(file)
    except Refused as refused:
        sys.stderr.write(render_text(refused.diagnostics))
        raise typer.Exit(REFUSED) from None


def find(bundle: Bundle, name: str) -> Policy:
    """The policy of this name; any other name is a misuse."""
    if name not in bundle.policies:
        known = ", ".join(f"`{known}`" for known in bundle.policies)
        misused(f"there is no policy `{name}` in {bundle.source.name}; it has {known}")
    return bundle.policies[name]
