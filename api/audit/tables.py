"""The tables of the record.

Only these ever change a row: `log_state`, `catalogue`, `personal`, `probe`, `override` and `comparison`.

What was recorded stands in `entry`; `tile` and `log_state` hold its hash tree, `idempotency` who asked it, `catalogue`
and `reason` what auditors look for: they can be made again from the entries. `personal` alone can be erased.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

metadata = MetaData()

BIG = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite keeps a row under its INTEGER PRIMARY KEY; there, every integer has 64 bits."""

dictionary = Table(
    "dictionary",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("policy_digest", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""What bodies are compressed with: records of one policy say most things in the same words."""

entry = Table(
    "entry",
    metadata,
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("id", String(40), nullable=False, unique=True),
    Column("dictionary", Integer, ForeignKey("dictionary.number")),
    Column("body", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
)
"""The log: the record's exact bytes as one zstd frame, and their leaf hash."""

idempotency = Table(
    "idempotency",
    metadata,
    Column("key_hash", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("seq", BIG, ForeignKey("entry.seq"), nullable=False),
    sqlite_with_rowid=False,
)

tile = Table(
    "tile",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BIG, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
)
"""Whole tiles only: 256 hashes and their root. What is not whole yet is read off the level below."""

log_state = Table(
    "log_state",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("origin", String(80), nullable=False),
    Column("size", BIG, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("latest", BIG, nullable=False),
)
"""One row: the name of the log, its size and right edge, the latest time in it (µs since 1970)."""

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", BIG, primary_key=True, autoincrement=False),
    Column("note", String(2000), nullable=False),
)

part = Table(
    "part",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
"""What was too large for its record, as one zstd frame, under the SHA-256 of its exact bytes."""

personal = Table(
    "personal",
    metadata,
    Column("seq", BIG, ForeignKey("entry.seq"), primary_key=True, autoincrement=False),
    Column("pointer", String(2000), primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("value", LargeBinary, nullable=False),
)
"""Personal data of a record, by JSON pointer; the record itself has only SHA-256 of salt and value."""

OTHERS = text("kind <> 'decision'")
"""Records that are no decisions: few, and looked for among many."""

catalogue = Table(
    "catalogue",
    metadata,
    Column("seq", BIG, ForeignKey("entry.seq"), primary_key=True, autoincrement=False),
    Column("at", BIG, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("policy", String(200)),
    Column("outcome", String(200)),
    Column("revision", Integer),
    Column("principal", String(200)),
    Column("subject", String(400)),
    Index("catalogue_by_subject", "subject", "seq"),
    Index("catalogue_by_policy", "policy", "outcome", "seq"),
    Index("catalogue_by_time", "at"),
    Index("catalogue_of_others", "kind", "seq", sqlite_where=OTHERS, postgresql_where=OTHERS),
)

reason = Table(
    "reason",
    metadata,
    Column("code", String(60), primary_key=True),
    Column("seq", BIG, ForeignKey("entry.seq"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

policy_text = Table(
    "policy_text",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("text", LargeBinary, nullable=False),
)
"""Policy texts under the SHA-256 of their exact bytes, drafts too."""

act = Table(
    "act",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("seq", BIG, ForeignKey("entry.seq"), nullable=False, unique=True),
)
"""The entries by which policies and access changed, numbered without gaps."""

override = Table(
    "override",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("seq", BIG, ForeignKey("entry.seq"), nullable=False),
    Column("decision", String(40), nullable=False),
    Column("policy", String(200), nullable=False),
    Column("given_by", String(200), nullable=False),
    Column("until", String(10), nullable=False),
    Column("ended", BIG, ForeignKey("entry.seq")),
    Index("override_by_decision", "decision"),
    Index("override_by_person", "given_by", "seq"),
)
"""What a person decided otherwise; `ended` is the entry that took it back."""

comparison = Table(
    "comparison",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("bundle_digest", String(64), nullable=False),
    Column("seq", BIG, ForeignKey("entry.seq"), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("comparison_by_revision", "revision", "seq"),
)
"""What would change under a revision, whole, as one zstd frame; the log has its SHA-256."""

comparison_subject = Table(
    "comparison_subject",
    metadata,
    Column("subject", String(400), primary_key=True),
    Column("comparison", String(40), ForeignKey("comparison.id"), primary_key=True),
)
"""Whom a comparison names: what it says of them is erased with their personal data."""

probe = Table(
    "probe",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("at", String(40), nullable=False),
)
