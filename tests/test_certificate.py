"""The certificate of a decision: all of it in three languages, what is erased says so, and nothing in it runs."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import engine
from api.audit.certificate.markup import css_text, tag
from api.audit.certificate.members import MEMBERS
from api.audit.certificate.page import Certified, certificate
from api.audit.certificate.text import read_policy_text
from api.audit.certificate.words import WORDS, say
from api.audit.records import make_record, read_record
from api.tree_words import LANGUAGES, phrase_in, word
from policies import load
from policies.source import decode

ROOT = Path(__file__).resolve().parent.parent
POLICIES = (ROOT / "policies.yaml").read_text(encoding="utf-8")
AT = dt.datetime(2026, 6, 30, 9, 30, 12, 482119, tzinfo=dt.UTC)
INCLUSION = (bytes(range(32)), bytes(range(100, 132)))
CHECKPOINT = (
    "writ.example/log\n1042\n7Zs0W0bqCjN4m8bR0tYvSx2kQm1p8cT3oJY1k4F5dJo=\n\n— writ.example/log az3grlBvJ1mE2mO0\n"
)
KEY = "writ.example/log+6b3de0ae+AVYb0hQ0r8x5m1Rk9m2c7p0u3wqk9dQ4iY1r2b3c4d5e"
DECIDED = (
    ("dunmore-outfitters", "trade-credit"),
    ("alderbrook-instruments", "credit-limit"),
    ("dunmore-outfitters", "customer-class"),
    ("dunmore-outfitters", "customer-risk"),
    ("copperline-fabrication", "dunning"),
)
HOSTILE = "<img src=x onerror=alert(1)></script></style><a href='javascript:alert(1)'>\u202e\"'&\x07"

GENERAL = """\
writ: 1
bundle: general
reporting_currency: USD
languages: [en]
facts:
  note: text
  amount: money
policies:
  small-order:
    kind: decision
    title: {en: "<b onclick=x>Small</b>"}
    # the comment <script>alert(1)</script> stays
    rules:
      - {rule: small, when: amount <= 1000, reason: OD-01, title: {en: "<img src=x onerror=alert(1)>"}}
    outcome:
      band: {is: 'if amount <= 1000 then "small" else "large"'}
      said: {is: note}

  # what follows is not this policy's own
  other:
    kind: decision
    title: {en: Other}
    outcome: {band: {is: note}}
reasons:
  OD-01: {kind: info, text: {en: "</td></table><script src=//x></script>"}}
"""


@dataclass
class Page(HTMLParser):
    """What a browser would make of a page: its elements, and its text without the style sheet."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    inside: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        del tag
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside != "style":
            self.pieces.append(data)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def page(html: str) -> Page:
    parsed = Page()
    parsed.feed(html)
    parsed.close()
    return parsed


def decided(text: str, policy: str, facts: Mapping[str, Any], as_of: dt.date, **content: Any) -> Certified:
    bundle = load(decode("policies.yaml", text.encode()))
    decision = engine.decide(bundle.policies[policy], facts, as_of)
    members = {
        "principal": "erp-orders",
        "revision": 3,
        "bundle_digest": bundle.digest,
        "key_sha256": hashlib.sha256(b"key").hexdigest(),
        "facts": facts,
        "decision": decision.to_json(),
        **content,
    }
    kept = make_record("decision", "dec_01KCY3T2Q9V5X8R7N4M6H2J0AB", AT, members)
    return Certified(
        seq=421,
        leaf=kept.leaf,
        record=read_record(kept.body, kept.parts.__getitem__),
        erased=frozenset(),
        policy_text=text,
        revision={"number": 3, "seq": 0, "at": "2026-06-01T08:00:00.000000Z", "bundle": bundle.name},
        approvals=(),
        overrides=(),
        inclusion=INCLUSION,
        checkpoint=CHECKPOINT,
        key=KEY,
    )


