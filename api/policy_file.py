"""The policy file on disk beside what was approved: a change of it is reported, and not obeyed."""

from __future__ import annotations

import codecs
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from api.running import Running
from engine.decision import Json
from policies.source import MAX_BYTES

log = logging.getLogger("writ")


@dataclass(frozen=True, slots=True)
class FileReport:
    """How the policy file stands: `in_force`, `known` (a revision that is not in force), `differs` or `absent`."""

    state: str
    path: str
    digest: str | None
    revision: int | None

    def to_json(self) -> dict[str, Json]:
        """The report as JSON."""
        return {"state": self.state, "path": self.path, "bundle_digest": self.digest, "revision": self.revision}

    @property
    def said(self) -> str | None:
        """What to tell people of it; None when the file is what decides, or is not there."""
        if self.state in {"in_force", "absent"}:
            return None
        what = "a text that nobody has proposed" if self.revision is None else f"the text of revision {self.revision}"
        return f"{self.path} holds {what}, and is not what decides: propose it (writ propose), or export what does"


def file_report(running: Running) -> FileReport:
    """Compare the file with the revision in force. Raises AuditUnavailableError."""
    path = running.settings.policy_file
    governed = running.register.current()
    try:
        with path.open("rb") as file:
            digest = hashlib.sha256(file.read(MAX_BYTES + 1).removeprefix(codecs.BOM_UTF8)).hexdigest()
    except OSError:
        return FileReport("absent", str(path), None, None)
    if governed.in_force(running.register.today()).digest == digest:
        return FileReport("in_force", str(path), digest, governed.in_force(running.register.today()).number)
    known = [one.number for one in governed.revisions.values() if one.digest == digest]
    return FileReport("known" if known else "differs", str(path), digest, max(known, default=None))


def warn(running: Running) -> None:
    """Say in the service's log what somebody should look at: emergencies nobody confirmed, a file that differs."""
    for one in running.register.current().revisions.values():
        if one.unconfirmed:
            log.warning("revision %s was put in force by `%s` alone and is not confirmed", one.number, one.author)
    if (said := file_report(running).said) is not None:
        log.warning("%s", said)
    known = {name for one in running.register.current().revisions.values() for name in one.policies}
    for policy in sorted(set(running.settings.authority.policies) - known):
        log.warning("`authority` names the policy `%s`, which no revision has", policy)


def gauges(running: Running) -> Iterator[tuple[str, str, float]]:
    """The same for Prometheus."""
    unconfirmed = [one for one in running.register.current().revisions.values() if one.unconfirmed]
    yield "writ_unconfirmed_revisions", "Revisions that one person put in force alone", len(unconfirmed)
    differs = file_report(running).said is not None
    yield "writ_policy_file_differs", "1 when the policy file is not the text in force", float(differs)
