"""The audit log, opened: its store, its one writer, its tree, its key and its checkpoints."""

from __future__ import annotations

from collections.abc import Mapping

from api.audit.checkpoint_file import CheckpointFile
from api.audit.checkpoints import Publisher
from api.audit.keys import KeyFile, logged_keys
from api.audit.moments import Clock, Moments, moment_of
from api.audit.nodes import Nodes, Tiles
from api.audit.places import Places
from api.audit.records import Catalogued, Record, make_record
from api.audit.signing import KeyFileError, Signer
from api.audit.start_check import check_log
from api.audit.store import Kept, Store
from api.audit.writer import Observe, Writer
from api.identities import new_id


class Log:
    """One log. `close` ends its threads and gives the database back."""

    def __init__(
        self,
        places: Places,
        wait: float,
        clock: Clock,
        observe: Observe = lambda _entries, _seconds: None,
        *,
        lost_key: str | None = None,
    ) -> None:
        """Open it, making what is not there; refuses a database that is not the log it was.

        `lost_key` names who says that the signing key's file is lost: a new key then takes its place. Raises
        AuditUnavailableError, of which KeyFileError is one.
        """
        self.places = places
        self.store = Store(places.database, wait)
        try:
            state = self.store.state()
            self.origin = state.origin
            self.moments = Moments(clock, moment_of(state.latest))
            self._tiles = Tiles()
            self.file = CheckpointFile(places.checkpoints)
            self.key_file = KeyFile(places.key, state.origin)
            if lost_key is not None:
                self._replace_lost(lost_key)
            self.key_file.open(self.store, self.verifier_keys(), self._key_record)
            check_log(self.store, self.file)
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

    @property
    def nodes(self) -> Nodes:
        """The nodes of the log's tree as it stands."""
        return Nodes(self.store, self._tiles)

    def verifier_keys(self) -> tuple[str, ...]:
        """The verifier keys of the log, the newest first. Raises AuditUnavailableError."""
        return tuple(key.public for key in logged_keys(self.store))

    def enter(
        self, kind: str, prefix: str, content: Mapping[str, object], catalogued: Catalogued | None = None
    ) -> Kept:
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
        """A new signing key in the place of the old one. Raises KeyFileError and AuditUnavailableError."""
        return self.key_file.rotate(self.store, self.verifier_keys()[0], self._key_record, principal)

    def _replace_lost(self, principal: str) -> None:
        if self.places.key.exists():
            msg = f"the signing key `{self.places.key}` is there: it is not lost"
            raise KeyFileError(msg)
        self.rotate(principal)

    def _key_record(self, content: Mapping[str, object]) -> Record:
        return self.make("key", "key", content, Catalogued(principal=str(content["principal"])))
