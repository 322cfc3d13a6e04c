"""The shipped dunning policy over every Monday of 2013 on shared/data/ibm-ar, each case carried into the next week.

Run twice: as the ledger has it, where most of what is late is in dispute and so is held back; and as if nothing were in
dispute, which shows more of the ladder. The tables of notices by level and month are tests/golden/mondays-2013-*.txt;
`pytest tests/test_mondays.py --golden` writes them anew. The ledger knows no payment of fees or interest: they are
counted here, and not dunned.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from api.receivables import write_facts
from engine.decide import decide
from policies import load
from policies.ir import Bundle
from policies.source import decode
from tests.conftest import Golden
from tests.ledger_steps import carried_forward

ROOT = Path(__file__).resolve().parents[1]
LEDGER = ROOT.parent / "shared" / "data" / "ibm-ar" / "WA_Fn-UseC_-Accounts-Receivable.csv"
MAP = ROOT / "tests" / "maps" / "ibm-ar.yaml"
GOLDEN = ROOT / "tests" / "golden"

pytestmark = pytest.mark.skipif(not LEDGER.is_file(), reason=f"the ledger {LEDGER} is absent")

Facts = dict[str, Any]
ITEM_FIELDS = ("dunning_level", "last_dunned_on", "notice_deadline", "reminded_on", "interest_charged")
"""What the books know of an item that the ledger does not."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One account on one Monday: its facts, what was decided, and what had been sent before."""

    on: dt.date
    facts: Facts
    decision: Facts
    before: dict[str, int]

    @property
    def outcome(self) -> Facts:
        outcome: Facts = self.decision["outcome"]
        return outcome


@dataclass(slots=True)
class Books:
    """What a seller keeps beside its ledger: of each item the level sent, of each account its dunning case."""

    items: dict[tuple[str, str], Facts] = field(default_factory=dict)
    cases: dict[str, Facts] = field(default_factory=dict)

    def onto(self, facts: Facts) -> Facts:
        """The facts of the ledger with what the books know; a case of which nothing is open any more is closed."""
        customer = facts["customer"]["customer_id"]
        items = [item | self.items.get((customer, item["invoice_id"]), {}) for item in facts["open_items"]]
        if not any("dunning_level" in item for item in items):
            self.cases.pop(customer, None)
        if customer not in self.cases:
            return facts | {"open_items": items}
        return facts | {"open_items": items, "dunning_case": self.cases[customer]}

    def keep(self, facts: Facts, outcome: Facts) -> None:
        """Write down what was sent, from the facts as they are carried forward."""
        customer = facts["customer"]["customer_id"]
        for item in facts["open_items"]:
            self.items[customer, item["invoice_id"]] = {name: item[name] for name in ITEM_FIELDS if name in item}
        if outcome["outcome"] == "notice":
            self.cases[customer] = facts["dunning_case"]


def mondays() -> list[dt.date]:
    first = dt.date(2013, 1, 7)
    return [first + dt.timedelta(weeks=week) for week in range(52)]


def facts_on(day: dt.date) -> list[Facts]:
    out, rejected = io.StringIO(), io.StringIO()
    write_facts(LEDGER, MAP, day, out, rejected)
    assert rejected.getvalue() == ""
    return [json.loads(line)["facts"] for line in out.getvalue().splitlines()]


def policies() -> Bundle:
    return load(decode("policies.yaml", (ROOT / "policies.yaml").read_bytes()))


def without_disputes(facts: Facts) -> Facts:
    items = [
        {name: value for name, value in item.items() if not name.startswith("dispute")} for item in facts["open_items"]
    ]
    return facts | {"open_items": items}


def has_open_items(facts: Facts) -> bool:
    return bool(facts["open_items"])


def has_something_due(facts: Facts, day: dt.date) -> bool:
    """Whether an item is due within a week: before that no reminder and no notice is called for."""
    return any(dt.date.fromisoformat(item["due_date"]) <= day + dt.timedelta(days=7) for item in facts["open_items"])


def year(bundle: Bundle, ledger: dict[dt.date, list[Facts]]) -> Iterator[Decided]:
    """Every account with something open on every Monday, in sequence; what is decided is sent."""
    books = Books()
    policy = bundle.policies["dunning"]
    for day, accounts in ledger.items():
        for account in filter(has_open_items, accounts):
            facts = books.onto(account)
            decision = decide(policy, facts, day)
            before = {item["invoice_id"]: item.get("dunning_level", 0) for item in facts["open_items"]}
            decided = Decided(day, facts, decision.to_json(), before)
            books.keep(carried_forward(bundle, facts, decision, book_claims=False), decided.outcome)
            yield decided


