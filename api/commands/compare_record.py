"""The record as `writ compare` reads it: a revision's text by its number, and what recorded decisions asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from api.audit.database import AuditUnavailableError
from api.audit.log import Log
from api.commands import policy_file
from api.commands.audit_log import one_line, opened
from api.commands.terminal import fail, misused
from api.comparison.recorded import Taken, last_decisions, recorded_questions
from api.governance.register import Register
from api.revisions import Texts
from engine.comparing import Question
from policies.ir import Bundle

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def named_by_number(name: str) -> bool:
    """Whether a text is named by its revision's number instead of by its file."""
    return _NUMBER.fullmatch(name) is not None and not Path(name).exists()


@contextmanager
def record_of(database: str | None, *, needed: bool) -> Iterator[Log | None]:
    """The record where it is needed; what is wrong with it ends the command with 1."""
    if not needed:
        yield None
        return
    with opened(database) as audit:
        yield audit


def bundle_of(name: str, audit: Log | None, *, as_json: bool) -> Bundle:
    """The policy text of a file, or of a revision of the record."""
    if audit is None or not named_by_number(name):
        path = Path(name)
        if not path.is_file():
            misused(f"there is no policy file `{name}`; a revision of the record is named by its number")
        return policy_file.load(path, as_json=as_json)
    try:
        revision = Register(audit, ZoneInfo("UTC")).current().revisions.get(int(name))
        if revision is None:
            fail(f"the record has no revision {name}", "`writ audit search --kind revision` lists what became of them")
        return Texts(audit.store).bundle(revision.digest)
    except AuditUnavailableError as error:
        fail(one_line(error))


def recorded(audit: Log, count: int, old: Bundle, new: Bundle) -> tuple[Taken, Iterator[Question]]:
    """The last so many decisions of the record, and what they asked."""
    taken = last_decisions(audit, count)
    return taken, recorded_questions(audit, taken, old, new)
