"""The shape of a policy document: what may stand where. Meaning is checked later (`policies.check`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from policies.document_fields import (
    CHOICE,
    Amount,
    Currency,
    Day,
    Expression,
    Figures,
    Identifier,
    Languages,
    Name,
    ParameterName,
    Part,
    Short,
    TextsField,
    Truth,
    Word,
)


class FactPart(Part):
    """A fact a caller may send. Short form: its type, with `?` when it is optional (`money?`)."""

    type: Word | None = None
    """What it is: `money`, `days`, `text`, … A `?` at its end says that it may be left out."""
    unit: Word | None = None
    """The unit of a `number`, any word."""
    currency: Currency | None = None
    """The currency of a `money`, as ISO 4217; the reporting currency when left out."""
    one_of: tuple[Word, ...] = ()
    """The texts it may be."""
    min: Amount | None = None
    """The smallest number allowed."""
    max: Amount | None = None
    """The largest number allowed."""
    whole: Truth = False
    """Whole numbers only."""
    optional: Truth = False
    """It may be left out, and is then unknown."""
    default: Expression | None = None
    """Its value when it is left out: it is then never unknown. Never choose one that is lenient."""
    pii: Truth = False
    """Personal data: error messages do not repeat what was sent, the record keeps it so that it can be erased."""
    subject: Truth = False
    """Whom or what a decision is about: its text is what an auditor finds all decisions on somebody by."""
    from_customer: Truth = False
    """The customer supplies it, and is told when it is missing; of a record, all its fields."""
    title: TextsField | None = None
    """Its name for people."""
    description: TextsField | None = None
    """What it means, for people."""
    of: Annotated[FactPart, Short("type")] | None = None
    """What a `list` is of."""
    fields: dict[Identifier, Annotated[FactPart, Short("type")]] | None = None
    """The fields of a record, or of each record of a `list`."""


class DatedValuePart(Part):
    """A parameter's value from a day on, with where it comes from; `verify` marks a figure somebody must confirm."""

    from_: Day = Field(alias="from")
    """The first day of this value."""
    to: Day | None = None
    """Its last day; until the next `from` the parameter is then unknown."""
    value: Figures
    """The value from that day on; of a `list`, its values in brackets."""
    source: Word | None = None
    """Where the figure comes from."""
    verify: Truth = False
    """Somebody must confirm this figure before it is relied on."""


class ParameterPart(Part):
    """A number, amount, text, truth value or date, or a list of them, the policies refer to by name; may be dated."""

    type: Word
    """What it is: `money`, `percent`, `days`, …, or a `list`."""
    of: Word | None = None
    """What a `list` is of: `days`, `date`, `text`, …"""
    unit: Word | None = None
    """The unit of a `number`."""
    currency: Currency | None = None
    """The currency of a `money`; the reporting currency when left out."""
    title: TextsField | None = None
    """Its name for people."""
    source: Word | None = None
    """Where the figure comes from: a contract, a law, a decision of the company."""
    verify: Truth = False
    """Somebody must confirm this figure, or all of its `values`, before it is relied on."""
    value: Figures | None = None
    """The value, where it does not change over time; of a `list`, its values in brackets."""
    values: tuple[DatedValuePart, ...] | None = None
    """The values by the day from which they hold, in the order of their days."""


class ReasonPart(Part):
    """A reason code: what kind it is, the text a customer may read, whether it may be told to the customer."""

    kind: Annotated[
        Literal["knockout", "score_factor", "limit_binding", "condition", "data", "override", "info", "skip"], CHOICE
    ]
    """What kind of reason it is; reasons of an answer stand in the order of their kinds."""
    text: TextsField
    """What a customer may read. It names what was really used."""
    hint: TextsField | None = None
    """What the customer can do about it."""
    disclosable: Truth = True
    """Whether the customer may be told."""


