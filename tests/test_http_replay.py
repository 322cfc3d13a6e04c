"""A recorded decision can be made again from the database alone: the same facts, text and day give the same bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pysqlite3.dbapi2 as driver
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from api.audit.canonical import canonical
from api.audit.records import read_record
from api.strict_json import parse
from engine import decide
from engine.facts import fit
from policies import load
from policies.source import decode
from tests.fitting_facts import DECLARATIONS, fitting, written
from tests.serving import Served, new_key, served

POLICY = """\
writ: 1
bundle: replay
reporting_currency: EUR
languages: [en, zh-Hans]
facts:
  amount: {type: money, currency: EUR}
  ratio: number
  count: {type: number, whole: true, optional: true}
  remark: text?
  客户:
    fields:
      等级: text
      额度: {type: money, currency: EUR, default: 0}
  batches:
    type: list
    fields: {days: {type: list, of: number}, paid: {type: money, currency: EUR, optional: true}}
reasons:
  RP-01: {kind: info, text: {en: The amount is large, zh-Hans: 金额较大}}
policies:
  replay:
    kind: decision
    title: {en: Replay, zh-Hans: 重放}
    let:
      share: amount / 客户.额度
    rules:
      - {rule: large, when: amount > 10, reason: RP-01}
    outcome:
      asked: amount
      written: string(amount)
      share: {is: share, otherwise: "0"}
      ratio: ratio * 3
      count: {is: count, otherwise: "0"}
      remark: {is: remark, otherwise: '"none"'}
      grade: 客户.等级
      batches: batches
      customer: 客户
"""
CUSTOMER = '"客户": {"等级": "甲", "额度": 3}'
LONG = ", ".join(['{"days": [1.50, 2]}'] * 2000)
FACTS = {
    "a decimal with a zero": '"amount": 10.50, "ratio": 1.10, "batches": []',
    "more zeros than the currency has decimals": '"amount": 10.5000, "ratio": 0.000, "batches": []',
    "decimal text": '"amount": "10.50", "ratio": "1.1000", "batches": []',
    "whole numbers": '"amount": 10, "ratio": -0, "count": 9007199254740991, "batches": []',
    "more digits than a float holds": '"amount": 12345678901234567.89, "ratio": 9007199254740993, "batches": []',
    "nested lists": '"amount": 1.00, "ratio": 1, "batches": [{"days": [1.0, "2.50", 3], "paid": 0.10}, {"days": []}]',
    "texts": '"amount": 1, "ratio": 1, "remark": "\\u00fc \\ud83d\\ude00 \\\\ 10.50\\n", "batches": [], "count": null',
    "too large for one record": f'"amount": 1, "ratio": 1, "batches": [{LONG}]',
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    folder = tmp_path_factory.mktemp("replayed")
    with served(folder, POLICY) as running:
        yield running, folder / "writ.db"


def recorded(database: Path, decision: str) -> tuple[dict[str, Any], bytes]:
    """The record of a decision, and the policy text that its revision had by then, read with SQLite alone."""
    connection = driver.connect(f"file:{database}?mode=ro", uri=True)

    def one(statement: str, value: object) -> bytes:
        found: bytes = connection.execute(statement, (value,)).fetchone()[0]
        return found

    body = zstandard.decompress(one("SELECT body FROM entry WHERE id = ?", decision))
    record = read_record(
        body, lambda digest: zstandard.decompress(one("SELECT body FROM part WHERE digest = ?", digest))
    )
    text = one("SELECT text FROM policy_text WHERE digest = ?", record["bundle_digest"])
    connection.close()
    return record, text


@pytest.mark.parametrize("name", FACTS)
def test_a_recorded_decision_is_made_again_byte_for_byte(service: tuple[Served, Path], name: str) -> None:
    running, database = service
    raw = f'{{"facts": {{{FACTS[name]}, {CUSTOMER}}}, "as_of": "2026-03-01"}}'
    headers = new_key() | {"Content-Type": "application/json"}
    answer = httpx.post(f"{running.url}/v1/decisions/replay", content=raw.encode(), headers=headers, timeout=15)
    assert answer.status_code == 200, answer.text
    record, text = recorded(database, answer.json()["decision_id"])
    was = record["decision"]
    policy = load(decode("policies.yaml", text)).policies[was["policy"]]
    again = decide(policy, record["facts"], dt.date.fromisoformat(was["as_of"]))
    assert canonical(again.to_json()) == canonical(was)


@given(st.data())
def test_facts_read_the_same_from_the_record_as_from_the_request(data: st.DataObject) -> None:
    declared = data.draw(DECLARATIONS)
    received = parse(written(data.draw(fitting(declared))).encode())
    assert isinstance(received, dict)
    assert fit(declared, orjson.loads(canonical(received))) == fit(declared, received)
