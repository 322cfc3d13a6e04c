"""Where a log is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """A log's database (a file's path, or a URL), its signing key, and its checkpoints outside the database."""

    database: str
    key: Path
    checkpoints: Path

    @property
    def shown(self) -> str:
        """The database for people: without a password."""
        return re.sub(r"(://).*", r"\1…", self.database)
