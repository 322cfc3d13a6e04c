"""`writ facts`: mistakes in the map, told all at once; facts that the map and a customer master state."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api import receivables
from policies.diagnostics import Refused
from tests.ledger_runs import DATED, LEDGER, SNAPSHOT, as_csv, refusal, run


def test_every_mistake_in_the_map_is_told_at_once_with_the_word_meant(tmp_path: Path) -> None:
    found = refusal(
        tmp_path,
        DATED.replace("amount: Amount", "amuont: Amount").replace("{fixed: USD}", "{fixed: DOLLAR}")
        + "window_months: twelve\namounts: {round: cent}\ndates: {all: '%Y'}\n",
    )
    assert [(each["code"], each["help"]) for each in found] == [
        ("missing-key", "add `amount: …`"),
        ("unknown-key", "did you mean `amount`?"),
        ("currency", found[2]["help"]),
        ("not-a-number", found[3]["help"]),
        ("choice", "did you mean `cents`?"),
        ("shape", "write it like `%Y-%m-%d` or `%m/%d/%Y`"),
    ]


def test_columns_that_the_export_does_not_have_are_told_together(tmp_path: Path) -> None:
    header = [["Customr", "Invoice", "Date", "Due", "Amount", "Amount"]]
    found = refusal(tmp_path, DATED + "skip: {Stattus: [Draft]}\n", as_csv(header))
    assert [(each["line"], each["message"], each["help"]) for each in found] == [
        (3, "the export has no column `Customer`", "did you mean `Customr`?"),
        (7, "the export has 2 columns `Amount`", "rename one of them in the export"),
        (8, "the export has no column `Settled`", found[2]["help"]),
        (10, "the export has no column `Stattus`", found[3]["help"]),
    ]
    assert str(found[2]["help"]).startswith("the export has `Customr`, ")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (DATED.replace("  settled_date: Settled\n", ""), "without `settled_date` nobody can tell"),
        (DATED.replace("  settled", "  open_amount: Balance\n  settled"), "`open_amount` is what stood on the day"),
        (DATED.replace("  settled", "  dunning_level: L\n  settled"), "`dunning_level` is what stood on the day"),
        (DATED + "given: {customer: {customer_id: x}}\n", "`customer.customer_id` comes from the ledger"),
        (DATED + "given: {ageing: {overdue: x}}\n", "`ageing.overdue` comes from the ledger"),
        (DATED + "disputed: {column: Amount, yes: [y], no: [n]}\n", "a disputed amount needs a reason"),
        (DATED + "amounts: {decimal: ',', thousands: ','}\n", "`decimal` and `thousands` are the same sign"),
        (DATED + "convert: {to: EUR, rates: [{from: USD, rate: 0, date: 2026-01-01, source: x}]}\n", "more than 0"),
        (DATED + "table: {encoding: utf-9}\n", "`utf-9` is no text encoding"),
    ],
)
def test_a_map_that_contradicts_itself_is_refused(tmp_path: Path, changed: str, message: str) -> None:
    assert any(message in str(each["message"]) for each in refusal(tmp_path, changed))


def test_a_snapshot_answers_for_its_own_day_only(tmp_path: Path) -> None:
    (found,) = refusal(tmp_path, SNAPSHOT, as_of="2026-05-31")
    assert found["message"] == "the export shows 2026-06-30 only, and 2026-05-31 is asked for"
    assert found["line"] == 11


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    for name, raw in (("ledger.pdf", b"%PDF"), ("ledger.xlsx", b"no zip"), ("ledger.parquet", b"PAR"), ("l.csv", b"")):
        (tmp_path / name).write_bytes(raw)
        (tmp_path / "map.yaml").write_text(DATED, encoding="utf-8")
        with pytest.raises(Refused):
            run(tmp_path, DATED, tmp_path / name)


def test_facts_given_in_the_map_and_facts_of_a_customer_master(tmp_path: Path) -> None:
    map_text = (
        DATED
        + """\
given:
  customer: {entity_type: corporation, special_attention: false}