class AdverseActionPart(Part):
    """What a customer is told of a credit decision that is no plain approval: the sentences around its reasons."""

    declined: TextsField | None = None
    """Begins the text of a refusal."""
    counter_offer: TextsField | None = None
    """Begins the text of an approval with conditions, which follow it."""
    prepayment_only: TextsField | None = None
    """In place of both, where all that is asked for is payment in full in advance."""
    referred: TextsField | None = None
    """Begins the text of a decision left to a person."""
    amount_counter_offer: TextsField | None = None
    """The condition of a smaller amount; `{figure}` is the amount."""
    prepayment_pct: TextsField | None = None
    """The condition of a prepayment; `{figure}` is its percentage."""
    shorter_terms_days: TextsField | None = None
    """The condition of shorter terms; `{figure}` is the days of credit."""
    guarantee: TextsField | None = None
    """The condition of a guarantee."""
    insured: TextsField | None = None
    """The condition of credit insurance."""
    missing: TextsField | None = None
    """What the customer must still send; `{facts}` are the titles of the facts missing that it supplies."""
    own_records: TextsField | None = None
    """That facts are missing which the customer does not supply; none of them is named."""
    reasons: TextsField | None = None
    """Leads to the reasons."""
    right: TextsField | None = None
    """The right to be given the reasons in writing, and until when."""


class FunctionPart(Part):
    """A named formula of a library block."""

    title: TextsField | None = None
    """Its name for people."""
    source: Word | None = None
    """Where the formula comes from."""
    given: dict[Identifier, Annotated[FactPart, Short("type")]]
    """Its arguments with their types."""
    is_: Expression = Field(alias="is")
    """The formula."""


class LetPart(Part):
    """A named value. Short form: the expression."""

    is_: Expression = Field(alias="is")
    """The expression."""
    title: TextsField | None = None
    """Its name for people."""
    unit: Word | None = None
    """The unit of its number."""


class ScalePart(Part):
    """Points from 0 to 100 in proportion to a value between two ends (domain K7)."""

    low: Amount
    """The lower end of the scale; a value below it counts as it."""
    high: Amount
    """The upper end of the scale; a value above it counts as it."""
    direction: Annotated[Literal["higher_better", "lower_better"], CHOICE]
    """Which end earns 100 points."""


class FactorPart(Part):
    """One factor of a scorecard: points by band of a value, or on a scale, with a weight."""

    factor: Identifier
    """The name of the factor."""
    of: Expression
    """The value that is judged."""
    weight: Expression
    """What part of the score it makes, in percent of the sum of weights; an expression only when `normalise`."""
    bands: dict[Word, Amount] | None = None
    """Points by a test of the value: `"< 1": 0`. They cover every value exactly once."""
    scale: ScalePart | None = None
    """In place of `bands`: 0 to 100 points in proportion to the value."""
    missing: Word
    """Points for an unknown value: `worst`, a number, `reweight` (leave the factor out) or `refer`."""
    reason: Word | None = None
    """The reason code given when the factor lost points."""
    title: TextsField | None = None
    """Its name for people."""


class ScorecardPart(Part):
    """Factors whose weighted points make the score; weights sum to 100 unless `normalise`."""

    factors: tuple[FactorPart, ...]
    """The factors, each with a weight and its points by band."""
    normalise: Truth = False
    """Divide by the sum of the weights, which then need not be 100."""


class TablePart(Part):
    """A decision table (DMN): rows of tests on the inputs, with the outputs of the row or rows that hold."""

    hit: Annotated[Literal["unique", "any", "priority", "first", "collect", "rule order", "output order"], CHOICE]
    """Which row answers when several hold."""
    aggregate: Annotated[Literal["sum", "min", "max", "count"], CHOICE] | None = None
    """What `collect` makes of the values of all rows that hold."""
    inputs: tuple[Expression, ...]
    """The expressions the columns test."""
    outputs: dict[Identifier, Annotated[FactPart, Short("type")]]
    """The columns of the answer, with their types."""
    rows: tuple[tuple[Expression, ...], ...]
    """One list a row: a test for each input, then a value for each output. `-` holds for anything."""
    otherwise: tuple[Expression, ...] | None = None
    """The outputs when no row holds."""
    missing: Annotated[Literal["unknown", "no_match"], CHOICE] = "unknown"
    """What a row is whose test is unknown: unknown itself, or no match."""
    title: TextsField | None = None
    """Its name for people."""


class RulePart(Part):
    """When a condition holds, what follows and why."""

    rule: Name
    """The name of the rule."""
    when: Expression
    """The condition."""
    then: Word | None = None
    """What follows when it holds: a decision, or a class."""
    reason: Word
    """The reason code given then."""
    missing: Word | None = None
    """What follows when nobody knows whether it holds."""
    conditions: dict[Word, Expression] | None = None
    """What an approval with conditions asks for, such as `prepayment_pct: 30`."""
    title: TextsField | None = None
    """Its name for people."""


