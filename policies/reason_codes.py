"""Declares reason codes: a text that names what was really used, a kind that never changes (domain section 5)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from policies.declarations import Declaring, texts
from policies.diagnostics import Code, Diagnostic, quote
from policies.document import ReasonPart
from policies.ir import ReasonText
from policies.protected import named_in_text

_EMPTY_PHRASES = re.compile(
    r"\bscor(?:e|ing) (?:is |was )?(?:too low|too bad|insufficient|inadequate|not (?:sufficient|(?:high|good) enough))"
    r"|\b(?:low|poor|bad|insufficient|qualifying) (?:credit )?scor(?:e|ing)\b"
    r"|\b(?:improve|raise|increase) (?:your|the) (?:credit )?score\b"
    r"|\b(?:not|fails? to|failed to|failing to) (?:meet|satisfy|fulfil|match|pass|comply with) "
    r"(?:our |the |all |any )?(?:(?:internal|company|credit|lending|minimum) )*"
    r"(?:polic|standard|criteri|requirement|guideline|rules?\b|scor)\w*"
    r"|\b(?:internal|company|credit|lending) (?:polic(?:y|ies)|standards?|guidelines?|criteria)\b"
    r"|\bfor (?:policy|internal) reasons\b"
    r"|(?:评分|分数|得分|积分|評分|分數|積分)(?:过低|太低|偏低|较低|不足|不够|不达标|未达标|不合格"
    r"|過低|較低|不夠|不達標|未達標)"
    r"|(?:提高|改善|提升)(?:信用)?(?:评分|分数|評分|分數)"
    r"|(?:不符合?|不满足|未满足|未达到?|不合|未符合?|不滿足|未滿足|未達到?)"
    r"(?:我方|我司|我公司|本公司|公司|贵方|内部|內部|信用|授信|赊销|賒銷|准入|准许|的)*"
    r"(?:政策|制度|标准|標準|条件|條件|准则|準則|规定|規定)"
    r"|(?:内部|內部|公司|我司|授信)(?:政策|制度|标准|標準|准则|準則|规定|規定)"
    r"|(?:政策|内部|內部)原因",
    re.IGNORECASE,
)
"""Phrases that say only that the answer is no, in place of the factor that decided (Reg B, 12 CFR 1002.9(b)(2))."""


ALWAYS_TOLD = ("DT-MIS-01", "DT-UND-01")
"""Codes that a policy gives by itself for what is unknown, also where it declines for that."""


def banned_in(text: str) -> str | None:
    """The phrase in a text that names no factor, if there is one."""
    found = _EMPTY_PHRASES.search(text)
    return None if found is None else found.group(0)


def declare_reason(
    code: str, part: ReasonPart, declaring: Declaring, standard: Mapping[str, ReasonText] | None = None
) -> ReasonText:
    """One reason code; `standard` are those whose meaning it may not change."""
    text, hint = texts(part.text, declaring.languages), texts(part.hint, declaring.languages)
    for key, by_language in (("text", text), ("hint", hint)):
        for language, words in by_language.items():
            if banned := banned_in(words):
                message = f"`{code}` says {quote(banned)}, which names no factor"
                span = part.span(key, language)
                declaring.report(Diagnostic(Code.BANNED_TEXT, message, span, "name the factor that was used"))
            if protected := named_in_text(words):
                message = f"`{code}` names a protected characteristic: {quote(protected)}"
                span = part.span(key, language)
                declaring.report(Diagnostic(Code.PROTECTED_FACT, message, span, "decide on conduct and ability to pay"))
    if code in ALWAYS_TOLD and not part.disclosable:
        message = f"`{code}` says what could not be known, and a decline for that could give the customer no reason"
        declaring.report(Diagnostic(Code.NOT_DISCLOSABLE, message, part.span("disclosable"), "let it be told"))
    known = (standard or {}).get(code)
    if known is not None and known.kind != part.kind:
        message = f"`{code}` is a standard code of the kind `{known.kind}`, and its meaning does not change"
        mend = f"write `kind: {known.kind}`, or give the reason a code of your own"
        declaring.report(Diagnostic(Code.REASON_KIND, message, part.span("kind"), mend))
    return ReasonText(code, part.kind, text, part.disclosable, hint)
