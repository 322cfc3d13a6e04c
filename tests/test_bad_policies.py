"""Bad policies (bad-inputs.md rows 29-48): refused, or decided without approval, with code, line and column."""

from __future__ import annotations

import datetime as dt

import pytest

from engine import decide
from policies import load
from policies.diagnostics import Diagnostic, Refused
from policies.ir import Bundle
from policies.source import decode

HEAD = "writ: 1\nbundle: bad\neffective: 2026-01-01\nreporting_currency: USD\n"
AS_OF = dt.date(2026, 1, 1)


def read(body: str) -> Bundle:
    return load(decode("bad.yaml", (HEAD + body).encode()))


def the_only(body: str) -> Diagnostic:
    with pytest.raises(Refused) as caught:
        read(body)
    assert len(caught.value.diagnostics) == 1, str(caught.value)
    return caught.value.diagnostics[0]


def place(diagnostic: Diagnostic) -> tuple[str, int, int]:
    """The code with the line and column in the body."""
    return diagnostic.code, diagnostic.span.line - HEAD.count("\n"), diagnostic.span.column


def gate(when: str) -> str:
    return (
        "facts: {amount: money, days: 'days?', status: text}\n"
        "policies:\n"
        "  gate:\n"
        "    kind: credit\n"
        "    title: Gate\n"
        "    default: approve\n"
        "    missing: refer\n"
        "    rules:\n"
        "      - rule: stop\n"
        f"        when: {when}\n"
        "        then: decline\n"
        "        reason: CR-HLD-01\n"
    )


def test_the_gate_itself_is_accepted() -> None:
    assert list(read(gate("amount > 1")).policies) == ["gate"]


def test_row_29_a_letter_of_another_script_in_a_name() -> None:
    found = the_only(gate("\u0430mount > 1"))
    assert place(found)[1:] == (10, 15)
    assert "U+0430" in found.message + str(found.help)
    assert "amount" in str(found.help)


def test_row_29_a_letter_of_another_script_in_a_key() -> None:
    found = the_only(gate("amount > 1").replace("rules:", "rul\u0435s:"))
    assert place(found) == ("unknown-key", 8, 5)
    assert "U+0435" in found.message
    assert found.help == "did you mean `rules`?"


def test_row_30_a_decomposed_name_is_the_composed_one() -> None:
    composed, decomposed = "M\u00fcller", "Mu\u0308ller"
    policy = "policies: {p: {kind: decision, title: P, outcome: {open: %s}}}\n"
    read(f"facts: {{{composed}: money}}\n" + policy % composed)
    found = the_only(f"facts: {{{decomposed}: money, {composed}: money}}\n" + policy % composed)
    assert found.code in {"key-repeated", "name"}
    assert place(found)[1] == 1


@pytest.mark.parametrize(
    ("wrong", "meant"), [("reasn", "reason"), ("whenn", "when"), ("titel", "title"), ("conditons", "conditions")]
)
def test_row_31_an_unknown_key(wrong: str, meant: str) -> None:
    body = gate("amount > 1") + f"        {wrong}: x\n"
    found = the_only(body)
    assert place(found) == ("unknown-key", 13, 9)
    assert found.message == f"unknown key `{wrong}`"
    assert found.help == f"did you mean `{meant}`?"


@pytest.mark.parametrize(
    ("bands", "code", "said"),
    [
        ('{"< 500": 0, "[500..1000]": 1, "[1000..2000]": 2, "> 2000": 3}', "overlap", "at 1000"),
        ('{"< 500": 0, "(500..1000]": 1, "> 1000": 2}', "gap", "500"),
        ('{"< 500": 0, ">= 600": 1}', "gap", "500"),
        ('{"< 500": 0, "[700..600]": 1, ">= 500": 2}', "never", "[700..600]"),
    ],
)
def test_row_33_bands_with_a_gap_or_an_overlap(bands: str, code: str, said: str) -> None:
    factor = f"{{factor: size, of: amount, weight: 100, missing: worst, bands: {bands}}}"
    found = the_only(
        "facts: {amount: money}\n"
        "policies:\n"
        "  p:\n"
        "    kind: decision\n"
        "    title: P\n"
        "    scorecard:\n"
        f"      factors: [{factor}]\n"
        "    outcome: {score: score}\n"
    )
    assert place(found)[:2] == (code, 7)
    assert said in found.message


@pytest.mark.parametrize("name", ["../../etc/passwd", "con", "n" * 65, "Trade Credit", "gate\u200b", "", "CON.txt"])
def test_row_35_a_name_that_is_none(name: str) -> None:
    with pytest.raises(Refused) as caught:
        read(gate("amount > 1").replace("  gate:\n", f'  "{name}":\n'))
    (found,) = caught.value.diagnostics
    assert place(found) == ("name", 3, 3)
    assert len(found.message) < 200


