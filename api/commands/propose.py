"""`writ propose`, `writ export`: between a policy file, as a team keeps it in git, and a service's revisions."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from api.commands import policy_file
from api.commands.client import Service, refused
from api.commands.comparison_pages import show_comparison
from api.commands.revision_pages import show_coverage
from api.commands.terminal import fail, write, write_json
from api.governance.checks import checked
from api.problems import Problem, problem_json
from api.strict_json import BadJson, parse


@dataclass(frozen=True, slots=True)
class Proposal:
    """A policy file that is to become a revision, or the text of an open one.

    `facts` and `recorded` say on what it is compared with the text in force.
    """

    file: Path
    comment: str
    revision: int | None = None
    on_behalf_of: str | None = None
    facts: Path | None = None
    recorded: int | None = None


def propose(service: Service, said: Proposal, *, as_json: bool) -> None:
    """Check the file and run its cases here, then draft, compare and propose it there; what it would change is shown.

    A text that waits already is not proposed twice, so that a pipeline may run again.
    """
    bundle = policy_file.load(said.file, as_json=as_json)
    try:
        checked(bundle)
    except Problem as problem:
        refused(problem_json(problem, ""))
    wanted = compared_on(said.facts, said.recorded)
    content = {"text": bundle.source.text, "comment": said.comment, "on_behalf_of": said.on_behalf_of}
    if said.revision is None:
        seen = service.post("/v1/revisions", **content)
    else:
        seen = service.send("PUT", f"/v1/revisions/{said.revision}/text", **content)
    number, path = seen["revision"], f"/v1/revisions/{seen['revision']}"
    if seen["state"] in {"scheduled", "active"}:
        _tell(seen, None, as_json=as_json)
        return
    comparison = service.ask("POST", f"{path}/comparisons", wanted)
    if seen["state"] == "draft":
        try:
            seen = service.post(f"{path}/proposal", bundle_digest=seen["bundle_digest"])
        except typer.Exit:
            sys.stderr.write(
                f"revision {number} stays a draft: mend the file, and propose it with --revision {number}\n"
            )
            raise
    _tell(seen, comparison, as_json=as_json)


def _tell(seen: dict[str, Any], comparison: dict[str, Any] | None, *, as_json: bool) -> None:
    if as_json:
        write_json({"revision": seen, "comparison": comparison})
        return
    if comparison is not None:
        show_comparison(comparison)
        show_coverage(seen)
        write("")
    write(f"revision {seen['revision']} is {seen['state']}: {seen['bundle_digest']}")
    if seen["state"] == "proposed":
        write(f"another person reads it and approves it: writ revisions approve {seen['revision']}")


def compared_on(facts: Path | None, recorded: int | None) -> bytes:
    """What a comparison is asked for, as JSON. The rows go as they stand in the file: no number of theirs is read."""
    rows = [] if facts is None else list(_rows(facts))
    if recorded is None:
        return b'{"facts":[' + b",".join(rows) + b"]}"
    return b'{"recorded":%d,"facts":[' % recorded + b",".join(rows) + b"]}"


def _rows(facts: Path) -> Iterator[bytes]:
    try:
        lines = facts.read_bytes().splitlines()
    except OSError as error:
        fail(f"cannot read {facts}: {error.strerror}")
    for number, line in enumerate(lines, start=1):
        try:
            parse(line)
        except BadJson as bad:
            fail(f"{facts}, line {number}: {bad}", "send JSON lines, such as `writ facts` writes")
        yield line


def export(service: Service, revision: int | None, out: Path | None) -> None:
    """The exact text of a revision, of the one in force where none is named, on stdout or in a file."""
    number = service.get("/v1/revisions")["in_force"] if revision is None else revision
    digest = service.get(f"/v1/revisions/{number}")["bundle_digest"]
    text = service.get(f"/v1/revisions/{number}/text")
    if hashlib.sha256(text).hexdigest() != digest:
        fail(f"the text of revision {number} is not the one that was approved", "tell the operator of the service")
    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(text)
        return
    try:
        out.write_bytes(text)
    except OSError as error:
        fail(f"cannot write {out}: {error.strerror}")
    sys.stderr.write(f"{out}: revision {number}, {digest}\n")
