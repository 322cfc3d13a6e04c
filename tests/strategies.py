"""Hypothesis: well-typed policy documents of the kinds decision, classification and credit, and facts that fit them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from policies.ir import Fact
from policies.types import Boolean, ContextOf, Date, ListOf, Money, Number, Text, Type
from tests.typed_expressions import COLOURS, RECORD, Names, days_of_year, expression, literal, numbers

Doc = dict[str, Any]

FACTS = {
    "n1": "number",
    "n2": "number",
    "a1": "money",
    "a2": "money",
    "pct": "percent",
    "age_days": "days",
    "yes": "boolean",
    "also": "boolean",
    "word": "text",
    "hue": "colour",
    "day": "date",
}
"""Facts by name with their kinds; a block `c` and the lists `figures` and `items` are declared beside them."""

REASON = "CR-HLD-01"


@dataclass(frozen=True)
class Wishes:
    """What a document may contain: `asks` for null tests and all that stands in for what is missing."""

    asks: bool = True


EVERYTHING = Wishes()


def text_of(doc: Doc) -> str:
    """The document as text: JSON is YAML, every scalar quoted."""
    return json.dumps(doc, ensure_ascii=False, indent=1)


def _declared(kind: str, *, optional: bool) -> Any:
    declared: dict[str, Any] = {"type": "text", "one_of": list(COLOURS)} if kind == "colour" else {"type": kind}
    return {**declared, "optional": "true"} if optional else declared


@st.composite
def documents(draw: DrawFn, kind: str, wishes: Wishes = Wishes()) -> Doc:
    """A document with one policy `p` of this kind."""
    facts: Doc = {name: _declared(kind_, optional=draw(st.booleans())) for name, kind_ in FACTS.items()}
    fields = {name: _declared(kind_, optional=draw(st.booleans())) for name, kind_ in RECORD.items()}
    facts["c"] = {"fields": dict(fields), **({"optional": "true"} if draw(st.booleans()) else {})}
    facts["figures"] = {"type": "list", "of": "number", **({"optional": "true"} if draw(st.booleans()) else {})}
    item_fields = {name: _declared(kind_, optional=draw(st.booleans())) for name, kind_ in RECORD.items()}
    facts["items"] = {"type": "list", "fields": item_fields, **({"optional": "true"} if draw(st.booleans()) else {})}
    names = Names({}, asks=wishes.asks).adding("as_of", "date").adding("figures", "list")
    for name, kind_ in FACTS.items():
        names = names.adding(name, kind_)
        names = names.adding(name, "amount") if kind_ == "money" else names
    for name, kind_ in RECORD.items():
        names = names.adding(f"c.{name}", kind_)
    policy: Doc = {"kind": kind, "title": "P"}
    names = _named_values(draw, policy, names, wishes)
    {"decision": _decision, "classification": _classification, "credit": _credit}[kind](draw, policy, names, wishes)
    return {
        "writ": "1",
        "bundle": "made",
        "effective": "2026-01-01",
        "reporting_currency": "USD",
        "facts": facts,
        "policies": {"p": policy},
    }


def _named_values(draw: DrawFn, policy: Doc, names: Names, wishes: Wishes) -> Names:
    lets: Doc = {}
    kinds = st.lists(
        st.sampled_from(["number", "money", "boolean", "text", "date", "list", "percent", "days"]), max_size=3
    )
    for number, kind in enumerate(draw(kinds)):
        lets[f"let{number}"] = expression(draw, kind, names, 3)
        names = names.adding(f"let{number}", kind)
    if lets:
        policy["let"] = lets
    if draw(st.booleans()):
        policy["scorecard"] = _scorecard(draw, names, wishes)
        names = names.adding("score", "points")
    tables: Doc = {}
    for number in range(draw(st.integers(0, 2))):
        tables[f"table{number}"], names = _table(draw, f"table{number}", names, wishes)
    if tables:
        policy["tables"] = tables
    return names


def _scorecard(draw: DrawFn, names: Names, wishes: Wishes) -> Doc:
    routes = ["worst", "reweight", "refer", "35"] if wishes.asks else ["refer"]
    factors = []
    for number in range(int(draw(st.sampled_from(["1", "2", "3"])))):
        low, high = sorted(draw(st.tuples(st.integers(-9, 9), st.integers(-9, 9))))
        bands = {f"< {low}": "10", f"[{low}..{high + 1})": draw(st.sampled_from(["0", "55.5"])), f">= {high + 1}": "90"}
        factors.append(
            {
                "factor": f"factor{number}",
                "of": expression(draw, "number", names, 1),
                "weight": draw(st.sampled_from(["1", "2.5", "40"])),
                "bands": bands,
                "missing": draw(st.sampled_from(routes)),
                "reason": REASON,
            }
        )
    return {"normalise": "true", "factors": factors}


def _cell(draw: DrawFn, kind: str, names: Names, wishes: Wishes) -> str:
    match kind:
        case "boolean":
            forms = ["-", "true", "false", "not(true)"]
        case "colour":
            forms = ["-", "red", '"blue"', "not(green)", "red, blue"]
        case _:
            low, high = sorted((draw(numbers), draw(numbers)), key=float)
            forms = ["-", f"< {low}", f">= {low}", f"[{low}..{high}]", low, f"not({low})", f"{low}, > {high}"]
            forms.append(f"> {expression(draw, kind, names, 0)}")
    return draw(st.sampled_from([*forms, "null", "not(null)"] if wishes.asks else forms))


def _input(draw: DrawFn, kind: str, names: Names) -> str:
    """A cell names colours by bare words, which only an input that is of the closed set takes."""
    return draw(st.sampled_from(["hue", "c.e"])) if kind == "colour" else expression(draw, kind, names, 2)


def _table(draw: DrawFn, name: str, names: Names, wishes: Wishes) -> tuple[Doc, Names]:
    inputs = [
        draw(st.sampled_from(["number", "money", "boolean", "colour"]))
        for _ in range(int(draw(st.sampled_from(["1", "2"]))))
    ]
    hit = draw(st.sampled_from(["first", "collect", "rule order", "priority", "output order", "unique", "any"]))
    ranked = hit in {"priority", "output order"}
    output = "colour" if ranked else draw(st.sampled_from(["number", "money", "text"]))
    table: Doc = {"hit": hit, "inputs": [_input(draw, kind, names) for kind in inputs]}
    outputs = {"out": output}
    if hit in {"first", "priority"} and draw(st.sampled_from(["one", "two"])) == "two":
        outputs["more"] = "money"
    table["outputs"] = {key: _declared(kind, optional=False) for key, kind in outputs.items()}
    constant = [literal(draw, kind) for kind in outputs.values()]

    def results() -> list[str]:
        if hit == "any":
            return constant
        return [
            literal(draw, kind) if kind == "colour" else expression(draw, kind, names, 1) for kind in outputs.values()
        ]

    if hit == "unique":
        cuts = sorted({int(draw(st.sampled_from(["-5", "0", "5"]))), int(draw(st.sampled_from(["-1", "3", "9"])))})
        table["inputs"] = [expression(draw, "number", names, 2)]
        ends = [f"< {cuts[0]}", *(f"[{a}..{b})" for a, b in pairwise(cuts)), f">= {cuts[-1]}"]
        table["rows"] = [[cell, *results()] for cell in ends]
    else:
        rows = int(draw(st.sampled_from(["1", "2", "3"])))
        table["rows"] = [[*(_cell(draw, kind, names, wishes) for kind in inputs), *results()] for _ in range(rows)]
    if wishes.asks and draw(st.sampled_from(["unknown", "no_match"])) == "no_match":
        table["missing"] = "no_match"
    if draw(st.sampled_from(["yes", "no"])) == "yes":
        table["otherwise"] = results()
    return table, _naming(draw, name, table, outputs, names)


def _naming(draw: DrawFn, name: str, table: Doc, outputs: dict[str, str], names: Names) -> Names:
    """The names a table adds, by what its hit policy makes of its outputs."""
    hit, output = table["hit"], outputs["out"]
    if hit in {"collect", "rule order", "output order"}:
        if hit == "collect" and output != "text" and draw(st.sampled_from(["list", "aggregate"])) == "aggregate":
            table["aggregate"] = draw(st.sampled_from(["sum", "min", "max", "count"]))
            return names.adding(name, "number" if table["aggregate"] == "count" else output)
        return names.adding(name, "list") if output == "number" else names
    if len(outputs) == 1:
        return names.adding(name, output)
    for key, kind in outputs.items():
        names = names.adding(f"{name}.{key}", kind)
    return names


def _rules(draw: DrawFn, names: Names) -> list[Doc]:
    count = int(draw(st.sampled_from(["0", "1", "2", "3"])))
    return [
        {"rule": f"r{number}", "when": expression(draw, "boolean", names, 3), "reason": REASON}
        for number in range(count)
    ]


def _decision(draw: DrawFn, policy: Doc, names: Names, wishes: Wishes) -> None:
    outcome: Doc = {}
    for kind in ("number", "money", "boolean", "text", "date", "list", "points"):
        other = literal(draw, kind) if wishes.asks and draw(st.sampled_from(["null", "value"])) == "value" else "null"
        outcome[f"of_{kind}"] = {"is": expression(draw, kind, names, 2), "otherwise": other}
    policy.update({"outcome": outcome, "rules": _rules(draw, names)})


def _classification(draw: DrawFn, policy: Doc, names: Names, _: Wishes) -> None:
    classes = ("good", "fair", "poor")
    word = st.sampled_from(classes)
    policy["classes"] = {name: {"title": name, "strategy": {"cap": str(10 * at)}} for at, name in enumerate(classes)}
    policy["missing"] = draw(word)
    if "scorecard" in policy and draw(st.sampled_from(["rules", "score"])) == "score":
        policy.update({"mode": "score_band", "bands": {"< 40": "poor", "[40..70)": "fair", ">= 70": "good"}})
    else:
        rules = [{**rule, "then": draw(word)} for rule in _rules(draw, names)]
        policy.update({"mode": "first_match", "otherwise": draw(word), "rules": rules})
    policy["overlays"] = [
        {"overlay": rule["rule"], "when": rule["when"], "then": draw(word), "reason": REASON, "missing": draw(word)}
        for rule in _rules(draw, names)[:1]
    ]


def _with_ways_out(draw: DrawFn, policy: Doc, names: Names, within: Names) -> Names:
    """What lets an order through that would not fit: prepayment, release, shipment, security, an offer of what fits."""
    order, exposure = policy["order"], policy["exposure"]
    order["over_limit"] = draw(st.sampled_from(["counter_offer", "prepay"]))
    order["prepaid"] = expression(draw, "money", names, 1)
    order["shipped"] = expression(draw, "boolean", names, 0)
    order["release"] = {
        "amount": expression(draw, "money", names, 1),
        "tolerance_pct": draw(st.sampled_from(["0", "5"])),
        "valid_to": expression(draw, "date", names, 0),
        "changed": expression(draw, "boolean", names, 0),
    }
    if draw(st.booleans()):
        exposure["secured"] = expression(draw, "money", names, 0)
    else:
        policy["limit"]["security"] = {
            "insured": expression(draw, "money", names, 0),
            "pct": f"abs({expression(draw, 'percent', names, 0)})",
            "valid_to": expression(draw, "date", names, 0),
            "no_end": draw(st.sampled_from(["open_ended", "no_lift"])),
            "at_zero_limit": draw(st.sampled_from(["true", "false"])),
        }
    exposure["credits"] = expression(draw, "money", names, 0)
    exposure["credits_raise_available"] = draw(st.sampled_from(["true", "false"]))
    return within.adding("released", "boolean")


def _credit(draw: DrawFn, policy: Doc, names: Names, wishes: Wishes) -> None:
    routes = st.sampled_from(["refer", "decline"])
    methods = {
        f"m{number}": {
            "is": expression(draw, "money", names, 2),
            "missing": draw(st.sampled_from(["skip", "refer"])) if wishes.asks else "refer",
        }
        for number in range(int(draw(st.sampled_from(["1", "2", "3"]))))
    }
    limit: Doc = {
        "methods": methods,
        "combine": draw(st.sampled_from(["min", "median", "average", "max"])),
        "caps": {"top": {"is": expression(draw, "money", names, 1), "missing": "refer"}},
        "round": {"down_to": draw(st.sampled_from(["1", "10", "500"]))},
    }
    if wishes.asks:
        limit["change"] = {
            "previous": expression(draw, "money", names, 1),
            "no_previous": "refer",
            "up_pct": "50",
            "down_pct": "20",
        }
        limit["floor"] = {
            "amount": f"abs({expression(draw, 'money', names, 0)})",
            "below": draw(st.sampled_from(["zero", "floor"])),
        }
    within = names
    if draw(st.sampled_from(["rules", "rules and limit"])) == "rules and limit":
        policy["exposure"] = {"components": {"owed": expression(draw, "money", names, 1)}}
        policy["limit"] = limit
        within = names.adding("exposure", "money").adding("limit", "money").adding("available", "money")
        policy["order"] = {
            "amount": expression(draw, "money", names, 1),
            "included_in_exposure": expression(draw, "boolean", names, 0),
            "over_limit": draw(routes),
        }
        policy["terms_days"] = f"abs({expression(draw, 'days', names, 1)})"
        if draw(st.booleans()):
            policy["group"] = {
                "when": expression(draw, "boolean", names, 1),
                "limit": expression(draw, "money", names, 1),
                "none_set": draw(routes),
                "exposure": expression(draw, "money", names, 1),
                "over_limit": draw(routes),
            }
        if wishes.asks and draw(st.booleans()):
            within = _with_ways_out(draw, policy, names, within)
    default = draw(st.sampled_from(["approve", "refer", "decline"])) if wishes.asks else "approve"
    policy.update({"default": default, "missing": draw(routes)})
    if default == "decline":
        policy["default_reason"] = REASON
    policy["rules"] = [{**rule, **_following(draw, within)} for rule in _rules(draw, within)]


def _following(draw: DrawFn, names: Names) -> Doc:
    then = draw(st.sampled_from(["refer", "decline", "approve_with_conditions"]))
    if then != "approve_with_conditions":
        return {"then": then}
    return {"then": then, "conditions": {"prepayment_pct": f"abs({expression(draw, 'percent', names, 1)})"}}


def facts_of(declared: tuple[Fact, ...], *, complete: bool = False) -> st.SearchStrategy[Doc]:
    """Facts as JSON that fit; optional ones are left out now and then, unless the facts are to be `complete`."""
    required = {fact.name: _value(fact.type, complete=complete) for fact in declared if complete or not fact.optional}
    optional = {fact.name: _value(fact.type, complete=complete) for fact in declared if not complete and fact.optional}
    return st.fixed_dictionaries(required, optional=optional)


def _value(type_: Type, *, complete: bool) -> st.SearchStrategy[Any]:
    match type_:
        case Number() | Money():
            return numbers
        case Boolean():
            return st.booleans()
        case Text(one_of=values):
            return st.sampled_from(values or ("a", "Ab", "", "客户"))
        case Date():
            return days_of_year
        case ListOf(item=item):
            return st.lists(_value(item, complete=complete), max_size=3)
        case ContextOf(fields=fields):
            return facts_of(tuple(Fact(name, of, optional=of.nullable) for name, of in fields), complete=complete)
        case _:
            raise AssertionError(type_)
