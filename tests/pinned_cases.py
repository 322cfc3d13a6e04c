"""Two versions of one dunning policy, and accounts whose cases run by one of them, for the tests of pinning."""

from __future__ import annotations

from typing import Any

REMINDERS = """\
writ: 1
bundle: reminders
reporting_currency: EUR
facts:
  customer_id: text
  open_items:
    type: list
    fields:
      invoice_id: text
      due_date: date
      open_amount: money
      dunning_level: {type: count, optional: true}
      last_dunned_on: date?
  dunning_case:
    optional: true
    fields:
      last_notice_date: date?
      procedure_id: text?
      procedure_version: text?
      last_notice_key: text?
      migrated: {optional: true, fields: {from_version: text, to_version: text, by: text, on: date}}
policies:
  reminders:
    kind: dunning
    title: {en: Reminders}
    account: {id: customer_id, items: open_items, case: dunning_case}
    escalation: step
    on_event: {partial_payment: keep, credit_note: recompute, due_date_change: recompute}
    interval_days: 10
    credits: net
    levels:
      - {level: first, title: {en: First reminder}, min_days: 5, fee: {fixed: 10, per: notice}}
      - level: second
        title: {en: Second reminder}
        min_days: 20
        effects: [{effect: hold_orders, release_when: every item is paid}]
  plain:
    kind: decision
    title: {en: Plain}
    outcome: {owed: count(open_items)}
"""

GENTLER = REMINDERS.replace("min_days: 5, fee: {fixed: 10, per: notice}", "min_days: 8")
"""The next version: later, and without the fee."""


def facts(number: str = "C-1", **case: Any) -> dict[str, Any]:
    """An account with one invoice that fell due on 2 March, and its case."""
    item = {"invoice_id": "INV-1", "due_date": "2026-03-02", "open_amount": "1000"}
    return {"customer_id": number, "open_items": [item], **({"dunning_case": case} if case else {})}


def moved(to: str, start: str = "a version of long ago") -> dict[str, str]:
    """The record of a migration."""
    return {"from_version": start, "to_version": to, "by": "M. Ferrer", "on": "2026-03-09"}
