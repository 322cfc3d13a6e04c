"""How the record's tables came to be what they are: alembic's environment, and in `versions` one file a change."""

from __future__ import annotations

from importlib.resources import files

from sqlalchemy import Connection

HEAD = "0002"
"""The version the code is written for; the one before it knew no acts, and nothing leads from there."""


def upgrade(connection: Connection) -> None:
    """Bring the tables to `HEAD` within the connection's transaction."""
    # Only a database that is new or old needs alembic; every other start is spared its import.
    from alembic import command  # noqa: PLC0415 (as said)
    from alembic.config import Config  # noqa: PLC0415 (as said)

    config = Config()
    config.set_main_option("script_location", str(files(__package__)).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