customers:
  id: No
  dates: "%d.%m.%Y"
  facts:
    - {column: Country, fact: customer.country}
    - {column: Limit, fact: credit_account.credit_limit, type: amount}
    - {column: Review, fact: credit_account.next_review_date, type: date}
    - {column: Hold, fact: customer.credit_hold.active, type: boolean, yes: [J], no: [N]}
"""
    )
    master = as_csv(
        [
            ["No", "Country", "Limit", "Review", "Hold"],
            ["007", "NO", "5000.00", "31.12.2026", "N"],
            ["012", "DE", "much", "31.12.2026", "N"],
        ]
    )
    done = run(tmp_path, map_text, LEDGER, customers=master)
    assert done.facts["007"]["customer"] == {
        "customer_id": "007",
        "entity_type": "corporation",
        "special_attention": False,
        "country": "NO",
        "credit_hold": {"active": False},
    }
    account = done.facts["007"]["credit_account"]
    assert (account["credit_limit"], account["next_review_date"]) == ("5000", "2026-12-31")
    assert done.rejected[0]["file"] == "customers.csv"
    assert done.report.given == ("customer.entity_type", "customer.special_attention")


def test_a_customer_file_that_the_map_does_not_describe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"does not say how to read the customer file `customers\.csv`"):
        run(tmp_path, DATED, LEDGER, customers="No\n007\n")


def test_a_key_that_means_nothing_hides_no_contradiction(tmp_path: Path) -> None:
    found = refusal(tmp_path, DATED + "colour: red\nwindow_months: 0\ngiven: {ageing: {overdue: x}}\n")
    assert [each["code"] for each in found] == ["unknown-key", "shape", "shape"]


def test_a_misspelt_key_is_one_mistake_not_two(tmp_path: Path) -> None:
    (found,) = refusal(tmp_path, DATED.replace("settled_date:", "setled_date:"))
    assert (found["code"], found["help"]) == ("unknown-key", "did you mean `settled_date`?")


README = Path(receivables.__file__).parent / "README.md"


def examples() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_the_map_in_the_readme_and_each_part_added_to_it_does_what_is_said(tmp_path: Path) -> None:
    whole, *parts = examples()
    assert [part.partition(":")[0] for part in parts] == ["convert", "disputed", "given", "customers"]
    columns = ["Customer No", "Invoice No", "Date", "Due", "Total", "Paid On", "In Dispute"]
    rows = [["007", "1", "2026-05-01", "2026-05-31", "100.00", "", "Y"]]
    master = as_csv([["No", "Country", "Credit Limit", "Blocked"], ["007", "NO", "50000.00", "N"]])
    for parts_used in (parts[:1], parts[1:2], parts[2:3], parts[3:], parts):
        done = run(tmp_path, whole + "".join(parts_used), as_csv([columns, *rows]))
        assert list(done.facts) == ["007"]
        assert done.rejected == []
    facts = run(tmp_path, whole + "".join(parts), as_csv([columns, *rows]), customers=master).facts["007"]
    assert facts["credit_account"]["exposure"]["open_items"] == "92.5"
    assert facts["fx"][0]["to"] == "EUR"
    assert facts["open_items"][0]["disputed_amount"] == "92.5"
    assert facts["open_items"][0]["dispute_reason"] == "marked as disputed in the ledger"
    assert facts["customer"] == {
        "customer_id": "007",
        "entity_type": "corporation",
        "country": "NO",
        "credit_hold": {"active": False},
    }
    assert facts["credit_account"]["credit_limit"] == "50000"


def test_the_readme_shows_a_reason_for_every_code_of_a_row_set_aside() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in README.parent.glob("*.py"))
    codes = set(re.findall(r'Unfit\(\s*"([A-Za-z0-9-]+)"', source))
    (listed,) = re.findall(r"Codes of rows set aside: (.*?)\.\n", README.read_text(encoding="utf-8"), re.DOTALL)
    assert set(re.findall(r"`([^`]+)`", listed)) == codes
