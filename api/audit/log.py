"""The audit log, opened: its store, its one writer, its tree, its key and its checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import orjson
from sqlalchemy import func, insert, select

from api.audit.appending import Item, append
from api.audit.checkpoints import CheckpointFile, Publisher, check_log
from api.audit.moments import Clock, Moments, moment_of
from api.audit.nodes import Nodes
from api.audit.places import Places
from api.audit.records import Catalogued, Record, make_record
from api.audit.signing import KeyFileError, Signer, make_key, read_key
from api.audit.store import Kept, Store, read_state
from api.audit.tables import catalogue, revision
from api.audit.writer import Observe, Writer
from api.identities import new_id


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


class Log:
    """One log. `close` ends its threads and gives the database back."""

    def __init__(
        self, places: Places, wait: float, clock: Clock, observe: Observe = lambda _entries, _seconds: None
    ) -> None:
        """Open it, making what is not there; refuses a database that is not the log it was.

        Raises AuditUnavailableError and KeyFileError.
        """
        self.places = places
        self.store = Store(places.database, wait)
        try:
            state = self.store.state()
            self.origin = state.origin
            self.moments = Moments(clock, moment_of(state.latest))
            self.nodes = Nodes(self.store)
            self.file = CheckpointFile(places.checkpoints)
            self.key_file = KeyFile(places.key, state.origin)
            self._observe = observe
            self._open_key()
            check_log(self.store, self.file, self.verifier_keys())
            self.publisher = Publisher(self.store, self.key_file.signer, self.file, clock)
            self.writer = Writer(self.store, observe)
        except BaseException:
            self.store.close()
            raise

    def close(self) -> None:
        """Commit what is queued, publish the last checkpoint, give the database back."""
        self.writer.close()
        self.publisher.close()
        self.store.close()

    def verifier_keys(self) -> tuple[str, ...]:
        """The verifier keys of the log, the newest first."""
        with self.store.read() as connection:
            found = connection.scalars(select(catalogue.c.seq).where(catalogue.c.kind == "key")).all()
        entries = [self.store.entry(seq) for seq in sorted(found, reverse=True)]
        return tuple(orjson.loads(one.body)["key"] for one in entries if one is not None)

    def note(self, kind: str, prefix: str, content: Mapping[str, object], catalogued: Catalogued | None = None) -> Kept:
        """Append a record that is no decision: an export, an erasure, a change of keys."""
        return self.writer.append(self.make(kind, prefix, content, catalogued))

    def make(
        self, kind: str, prefix: str, content: Mapping[str, object], catalogued: Catalogued | None = None
    ) -> Record:
        """Such a record, not yet appended."""
        at, back = self.moments.read()
        flagged = {**content, "clock_went_back": True} if back else content
        return make_record(kind, new_id(prefix, at), at, flagged, catalogued=catalogued)

    def rotate(self, principal: str) -> Signer:
        """A new signing key in the place of the old one, whose file is kept under another name."""
        old = self.key_file.signer()
        kept = self.places.key.with_name(f"{self.places.key.name}.{old.public.split('+')[1]}")
        fresh = self.places.key.with_name(f"{self.places.key.name}.new")
        signer = make_key(fresh, self.origin)
        self.note("key", "key", {"key": signer.public, "replaces": old.public, "principal": principal})
        try:
            self.places.key.rename(kept)
            fresh.rename(self.places.key)
        except OSError as error:
            msg = f"cannot put the new signing key in its place: {error.strerror}; it is `{fresh}`"
            raise KeyFileError(msg) from error
        return signer

    def revise(self, digest: str, name: str, text: bytes, record: Callable[[int], Record]) -> int:
        """The number of the revision with this digest; a text not seen before becomes the next one, with its entry."""
        with self.store.write() as connection:
            state = read_state(connection, lock=True)
            known = connection.execute(select(revision.c.number).where(revision.c.bundle_digest == digest))
            number: int | None = known.scalar_one_or_none()
            if number is None:
                number = int(connection.scalar(select(func.coalesce(func.max(revision.c.number), 0))) or 0) + 1
                append(self.store, connection, state, [Item.of(self.store, record(number))])
                row = {"number": number, "bundle_digest": digest, "name": name, "text": text, "seq": state.size}
                connection.execute(insert(revision).values(**row))
        return number

    def _open_key(self) -> None:
        """Make the key of a new log and enter it; of any other, be sure that it is the log's."""
        keys = self.verifier_keys()
        if not keys and not self.places.key.exists():
            make_key(self.places.key, self.origin)
        signer = self.key_file.signer()
        if not keys:
            record = self.make("key", "key", {"key": signer.public, "replaces": None, "principal": "system"})
            with self.store.write() as connection:
                state = read_state(connection, lock=True)
                if state.size:
                    raise KeyFileError("another process has just opened this log: start again")
                append(self.store, connection, state, [Item.of(self.store, record)])
        elif signer.public != keys[0]:
            msg = f"the signing key `{self.places.key}` is not the log's, which is {keys[0]}"
            raise KeyFileError(msg)
