"""What a MAP.yaml says: which column is which fact, and how dates, amounts and ids are written in the export."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator
from pydantic_core import PydanticCustomError

from policies.diagnostics import Code
from policies.document_fields import Amount, Count, Currency, Day, Part, Word
from policies.source import Scalar

LEDGER_FACTS = (
    "customer.customer_id",
    "credit_account.currency",
    "credit_account.exposure",
    "credit_account.last_payment_amount",
    "credit_account.last_payment_date",
    "ageing",
    "fx",
    "open_items",
    "payment_history",
    "transactions",
)
"""Facts only the ledger states: neither `given:` nor a customer master may set them."""


def _refuse(message: str, mend: str | None = None) -> PydanticCustomError:
    escaped = message.replace("{", "{{").replace("}", "}}")
    return PydanticCustomError(Code.SHAPE.value, escaped, {"help": mend})


def _verbatim(raw: Any) -> Any:
    return raw.text if isinstance(raw, Scalar) else raw


def _cell_text(raw: Any) -> str:
    if not isinstance(raw, (Scalar, str)):
        raise _refuse("this must be text")
    return str(_verbatim(raw))


def _sign(raw: Any) -> str:
    text = _cell_text(raw)
    if len(text) != 1:
        raise _refuse(f"`{text}` must be one character")
    return text


def _pattern(raw: Any) -> str:
    pattern = _cell_text(raw)
    day = dt.date(2021, 12, 31)
    try:
        same = dt.datetime.strptime(day.strftime(pattern), pattern).date() == day  # noqa: DTZ007 (a date has no zone)
    except ValueError:
        same = False
    if not same:
        raise _refuse(f"`{pattern}` does not give a whole date", "write it like `%Y-%m-%d` or `%m/%d/%Y`")
    return pattern


def _fact_path(raw: Any) -> str:
    path = _cell_text(raw)
    if "." not in path or not all(step.isidentifier() for step in path.split(".")):
        raise _refuse(f"`{path}` is no fact", "write it like `customer.country`")
    return path


def _given(raw: Any) -> Any:
    """Given facts: text as it stands, but a plain `true` or `false` is a truth value."""
    if isinstance(raw, Scalar):
        return raw.text == "true" if raw.plain and raw.text in {"true", "false"} else raw.text
    if isinstance(raw, dict):
        return {key: _given(value) for key, value in raw.items()}
    return [_given(item) for item in raw]


def _given_facts(raw: Any) -> Any:
    if not isinstance(raw, dict):
        raise _refuse("this must be a mapping of facts")
    return _given(raw)


CellText = Annotated[str, BeforeValidator(_cell_text)]
"""Text as it stands in a cell; it may be empty."""
Sign = Annotated[str, BeforeValidator(_sign)]
DatePattern = Annotated[str, BeforeValidator(_pattern)]
FactPath = Annotated[str, BeforeValidator(_fact_path)]
GivenFacts = Annotated[dict[str, Any], PlainValidator(_given_facts)]
Choice = BeforeValidator(_verbatim)

IdFormat = Annotated[Literal["text", "strip_decimal"], Choice]
"""An id is the text it is, or that without a `.0` which a spreadsheet or data frame has added."""


class Table(Part):
    """How the file is read; the format follows from its suffix (`.csv`, `.tsv`, `.txt`, `.xlsx`, `.parquet`)."""

    delimiter: Sign = ","
    encoding: Word = "utf-8-sig"
    sheet: Word | None = None
    skip_lines: Count = 0
    rows: Annotated[Literal["document", "line"], Choice] = "document"


class Columns(Part):
    """The export's column for each thing known of a document; a column left out stays unknown."""

    customer_id: Word
    invoice_id: Word
    due_date: Word
    amount: Word
    name: Word | None = None
    country: Word | None = None
    invoice_date: Word | None = None
    open_amount: Word | None = None
    settled_date: Word | None = None
    last_payment_date: Word | None = None
    disputed_amount: Word | None = None
    dispute_reason: Word | None = None
    disputed_on: Word | None = None
    dispute_resolved_on: Word | None = None
    order_id: Word | None = None
    dunning_level: Word | None = None
    last_dunned_on: Word | None = None


class Dates(Part):
    """The `strptime` pattern of each date column; `all` is the one for those not named."""

    all: DatePattern = "%Y-%m-%d"
    invoice_date: DatePattern | None = None
    due_date: DatePattern | None = None
    settled_date: DatePattern | None = None
    last_payment_date: DatePattern | None = None
    disputed_on: DatePattern | None = None
    dispute_resolved_on: DatePattern | None = None
    last_dunned_on: DatePattern | None = None

    def pattern(self, column: str) -> str:
        """The pattern of the date column of that name."""
        own: str | None = getattr(self, column)
        return own or self.all