@pytest.fixture(scope="module")
def ledger() -> dict[dt.date, list[Facts]]:
    return {day: facts_on(day) for day in mondays()}


@pytest.fixture(scope="module", params=["disputes-held-back", "disputes-dunned"])
def story(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def decided(ledger: dict[dt.date, list[Facts]], story: str) -> list[Decided]:
    if story == "disputes-dunned":
        ledger = {
            day: [without_disputes(facts) for facts in accounts if has_something_due(facts, day)]
            for day, accounts in ledger.items()
        }
    return list(year(policies(), ledger))


def test_the_year_is_not_empty(decided: list[Decided], story: str) -> None:
    assert len({each.on for each in decided}) == 52
    highest = max(int(each.outcome["level"]) for each in decided)
    assert highest >= (1 if story == "disputes-held-back" else 2)
    assert Counter(each.outcome["outcome"] for each in decided)["notice"] > 50


def test_no_level_is_skipped(decided: list[Decided]) -> None:
    for each in decided:
        for item in each.outcome["items"]:
            sent, now = each.before[item["invoice_id"]], int(item["assigned_level"])
            assert now <= sent + 1, (each.on, item)
            assert item["passed_over"] == [], (each.on, item)


def test_no_level_falls_silently(decided: list[Decided]) -> None:
    reached: dict[tuple[str, str], int] = {}
    for each in decided:
        for item in each.outcome["items"]:
            key = each.facts["customer"]["customer_id"], item["invoice_id"]
            recorded = int(item["recorded_level"])
            assert recorded >= reached.get(key, 0) or item["level_changes"], (each.on, item)
            reached[key] = recorded


def test_every_item_ends_in_a_notice_a_reminder_or_a_named_skip(decided: list[Decided]) -> None:
    for each in decided:
        assert len(each.outcome["items"]) == len(each.facts["open_items"])
        for item in each.outcome["items"]:
            assert item["outcome"] in {"notice", "reminder"} or item["skips"], (each.on, item)
        assert each.outcome["outcome"] != "skip" or each.outcome["skips"], each.on


def test_every_notice_is_explained(decided: list[Decided]) -> None:
    for each in decided:
        if each.outcome["outcome"] != "notice":
            continue
        codes = {reason["code"] for reason in each.decision["reasons"]}
        steps = {step["name"]: step for step in each.decision["trace"]}
        assert "DN-LVL-01" in codes
        assert ("DN-FEE-01" in codes) == (Decimal(each.outcome["fees"]) > 0)
        assert ("DN-INT-01" in codes) == (Decimal(each.outcome["interest"]) > 0)
        for item in each.outcome["items"]:
            if item["outcome"] == "notice":
                assert item["days_in_arrears"] is not None
                assert f"{item['invoice_id']}" in " ".join(steps), (each.on, item)


def test_an_undisputed_invoice_is_reminded_within_a_week_of_its_day(decided: list[Decided]) -> None:
    # The other way round, from the ledger: whoever is 12 days late for 25 or more has had a notice, unless one to the
    # same account was sent less than the interval ago, or a person follows up.
    for each in decided:
        ends = {item["invoice_id"]: item for item in each.outcome["items"]}
        for item in each.facts["open_items"]:
            late = (each.on - dt.date.fromisoformat(item["due_date"])).days
            if late >= 12 and "disputed_amount" not in item and Decimal(item["open_amount"]) >= 25:
                end = ends[item["invoice_id"]]
                assert int(end["recorded_level"]) > 0 or set(end["skips"]) <= {"DN-SKP-02", "DN-SKP-12"}, (
                    each.on,
                    item,
                )


def test_notices_equal_a_count_made_without_the_engine(ledger: dict[dt.date, list[Facts]]) -> None:
    path = ROOT / "tests" / "examples" / "mondays.yaml"
    half_year = {day: [narrowed(facts) for facts in accounts] for day, accounts in list(ledger.items())[:26]}
    sent = Counter(
        (each.on, each.facts["customer"]["customer_id"], int(each.outcome["level"]))
        for each in year(load(decode(path.name, path.read_bytes())), half_year)
        if each.outcome["outcome"] == "notice"
    )
    assert {level for _, _, level in sent} == {1, 2, 3, 4}
    assert sent == Counter(counted(list(half_year)))


def narrowed(facts: Facts) -> Facts:
    items = [{name: item[name] for name in ("invoice_id", "due_date", "open_amount")} for item in facts["open_items"]]
    return {"customer": {"customer_id": facts["customer"]["customer_id"]}, "open_items": items}


THRESHOLDS = ((3, 0, 0), (9, 6000, 0), (15, 0, 40), (22, 7000, 0))
"""Of the levels of tests/examples/mondays.yaml: days, cents, percent."""


def counted(days: list[dt.date]) -> Iterator[tuple[dt.date, str, int]]:
    """The same notices from the rows of the ledger, in whole cents: day, customer, level."""
    rows = invoices()
    level: Counter[str] = Counter()
    noticed: dict[str, dt.date] = {}
    for day in days:
        for customer in sorted({row[0] for row in rows}):
            open_ = [row for row in rows if row[0] == customer and row[2] <= day < row[4] and row[5] > 2000]
            before = max((noticed[row[1]] for row in open_ if row[1] in noticed), default=dt.date.min)
            late = {row[1]: (day - row[3]).days for row in open_ if (day - row[3]).days > 2}
            if max(late.values(), default=0) < 4 or (before != dt.date.min and (day - before).days < 7):
                continue
            dunnable, total = (sum(row[5] for row in each) for each in ([r for r in open_ if r[1] in late], open_))
            given = {}
            for number, age in late.items():
                reached = min(sum(age >= step[0] for step in THRESHOLDS), level[number] + 1)
                while reached and (
                    dunnable < THRESHOLDS[reached - 1][1] or 100 * dunnable < total * THRESHOLDS[reached - 1][2]
                ):
                    reached -= 1
                given[number] = reached
            if any(given[number] > level[number] for number in given):
                yield day, customer, max(given.values())
                noticed |= {number: day for number, reached in given.items() if reached}
                level |= Counter({number: reached for number, reached in given.items() if reached})


def invoices() -> list[tuple[str, str, dt.date, dt.date, dt.date, int]]:
    """Customer, number, written, due, settled, cents."""

    def date(american: str) -> dt.date:
        month, day, year_ = american.split("/")
        return dt.date(int(year_), int(month), int(day))

    with LEDGER.open(encoding="utf-8", newline="") as file:
        return [
            (
                row["customerID"],
                row["invoiceNumber"],
                date(row["InvoiceDate"]),
                date(row["DueDate"]),
                date(row["SettledDate"]),
                round(Decimal(row["InvoiceAmount"]) * 100),
            )
            for row in csv.DictReader(file)
        ]


def test_the_table_of_notices_by_level_and_month(decided: list[Decided], story: str, golden: Golden) -> None:
    names = [level.name for level in policies().policies["dunning"].body.levels]
    golden(GOLDEN / f"mondays-2013-{story}.txt", "\n".join(table(decided, story, names)) + "\n")


def table(decided: list[Decided], story: str, names: list[str]) -> Iterator[str]:
    """Notices by level, reminders before the due date, and what the notices claimed, by month."""
    notices: Counter[tuple[int, int]] = Counter()
    reminders: Counter[int] = Counter()
    charges: dict[int, list[Decimal]] = {month: [Decimal(0), Decimal(0)] for month in range(1, 13)}
    for each in decided:
        outcome, month = each.outcome, each.on.month
        if outcome["outcome"] == "notice":
            level = int(outcome["level"])
            notices[month, level] += 1
            charges[month][0] += Decimal(outcome["fees"])
            charges[month][1] += Decimal(outcome["interest"])
        reminders[month] += any(item["outcome"] == "reminder" for item in outcome["items"])
    levels = range(1, len(names) + 1)
    heads = ["month", "before due", *names, "fees", "interest"]
    rows = [
        [
            f"2013-{month:02}",
            str(reminders[month]),
            *(str(notices[month, level]) for level in levels),
            *(f"{amount:.2f}" for amount in charges[month]),
        ]
        for month in range(1, 13)
    ]
    total = ["2013", str(reminders.total())]
    total += [str(sum(notices[month, level] for month in range(1, 13))) for level in levels]
    total += [f"{sum((charge[column] for charge in charges.values()), Decimal(0)):.2f}" for column in (0, 1)]
    yield f"Accounts with a notice on the Mondays of 2013, shared/data/ibm-ar, {story.replace('-', ' ')}"
    yield ""
    widths = [max(len(row[column]) for row in (heads, *rows, total)) for column in range(len(heads))]
    for row in (heads, *rows, total):
        yield "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
