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
    yield sentences[heading] + (marks["colon"] if conditions else marks["stop"])
    yield from (f"- {condition}" for condition in conditions)
    if named := _missing(policy, led, language):
        yield filled(sentences["missing"], facts=marks["comma"].join(named)) + marks["stop"]
    first = {reason.code: reason for reason in reversed(led)}
    codes = principal_codes(led)
    if codes:
        yield sentences["reasons"] + marks["colon"]
    for number, code in enumerate(codes, start=1):
        said = (_in(first[code].text, language), _in(first[code].hint, language))
        yield f"{number}. " + marks["gap"].join(text.rstrip(".。") + marks["stop"] for text in said if text)
    yield sentences["right"] + marks["stop"]


def _missing(policy: Policy, led: Iterable[Reason], language: str) -> list[str]:
    """What is missing, by its facts' titles; not what only a rule asks for whose reason may not be told."""
    secret = {rule.name for rule in policy.rules if not policy.reason_texts[rule.reason].disclosable}
    paths = (path for reason in led if reason.rule not in secret for path in reason.missing)
    titles = (_titled(path, policy.facts, language) for path in paths)
    return list(dict.fromkeys(title for title in titles if title is not None))


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
    """What people call a fact: its title, else that of the record it is in, else its path; None for what is no fact.

    A field of a list's items is called the same in every item.
    """
    title, names = "", [step.partition("[")[0] for step in path.split(".")]
    for name in names:
        fact = next((each for each in facts if each.name == name), None)
        if fact is None:
            return None
        title, facts = _in(fact.title, language) or title, fact.fields
    return title or ".".join(names)
