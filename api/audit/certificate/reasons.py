"""The reasons on a certificate: in rank order, each with what was observed, what was required and what was missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from api.audit.certificate.markup import Markup, identifier, tag, text, together
from api.audit.certificate.outcome import result_in
from api.audit.certificate.values import Reader, read_values, show, show_paths, show_texts
from api.audit.certificate.words import kind_in
from engine.decision import Json


def reasons_table(decision: Mapping[str, Json], reader: Reader) -> Markup:
    """All the reasons; those the customer is told are marked."""
    reasons = decision.get("reasons") or []
    if not reasons:
        return tag("p", reader.say("no_reasons"))
    principal = decision.get("principal_reasons") or []
    rows = [_row(reason, reader, principal=reason.get("code") in principal) for reason in reasons]
    return reader.table(["rank", "code", "reason"], rows, "reasons")


def _row(reason: Mapping[str, Json], reader: Reader, *, principal: bool) -> Markup:
    code = [tag("div", identifier(str(reason.get("code"))), class_="code")]
    code.append(tag("div", kind_in(str(reason.get("kind")), reader.language), class_="label"))
    policy = str(reason.get("policy"))
    if reason.get("then") is not None:
        then = result_in(reason["then"], reader, policy)
        code.append(tag("div", reader.say("leads_to"), reader.say("colon"), then, class_="label"))
    if principal:
        code.append(tag("div", tag("span", reader.say("principal_reason"), class_="badge")))
    if reason.get("disclosable") is False:
        code.append(tag("div", tag("span", reader.say("not_disclosable"), class_="badge")))
    told = tag("div", show_texts(reason.get("text"), reader), class_="text")
    return tag(
        "tr",
        tag("td", show(reason.get("rank"), reader)),
        tag("td", *code),
        tag("td", told, *(_entry(word, shown, reader) for word, shown in _entries(reason, reader))),
    )


def _entries(reason: Mapping[str, Json], reader: Reader) -> Iterator[tuple[str, Markup]]:
    if reason.get("observed"):
        yield "observed", read_values(reason["observed"], reader)
    if reason.get("required") is not None:
        yield "required", tag("code", show(reason["required"], reader))
    if reason.get("missing"):
        yield "missing", show_paths(reason["missing"], reader)
    if behind := _behind(reason):
        yield "behind", show_paths(behind, reader)
    if reason.get("points_lost") is not None:
        yield "points_lost", show(reason["points_lost"], reader)
    if reason.get("hint"):
        yield "hint", show_texts(reason["hint"], reader)
    rule = reason.get("rule")
    if rule is not None:
        named = identifier(rule) if isinstance(rule, str) else show(rule, reader)
        yield "by_rule", together([identifier(str(reason.get("policy"))), text(" / "), named])


def _behind(reason: Mapping[str, Json]) -> Json:
    """The facts behind what was observed, those left out that stand among the observed values themselves."""
    paths, observed = reason.get("fact_paths"), reason.get("observed")
    if not isinstance(paths, (list, tuple)) or not isinstance(observed, Mapping):
        return paths
    return [path for path in paths if path not in observed]


def _entry(word: str, shown: Markup, reader: Reader) -> Markup:
    label = tag("span", reader.say(word), reader.say("colon"), class_="label")
    return tag("div", label, shown, class_="missing" if word == "missing" else "entry")
