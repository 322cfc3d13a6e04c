"""The record: exact bytes, contiguous numbers, insert-only, one per key; and no decision when it cannot be written."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as driver
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from api.audit import sqlite
from api.audit.appending import Key
from api.audit.canonical import canonical, fingerprint
from api.audit.database import AuditBrokenError, AuditUnavailableError, KeyReusedError
from api.audit.records import LARGEST, Record, make_record, read_record, timestamp
from api.audit.store import Kept, Store
from api.audit.tables import act, policy_text
from api.audit.verify import leaf_hash
from api.audit.writer import Writer
from api.identities import new_id

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "writ.db", wait=0.3)
    yield opened
    opened.close()


@pytest.fixture
def writer(store: Store) -> Iterator[Writer]:
    opened = Writer(store)
    yield opened
    opened.close()


def key(name: str, asks: str = "this") -> Key:
    return Key(hashlib.sha256(name.encode()).digest(), hashlib.sha256(asks.encode()).digest())


def record(**content: Any) -> Record:
    return make_record("decision", new_id("dec", NOON), NOON, content)


def append(writer: Writer, name: str, asks: str = "this", **content: Any) -> Kept:
    return writer.append(record(**content), key(name, asks), time.monotonic() + writer.store.wait)


# Bytes


@given(JSON)
def test_canonical_is_json_without_spaces_that_reads_back_the_same(value: Any) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


def test_canonical_orders_members_by_utf16_code_units() -> None:
    """The example of RFC 8785, section 3.2.3: a surrogate pair sorts before U+FB33."""
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    ordered = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical(dict.fromkeys(names, 0)))) == ordered


def test_decimals_are_text_with_their_zeros_and_large_whole_numbers_too() -> None:
    values = [Decimal("100.10"), Decimal("1E+3"), 2**53 - 1, 2**53]
    assert canonical(values) == b'["100.10","1000",9007199254740991,"9007199254740992"]'


@pytest.mark.parametrize("value", [1.5, float("nan"), b"x", NOON])
def test_nothing_else_gets_into_a_record(value: object) -> None:
    with pytest.raises(TypeError):
        canonical({"x": value})


def test_a_fingerprint_is_about_meaning_not_about_writing() -> None:
    first = fingerprint("p", {"a": Decimal("1.50"), "b": [1, "x"]})
    assert fingerprint("p", {"b": [Decimal("1.0"), "x"], "a": Decimal("1.5")}) == first
    others = [("q", {"a": Decimal("1.5"), "b": [1, "x"]}), ("p", {"a": "1.5", "b": [1, "x"]}), ("p", {"b": [1, "x"]})]
    assert first not in [fingerprint(*other) for other in others]


def test_the_leaf_is_that_of_the_certificate_transparency_vectors() -> None:
    """The leaf of the empty record, as in the test data of RFC 6962's reference implementation."""
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def test_time_is_utc_to_the_microsecond() -> None:
    moment = dt.datetime(2026, 3, 1, 8, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    assert timestamp(moment) == "2026-03-01T00:30:00.000000Z"


def test_ids_are_unlike_and_sort_by_time() -> None:
    earlier = [new_id("dec", NOON) for _ in range(50)]
    later = new_id("dec", NOON + dt.timedelta(milliseconds=1))
    assert len(set(earlier)) == 50
    assert max(earlier) < later
    assert {len(id_) for id_ in earlier} == {30}


def test_what_is_too_large_stands_beside_the_record_under_its_hash(writer: Writer) -> None:
    content: dict[str, Any] = {"facts": {"items": ["x" * 100] * 700}, "decision": {"outcome": {"ok": True}}}
    kept = append(writer, "large", **content)
    assert len(kept.body) < LARGEST
    bare = json.loads(kept.body)
    assert "facts" not in bare
    assert bare["facts_sha256"] == hashlib.sha256(canonical(content["facts"])).hexdigest()
    whole = read_record(kept.body, writer.store.part)
    assert (whole["facts"], whole["decision"]) == (content["facts"], content["decision"])
    assert append(writer, "large again", **content).seq == kept.seq + 1


# Order and keys


def test_numbers_are_contiguous_from_zero_whoever_writes(writer: Writer, tmp_path: Path) -> None:
    writer.store.wait = 5
    other = Writer(Store(tmp_path / "writ.db", wait=5))
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda n: append((writer, other)[n % 2], f"k{n}", n=n), range(60)))
    other.close()
    other.store.close()
    assert sorted(one.seq for one in kept) == list(range(60))


def test_one_key_has_one_record_however_many_ask_at_once(writer: Writer) -> None:
    writer.store.wait = 5
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda _: append(writer, "same"), range(30)))
    assert len({(one.seq, one.body) for one in kept}) == 1
    assert sum(not one.replayed for one in kept) == 1


