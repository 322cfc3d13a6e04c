"""Runs the migrations on the connection it is handed, within that connection's own transaction."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