@cache
def shipped(sample: str, policy: str) -> Certified:
    asked = json.loads((ROOT / "api" / "samples" / f"{sample}.json").read_text(encoding="utf-8"))
    subject = asked["facts"]["customer"]["customer_id"]
    return decided(POLICIES, policy, asked["facts"], dt.date.fromisoformat(asked["as_of"]), subject=subject)


def general(note: str = "as usual", **content: Any) -> Certified:
    return decided(GENERAL, "small-order", {"note": note, "amount": "250.5"}, dt.date(2026, 6, 30), **content)


def steps(trace: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for step in trace:
        yield step
        yield from steps(step.get("steps", []))


def paths(facts: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in facts.items():
        if isinstance(value, Mapping) and value:
            yield from paths(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("sample", "policy"), DECIDED)
def test_all_of_a_decision_is_there(sample: str, policy: str, language: str) -> None:
    of = shipped(sample, policy)
    told = page(certificate(of, language)).text
    decision, facts = of.record["decision"], of.record["facts"]
    fired = {step["name"] for step in steps(decision["trace"]) if step["status"] == "fired" and step.get("line")}
    assert [name for name in fired if name not in told and phrase_in(name, language) not in told] == []
    assert word("fired", language) in told or not fired
    for reason in decision["reasons"]:
        assert reason["code"] in told
        assert reason["text"][language] in told
        assert reason.get("required", "") in told
        assert all(path in told for path in [*reason.get("observed", ()), *reason.get("missing", ())])
    assert [path for path in paths(facts) if path not in told] == []
    assert [value for item in facts["open_items"] for value in item.values() if str(value) not in told] == []
    for said in (
        of.record["id"],
        of.record["subject"],
        "erp-orders",
        decision["as_of"],
        "2026-06-30 09:30:12.482119 UTC",
    ):
        assert said in told
    for line in decision.get("customer_text", {}).get(language, "").splitlines():
        assert line in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_proof_is_there_word_for_word(language: str) -> None:
    of = shipped("dunmore-outfitters", "trade-credit")
    told = page(certificate(of, language)).text
    assert CHECKPOINT in told
    assert [each.hex() for each in (of.leaf, *INCLUSION) if each.hex() not in told] == []
    assert KEY in told
    assert hashlib.sha256(POLICIES.encode()).hexdigest() in told
    assert say("record_of", language).format(421, 1042) in told
    assert say("no_approvals", language) in told


def test_the_outcome_comes_first_and_in_words() -> None:
    told = {
        (sample, policy): re.search(r'<p class="headline [a-z]+">(.*?)</p>', certificate(shipped(sample, policy), "en"))
        for sample, policy in DECIDED
    }
    said = [page(found[1]).text for found in told.values() if found]
    assert said[:2] == ["Decline", "Approve with conditions"]
    assert said[2].startswith("High-risk customer (high-risk)")
    assert said[4] == "Dunning notice (notice) · Level 2 · First dunning letter (first-dunning)"
    chinese = page(certificate(shipped("dunmore-outfitters", "trade-credit"), "zh-Hant")).text
    assert chinese.index("拒絕") < chinese.index("CR-EXT-02") < chinese.index("customer.customer_id")


def test_amounts_have_their_currency_and_all_their_digits() -> None:
    told = page(certificate(shipped("dunmore-outfitters", "trade-credit"), "en")).text
    assert "USD 15,000.00" in told
    assert "USD −14,750.50" in told  # noqa: RUF001 (the minus sign is on purpose)


def test_a_reminder_before_the_due_date_is_no_level() -> None:
    told = page(certificate(shipped("copperline-fabrication", "dunning"), "en")).text
    assert "INV-20848Reminder before the due date (reminder)" in told


def test_every_line_of_the_policy_and_of_what_it_needs_is_quoted() -> None:
    of = shipped("dunmore-outfitters", "trade-credit")
    text = read_policy_text(POLICIES, "trade-credit")
    assert [part.name for part in text.parts] == ["trade-credit", "customer-class", "customer-value"]
    written, parsed = POLICIES.split("\n"), page(certificate(of, "en"))
    ids = {attributes.get("id") for _, attributes in parsed.elements}
    for part in text.parts:
        assert part.lines[0].strip() == f"{part.name}:"
        assert list(part.lines) == written[part.first - 1 : part.first - 1 + len(part.lines)]
    lines = {step["line"] for step in steps(of.record["decision"]["trace"]) if "line" in step}
    assert lines <= text.shown_lines
    assert {f"line-{line}" for line in lines} <= ids


def test_the_next_policys_comment_is_not_quoted() -> None:
    parts = read_policy_text(GENERAL, "small-order").parts
    assert [part.name for part in parts] == ["small-order"]
    assert parts[0].lines[-1] == "      said: {is: note}"
    assert "    # the comment <script>alert(1)</script> stays" in parts[0].lines


def test_a_last_line_of_text_that_looks_like_a_comment_is_quoted() -> None:
    text = "policies:\n  a:\n    note: |\n      one\n      # two\n\n  # next\n  b: {}\n"
    assert read_policy_text(text, "a").parts[0].lines[-1] == "      # two"


def test_a_text_that_cannot_be_read_is_quoted_whole() -> None:
    of = replace(general(), policy_text="a: [\n<script>")
    told = page(certificate(of, "en")).text
    assert "a: [" in told
    assert "<script>" in told
    assert say("other_text", "en") in told


def test_another_text_than_the_recorded_one_is_told() -> None:
    assert say("other_text", "en") not in certificate(general(), "en")
    assert say("other_text", "en") in certificate(replace(general(), policy_text=f"{GENERAL}\n"), "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_in_a_certificate_runs(language: str) -> None:
    of = general(subject=HOSTILE, principal=HOSTILE)
    of = replace(of, record=json.loads(json.dumps(of.record).replace("as usual", json.dumps(HOSTILE)[1:-1])))
    of = replace(of, record={**of.record, "facts": {HOSTILE: HOSTILE, "list": [{HOSTILE: [HOSTILE]}]}})
    of = replace(of, approvals=[{"by": HOSTILE, "at": HOSTILE, "seq": 1}], checkpoint=HOSTILE, key=HOSTILE)
    of = replace(of, record={**of.record, "id": HOSTILE}, revision={"number": HOSTILE, "bundle": HOSTILE})
    of = replace(of, erased=frozenset({f"/facts/{HOSTILE}"}))
    html = certificate(of, language)
    parsed = page(html)
    allowed = {"html", "head", "meta", "title", "style", "body", "header", "main", "h1", "h2", "h3", "p", "div", "span"}
    allowed |= {"b", "small", "code", "pre", "br", "wbr", "a", "dl", "dt", "dd", "ol", "li", "blockquote"}
    allowed |= {"table", "thead", "tbody", "tr", "th", "td"}
    assert {name for name, _ in parsed.elements} <= allowed
    for name, attributes in parsed.elements:
        assert not any(attribute.startswith("on") for attribute in attributes)
        assert not set(attributes) & {"src", "style", "srcset", "action", "http-equiv"}
        assert name != "a" or re.fullmatch(r"#line-\d+", attributes["href"] or "")
    assert html.count("</style>") == 1
    assert "\u202e" not in html
    assert "\x07" not in html
    assert r"\u202e" in parsed.text
    assert "<img src=x onerror=alert(1)>" in parsed.text
    assert "</td></table><script src=//x></script>" in parsed.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("sample", "policy"), DECIDED)
def test_a_certificate_loads_nothing(sample: str, policy: str, language: str) -> None:
    html = certificate(shipped(sample, policy), language)
    assert html.startswith(f'<!DOCTYPE html>\n<html lang="{language}">')
    assert not re.search(r"url\(|@import|<link|<script|<img|src=", html)


def test_every_table_says_what_its_columns_are() -> None:
    for name, attributes in page(certificate(shipped("copperline-fabrication", "dunning"), "en")).elements:
        assert name != "th" or attributes["scope"] in {"col", "row"}


def test_an_identifier_cannot_leave_the_style_sheet() -> None:
    assert css_text('a"}</style>') == r'"a\22 \7d \3c \2f style\3e "'


def test_markup_has_no_attribute_that_could_run() -> None:
    for attribute in ({"onclick": "x"}, {"style": "x"}, {"href": "javascript:x"}, {"src": "x"}):
        with pytest.raises(ValueError, match="no page has"):
            tag("a", "x", **attribute)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_erased_is_said_to_be_erased(language: str) -> None:
    of = shipped("copperline-fabrication", "dunning")
    record = json.loads(json.dumps(of.record))
    record["facts"]["customer"]["name"] = None
    record["subject"] = None
    record["decision"]["outcome"]["notices"][0]["messages"][0]["texts"]["en"]["body"] = None
    record["decision"]["reasons"][0]["observed"]["invoice_id"] = None
    pointers = {
        "/facts/customer/name",
        "/subject",
        "/decision/outcome/notices/0/messages/0/texts/en/body",
        "/decision/reasons/0/observed/invoice_id",
    }
    html = certificate(replace(of, record=record, erased=frozenset(pointers)), language)
    assert html.count(f'<span class="erased">{say("erased", language)}</span>') == len(pointers)
    assert say("no_subject", language) not in html
    assert say("erased_told", language) in html
    assert [pointer for pointer in pointers if pointer not in page(html).text] == []


def test_an_erased_value_is_not_shown_even_where_it_is_still_there() -> None:
    of = replace(general("Wang Wei, born 1 May"), erased=frozenset({"/facts/note", "/decision/outcome/said"}))
    of = replace(of, erased=of.erased | {"/decision/trace/2/value", "/decision/trace/2/read/note"})
    assert "Wang Wei" not in certificate(of, "en")


def test_pointers_are_read_as_rfc_6901_says() -> None:
    of = general()
    record = {**of.record, "facts": {"a/b": {"c~d": ["kept", "gone"]}}}
    told = page(certificate(replace(of, record=record, erased=frozenset({"/facts/a~1b/c~0d/1"})), "en")).text
    assert "kept, erased" in told


def test_null_is_a_dash_and_never_erased() -> None:
    of = general()
    record = {**of.record, "facts": {"note": None, "list": []}}
    told = page(certificate(replace(of, record=record), "en")).text
    assert "note–" in told  # noqa: RUF001 (a dash as printed tables have it)
    assert say("erased", "en") not in told


def test_a_clock_that_went_back_is_remarked() -> None:
    assert say("clock_went_back", "en") in certificate(general(clock_went_back=True), "en")
    assert say("clock_went_back", "en") not in certificate(general(), "en")


def test_approvals_are_told() -> None:
    approval = {"by": "m.chen", "at": "2026-06-01T07:00:00.000000Z", "seq": 17}
    told = page(certificate(replace(general(), approvals=[approval]), "en")).text
    assert "m.chen2026-06-01 07:00:00 UTC17" in told
    assert say("no_approvals", "en") not in told


def test_long_lists_are_shown_whole() -> None:
    of = general()
    items = [{"invoice_id": f"INV-{number}", "amount": f"{number}.50"} for number in range(500)]
    html = certificate(replace(of, record={**of.record, "facts": {"items": items}}), "en")
    assert [item for item in items if f"INV-{item['invoice_id'][4:]}</td>" not in html] == []


@pytest.mark.parametrize("words", [WORDS, MEMBERS], ids=["words", "members"])
def test_every_word_is_there_in_all_languages(words: Mapping[str, tuple[str, ...]]) -> None:
    assert {key: told for key, told in words.items() if len(told) != len(LANGUAGES) or not all(told)} == {}
    blanks = {key: {tuple(sorted(re.findall(r"\{\w*\}", each))) for each in told} for key, told in words.items()}
    assert {key: found for key, found in blanks.items() if len(found) != 1} == {}


def test_a_language_nobody_wrote_is_refused() -> None:
    with pytest.raises(ValueError, match="zh-Hant"):
        certificate(general(), "de")