def test_a_key_for_another_request_is_refused_and_writes_nothing(writer: Writer) -> None:
    first = append(writer, "k", asks="this")
    with pytest.raises(KeyReusedError):
        append(writer, "k", asks="that")
    assert append(writer, "next").seq == first.seq + 1


def test_a_record_reads_back_with_identical_bytes_after_reopening(writer: Writer, tmp_path: Path) -> None:
    kept = append(writer, "k", outcome={"limit": Decimal("100.10")})
    again = Store(tmp_path / "writ.db", wait=1)
    found = again.find_id(json.loads(kept.body)["id"])
    again.close()
    assert found == kept
    assert leaf_hash(kept.body) == kept.leaf


# Guards


@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
@pytest.mark.parametrize(
    ("table", "column"), [("entry", "body"), ("idempotency", "fingerprint"), ("policy_text", "text"), ("act", "seq")]
)
def test_what_is_recorded_cannot_be_changed(writer: Writer, statement: str, table: str, column: str) -> None:
    append(writer, "k")
    with writer.store.write() as connection:
        connection.execute(insert(policy_text).values(digest="d", name="bundle", text=b"text"))
        connection.execute(insert(act).values(number=1, seq=0))
    with pytest.raises(AuditUnavailableError, match=f"{table} is insert-only"), writer.store.write() as connection:
        connection.exec_driver_sql(statement.format(table, column, "x'00'"))


def test_the_database_syncs_every_commit(writer: Writer) -> None:
    with writer.store.write() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_readers_cannot_write(writer: Writer) -> None:
    with pytest.raises(AuditUnavailableError, match="readonly"), writer.store.read() as connection:
        connection.exec_driver_sql("DELETE FROM probe")


def test_an_old_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "version", lambda: (3, 51, 2))
    with pytest.raises(AuditUnavailableError, match=r"SQLite 3\.51\.2 can corrupt"):
        Store(tmp_path / "writ.db", wait=1)
    monkeypatch.setattr(sqlite, "version", lambda: (3, 51, 3))
    Store(tmp_path / "writ.db", wait=1).close()


# Fail closed


def test_a_lock_held_elsewhere_ends_in_time_and_leaves_nothing_behind(writer: Writer, tmp_path: Path) -> None:
    other = driver.connect(str(tmp_path / "writ.db"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        tries = [pool.submit(append, writer, f"k{n}") for n in range(4)]
    assert all(isinstance(one.exception(), AuditUnavailableError) for one in tries)
    assert time.monotonic() - started < 5
    other.execute("ROLLBACK")
    other.close()
    assert append(writer, "after").seq == 0
    assert not writer.store.broken


def test_a_full_disk_refuses_and_recovers(writer: Writer) -> None:
    def limit_pages(pages: int) -> None:
        with writer.store.write() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    limit_pages(1)  # SQLite takes the present size when that is larger: the file may not grow

    def fill() -> None:
        for n in range(100):
            append(writer, f"k{n}", facts={"remark": "x" * 3000})

    with pytest.raises(AuditUnavailableError, match="full") as refusal:
        fill()
    assert not isinstance(refusal.value, AuditBrokenError)
    limit_pages(1_000_000)
    before = append(writer, "freed")
    assert append(writer, "and again").seq == before.seq + 1


def test_a_read_only_database_refuses_and_recovers(writer: Writer) -> None:
    with writer.store.database.writer.connect() as connection:  # what a file system mounted read-only does
        driver_connection = connection.connection.driver_connection
        assert driver_connection is not None
        driver_connection.execute("PRAGMA query_only = ON")
    with pytest.raises(AuditUnavailableError, match="readonly") as refusal:
        append(writer, "k")
    assert not isinstance(refusal.value, AuditBrokenError)
    driver_connection.execute("PRAGMA query_only = OFF")
    assert append(writer, "k").seq == 0


def test_a_file_that_was_replaced_ends_the_store(writer: Writer, tmp_path: Path) -> None:
    append(writer, "k")
    (tmp_path / "writ.db").rename(tmp_path / "moved.db")
    with pytest.raises(AuditBrokenError, match="removed or replaced"):
        append(writer, "k2")
    assert writer.store.broken


def test_a_damaged_file_is_not_opened(writer: Writer, tmp_path: Path) -> None:
    for n in range(30):
        append(writer, f"k{n}", facts={"remark": "x" * 3000})
    writer.store.close()
    path = tmp_path / "writ.db"
    raw = bytearray(path.read_bytes())
    raw[4096:] = bytes(len(raw) - 4096)
    path.write_bytes(raw)
    with pytest.raises(AuditBrokenError, match="malformed"):
        Store(path, wait=0.3)
