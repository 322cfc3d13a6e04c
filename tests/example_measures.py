"""The topics of measures: ratios, scores, classes, payment behaviour, the value of a customer, suppliers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tests.example_facts import AS_OF as NO_DAY
from tests.example_facts import Asked, Given, Topic, bands, day_or, days_between, each_of, first_of, taken

RANGE = re.compile(r"(-?[0-9.]+)\s*-\s*(-?[0-9.]+)")
Outcome = dict[str, Any]


def days_beyond_terms(given: Given) -> Asked:
    """Paid invoices: amounts and days, or amounts with two dates each, or a list of records of either."""
    records = first_of(given, "payments", "invoices", default=None)
    if records is None:
        due, paid = given.pop("due_dates", None), given.pop("paid_dates", None)
        days = given.pop("days", None) or [days_between(*pair) for pair in zip(due, paid, strict=True)]
        amounts = given.pop("amounts", None) or ["1"] * len(days)
        records = [{"amount": amount, "days": each} for amount, each in zip(amounts, days, strict=True)]
    return Asked({"payments_made": [payment(each) for each in records], **taken(given, "convention")})


def payment(record: Mapping[str, Any]) -> dict[str, Any]:
    days = record.get("days", record.get("days_beyond_terms"))
    if days is None:
        days = days_between(record["due_date"], record["paid_date"])
    return {"amount": record.get("amount", "1"), "days": days}


def dso(given: Given) -> Asked:
    sales = first_of(given, "sales", "credit_sales", "revenue")
    facts = taken(given, "receivables", "current_receivables", "opening_receivables", "days")
    facts |= taken(given, ending_receivables="receivables", closing_receivables="receivables")
    facts |= taken(given, closing_current_receivables="current_receivables", current_ar="current_receivables")
    facts |= taken(given, begin_ar="opening_receivables", end_total="receivables", end_current="current_receivables")
    return Asked({"sales": each_of(sales), **facts})


def index(given: Given) -> Asked:
    """Payment experiences, each in the words of the key or by its days beyond terms; without amounts it is one."""
    records = given.pop("experiences", None)
    if records is None:
        days = each_of(given.pop("days_beyond_terms"))
        amounts = given.pop("amounts", None) or ["1"] * len(days)
        records = [{"days": one, "amount": amount} for one, amount in zip(days, amounts, strict=True)]
    facts = taken(given, "minimum", between="points_between", min_experiences="minimum")
    if table := given.pop("table", None):
        days = sorted(table, key=Decimal)
        facts |= {"table_days": [str(each) for each in days], "table_points": [table[each] for each in days]}
    return Asked({"experiences": [experience(each["days"], each["amount"]) for each in records], **facts})


def experience(days: int | str, amount: Any) -> dict[str, Any]:
    manners = {"anticipates": "anticipates", "discount": "discount", "takes_discount": "discount"}
    if days in manners:
        return {"amount": amount, "days": 0, "manner": manners[str(days)]}
    assert days == "prompt" or not isinstance(days, str), f"`{days}` is no manner of paying"
    return {"amount": amount, "days": 0 if isinstance(days, str) else days}


MODELS = {"Z'": "Z1", "Z''": "Z2", "Z''-EM": "EM", "Z'' EM": "EM"}
"""Names of the distress scores in print, and those of the policy."""


def distress_z(given: Given) -> Asked:
    names = [f"x{number}{end}" for number in range(1, 6) for end in ("", "_weight")]
    weights = {f"x{number}_weight": weight for number, weight in enumerate(given.pop("weights", []), start=1)}
    cut_offs = dict(zip(("distress_below", "safe_above"), given.pop("cut_offs", []), strict=False))
    model = given.pop("model", "Z")
    amounts = ("working_capital", "current_assets", "current_liabilities", "retained_earnings", "ebit", "revenue")
    facts = taken(given, "constant", "distress_below", "safe_above", *names, *amounts, "total_assets")
    facts |= taken(given, "total_liabilities", sales="revenue", market_value_equity="equity", equity="equity")
    facts |= taken(given, shareholders_equity="equity", book_value_equity="equity")
    return Asked(weights | cut_offs | facts | {"model": MODELS.get(model, model)})


STATEMENT = (
    *("current_assets", "current_liabilities", "inventory", "prepaid_expenses", "cash", "marketable_securities"),
    *("trade_receivables", "ebit", "interest_expense", "total_assets", "total_liabilities", "net_income"),
    *("opening_assets", "shareholders_equity", "intangible_assets"),
)
"""Figures of a statement that its ratios read."""


def ratio(given: Given) -> Asked:
    facts = taken(given, receivables="trade_receivables", closing_assets="total_assets", equity="shareholders_equity")
    return Asked(facts | taken(given, *STATEMENT))


def named(member: str) -> Callable[[Outcome], Outcome]:
    """One of the measures answered also as `ratio` and `value`."""
    return lambda outcome: {**outcome, "ratio": outcome[member], "value": outcome[member]}


def f_score(given: Given) -> Asked:
    """Two periods: figures with and without `prior_`, or a record of each (`current`, `prior`)."""
    flat = {**given.pop("current", {}), **{f"prior_{name}": each for name, each in given.pop("prior", {}).items()}}
    names = ["net_income", "long_term_debt", "current_assets", "current_liabilities", "current_ratio", "revenue"]
    names += ["shares_outstanding", "gross_profit", "opening_assets"]
    both = [*names, *(f"prior_{name}" for name in names), "total_assets", "operating_cash_flow"]
    figures = {**flat, **taken(given, *both, *flat, closing_assets="total_assets", cfo="operating_cash_flow")}
    return Asked(figures)


def rfm(given: Given) -> Asked:
    as_of = day_or(given, "as_of", NO_DAY)
    facts = taken(given, "revenue", "order_count", "days_since_last_order", frequency="order_count")
    facts |= taken(given, monetary="revenue", recency="days_since_last_order", recency_days="days_since_last_order")
    facts |= taken(given, "recency_breakpoints", "frequency_breakpoints", "monetary_breakpoints", orders="order_count")
    if last := given.pop("last_order_date", None):
        facts["days_since_last_order"] = days_between(last, as_of)
    return Asked(facts, as_of)


def churn(given: Given) -> Asked:
    as_of = day_or(given, "as_of", NO_DAY)
    facts = taken(given, "retention_ratio", "orders_trend_pct", "support_complaints", "nps", "contract_end", "limits")
    return Asked({"limits": {}, **facts, **taken(given, "must_fire", r="retention_ratio")}, as_of)


def clv(given: Given) -> Asked:
    facts = taken(given, "convention", "margin", "retention_spend", "retention_ratio", "discount_ratio", m="margin")
    facts |= taken(given, R="retention_spend", r="retention_ratio", d="discount_ratio", i="discount_ratio")
    for name in ("retention", "discount"):
        if (percent := given.pop(f"{name}_pct", None)) is not None:
            facts[f"{name}_ratio"] = str(Decimal(percent) / 100)
    if (gone := given.pop("churn_ratio", None)) is not None:
        facts["retention_ratio"] = str(1 - Decimal(gone))
    return Asked(facts)


def score(given: Given) -> Asked:
    """Points by supplier, in the order of the weights or by the names of the criteria; a single list is of one."""
    weights, points = given.pop("weights"), given.pop("points")
    by_name = isinstance(weights, dict)
    received = given.pop("receipts", {})
    several = points if isinstance(points, dict) and not (by_name and points.keys() == weights.keys()) else {"": points}
    suppliers = []
    for supplier, found in several.items():
        pairs = [(found[name], weights[name]) for name in weights] if by_name else zip(found, weights, strict=True)
        criteria = [{"points": each, "weight": weight} for each, weight in pairs]
        counted = taken(received, **{supplier: "receipts_in_period"})
        suppliers.append({"supplier_id": supplier, "criteria": criteria, **counted})
    return Asked({"rated": suppliers})


def scores_by_supplier(outcome: Outcome) -> Outcome:
    """The suppliers' scores and places by their names; of one alone, its score."""
    scores = {each["supplier_id"]: each["score"] for each in outcome["scores"]}
    places = {each["supplier_id"]: each["rank"] for each in outcome["scores"]}
    alone = scores.keys() == {""}
    return {**outcome, "score": scores[""] if alone else scores, "places": places}


