"""Which version of a procedure a case runs by, and which notice is which (domain D23, D24)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.decision import Misfit
from policies.feel.values import Value


@dataclass(frozen=True, slots=True)
class Procedure:
    """A dunning procedure in one version: the policy's name and its digest (SHA-256, hexadecimal)."""

    id: str
    version: str

    def __str__(self) -> str:
        return f"{self.id} {self.version}"


@dataclass(frozen=True, slots=True)
class Migration:
    """A case moved from one version to another by a named person on a day."""

    from_version: str
    to_version: str
    by: str
    on: dt.date


@dataclass(frozen=True, slots=True)
class Pin:
    """The procedure and version that a running case keeps until it is closed or moved; empty for a case not begun."""

    procedure_id: str | None = None
    procedure_version: str | None = None
    migrated: Migration | None = None

    def elsewhere(self, procedure: Procedure | None) -> bool:
        """Whether the case runs by another procedure or version, and nobody has moved it to this one."""
        if procedure is None or (self.migrated is not None and self.migrated.to_version == procedure.version):
            return False
        other = self.procedure_version not in {None, procedure.version}
        return other or self.procedure_id not in {None, procedure.id}

    def read(self, procedure: Procedure) -> dict[str, Value]:
        """What the pin says beside this procedure, for the trace; empty for a case that is not pinned."""
        pinned = " ".join(word for word in (self.procedure_id, self.procedure_version) if word is not None)
        if not pinned and self.migrated is None:
            return {}
        read: dict[str, Value] = {"pinned_to": pinned or None, "this_is": str(procedure)}
        if self.migrated is not None:
            moved = self.migrated
            read |= {"migrated_from": moved.from_version, "migrated_to": moved.to_version}
            read |= {"migrated_by": moved.by, "migrated_on": moved.on}
        return read

    def misfits(self, place: str) -> Iterator[Misfit]:
        """What cannot be: a migration that nobody did."""
        if self.migrated is not None and not self.migrated.by.strip():
            yield Misfit("fact_missing", f"{place}/migrated/by", "a migration needs the person who did it")


def notice_key(
    account_id: str, procedure: Procedure | None, as_of: dt.date, level: int, items: Iterable[str]
) -> str | None:
    """What a notice is told apart by: SHA-256 of `[account, version, as_of, level, [items, sorted]]` as compact JSON.

    None without a notice (no items), and for a ladder that belongs to no policy (`procedure` is None).
    """
    ids = sorted(items)
    if procedure is None or not ids:
        return None
    said = [account_id, procedure.version, as_of.isoformat(), level, ids]
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
