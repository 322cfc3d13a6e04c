"""What the customer is told of a credit decision that is no plain approval, in each language of the document."""

from __future__ import annotations

import decimal
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from engine.decision import Reason, plain_decimal
from engine.principal import principal_codes
from policies.adverse_action import filled
from policies.currencies import minor_units
from policies.feel.values import Value
from policies.ir import Fact, Policy, Texts

_HEADINGS = {"decline": "declined", "refer": "referred", "approve_with_conditions": "counter_offer"}

_PAID_IN_ADVANCE = {"prepayment_pct": Decimal(100)}

_ENGLISH = {"stop": ".", "gap": " ", "colon": ":", "comma": ", "}
_CHINESE = {"stop": "。", "gap": "", "colon": "：", "comma": "、"}  # noqa: RUF001 (full-width as Chinese is written)


def customer_text(policy: Policy, outcome: Mapping[str, Value], led: Iterable[Reason]) -> dict[str, str]:
    """The text by language; empty for a plain approval and for kinds that have none.

    `led` are the reasons that led to the outcome and may be told. Of figures only the conditions are in it.
    """
    heading = _HEADINGS.get(str(outcome.get("decision")))
    if heading is None:
        return {}
    told = tuple(led)
    return {language: "\n".join(_lines(policy, outcome, told, heading, language)) for language in policy.adverse_action}


def _lines(
    policy: Policy, outcome: Mapping[str, Value], led: tuple[Reason, ...], heading: str, language: str
) -> Iterator[str]:
    sentences = policy.adverse_action[language]
    marks = _ENGLISH if language == "en" else _CHINESE
    # A decision that is referred keeps the conditions it may come to, but nobody offers them yet.
    conditions = list(_conditions(policy.currency, outcome, sentences)) if heading == "counter_offer" else []
    if heading == "counter_offer" and outcome["conditions"] == _PAID_IN_ADVANCE:
        yield sentences["prepayment_only"] + marks["stop"]
    else:
        yield sentences[heading] + (marks["colon"] if conditions else marks["stop"])
        yield from (f"- {condition}" for condition in conditions)
    titles = _missing(policy, led, language)
    if named := [title for title in titles if title is not None]:
        yield filled(sentences["missing"], facts=marks["comma"].join(named)) + marks["stop"]
    if None in titles:
        yield sentences["own_records"] + marks["stop"]
    first = {reason.code: reason for reason in reversed(led)}
    codes = principal_codes(led)
    if codes:
        yield sentences["reasons"] + marks["colon"]
    for number, code in enumerate(codes, start=1):
        # Whoever is told of nothing that is missing cannot send it.
        hint = {} if first[code].missing and not named else first[code].hint
        said = (_in(first[code].text, language), _in(hint, language))
        yield f"{number}. " + marks["gap"].join(text.rstrip(".。") + marks["stop"] for text in said if text)
    yield sentences["right"] + marks["stop"]


def _missing(policy: Policy, led: Iterable[Reason], language: str) -> dict[str | None, None]:
    """What is missing, by the titles of the facts the customer supplies; None stands for all that is not named to it.

    Not named either is what only a rule asks for whose reason may not be told.
    """
    secret = {rule.name for rule in policy.rules if not policy.reason_texts[rule.reason].disclosable}
    missing = [(path, reason.rule in secret) for reason in led for path in reason.missing]
    return dict.fromkeys(None if hidden else _titled(path, policy.facts, language) for path, hidden in missing)


def _in(texts: Texts, language: str) -> str:
    """The text in this language; where a policy has none, in whichever it has."""
    return texts.get(language) or next(iter(texts.values()), "")


def _conditions(currency: str, outcome: Mapping[str, Value], sentences: Texts) -> Iterator[str]:
    conditions = outcome["conditions"]
    for name, value in conditions.items():
        if name == "amount_counter_offer":
            yield filled(sentences[name], figure=_amount(currency, value))
        elif name == "prepayment_pct":
            # To two decimals, and never less than is asked for.
            yield filled(sentences[name], figure=_rounded(value, 2, decimal.ROUND_CEILING))
        elif name == "shorter_terms_days":
            days = value if outcome["terms_days"] is None else outcome["terms_days"]
            yield filled(sentences[name], figure=_rounded(days, 0, decimal.ROUND_FLOOR))
        else:
            yield sentences[name]


def _amount(currency: str, amount: Decimal) -> str:
    """An amount in whole coins, never more than is offered: `USD 12,500.50`."""
    return f"{currency} {Decimal(_rounded(amount, minor_units(currency) or 0, decimal.ROUND_FLOOR)):,f}"


def _rounded(value: Decimal, places: int, rounding: str) -> str:
    with decimal.localcontext(prec=100):
        return plain_decimal(value.quantize(Decimal(1).scaleb(-places), rounding))


def _titled(path: str, facts: Iterable[Fact], language: str) -> str | None:
    """What people call a fact that the customer supplies: its title, else its name; None for any other.

    A field of a list's items is called the same in every item.
    """
    title, supplied = None, False
    for name in (step.partition("[")[0] for step in path.split(".")):
        fact = next((each for each in facts if each.name == name), None)
        if fact is None:
            return None
        title, facts = _in(fact.title, language) or name.replace("_", " "), fact.fields
        supplied = supplied or fact.from_customer
    return title if supplied else None
