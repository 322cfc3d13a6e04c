"""A record with more personal values than fit into it: their hashes stand beside it, proved and erased alike."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.audit.erasure import erase
from api.audit.log import Log
from api.audit.pack import export_pack
from api.audit.personal import Personal
from api.audit.places import Places
from api.audit.records import LARGEST, Catalogued, make_record
from api.audit.search import Query
from api.audit.verify import verify_pack
from api.audit.whole import whole_record
from api.identities import new_id
from policies.ir import Fact
from policies.types import ContextOf, ListOf, Text

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
PEOPLE = 12_000
"""More values than one statement of SQLite takes, in a record whose hashes alone are a megabyte."""

DECLARED = (
    Fact("people", ListOf(ContextOf((("name", Text()),))), fields=(Fact("name", Text(), pii=True),)),
    Fact("id", Text(), subject=True),
)
FACTS = {"people": [{"name": f"person number {number}"} for number in range(PEOPLE)], "id": "C-1"}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    places = Places(str(tmp_path / "writ.db"), tmp_path / "writ.key", tmp_path / "writ.checkpoints")
    opened = Log(places, 5, lambda: NOON)
    yield opened
    opened.close()


def test_they_are_kept_proved_and_erased(log: Log, tmp_path: Path) -> None:
    content = {"facts": FACTS, "decision": {"trace": []}}
    found = Catalogued(subject="C-1")
    record = make_record(
        "decision", new_id("dec", NOON), NOON, content, personal=Personal(DECLARED, FACTS), catalogued=found
    )
    assert len(record.body) < LARGEST
    kept = log.writer.append(record)
    assert len(log.store.personal_rows(kept.seq, kept.seq + 1)) == PEOPLE
    whole, gone = whole_record(log.store, kept)
    assert (whole["facts"], gone) == (FACTS, frozenset())
    pack = tmp_path / "pack"
    export_pack(log, Query(), pack, principal="test", personal=True)
    assert verify_pack(pack).wrong == []
    assert any(f"{PEOPLE} values as recorded" in line for line in verify_pack(pack).proven)
    altered = (pack / "personal.jsonl").read_text(encoding="utf-8").replace("number 7777", "number 7778")
    (pack / "personal.jsonl").write_text(altered, encoding="utf-8")
    assert verify_pack(pack).wrong[0].startswith(f"record {kept.seq}: the personal value of '/facts/people/7777/name'")
    assert erase(log, "C-1", principal="test", reason="asked for").values == PEOPLE
    after, gone = whole_record(log.store, kept)
    assert after["facts"] == {"people": [{"name": None}] * PEOPLE, "id": "C-1"}
    assert len(gone) == PEOPLE
    said = json.loads(log.store.entries(kept.seq, log.store.state().size)[-1].body)
    assert (said["kind"], said["entries"]) == ("erasure", [kept.seq])
