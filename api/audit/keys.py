"""The log's signing key through its life: made with the log, entered into it, replaced by a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from api.audit.appending import Item, append
from api.audit.database import AuditUnavailableError
from api.audit.records import Record
from api.audit.signing import KeyFileError, Signer, make_key, read_key
from api.audit.store import Store, read_state

MakeRecord = Callable[[Mapping[str, object]], Record]
"""Makes the record of a key out of its content."""


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
        if self._next.exists() and read_key(self._next, self.origin).public == known[0]:
            self._take_next()  # a rotation was cut short between the log and the files
        if self.signer().public != known[0]:
            msg = f"the signing key `{self.path}` is not the log's, which is {known[0]}"
            raise KeyFileError(msg)

    def rotate(self, store: Store, replaces: str, record: MakeRecord, principal: str) -> Signer:
        """A new key, entered into the log, in the place of the old one, whose file is kept under another name.

        The old file may be lost: the log then says so. Raises KeyFileError and AuditUnavailableError.
        """
        self._next.unlink(missing_ok=True)
        signer = make_key(self._next, self.origin)
        content: dict[str, object] = {"key": signer.public, "replaces": replaces, "principal": principal}
        if not self.path.exists():
            content["lost"] = True
        with store.write() as connection:
            state = read_state(connection, lock=True)
            append(store, connection, state, [Item.of(store, record(content))])
        self._take_next()
        return signer

    @property
    def _next(self) -> Path:
        return self.path.with_name(f"{self.path.name}.next")

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

    def _take_next(self) -> None:
        try:
            if self.path.exists():
                old = read_key(self.path, self.origin).public.split("+")[1]
                self.path.rename(self.path.with_name(f"{self.path.name}.{old}"))
            self._next.rename(self.path)
        except OSError as error:
            msg = f"cannot put the new signing key in its place: {error.strerror}; it is `{self._next}`"
            raise KeyFileError(msg) from error
