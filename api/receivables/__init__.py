"""From an invoice-list export of an ERP or CRM to one facts document per customer."""

from api.receivables.command import write_facts
from api.receivables.report import FactsReport

__all__ = ["FactsReport", "write_facts"]
