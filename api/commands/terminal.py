"""How commands write plain text and JSON, and how they end when something is wrong."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import orjson
import typer

from policies.diagnostics import visible

REFUSED = 1
"""Exit code: the input was refused, or a check failed."""


def write(text: str) -> None:
    """Text on stdout as it is, one line break at its end."""
    sys.stdout.write(text.rstrip("\n") + "\n")


def write_json(value: Any) -> None:
    """One JSON document on stdout, indented."""
    sys.stdout.flush()
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")


def fail(message: str, help_: str | None = None) -> NoReturn:
    """End with exit code 1, the message on stderr, the help on its own line."""
    sys.stderr.write(f"writ: {visible(message)}\n")
    if help_:
        sys.stderr.write(f"  help: {visible(help_)}\n")
    raise typer.Exit(REFUSED)


def misused(message: str) -> NoReturn:
    """End with exit code 2: the command was not called as it must be."""
    raise typer.BadParameter(message)
