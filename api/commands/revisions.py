"""`writ revisions …`: what becomes of a policy text, asked of a running service as the person whose key it is."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import typer

from api.commands.client import Service
from api.commands.comparison_pages import show_comparison, show_mover, show_shadow
from api.commands.propose import compared_on
from api.commands.revision_pages import show_list, show_revision
from api.commands.terminal import fail, write, write_json
from api.comparison.kept import USUAL


def list_all(service: Service, *, as_json: bool) -> None:
    """Every revision, the newest first."""
    said = service.get("/v1/revisions")
    if as_json:
        write_json(said)
    else:
        show_list(said)


def show(service: Service, number: int, *, as_json: bool) -> None:
    """One revision with its history."""
    _tell(service.get(_path(number)), as_json=as_json)


def approve(service: Service, number: int, digest: str | None, comment: str | None, *, as_json: bool) -> None:
    """Approve the text that was seen: the one of `digest`, or the one that is shown now and answered for."""
    seen = _seen(service, number, digest, "approve")
    made = service.post(f"{_path(number)}/approval", bundle_digest=seen["bundle_digest"], comment=comment)
    _done(made, as_json=as_json)


def activate(service: Service, number: int, effective: dt.date | None, *, as_json: bool) -> None:
    """Put an approved text in force: at once, or from a day on."""
    seen = service.get(_path(number))
    day = None if effective is None else effective.isoformat()
    made = service.post(f"{_path(number)}/activation", bundle_digest=seen["bundle_digest"], effective=day)
    _done(made, as_json=as_json)


def withdraw(service: Service, number: int, comment: str, *, as_json: bool) -> None:
    """Take out a text that does not decide yet."""
    _done(service.post(f"{_path(number)}/withdrawal", comment=comment), as_json=as_json)


def roll_back(service: Service, number: int, comment: str, *, emergency: bool, as_json: bool) -> None:
    """Bring an earlier text back, to be approved, or in an emergency at once."""
    _done(service.post(f"{_path(number)}/rollback", comment=comment, emergency=emergency), as_json=as_json)


def confirm(service: Service, number: int, digest: str | None, comment: str | None, *, as_json: bool) -> None:
    """Stand, as the second person, for what one person put in force: for the text that was seen, as for an approval."""
    seen = _seen(service, number, digest, "confirm")
    made = service.post(f"{_path(number)}/confirmation", bundle_digest=seen["bundle_digest"], comment=comment)
    _done(made, as_json=as_json)


def shadow(service: Service, number: int, until: str | None, *, end: bool, as_json: bool) -> None:
    """Start a shadow until a moment, end it, or show what it has found."""
    path = f"{_path(number)}/shadow"
    if until is not None:
        seen = service.get(_path(number))
        _done(service.post(path, bundle_digest=seen["bundle_digest"], until=until), as_json=as_json)
        return
    found = service.get(path)
    if end:
        service.ask("DELETE", path)
    if as_json:
        write_json(found)
    else:
        show_shadow(found)


def compare(service: Service, number: int, facts: Path | None, recorded: int | None, *, as_json: bool) -> None:
    """Compare a revision with the one in force anew; the comparison is stored with it."""
    said = service.ask("POST", f"{_path(number)}/comparisons", compared_on(facts, recorded))
    if as_json:
        write_json(said)
    else:
        show_comparison(said)


def comparison(service: Service, number: int, id_: str | None, opened: int | None, *, as_json: bool) -> None:
    """A stored comparison, the newest where none is named; or one customer of it, by rank from 1."""
    path = f"{_path(number)}/comparisons/{id_ or _newest(service, number)}"
    said = service.get(path if opened is None else f"{path}/movers/{opened}")
    if as_json:
        write_json(said)
    elif opened is None:
        show_comparison(said)
    else:
        show_mover(said)


def at_a_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()


def _seen(service: Service, number: int, digest: str | None, act: str) -> dict[str, Any]:
    seen: dict[str, Any] = service.get(_path(number))
    if digest is not None and not seen["bundle_digest"].startswith(digest):
        fail(
            f"revision {number} has another text by now than the one you have seen",
            f"see what it would change: writ revisions comparison {number}",
        )
    if digest is None:
        if not at_a_terminal():
            fail(
                "nobody at a terminal says which text was seen",
                f"name its digest, or the first 8 digits of it: writ revisions {act} {number} --digest …",
            )
        show_revision(seen)
        write("")
        show_comparison(_whole(service, seen))
        typer.confirm(f"\n{act} revision {number}, the text {seen['bundle_digest'][:12]}?", abort=True)
    return seen


def _whole(service: Service, seen: dict[str, Any]) -> dict[str, Any]:
    """What the text would change now: the stored comparison with the text in force, or else one made for this."""
    path, in_force = f"{_path(seen['revision'])}/comparisons", service.get("/v1/revisions")["in_force"]
    for one in service.get(path)["comparisons"]:
        asked = one["asked"]
        whole = asked["recorded"] >= USUAL and asked["since"] is None and asked["until"] is None
        if whole and (one["bundle_digest"], one["against_revision"]) == (seen["bundle_digest"], in_force):
            found: dict[str, Any] = service.get(f"{path}/{one['comparison_id']}")
            return found
    made: dict[str, Any] = service.post(path)
    return made


def _newest(service: Service, number: int) -> str:
    found = service.get(f"{_path(number)}/comparisons")["comparisons"]
    if not found:
        fail(f"revision {number} was compared with nothing", f"compare it: writ revisions compare {number}")
    newest: str = found[0]["comparison_id"]
    return newest


def _path(number: int) -> str:
    return f"/v1/revisions/{number}"


def _tell(said: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        write_json(said)
    else:
        show_revision(said)


def _done(said: dict[str, Any], *, as_json: bool) -> None:
    """What became of a revision, in one line."""
    if as_json:
        write_json(said)
        return
    since = (
        f" as of {said['effective_from']}"
        if said["state"] in {"scheduled", "active"} and said["effective_from"]
        else ""
    )
    open_ = "; a second person has to confirm it" if said["unconfirmed"] else ""
    write(f"revision {said['revision']} is {said['state']}{since}{open_}: {said['bundle_digest']}")
