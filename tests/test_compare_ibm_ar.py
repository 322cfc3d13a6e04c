"""One threshold changed, the 100 customers of a real ledger: named are exactly those an independent recount says move.

The recount reads the raw CSV with csv, dates and exact fractions of cents; it knows nothing of the engine.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from api.cli import app
from tests.officers import Officers, body, by
from tests.serving import served

POLICIES = Path(__file__).resolve().parents[1] / "policies.yaml"
IBM = Path(__file__).resolve().parents[2] / "shared" / "data" / "ibm-ar" / "WA_Fn-UseC_-Accounts-Receivable.csv"
MAP = Path(__file__).parent / "maps" / "ibm-ar.yaml"

pytestmark = pytest.mark.skipif(not IBM.is_file(), reason=f"the data file {IBM} is absent")


@dataclass(frozen=True)
class Invoice:
    written: dt.date
    due: dt.date
    settled: dt.date
    amount: Decimal
    disputed: bool


def day_of(american: str) -> dt.date:
    month, day, year = map(int, american.split("/"))
    return dt.date(year, month, day)


@pytest.fixture(scope="module")
def ledger() -> dict[str, list[Invoice]]:
    found = defaultdict(list)
    with IBM.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            written, due, settled = (day_of(row[name]) for name in ("InvoiceDate", "DueDate", "SettledDate"))
            amount = Decimal(row["InvoiceAmount"]).quantize(Decimal("0.01"), ROUND_HALF_UP)
            found[row["customerID"]].append(Invoice(written, due, settled, amount, row["Disputed"] == "Yes"))
    assert len(found) == 100
    return dict(found)


def compare(room: Path, day: str, new: str, *policies: str) -> dict[str, Any]:
    """What `writ compare` says of the shipped text and the new one, all movers named."""
    facts, changed = room / "facts.jsonl", room / "new.yaml"
    changed.write_text(new, encoding="utf-8")
    runner = CliRunner()
    made = runner.invoke(app, ["facts", str(IBM), "--map", str(MAP), "--as-of", day, "--out", str(facts)])
    assert made.exit_code == 0, made.output
    command = ["compare", str(POLICIES), str(changed), "--facts", str(facts), "--movers", "100", "--json"]
    found = runner.invoke(app, [*command, *(f"--policy={name}" for name in policies)])
    assert found.exit_code == 0, found.output
    return dict(json.loads(found.stdout))


def replaced(after: str, was: str, now: str) -> str:
    """The shipped text with one number replaced: the first one after some words."""
    text = POLICIES.read_text(encoding="utf-8")
    start = text.index(was, text.index(after))
    return f"{text[:start]}{now}{text[start + len(was) :]}"


def score(known: list[Invoice], day: dt.date) -> Fraction:
    """The points of `customer-class`: paid on time 40, days beyond terms 30, relationship 15; no accounts, 0 of 15."""
    year_ago = day.replace(year=day.year - 1)
    paid = [each for each in known if year_ago < each.settled <= day]
    assert paid, "every customer of this ledger has paid something in the window"
    amount = sum(Fraction(each.amount) for each in paid)
    on_time = sum(Fraction(each.amount) for each in paid if each.settled <= each.due) / amount
    late = sum(Fraction(each.amount) * (each.settled - each.due).days for each in paid) / amount
    since = (day - min(each.written for each in known)).days
    share = (
        0 if on_time < Fraction(1, 2) else 40 if on_time < Fraction(4, 5) else 75 if on_time < Fraction(19, 20) else 100
    )
    delay = 100 if late <= 0 else 80 if late <= 7 else 50 if late <= 15 else 20 if late <= 30 else 0
    relation = 0 if since < 365 else 60 if since < 1095 else 100
    return Fraction(40 * share + 30 * delay + 15 * relation, 100)


def class_of(known: list[Invoice], day: dt.date, high_risk_below: int) -> str:
    owed = sum(each.amount for each in known if each.settled > day)
    assert owed < 500, "nobody owes enough to be high-risk for what is overdue"
    if score(known, day) < high_risk_below:
        return "high-risk"
    return "new" if (day - min(each.written for each in known)).days < 180 else "standard"


def recount(ledger: dict[str, list[Invoice]], day: str, threshold: int) -> dict[str, tuple[str, str]]:
    """Who changes class when the threshold is another, from what to what."""
    on, found = dt.date.fromisoformat(day), {}
    for customer, invoices in ledger.items():
        known = [each for each in invoices if each.written <= on]
        classes = class_of(known, on, 30), class_of(known, on, threshold)
        if classes[0] != classes[1]:
            found[customer] = classes
    return found


def test_the_approver_of_a_proposal_sees_exactly_the_customers_of_a_recount(
    tmp_path: Path, ledger: dict[str, list[Invoice]]
) -> None:
    """Proposed from a file with the customers as facts, and read by the second person, each with both decisions."""
    day, threshold, facts = "2013-06-30", 40, tmp_path / "facts.jsonl"
    changed = tmp_path / "changed.yaml"
    changed.write_text(replaced("high_risk_below:", "value: 30", f"value: {threshold}"), encoding="utf-8")
    made = CliRunner().invoke(app, ["facts", str(IBM), "--map", str(MAP), "--as-of", day, "--out", str(facts)])
    assert made.exit_code == 0, made.output
    with (
        served(tmp_path, POLICIES.read_text(encoding="utf-8")) as running,
        httpx.Client(base_url=running.url, timeout=60) as client,
    ):
        officers = Officers.registered(client)
        env = {"WRIT_SERVICE": str(client.base_url.copy_with(userinfo=b"")), "WRIT_API_KEY": officers.author}
        command = ["propose", str(changed), "--comment", "stricter", "--facts", str(facts), "--json"]
        said = CliRunner(env=env | {"WRIT_FAULTS": None}).invoke(app, command)
        assert said.exit_code == 0, said.output
        assert json.loads(said.stdout)["revision"]["state"] == "proposed"
        path = "/v1/revisions/2/comparisons"
        [line] = body(client.get(path, auth=by(officers.approver)))["comparisons"]
        stored = body(client.get(f"{path}/{line['comparison_id']}", auth=by(officers.approver)))
        movers = stored["replay"]["movers"]
        found = {
            mover["subject"]: (mover["from"], mover["to"]) for mover in movers if mover["policy"] == "customer-class"
        }
        assert found == recount(ledger, day, threshold)
        for rank, mover in enumerate(movers, start=1):
            opened = body(client.get(f"{path}/{line['comparison_id']}/movers/{rank}", auth=by(officers.approver)))
            words = [opened[f"{side}_decision"]["outcome"]["class"] for side in ("old", "new")]
            assert words == [mover["from"], mover["to"]]
            assert all(opened[f"{side}_decision"]["trace"] for side in ("old", "new"))


@pytest.mark.parametrize(
    ("day", "threshold", "moves"), [("2013-06-30", 40, 19), ("2013-06-30", 20, 15), ("2012-12-31", 50, 21)]
)
def test_exactly_the_customers_of_a_recount_change_class(
    tmp_path: Path, ledger: dict[str, list[Invoice]], day: str, threshold: int, moves: int
) -> None:
    expected = recount(ledger, day, threshold)
    assert len(expected) == moves, "some move and not all"
    new = replaced("high_risk_below:", "value: 30", f"value: {threshold}")
    found = compare(tmp_path, day, new, "customer-class")
    [differing] = found["differences"]
    assert (differing["name"], differing["old"], differing["new"]) == ("high_risk_below", "30", str(threshold))
    replay = found["replay"]
    assert {mover["subject"]: (mover["from"], mover["to"]) for mover in replay["movers"]} == expected
    [totals] = replay["policies"]
    assert (totals["compared"], totals["changed"]) == (100, moves)
    assert sum(pair["count"] for pair in totals["migration"] if pair["from"] != pair["to"]) == moves


def late_debts(invoices: list[Invoice], day: dt.date) -> Iterator[Decimal]:
    """Open debts not in dispute, five days late and more; a due date on a weekend moves to Monday."""
    for each in invoices:
        due = each.due + dt.timedelta({5: 2, 6: 1}.get(each.due.weekday(), 0))
        if each.written <= day < each.settled and not each.disputed and (day - due).days >= 5:
            yield each.amount


@pytest.mark.parametrize("least", [45, 70])
def test_exactly_the_customers_of_a_recount_get_no_letter_any_more(
    tmp_path: Path, ledger: dict[str, list[Invoice]], least: int
) -> None:
    day = dt.date(2012, 12, 31)
    owed = {customer: sum(late_debts(invoices, day), Decimal(0)) for customer, invoices in ledger.items()}
    written_to = {customer: amount for customer, amount in owed.items() if amount >= 25}
    expected = {customer: amount for customer, amount in written_to.items() if amount < least}
    assert 0 < len(expected) < len(written_to)
    new = replaced("- level: reminder", "min_amount: 25", f"min_amount: {least}")
    replay = compare(tmp_path, day.isoformat(), new)["replay"]
    movers = replay["movers"]
    assert {mover["subject"]: Decimal(mover["delta"]) for mover in movers} == {
        customer: -amount for customer, amount in expected.items()
    }
    assert [abs(Decimal(mover["delta"])) for mover in movers] == sorted(expected.values(), reverse=True)
    assert {(mover["policy"], mover["from"], mover["to"]) for mover in movers} == {("dunning", "notice", "skip")}
    money = next(each["money"] for each in replay["policies"] if each["policy"] == "dunning")
    assert money["notices"] == {
        "old": len(written_to),
        "new": len(written_to) - len(expected),
        "delta": -len(expected),
        "counted": 100,
        "unknown": {"old": 0, "new": 0},
    }
    claims = money["total_claim"]
    assert (Decimal(claims["old"]), Decimal(claims["delta"])) == (sum(written_to.values()), -sum(expected.values()))