class Amounts(Part):
    """How an amount is written, and what is done with more decimals than its currency has."""

    decimal: Annotated[Literal[".", ","], Choice] = "."
    thousands: Sign | None = None
    symbols: tuple[Word, ...] = ()
    round: Annotated[Literal["cents"], Choice] | None = None
    credits: Annotated[Literal["positive", "negative"], Choice] = "positive"


class Ids(Part):
    """How each id is kept."""

    customer_id: IdFormat = "text"
    invoice_id: IdFormat = "text"
    order_id: IdFormat = "text"


class CurrencyPart(Part):
    """The currency: one for the whole file, or a column; `names` translates what the column says into codes."""

    fixed: Currency | None = None
    column: Word | None = None
    names: dict[str, Currency] = Field(default_factory=dict)


class Rate(Part):
    """One exchange rate: one unit of `from` is `rate` units of the target, on `date`, says `source` (C21)."""

    from_: Currency = Field(alias="from")
    rate: Amount
    date: Day
    source: Word


class Convert(Part):
    """The currency every amount is converted to, and the rates for it."""

    to: Currency
    rates: tuple[Rate, ...]


class Documents(Part):
    """Which values of a column make a row an invoice, a credit note, a payment, a fee or interest."""

    column: Word
    invoice: tuple[CellText, ...] = ()
    credit_note: tuple[CellText, ...] = ()
    payment: tuple[CellText, ...] = ()
    fee: tuple[CellText, ...] = ()
    interest: tuple[CellText, ...] = ()


class Disputed(Part):
    """A yes/no column: the whole open amount is disputed; `since` says from which day a flag without a date stood."""

    column: Word
    yes: tuple[CellText, ...]
    no: tuple[CellText, ...]
    since: Annotated[Literal["invoice_date"], Choice] | None = None
    reason: Word | None = None


class Trend(Part):
    """When the later half of the window differs from the earlier one (amount-weighted days beyond terms)."""

    tolerance_days: Amount = Decimal(5)
    min_invoices: Count = 3


class CustomerFact(Part):
    """One column of the customer master and the fact it states."""

    column: Word
    fact: FactPath
    type: Annotated[Literal["text", "amount", "number", "integer", "boolean", "date"], Choice] = "text"
    yes: tuple[CellText, ...] = ("true", "yes", "1")
    no: tuple[CellText, ...] = ("false", "no", "0")


class CustomerMaster(Part):
    """A second file with a row per customer."""

    id: Word
    id_format: IdFormat = "text"
    table: Table = Table()
    dates: DatePattern = "%Y-%m-%d"
    facts: tuple[CustomerFact, ...]


class LedgerMap(Part):
    """A whole map. Without `snapshot_date` the ledger is dated: every document says when it was settled."""

    title: Word
    table: Table = Table()
    columns: Columns
    dates: Dates = Dates()
    amounts: Amounts = Amounts()
    ids: Ids = Ids()
    currency: CurrencyPart
    convert: Convert | None = None
    snapshot_date: Day | None = None
    lists: Annotated[Literal["all", "open"], Choice] | None = None
    documents: Documents | None = None
    disputed: Disputed | None = None
    skip: dict[str, tuple[CellText, ...]] = Field(default_factory=dict)
    window_months: Count = 12
    trend: Trend = Trend()
    given: GivenFacts = Field(default_factory=dict)
    customers: CustomerMaster | None = None

    @property
    def lists_all(self) -> bool:
        """Whether paid invoices are in the export too, so that what was invoiced and paid can be told from it."""
        return self.lists == "all" or (self.lists is None and self.columns.settled_date is not None)

    @property
    def has_credits(self) -> bool:
        """Whether the export can tell credit notes or unapplied payments from invoices."""
        typed = self.documents is not None and bool(self.documents.credit_note or self.documents.payment)
        return typed or self.amounts.credits == "negative"

    @property
    def tells_disputes(self) -> bool:
        """Whether the export says what was disputed."""
        columns = self.columns
        return any((self.disputed, columns.disputed_amount, columns.disputed_on))

    def named_columns(self) -> list[tuple[tuple[str, ...], str]]:
        """Every column of the ledger that the map names, each with the keys that lead to its name."""
        named = [(("columns", role), column) for role, column in self.columns if column is not None]
        if self.currency.column is not None:
            named.append((("currency", "column"), self.currency.column))
        if self.documents is not None:
            named.append((("documents", "column"), self.documents.column))
        if self.disputed is not None:
            named.append((("disputed", "column"), self.disputed.column))
        return [*named, *((("skip", column), column) for column in self.skip)]
