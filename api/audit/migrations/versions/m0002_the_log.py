"""The log with its tree, its keys, its personal data, and what auditors search it by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make all tables, with the triggers and the order of bytes that each kind of database needs."""
    op.create_table(
        "dictionary",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("policy_digest", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "entry",
        sa.Column("seq", _BIG, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(40), nullable=False, unique=True),
        sa.Column("dictionary", sa.Integer, sa.ForeignKey("dictionary.number")),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "idempotency",
        sa.Column("key_hash", sa.LargeBinary, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        _of_entry(),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tile",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", _BIG, primary_key=True, autoincrement=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "log_state",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("origin", sa.String(80), nullable=False),
        sa.Column("size", _BIG, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.Column("latest", _BIG, nullable=False),
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", _BIG, primary_key=True, autoincrement=False),
        sa.Column("note", sa.String(2000), nullable=False),
    )
    op.create_table(
        "part",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "personal",
        _of_entry(primary=True),
        sa.Column("pointer", sa.String(2000), primary_key=True),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "catalogue",
        _of_entry(primary=True),
        sa.Column("at", _BIG, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("policy", sa.String(200)),
        sa.Column("outcome", sa.String(200)),
        sa.Column("revision", sa.Integer),
        sa.Column("principal", sa.String(200)),
        sa.Column("subject", sa.String(400)),
    )
    op.create_index("catalogue_by_subject", "catalogue", ["subject", "seq"])
    op.create_index("catalogue_by_policy", "catalogue", ["policy", "outcome", "seq"])
    op.create_index("catalogue_by_time", "catalogue", ["at"])
    others = sa.text("kind <> 'decision'")
    op.create_index("catalogue_of_others", "catalogue", ["kind", "seq"], sqlite_where=others, postgresql_where=others)
    op.create_table(
        "reason", sa.Column("code", sa.String(60), primary_key=True), _of_entry(primary=True), sqlite_with_rowid=False
    )
    op.create_table(
        "policy_text",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "act",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", _BIG, sa.ForeignKey("entry.seq"), nullable=False, unique=True),
    )
    op.create_table(
        "override",
        sa.Column("id", sa.String(40), primary_key=True),
        _of_entry(),
        sa.Column("decision", sa.String(40), nullable=False),
        sa.Column("policy", sa.String(200), nullable=False),
        sa.Column("given_by", sa.String(200), nullable=False),
        sa.Column("until", sa.String(10), nullable=False),
        sa.Column("ended", _BIG, sa.ForeignKey("entry.seq")),
    )
    op.create_index("override_by_decision", "override", ["decision"])
    op.create_index("override_by_person", "override", ["given_by", "seq"])
    op.create_table(
        "comparison",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("bundle_digest", sa.String(64), nullable=False),
        _of_entry(),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("comparison_by_revision", "comparison", ["revision", "seq"])
    op.create_table(
        "comparison_subject",
        sa.Column("subject", sa.String(400), primary_key=True),
        sa.Column("comparison", sa.String(40), sa.ForeignKey("comparison.id"), primary_key=True),
    )
    op.create_table(
        "probe",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(40), nullable=False),
    )
    for table in ("dictionary", "entry", "idempotency", "tile", "checkpoint", "part", "act", "policy_text"):
        _refuse_changes(table)


def _refuse_changes(table: str) -> None:
    """Make a table insert-only: a guard against accident, not against attack."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"
            )
    else:
        op.execute(
            f"CREATE FUNCTION {table}_is_insert_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is insert-only'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_insert_only()"
        )


def _of_entry(*, primary: bool = False) -> sa.Column[int]:
    if primary:
        return sa.Column("seq", _BIG, sa.ForeignKey("entry.seq"), primary_key=True, autoincrement=False)
    return sa.Column("seq", _BIG, sa.ForeignKey("entry.seq"), nullable=False)
