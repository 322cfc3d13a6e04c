"""How commands read their options, and those that several of them take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from api.commands.client import Service


def one_of(*words: str) -> Callable[[str], str]:
    """A reader of one of these words; any other is refused with all of them named."""

    def read(text: str) -> str:
        if text not in words:
            raise typer.BadParameter(f"`{text}` is not one of {', '.join(words)}")
        return text

    return read


def day(text: str) -> dt.date:
    """The day that a text names."""
    from api.request import read_day
    from engine.decision import Misfit

    found = read_day(text)
    if isinstance(found, Misfit):
        raise typer.BadParameter(f"`{text}` is no date; write it as YYYY-MM-DD")
    return found


ServiceAt = Annotated[
    str | None,
    typer.Option(
        "--service", metavar="URL", help="The running service.", show_default="WRIT_SERVICE, or http://127.0.0.1:8700"
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option("--key-file", metavar="FILE", help="The file with your API key.", show_default="WRIT_API_KEY"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Number = Annotated[int, typer.Argument(metavar="REVISION", min=1, help="The revision's number.")]
OnFacts = Annotated[
    Path | None,
    typer.Option("--facts", metavar="FILE", help="Compare on these requests too: .jsonl.", exists=True, dir_okay=False),
]
OnRecorded = Annotated[
    int | None,
    typer.Option(
        "--recorded", metavar="N", min=0, max=100_000, help="Compare on the last N decisions.", show_default="1000"
    ),
]


def asked(service: str | None, key_file: Path | None) -> Service:
    """The service that these options name."""
    from api.commands.client import Place, Service

    return Service(Place(service, key_file))
