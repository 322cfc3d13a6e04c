"""Made-up records of decisions in any number, about 2.5 KB each: a real decision with other ids and amounts."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal

from api.audit.appending import Key
from api.audit.records import Record
from api.recording import decision_record
from api.revisions import InForce
from engine import decide
from policies import load
from policies.ir import Bundle
from policies.source import decode

SEED = 20_260_630
DECIDED = 500
"""Decisions really made; the others are these with another id and time."""

POLICY = """\
writ: 1
bundle: order-desk
reporting_currency: EUR
languages: [en, zh-Hans]
facts:
  customer: {fields: {customer_id: {type: text, subject: true}, days_overdue: days, hold: boolean, since: date}}
  order: {fields: {number: text, amount: money, open_amount: money}}
parameters:
  review_above: {type: money, value: 5000, source: company policy}
  limit: {type: money, value: 20000, source: company policy}
policies:
  order-check:
    kind: credit
    title: {en: Order check, zh-Hans: 订单审核}
    let:
      used: order.amount + order.open_amount
      share: used / limit
    rules:
      - {rule: hold, when: customer.hold, then: decline, reason: CR-HLD-01}
      - {rule: overdue, when: customer.days_overdue > 60, then: decline, reason: CR-OVD-01}
      - {rule: large, when: order.amount > review_above, then: refer, reason: CR-EXP-02}
    default: approve
    missing: refer
"""


def policies() -> Bundle:
    """The policies that decided."""
    return load(decode("bench.yaml", POLICY.encode()))


def records(count: int) -> Iterator[Record]:
    """So many records; the same every time but for their ids."""
    chance = random.Random(SEED)
    bundle = policies()
    policy, deciding = bundle.policies["order-check"], InForce(bundle, 1, 1)
    at = dt.datetime(2026, 6, 30, tzinfo=dt.UTC)
    decided = []
    for number in range(min(count, DECIDED)):
        facts = {
            "customer": {
                "customer_id": f"C-{number:05d}",
                "days_overdue": chance.randint(0, 90),
                "hold": chance.random() < 0.05,
                "since": f"20{chance.randint(10, 25)}-0{chance.randint(1, 9)}-15",
            },
            "order": {
                "number": f"SO-{chance.randint(0, 10**8):08d}",
                "amount": str(Decimal(chance.randint(10_000, 900_000)) / 100),
                "open_amount": str(Decimal(chance.randint(0, 2_000_000)) / 100),
            },
        }
        decided.append((facts, decide(policy, facts, at.date())))
    for number in range(count):
        facts, decision = decided[number % len(decided)]
        moment = at + dt.timedelta(milliseconds=number)
        key = Key(chance.randbytes(32), chance.randbytes(32))
        yield decision_record(policy, deciding, facts, decision, key=key, principal="local", at=moment, went_back=False)