class PolicyPart(Part):
    """What every kind of policy has."""

    title: TextsField
    """Its name for people."""
    description: TextsField | None = None
    """What it is for."""
    needs: tuple[Name, ...] = ()
    """Policies decided first, whose outcomes this one reads."""
    let: dict[Identifier, Annotated[LetPart, Short("is")]] = {}
    """Named values: an expression each."""
    scorecard: ScorecardPart | None = None
    """Factors whose weighted points make `score`."""
    tables: dict[Identifier, TablePart] = {}
    """Decision tables, by the name expressions know their values by."""
    rules: tuple[RulePart, ...] = ()
    """Conditions, with what follows from each and why."""


class CasePart(Part):
    """A test case: given these facts, the outcome and reasons expected. `based_on` starts from another case's facts."""

    case: Name
    """The name of the case."""
    policy: Name
    """The policy it asks."""
    as_of: Day | None = None
    """The day of the decision."""
    because: Word | None = None
    """Why this is to be expected."""
    based_on: Name | None = None
    """A case above whose facts this one starts from."""
    given: dict[str, Any] = {}
    """The facts. Records are merged with those of `based_on`, lists are replaced."""
    without: tuple[Word, ...] = ()
    """Facts to leave out, as paths: `customer.name`."""
    expect: dict[str, Any]
    """The part of the outcome that matters."""
    reasons: tuple[Word, ...] | None = None
    """The exact set of reason codes."""
    principal_reasons: tuple[Word, ...] | None = None
    """The exact list of the codes the customer is told, in their order."""


class FunctionCasePart(Part):
    """A test case of a library block: a function called with these values gives that value."""

    case: Name
    """The name of the case."""
    call: Identifier
    """The formula it calls."""
    as_of: Day | None = None
    """The day of the block's dated figures."""
    given: dict[str, Any]
    """The arguments."""
    expect: Expression
    """The value."""
    because: Word | None = None
    """Why this is to be expected."""


class BlockPart(Part):
    """A library block: formulas, parameters and reason codes a document can use."""

    block: Name
    """The name of the block."""
    title: TextsField
    """Its name for people."""
    source: Word | None = None
    """Where its formulas come from."""
    parameters: dict[Identifier, ParameterPart] = {}
    """Figures its formulas use."""
    functions: dict[Identifier, FunctionPart] = {}
    """Its formulas."""
    tests: tuple[FunctionCasePart, ...] = ()
    """Cases its formulas must pass."""


class ReasonsPart(Part):
    """The file of standard reason codes, and of the sentences a customer reads them in."""

    reasons: dict[Word, ReasonPart]
    """Reason codes with kind and text."""
    adverse_action: AdverseActionPart
    """The sentences of what a customer is told of a credit decision."""


class HeaderPart(Part):
    """A document; what stands under `policies` is read by each policy's kind."""

    writ: Annotated[Literal["1"], CHOICE]
    """The version of the language."""
    bundle: Name
    """The document's name: a-z 0-9 -."""
    effective: Day | None = None
    """The day from which the document holds."""
    reporting_currency: Currency
    """The currency, as ISO 4217, of every amount that names no other."""
    languages: Languages = ("en",)
    """The languages of the texts; the first is that of plain texts."""
    description: TextsField | None = None
    """What the document is for."""
    uses: tuple[Name, ...] = ()
    """Library blocks whose formulas the policies may call."""
    facts: dict[Identifier, Annotated[FactPart, Short("type")]] = {}
    """What a caller may send. Short form: the type, with `?` when it may be left out."""
    parameters: dict[ParameterName, ParameterPart] = {}
    """The figures of the policies, each with its source."""
    reasons: dict[Word, ReasonPart] = {}
    """Reason codes of the document's own, and standard ones in its own words."""
    adverse_action: AdverseActionPart | None = None
    """The document's own sentences for what a customer is told of a credit decision, in place of the standard ones."""
    policies: dict[Name, Any] = {}
    """The policies, by name."""
    tests: tuple[CasePart, ...] = ()
    """Test cases, which `writ test` runs."""
