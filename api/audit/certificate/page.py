"""The certificate of a decision, for auditors: one HTML page that says who, what, when and why, and what proves it.

It is made from the record alone and the policy text that decided. Nothing is loaded and nothing runs: it may be served
with `default-src 'none'; style-src 'unsafe-inline'`, saved, printed and filed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from api.audit.certificate.markup import Markup, identifier, pairs, tag, text, together
from api.audit.certificate.outcome import details, figures, headline, told_to_customer
from api.audit.certificate.proof import proof
from api.audit.certificate.reasons import reasons_table
from api.audit.certificate.style import style
from api.audit.certificate.text import Part, PolicyText, read_policy_text
from api.audit.certificate.trace import MARKS, fired_lines, trace_table, traces
from api.audit.certificate.values import Reader, facts_table, show, with_erased
from api.audit.certificate.words import kind_in
from api.tree_words import LANGUAGES
from engine.decision import Json, Status


@dataclass(frozen=True, slots=True)
class Certified:
    """What a certificate is made of.

    `seq` is the record's number in the log, `leaf` its 32 bytes, `record` the whole record, and `erased` the JSON
    pointers into it whose personal data was erased. `policy_text` is the exact text of the policy file that decided,
    `revision` how it entered the log (`number`, `seq`, `at`, `bundle`, `bundle_digest`), `approvals` who approved it
    (`by`, `at`, `seq`), `overrides` what persons decided otherwise: their records, with `by`, `seq`, and `ended`, the
    entry that took it back. `inclusion` leads from the leaf to the root of `checkpoint`, a signed note (C2SP), which
    `key` verifies.
    """

    seq: int
    leaf: bytes
    record: Mapping[str, Json]
    erased: frozenset[str]
    policy_text: str
    revision: Mapping[str, Json]
    approvals: Sequence[Mapping[str, Json]]
    overrides: Sequence[Mapping[str, Json]]
    inclusion: Sequence[bytes]
    checkpoint: str
    key: str


def certificate(of: Certified, language: str) -> str:
    """The certificate as a whole HTML document; `language` is one of `api.tree_words.LANGUAGES`.

    It shows what it is given and proves nothing itself: the caller has verified the proof.
    """
    if language not in LANGUAGES:
        msg = f"a certificate is written in one of {', '.join(LANGUAGES)}"
        raise ValueError(msg)
    record = with_erased(of.record, of.erased)
    decision: Mapping[str, Json] = record["decision"]
    reader = Reader(language, read_policy_text(of.policy_text, str(decision["policy"])))
    name = f"{reader.say('certificate')} {record['id']}"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", name),
        style(name),
    )
    body = tag(
        "body",
        tag("header", tag("h1", reader.say("certificate")), tag("code", str(record["id"]))),
        tag("main", *_sections(of, record, reader)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang=language)}\n"


def _sections(of: Certified, record: Mapping[str, Json], reader: Reader) -> Iterator[Markup]:
    decision: Mapping[str, Json] = record["decision"]
    yield headline(decision, reader)
    yield figures(decision, reader)
    yield pairs(_context(of, record, reader), "context")
    yield from _remarks(of, record, reader)
    yield from _overrides(of.overrides, reader)
    yield tag("h2", reader.say("reasons"))
    yield reasons_table(decision, reader)
    detailed = list(details(decision, reader))
    if detailed:
        yield tag("h2", reader.say("details"))
        yield from detailed
    yield from told_to_customer(decision, reader)
    yield tag("h2", reader.say("facts"))
    yield tag("p", reader.say("facts_told"), class_="about")
    facts = record.get("facts")
    yield facts_table(facts, reader) if isinstance(facts, Mapping) else tag("p", show(facts, reader))
    yield tag("h2", reader.say("rules"))
    yield tag("p", reader.say("rules_told"), class_="about")
    for number, trace in enumerate(traces(decision)):
        if number:
            yield tag("h3", reader.say("rules_of").format(trace.policy))
        yield trace_table(trace, reader)
    yield from _text(decision, reader)
    yield tag("h2", reader.say("approvals"))
    yield _approvals(of.approvals, reader)
    yield tag("h2", reader.say("proof"))
    yield proof(of.seq, of.leaf, of.inclusion, of.checkpoint, of.key, record.get("key_sha256"), reader)


def _context(of: Certified, record: Mapping[str, Json], reader: Reader) -> Iterator[tuple[str, str]]:
    decision = record["decision"]
    subject = record.get("subject")
    part = reader.policy.parts[0]
    title = reader.title(part.title)
    policy = identifier(str(decision["policy"]))
    kind = f", {reader.say('kind')} {kind_in(str(decision['kind']), reader.language)}"
    revision = {name: str(of.revision.get(name, "")) for name in ("number", "bundle", "seq")}
    loaded = reader.say("revision_told").format(**revision, at=moment(of.revision.get("at")))
    yield reader.say("subject"), reader.say("no_subject") if subject is None else show(subject, reader)
    yield reader.say("principal"), show(record.get("principal"), reader)
    yield reader.say("decided_at"), moment(record.get("at"))
    yield reader.say("as_of"), show(decision.get("as_of"), reader)
    yield reader.say("policy"), together([text(f"{title} "), policy, text(kind)] if title else [policy, text(kind)])
    yield reader.say("revision"), loaded
    yield reader.say("engine"), show(decision.get("engine"), reader)


def moment(at: Json) -> str:
    """A moment of a record as people read it: in UTC, with the fraction of its second where there is one."""
    if not isinstance(at, str):
        return ""
    whole, _, fraction = at.removesuffix("Z").replace("T", " ").partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}{'.' if fraction else ''}{fraction}{' UTC' if at.endswith('Z') else ''}"


def _remarks(of: Certified, record: Mapping[str, Json], reader: Reader) -> Iterator[Markup]:
    remarks: list[Sequence[str]] = []
    if record.get("clock_went_back"):
        remarks.append([reader.say("clock_went_back")])
    if record.get("bundle_digest") != reader.policy.sha256:
        remarks.append([reader.say("other_text")])
    if of.erased:
        where = together(map(identifier, sorted(of.erased)), reader.say("comma"))
        remarks.append([reader.say("erased_told"), tag("div", reader.say("erased_where"), reader.say("colon"), where)])
    for remark in remarks:
        yield tag("div", tag("b", reader.say("remark"), reader.say("colon")), *remark, class_="remark")


def _text(decision: Mapping[str, Json], reader: Reader) -> Iterator[Markup]:
    policy: PolicyText = reader.policy
    fired = fired_lines(decision)
    yield tag("h2", reader.say("text"))
    yield tag("p", reader.say("text_told"), class_="about")
    yield pairs(
        [
            (reader.say("text_sha256"), tag("code", policy.sha256)),
            (reader.say("policy_digest"), tag("code", show(decision.get("policy_digest"), reader))),
        ],
        "proof",
    )
    for part in policy.parts:
        between = reader.say("text_lines").format(part.first, part.first + len(part.lines) - 1)
        title = reader.title(part.title)
        yield tag("h3", title, " " if title else "", identifier(part.name), f" ({between})")
        yield tag("table", tag("tbody", *_lines(part, fired)), class_="yaml")


def _lines(part: Part, fired: frozenset[int]) -> Iterator[Markup]:
    for number, line in enumerate(part.lines, start=part.first):
        mark = f"{MARKS[Status.FIRED]} " if number in fired else ""
        yield tag(
            "tr",
            tag("th", f"{mark}{number}", scope="row"),
            tag("td", tag("code", line)),
            id=f"line-{number}",
            class_="hit" if mark else "plain",
        )


def _approvals(approvals: Sequence[Mapping[str, Json]], reader: Reader) -> Markup:
    if not approvals:
        return tag("p", reader.say("no_approvals"))
    rows = [
        tag(
            "tr",
            tag("td", show(approval.get("by"), reader)),
            tag("td", moment(approval.get("at"))),
            tag("td", show(approval.get("seq"), reader)),
        )
        for approval in approvals
    ]
    return reader.table(["approved_by", "approved_at", "record"], rows, "approvals")


def _overrides(overrides: Sequence[Mapping[str, Json]], reader: Reader) -> Iterator[Markup]:
    if not overrides:
        return
    yield tag("h2", reader.say("overrides"))
    yield tag("p", reader.say("overrides_told"), class_="about")
    rows = [
        tag(
            "tr",
            tag("td", show(one.get("outcome"), reader)),
            tag("td", _released(one, reader)),
            tag("td", show(one.get("reason"), reader)),
            tag("td", show(one.get("by"), reader)),
            tag("td", moment(one.get("at"))),
            tag("td", show(one.get("until"), reader)),
            tag("td", show(one.get("release_when"), reader)),
            tag("td", show(one.get("seq"), reader)),
            tag("td", "" if one.get("ended") is None else show(one.get("ended"), reader)),
        )
        for one in overrides
    ]
    columns = ["override_outcome", "override_releases", "override_reason", "override_by", "approved_at"]
    yield reader.table([*columns, "override_until", "override_when", "record", "override_ended"], rows, "approvals")


def _released(one: Mapping[str, Json], reader: Reader) -> Markup:
    """The amount an approval releases, and by how many percent the order may rise."""
    if one.get("released_amount") is None:
        return show(None, reader)
    rise = one.get("tolerance_pct")
    return text(f"{one['released_amount']} {one['currency']}" + ("" if rise in {None, "0"} else f" +{rise} %"))
