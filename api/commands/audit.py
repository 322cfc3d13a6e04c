"""`writ audit …` but for the search: evidence packs, their proof, replay, erasure, keys and certificates."""

from __future__ import annotations

import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import typer
from rich.progress import Progress

from api.audit import replay as replaying
from api.audit.certificate.page import certificate as certificate_page
from api.audit.certified import certified
from api.audit.erasure import erase as erase_subject
from api.audit.pack import PackError, export_pack
from api.audit.recorded import decisions_of_log, decisions_of_pack, opened_pack, texts_of_log, texts_of_pack
from api.audit.search import Query, span
from api.audit.sheet import SheetError, export_sheet, form_of
from api.audit.verify import main as verify_main
from api.bulk.rows import FileRefused
from api.commands.audit_log import opened, principal
from api.commands.consoles import stderr
from api.commands.terminal import REFUSED, fail, misused, write, write_json
from api.governance.register import Register
from policies.diagnostics import visible

_LONGEST_REASON = 500

_SHOWN = 20
"""Differences shown of a replay; with --json all of them."""


def export(
    database: str | None, query: Query, out: Path, checkpoint: Path | None, *, personal: bool, as_json: bool
) -> None:
    """Write an evidence pack, or a table where the file's ending asks for one, and say what it holds."""
    if form_of(out) is not None:
        if checkpoint is not None:
            misused("--checkpoint goes with an evidence pack: a table proves nothing")
        _export_sheet(database, query, out, personal=personal, as_json=as_json)
        return
    older = None if checkpoint is None else checkpoint.read_text(encoding="utf-8")
    with opened(database) as audit:
        try:
            done = export_pack(audit, query, out, principal=principal(), personal=personal, older=older)
        except PackError as error:
            fail(str(error))
        except OSError as error:
            fail(f"cannot write `{out}`: {error.strerror}")
    if as_json:
        write_json({"first": done.first, "end": done.end, "size": done.size, "path": str(done.path)})
    else:
        write(
            f"entries {done.first} to {done.end - 1} of {done.size}, in {done.path}\n"
            f"prove it: writ audit verify {done.path}"
        )


def _export_sheet(database: str | None, query: Query, out: Path, *, personal: bool, as_json: bool) -> None:
    with opened(database) as audit:
        try:
            done = export_sheet(audit, query, out, principal=principal(), personal=personal)
        except (SheetError, FileRefused) as error:
            fail(str(error))
        except OSError as error:
            fail(f"cannot write `{out}`: {error.strerror or error}")
    if as_json:
        write_json({"first": done.first, "end": done.end, "form": done.form.value, "path": str(done.path)})
    else:
        write(f"entries {done.first} to {done.end - 1}, in {done.path}, to read; what proves them is an evidence pack")


def verify(pack: Path, checkpoint: Path | None, key: str | None) -> None:
    """Prove a pack as the `verify.py` in it does; ends with its exit code."""
    given = [str(pack)]
    given += [] if checkpoint is None else ["--checkpoint", str(checkpoint)]
    given += [] if key is None else ["--key", key]
    raise typer.Exit(verify_main(given))


def replay(pack: Path | None, database: str | None, query: Query, workers: int, *, as_json: bool) -> None:
    """Replay a pack, or a record's decisions of a time; ends with 1 when one differs."""
    if pack is not None and (query.since or query.until):
        misused("a pack is replayed whole: --from and --to are for the record")
    with Progress(console=stderr(), transient=True) as progress:
        task = progress.add_task("replaying", total=None)

        def advance(count: int) -> None:
            progress.advance(task, count)

        if pack is not None:
            try:
                with opened_pack(pack) as files:
                    done = replaying.replay(decisions_of_pack(files), texts_of_pack(files), workers, advance)
            except (OSError, ValueError, LookupError, zipfile.BadZipFile) as error:
                fail(f"`{pack}` is no whole evidence pack: {error}", "prove it first: writ audit verify")
        else:
            with opened(database) as audit:
                first, end = span(audit.store, query)
                progress.update(task, total=end - first)
                done = replaying.replay(decisions_of_log(audit, first, end), texts_of_log(audit), workers, advance)
    _print_replayed(done, as_json=as_json)
    if not (done.same or done.differences or done.unsettled):
        fail("there was no decision to replay")
    if done.differences:
        raise typer.Exit(REFUSED)


def _print_replayed(done: replaying.Replayed, *, as_json: bool) -> None:
    if as_json:
        differences = [{"seq": one.seq, "what": one.what} for one in done.differences]
        write_json(
            {
                "same": done.same,
                "differences": differences,
                "unsettled": done.unsettled,
                "other_engines": sorted(done.other_engines),
            }
        )
        return
    for one in done.differences[:_SHOWN]:
        write(visible(f"record {one.seq}: {one.what}"))
    more = len(done.differences) - _SHOWN
    if more > 0:
        write(f"and {more} more; --json has them all")
    write(f"{done.same:,} decisions came out the same, {len(done.differences):,} otherwise")
    if done.unsettled:
        many = len(done.unsettled)
        write(f"{many:,} read personal data that was erased or left out (--personal): they cannot be settled")
    if done.other_engines:
        write(f"some were decided by {', '.join(sorted(done.other_engines))}")


def erase(database: str | None, subject: str, reason: str, *, as_json: bool) -> None:
    """Erase, and say how much that was."""
    if not 0 < len(reason.strip()) <= _LONGEST_REASON:
        misused(f"the reason has 1 to {_LONGEST_REASON} characters: it stays in the log for good")
    with opened(database) as audit:
        done = erase_subject(audit, subject, principal=principal(), reason=reason)
    if as_json:
        said = {"records": done.records, "values": done.values, "comparisons": done.comparisons, "seq": done.seq}
        write_json(said)
    elif not done.records and not done.comparisons:
        fail(f"there are no records about `{subject}`", "find the subject: writ audit search")
    elif done.seq is None:
        write(f"{done.records} records about this subject; there is no personal data in them to erase")
    else:
        also = f" and in {done.comparisons} comparisons" if done.comparisons else ""
        write(f"{done.values} values erased in {done.records} records{also}; entry {done.seq} says so")


def rotate_key(database: str | None, *, lost: bool) -> None:
    """Make a new key, and show what auditors need of it."""
    with opened(database, lost_key=lost) as audit:
        signer = audit.key_file.signer() if lost else audit.rotate(principal())
    write(f"checkpoints are signed with a new key; give it to whoever verifies them:\n{signer.public}")
    write("nodes with a key file of their own sign again once it is copied to them")


def certificate(database: str | None, decision: str, out: Path, language: str) -> None:
    """Write a decision's certificate."""
    with opened(database) as audit:
        kept = audit.store.find_id(decision)
        if kept is None or not decision.startswith("dec_"):
            fail(f"the record has no decision `{decision}`")
        governed = Register(audit, ZoneInfo("UTC")).current()
        try:
            out.write_text(certificate_page(certified(audit, governed, kept), language), encoding="utf-8")
        except OSError as error:
            fail(f"cannot write `{out}`: {error.strerror}")
    write(f"{out}")