def criterion(given: Given) -> Asked:
    facts = taken(given, "x", "low", "high", "direction", "receipts_in_period", "min_receipts")
    facts |= taken(given, value="x", lo="low", hi="high", min="low", max="high")
    return Asked(facts | taken(given, receipts="receipts_in_period"))


UNBOUNDED = Decimal("1E9")


def edges(printed: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Values by their ranges' lower edges, and both ends declared: of `1-50, 50-100`, `<50, >=50`, or lower edges."""
    lower: dict[str, Any] = {}
    ends: list[str] = []
    for text, value in printed.items():
        compact = str(text).replace(" ", "")
        if found := RANGE.fullmatch(compact):
            lower[found[1]] = value
            ends.append(found[2])
        elif re.match("<=|>[^=]", compact):
            msg = f"the range `{text}` holds its upper edge, not its lower one"
            raise LookupError(msg)
        elif compact.startswith("<"):
            lower[f"{-UNBOUNDED:f}"] = value
        else:
            lower[compact.lstrip(">=").rstrip("+")] = value
    last = max(map(Decimal, lower))
    highest = max(map(Decimal, ends), default=last)
    return lower, f"value: [{min(map(Decimal, lower))}, {highest if highest > last else UNBOUNDED:f}]"


def band(given: Given) -> Asked:
    """Ranges are read by their lower edges, the last with its upper edge: `1-50, 50-100` is [1..50) and [50..100].

    Without points the ranges have words: a rating.
    """
    if "points_by_range" not in given:
        return rating(given)
    lower, declared = edges(given.pop("points_by_range"))
    words = (("value: [1, 100]", declared), ('{"< 50": 5, ">= 50": 10}', bands(lower)))
    return Asked(taken(given, "value", "weight_pct"), words=words)


def rating(given: Given) -> Asked:
    """A word for each range of a score."""
    lower, declared = edges(first_of(given, "bands", "ratings"))
    high_first = sorted(lower, key=Decimal, reverse=True)
    rows = ", ".join(f"""[">= {edge}", '"{lower[edge]}"']""" for edge in high_first)
    words = (
        ("value: [0, 100]", declared),
        ("""[">= 80", '"A"'], [">= 50", '"B"'], ["-", '"C"']""", rows),
    )
    return Asked(taken(given, "value", score="value"), words=words, topic="score.rating")


def hysteresis(given: Given) -> Asked:
    """Up to three classes, by the lower edges of their bands, from the worst."""
    as_of = day_or(given, "as_of", NO_DAY)
    by_edge = {str(edge): name for edge, name in given.pop("bands").items()}
    names = [by_edge[edge] for edge in sorted(by_edge, key=Decimal)]
    classes = ", ".join(f"{name}: {{title: {name}}}" for name in names)
    words = (
        ("{class-1: {title: Class 1}, class-2: {title: Class 2}, class-3: {title: Class 3}}", f"{{{classes}}}"),
        ('{"< 40": class-1, "[40..70)": class-2, ">= 70": class-3}', bands(by_edge)),
        ("[class-1, class-2, class-3]", f"[{', '.join(names)}]"),
        ("missing: class-1", f"missing: {names[0]}"),
    )
    last = taken(given, since="since", previous="class")
    facts = taken(given, "min_dwell_days", "margin", score="score_given")
    return Asked({**facts, **({"last": last} if "class" in last else {})}, as_of, words)


RATIOS = {
    **dict.fromkeys(("current", "current_ratio"), "current_ratio"),
    **dict.fromkeys(("quick", "quick_ratio", "acid_test"), "quick_ratio"),
    "liquid_assets": "liquid_assets_ratio",
    **dict.fromkeys(("interest_coverage", "coverage"), "interest_coverage"),
    **dict.fromkeys(("debt", "debt_ratio"), "debt_ratio"),
    **dict.fromkeys(("roa", "return_on_assets"), "roa_closing"),
    "tangible_net_worth": "tangible_net_worth",
    "working_capital": "working_capital",
}
"""Ratios by the last word of their topic."""

STATED = "ratio.financial"
Z = frozenset({"weights", "cut_offs"})
RFM = frozenset({"recency_breakpoints", "frequency_breakpoints", "monetary_breakpoints"})

MEASURES: dict[str, Topic] = {
    "ratio.distress_z": Topic(distress_z, Z),
    "ratio.financial": Topic(ratio),
    **{f"ratio.{word}": Topic(ratio, answer=named(name), decided_by=STATED) for word, name in RATIOS.items()},
    "ratio.f_score": Topic(f_score),
    "payment.days_beyond_terms": Topic(days_beyond_terms, frozenset({"amounts", "days", "due_dates", "paid_dates"})),
    "payment.dso": Topic(dso),
    "payment.add": Topic(dso, decided_by="payment.dso"),
    "payment.cei": Topic(dso, decided_by="payment.dso"),
    "payment.index": Topic(index),
    "score.band": Topic(band),
    "score.rating": Topic(rating),
    "value.clv": Topic(clv),
    "value.rfm_code": Topic(rfm, RFM),
    "value.rfm": Topic(rfm, RFM, decided_by="value.rfm_code"),
    "class.rfm": Topic(rfm, RFM, decided_by="value.rfm_code"),
    "value.churn": Topic(churn),
    "supplier.score": Topic(score, frozenset({"weights", "points"}), scores_by_supplier),
    "supplier.criterion": Topic(criterion),
    "class.hysteresis": Topic(hysteresis),
}