def test_row_35_a_name_of_ten_kilobytes() -> None:
    found = the_only(gate("amount > 1").replace("rule: stop", f"rule: {'n' * 10_000}"))
    assert place(found) == ("name", 9, 15)
    assert len(found.message) < 200


@pytest.mark.parametrize(
    ("row", "when", "code", "column"),
    [
        (36, "9**9**8 > 1", "feel-not-allowed", 16),
        (37, '"a" * 10 = "aa"', "type-mismatch", 15),
        (37, '"a" * 100000000000 = "a"', "type-mismatch", 15),
        (38, "(" * 300 + "1" + ")" * 300 + " > 1", "feel-too-deep", None),
        (39, "-" * 100_000 + "1 > 1", "feel-too-long", None),
        (39, "-" * 1_900 + "1 > 1", "feel-too-deep", None),
        (40, "1" + "+1" * 50_000 + " > 1", "feel-too-long", None),
        (41, "status.__class__.__mro__ = 1", "feel-not-allowed", 22),
        (41, "().__class__ = 1", "feel-not-allowed", 18),
    ],
)
def test_rows_36_to_41_hostile_expressions(row: int, when: str, code: str, column: int | None) -> None:
    found = the_only(gate(f"'{when}'"))
    assert found.code == code, f"row {row}: {found.message}"
    assert place(found)[1] == 10
    assert column is None or found.span.column - 1 == column


@pytest.mark.parametrize("rule", ["amount / days > 1", "amount / (amount - amount) > 0", "not(amount / days > 1)"])
@pytest.mark.parametrize("default", ["approve", "refer", "decline"])
def test_row_42_a_division_by_zero_never_approves(rule: str, default: str) -> None:
    stated = f"default: {default}\n    default_reason: CR-HIS-02"
    policy = read(gate(rule).replace("default: approve", stated)).policies["gate"]
    decision = decide(policy, {"amount": 5, "days": 0, "status": "x"}, AS_OF)
    assert decision.outcome["decision"] == ("decline" if default == "decline" else "refer")
    assert ("DT-UND-01", "stop") in [(reason.code, reason.rule) for reason in decision.reasons]
    stopped = next(step for step in decision.trace if step.name == "stop")
    assert stopped.status == "unknown"
    assert "zero denominator" in stopped.undefined[0]


@pytest.mark.parametrize("rule", ["days > 30", "not(days <= 30)", "days in [31..999]", "days != 30"])
def test_row_43_a_missing_fact_never_approves_and_is_named(rule: str) -> None:
    policy = read(gate(rule)).policies["gate"]
    decision = decide(policy, {"amount": 5, "status": "x"}, AS_OF)
    assert decision.outcome["decision"] == "refer"
    assert [(reason.code, reason.rule, reason.missing) for reason in decision.reasons] == [
        ("DT-MIS-01", "stop", ("days",))
    ]


def test_row_43_a_declared_default_stands_for_what_is_missing() -> None:
    body = gate("days > 30").replace("days: 'days?'", "days: {type: days, default: 31}")
    decision = decide(read(body).policies["gate"], {"amount": 5, "status": "x"}, AS_OF)
    assert decision.outcome["decision"] == "decline"


def test_row_47_policies_that_need_each_other() -> None:
    found = the_only(
        "policies:\n"
        "  a: {kind: decision, title: A, needs: [b], outcome: {one: '1'}}\n"
        "  b: {kind: decision, title: B, needs: [a], outcome: {one: '1'}}\n"
    )
    assert place(found) == ("cycle", 2, 33)
    assert found.message == "cycle a → b → a"


def rows_of_one_table(rows: str) -> str:
    return (
        "policies:\n  p:\n    kind: decision\n    title: P\n    tables:\n      t:\n        hit: collect\n"
        f"        inputs: []\n        outputs: {{n: number}}\n        rows: [{rows}]\n    outcome: {{n: t}}\n"
    )


def test_row_48_more_than_ten_thousand_rows() -> None:
    with pytest.raises(Refused) as caught:
        read(rows_of_one_table(",".join(["[]"] * 10_001)))
    assert [place(found) for found in caught.value.diagnostics] == [("too-many-rules", 1, 1), ("row-width", 10, 9)]


def test_row_48_rows_with_cells_meet_the_limit_of_nodes_first() -> None:
    found = the_only(rows_of_one_table(",".join(["[1]"] * 10_001)))
    assert place(found)[:2] == ("too-many-nodes", 10)


def test_thousands_of_mistakes_are_all_reported() -> None:
    with pytest.raises(Refused) as caught:
        read(rows_of_one_table(",".join(["[1,2]"] * 6_000)))
    assert len(caught.value.diagnostics) == 6_000
