"""Findings: the reason codes that the rules of dunning give, and which of several is the main one (domain D27)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from policies.feel.values import Value

ACCOUNT = ""
"""The subject of a finding about the account as a whole."""

_RANK = {
    code: rank
    for rank, code in enumerate(
        (
            "DN-SKP-10",
            "DN-SKP-12",
            "DT-MIS-01",
            "DT-UND-01",
            "DT-MIS-05",
            "DN-SKP-05",
            "DN-SKP-15",
            "DN-SKP-06",
            "DN-SKP-07",
            "DN-SKP-08",
            "DN-SKP-13",
            "DN-SKP-14",
            "DN-SKP-01",
            "DN-SKP-11",
            "DN-SKP-09",
            "DN-SKP-02",
            "DN-SKP-03",
            "DN-SKP-04",
            "DN-CAP-01",
        )
    )
}
"""The order of domain D27: carve-out, block, dispute, promise, credit balance, grace, interval, minimum.

Codes that the order does not name stand beside their kin: an unconvertible currency with the carve-outs, a claim
waived or fallen away with the credit balance, a letter that cannot be sent with the block, the account gate with
grace, a notice already sent with the interval, the cap last.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason code, the rule of the domain that gave it (`D5`), its item (or the account), and what was observed."""

    code: str
    rule: str
    subject: str = ACCOUNT
    observed: Mapping[str, Value] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def main_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings of skips in the order of domain D27: the first is the main reason."""
    return tuple(sorted(findings, key=lambda finding: _RANK[finding.code]))


def codes(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The codes, each once, main reason first."""
    return tuple(dict.fromkeys(finding.code for finding in main_first(findings)))
