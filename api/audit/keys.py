"""The log's signing key through its life: made with the log, entered into it, replaced by a new one."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
from sqlalchemy import select

from api.audit.appending import Item, append
from api.audit.database import AuditUnavailableError
from api.audit.records import Record
from api.audit.signing import KeyFileError, Signer, make_key, read_key
from api.audit.store import Store, read_state
from api.audit.tables import OTHERS, catalogue

MakeRecord = Callable[[Mapping[str, object]], Record]
"""Makes the record of a key out of its content."""


@dataclass(frozen=True, slots=True)
class LoggedKey:
    """A verifier key of the log, and the entry that replaced it, if one did."""

    public: str
    replaced_by: int | None

    def may_sign(self, size: int) -> bool:
        """Whether a checkpoint of this size may bear its signature: none that has the entry of the next key."""
        return self.replaced_by is None or size <= self.replaced_by


def logged_keys(store: Store) -> tuple[LoggedKey, ...]:
    """The keys that were entered into the log, the newest first. Raises AuditUnavailableError."""
    with store.read() as connection:
        found = connection.scalars(select(catalogue.c.seq).where(catalogue.c.kind == "key", OTHERS)).all()
    keys: list[LoggedKey] = []
    replaced_by = None
    for seq in sorted(found, reverse=True):
        entered = store.entry(seq)
        try:
            public = str(orjson.loads(b"" if entered is None else entered.body)["key"])
        except (ValueError, LookupError, TypeError) as error:
            raise AuditUnavailableError("the log's entries of its keys cannot be read") from error
        keys.append(LoggedKey(public, replaced_by))
        replaced_by = seq
    return tuple(keys)


class KeyFile:
    """The signing key in its file, read again when the file has changed, so that a new key needs no restart."""

    def __init__(self, path: Path, origin: str) -> None:
        self.path = path
        self.origin = origin
        self._read: tuple[int, Signer] | None = None

    def signer(self) -> Signer:
        """The key as it stands now. Raises KeyFileError."""
        try:
            changed = self.path.stat().st_mtime_ns
        except OSError as error:
            msg = f"cannot read the signing key `{self.path}`: {error.strerror}"
            raise KeyFileError(msg) from error
        if self._read is None or self._read[0] != changed:
            self._read = (changed, read_key(self.path, self.origin))
        return self._read[1]

    def open(self, store: Store, known: tuple[str, ...], record: MakeRecord) -> None:
        """Make the key of a new log and enter it; of any other, be sure that it is the log's. `known` are its keys.

        Raises KeyFileError and AuditUnavailableError.
        """
        if not known:
            self._begin(store, record)
            return
        fresh = self._fresh(known[0])
        if fresh.exists() and read_key(fresh, self.origin).public == known[0]:
            self._take(fresh)  # a rotation was cut short between the log and the files
        if self.signer().public != known[0]:
            msg = f"the signing key `{self.path}` is not the log's, which is {known[0]}"
            raise KeyFileError(msg)

    def rotate(self, store: Store, replaces: str, record: MakeRecord, principal: str) -> Signer:
        """A new key, entered into the log, in the place of the old one, whose file is kept under another name.

        The old file may be lost: the log then says so. Raises KeyFileError and AuditUnavailableError.
        """
        draft = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}.draft")
        signer = make_key(draft, self.origin)
        fresh = draft.rename(self._fresh(signer.public))
        content: dict[str, object] = {"key": signer.public, "replaces": replaces, "principal": principal}
        if not self.path.exists():
            content["lost"] = True
        with store.write() as connection:
            state = read_state(connection, lock=True)
            append(store, connection, state, [Item.of(store, record(content))])
        with store.write() as connection:
            read_state(connection, lock=True)  # one rotation at a time: of two, the later key takes the place
            if logged_keys(store)[0].public == signer.public:
                self._take(fresh)
        return signer

    def _fresh(self, public: str) -> Path:
        """Where a new key waits until the log has it."""
        return self.path.with_name(f"{self.path.name}.{public.split('+')[1]}.next")

    def _begin(self, store: Store, record: MakeRecord) -> None:
        if not self.path.exists():
            make_key(self.path, self.origin)
        content = {"key": self.signer().public, "replaces": None, "principal": "system"}
        entered = Item.of(store, record(content))
        with store.write() as connection:
            state = read_state(connection, lock=True)
            if state.size:
                raise AuditUnavailableError("another process has just opened this log: start again")
            append(store, connection, state, [entered])

    def _take(self, fresh: Path) -> None:
        try:
            if self.path.exists():
                old = read_key(self.path, self.origin).public.split("+")[1]
                self.path.rename(self.path.with_name(f"{self.path.name}.{old}"))
            fresh.rename(self.path)
        except OSError as error:
            msg = f"cannot put the new signing key in its place: {error.strerror}; it is `{fresh}`"
            raise KeyFileError(msg) from error
