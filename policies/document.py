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
    Identifier,
    Language,
    Name,
    Part,
    Short,
    TextsField,
    Truth,
    Word,
)


class FactPart(Part):
    """A fact a caller may send. Short form: its type, with `?` when it is optional (`money?`)."""

    type: Word | None = None
    unit: Word | None = None
    currency: Currency | None = None
    one_of: tuple[Word, ...] = ()
    min: Amount | None = None
    max: Amount | None = None
    whole: Truth = False
    optional: Truth = False
    default: Expression | None = None
    pii: Truth = False
    title: TextsField | None = None
    description: TextsField | None = None
    of: Annotated[FactPart, Short("type")] | None = None
    fields: dict[Identifier, Annotated[FactPart, Short("type")]] | None = None


class DatedValuePart(Part):
    """A parameter's value from a day on, with where it comes from; `verify` marks a figure somebody must confirm."""

    from_: Day = Field(alias="from")
    value: Expression
    source: Word | None = None
    verify: Truth = False


class ParameterPart(Part):
    """A number, amount, text, truth value or date the policies refer to by name; dated when it changes over time."""

    type: Word
    unit: Word | None = None
    currency: Currency | None = None
    title: TextsField | None = None
    source: Word | None = None
    value: Expression | None = None
    values: tuple[DatedValuePart, ...] | None = None


class ReasonPart(Part):
    """A reason code: what kind it is, the text a customer may read, whether it may be told to the customer."""

    kind: Annotated[
        Literal["knockout", "score_factor", "limit_binding", "condition", "data", "override", "info", "skip"], CHOICE
    ]
    text: TextsField
    hint: TextsField | None = None
    disclosable: Truth = True


class FunctionPart(Part):
    """A named formula of a library block."""

    title: TextsField | None = None
    source: Word | None = None
    given: dict[Identifier, Annotated[FactPart, Short("type")]]
    is_: Expression = Field(alias="is")


class LetPart(Part):
    """A named value. Short form: the expression."""

    is_: Expression = Field(alias="is")
    title: TextsField | None = None
    unit: Word | None = None


class FactorPart(Part):
    """One factor of a scorecard: points by band of a value, with a weight."""

    factor: Identifier
    of: Expression
    weight: Amount
    bands: dict[Word, Amount]
    missing: Word
    reason: Word | None = None
    title: TextsField | None = None


class ScorecardPart(Part):
    """Factors whose weighted points make the score; weights sum to 100 unless `normalise`."""

    factors: tuple[FactorPart, ...]
    normalise: Truth = False


class TablePart(Part):
    """A decision table (DMN): rows of tests on the inputs, with the outputs of the row or rows that hold."""

    hit: Annotated[Literal["unique", "any", "priority", "first", "collect", "rule order", "output order"], CHOICE]
    aggregate: Annotated[Literal["sum", "min", "max", "count"], CHOICE] | None = None
    inputs: tuple[Expression, ...]
    outputs: dict[Identifier, Annotated[FactPart, Short("type")]]
    rows: tuple[tuple[Expression, ...], ...]
    otherwise: tuple[Expression, ...] | None = None
    missing: Annotated[Literal["unknown", "no_match"], CHOICE] = "unknown"
    title: TextsField | None = None


class RulePart(Part):
    """When a condition holds, what follows and why."""

    rule: Name
    when: Expression
    then: Word | None = None
    reason: Word
    missing: Word | None = None
    conditions: dict[Word, Expression] | None = None
    title: TextsField | None = None


class PolicyPart(Part):
    """What every kind of policy has."""

    title: TextsField
    description: TextsField | None = None
    needs: tuple[Name, ...] = ()
    let: dict[Identifier, Annotated[LetPart, Short("is")]] = {}
    scorecard: ScorecardPart | None = None
    tables: dict[Identifier, TablePart] = {}
    rules: tuple[RulePart, ...] = ()


class CasePart(Part):
    """A test case: given these facts, the outcome and reasons expected. `based_on` starts from another case's facts."""

    case: Name
    policy: Name
    as_of: Day | None = None
    because: Word | None = None
    based_on: Name | None = None
    given: dict[str, Any] = {}
    without: tuple[Word, ...] = ()
    expect: dict[str, Any]
    reasons: tuple[Word, ...] | None = None


class FunctionCasePart(Part):
    """A test case of a library block: a function called with these values gives that value."""

    case: Name
    call: Identifier
    given: dict[str, Any]
    expect: Expression
    because: Word | None = None


class BlockPart(Part):
    """A library block: formulas, parameters and reason codes a document can use."""

    block: Name
    title: TextsField
    source: Word | None = None
    parameters: dict[Identifier, ParameterPart] = {}
    functions: dict[Identifier, FunctionPart] = {}
    tests: tuple[FunctionCasePart, ...] = ()


class ReasonsPart(Part):
    """The file of standard reason codes."""

    reasons: dict[Word, ReasonPart]


class HeaderPart(Part):
    """A document; what stands under `policies` is read by each policy's kind."""

    writ: Annotated[Literal["1"], CHOICE]
    bundle: Name
    effective: Day | None = None
    reporting_currency: Currency
    languages: tuple[Language, ...] = ("en",)
    description: TextsField | None = None
    uses: tuple[Name, ...] = ()
    facts: dict[Identifier, Annotated[FactPart, Short("type")]] = {}
    parameters: dict[Identifier, ParameterPart] = {}
    reasons: dict[Word, ReasonPart] = {}
    policies: dict[Name, Any] = {}
    tests: tuple[CasePart, ...] = ()
