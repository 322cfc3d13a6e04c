"""People for the tests of personal data: facts about them, and canaries, random texts by which they are recognised."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

POLICIES = """\
writ: 1
bundle: erased
reporting_currency: EUR
languages: [en]
facts:
  amount: {type: money, currency: EUR}
  remark: text?
  customer:
    fields:
      number: {type: text, subject: true, pii: true}
      name: {type: text, pii: true}
      home: {pii: true, fields: {street: text, flat: text?}}
  contacts: {type: list, fields: {role: text, email: {type: text, pii: true}}}
  salary: {type: money, currency: EUR, pii: true}
  moved_in: {type: date, pii: true}
reasons:
  ER-01: {kind: info, text: {en: The amount is more than a salary}}
policies:
  lease:
    kind: decision
    title: {en: Lease}
    let:
      greeting: '"Dear " + customer.name + ","'
      label: 'customer.number + " / " + customer.home.street'
    rules:
      - {rule: large, when: 'amount > salary and customer.number != "nobody"', reason: ER-01}
    outcome:
      lease: amount < 5000
      greeting: greeting
      label: label
      lines: '[greeting, customer.home.street, "unchanged"]'
      emails: for one in contacts return one.email
      home: customer.home
      salary: salary
      since: moved_in
      said: {is: remark, otherwise: '"nothing"'}
"""
_NUMBERS = itertools.count()


def canary() -> str:
    return f"canary{secrets.token_hex(7)}"


@dataclass(frozen=True)
class Person:
    """A subject: the facts about them, and the texts by which they would be recognised."""

    facts: dict[str, Any]
    canaries: tuple[str, ...]

    @property
    def number(self) -> str:
        number: str = self.facts["customer"]["number"]
        return number


def person(chance: random.Random, *, large: bool) -> Person:
    texts = [canary() for _ in range(6)]
    salary = f"{chance.randrange(10**14, 10**15)}.{chance.randrange(11, 99)}"
    moved = str(dt.date(1000, 1, 1) + dt.timedelta(days=next(_NUMBERS)))
    number, name, street, flat, *emails = texts
    contacts = [{"role": "tenant", "email": f"{one}@example.com"} for one in emails]
    facts = {
        "amount": str(10**16 if chance.random() < 0.5 else 1000),
        "customer": {"number": number, "name": f'王 "{name}" \\ Ž', "home": {"street": street, "flat": flat}},
        "contacts": [*contacts, *([{"role": "r" * 9_000, "email": canary()}] * 8 if large else [])],
        "salary": salary,
        "moved_in": moved,
    }
    return Person(facts, (*texts, salary, moved))


def people(count: int) -> list[Person]:
    """As many subjects; the facts of each tenth are too large for a record, and stand beside it."""
    chance = random.Random(17)  # noqa: S311 (made-up people need no protection)
    return [person(chance, large=n % 10 == 3) for n in range(count)]


_RECOGNISED = re.compile(rb"(?=(canary[0-9a-f]{14}|[0-9]{15}[.][0-9]{2}|1[0-9]{3}-[0-9]{2}-[0-9]{2}))")


def recognised(content: bytes) -> set[str]:
    """All that looks like one of the canaries, also where two overlap."""
    return {found.decode() for found in _RECOGNISED.findall(content)}


def in_files(folder: Path) -> set[str]:
    """The same in the bytes of all files of a folder."""
    return {text for path in folder.rglob("*") if path.is_file() for text in recognised(path.read_bytes())}


def canaries_of(some: list[Person]) -> set[str]:
    return {text for one in some for text in one.canaries}


def lease(client: httpx.Client, facts: Mapping[str, object], **headers: str) -> httpx.Response:
    sent = {"Idempotency-Key": secrets.token_hex(8)} | {n.replace("_", "-"): text for n, text in headers.items()}
    return client.post("/v1/decisions/lease", json={"facts": facts}, headers=sent)
