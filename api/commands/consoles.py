"""Where commands draw: tables and trees on stdout, progress on stderr."""

from __future__ import annotations

import sys

from rich.console import Console

WIDTH = 120
"""Columns when the output goes into a file or a pipe."""


def stdout() -> Console:
    """The console for answers; plain text unless it is a terminal, no colour where `NO_COLOR` is set."""
    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False, markup=False)


def stderr() -> Console:
    """The console for errors and progress."""
    return Console(stderr=True, width=None if sys.stderr.isatty() else WIDTH, highlight=False, markup=False)
