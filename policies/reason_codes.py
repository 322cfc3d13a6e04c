"""Declares reason codes: a text that names what was really used, a kind that never changes (domain section 5)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from policies.declarations import Declaring, texts
from policies.diagnostics import Code, Diagnostic, quote
from policies.document import ReasonPart
from policies.ir import ReasonText
from policies.protected import named_in_text

_TOO_LITTLE = (
    r"(?:too (?:low|bad|poor|few|weak)|insufficient|inadequate|unsatisfactory|below|under"
    r"|not (?:sufficient|satisfactory|reached|(?:high|good) enough))"
)
_OUR = r"(?:(?:our|the|this|all|any|internal|company|credit|lending|risk|trade|sales|group|minimum) )*"
_RULES = r"(?:polic|standard|criteri|requirement|guideline|rules?\b|scor)\w*"
_CHECK = r"(?:check|assessment|scoring|evaluation|examination|rating)"
_LITTLE_ZH = (
    r"(?:过低|太低|偏低|较低|低(?![于於])|不足|不够|不佳|太差|较差|不理想|不达标|未达标|不合格|不通过|未通过"
    r"|過低|較低|不夠|較差|不達標|未達標|不通過|未通過"
    r"|(?:未达到?|未達到?|低于|低於)(?:我方|本公司|规定|規定|最低|及格)*(?:要求|标准|標準|下限|门槛|門檻|分数|分數|分|线|線|等级|等級))"
)
_OUR_ZH = r"(?:我方|我司|我公司|本公司|公司|贵方|内部|內部|信用|授信|赊销|賒銷|准入|准许|的|之)"
_RULES_ZH = r"(?:政策|制度|标准|標準|条件|條件|准则|準則|规定|規定)"

_EMPTY_PHRASES = re.compile(
    # A score or rating that is too low. That of the accounts, or a credit agency's, is a factor of its own.
    rf"(?<!distress )(?<!\b[fz][ -])\bscor(?:e|es|ing)(?: (?:result|total))?(?: (?:is|was|are))? {_TOO_LITTLE}"
    rf"|(?<!agency )(?<!agency's )(?<!bureau )(?<!insurer's )(?<!external )(?<!external credit )"
    rf"\b(?:ratings?|grade)(?: result)?(?: (?:is|was|are))? {_TOO_LITTLE}"
    rf"|(?<!percentage )(?<!percent )(?<!basis )\bpoints(?: total)?(?: (?:is|was|are|were))? {_TOO_LITTLE}"
    r"|\b(?:too few|not enough|insufficient) points\b"
    r"|\b(?:low|poor|bad|weak|insufficient|qualifying) (?:credit |total )?scor(?:e|es|ing)\b"
    r"|\b(?:low|poor|bad|weak|insufficient) (?:credit |total )?(?:rating|grade)\b"
    r"(?! (?:given |assigned )?(?:by|of|from)\b)"
    r"|\b(?:improve|raise|increase) (?:your|the) (?:credit )?(?:score|rating)\b"
    rf"|\bnot creditworthy\b|\bcreditworthiness (?:is |was )?(?:{_TOO_LITTLE}|not given)"
    # A check that was not passed.
    rf"|\b(?:credit|risk|internal) {_CHECK} (?:(?:was|is|has) )?(?:failed|negative|unsuccessful|not passed)"
    rf"|\b(?:failed|fails|did not pass|does not pass|do not pass) {_OUR}{_CHECK}\b"
    # A policy, a standard.
    rf"|\b(?:not|fails? to|failed to|failing to) (?:meet|satisfy|fulfil|match|pass|comply with) {_OUR}{_RULES}"
    rf"|\b(?:not|outside|against|beyond|see|per|under|due to|because of|based on|according to|pursuant to|refer to) "
    rf"(?:of |within |in line with |in accordance with |covered by |allowed by |compliant with )?{_OUR}polic(?:y|ies)\b"
    r"|\bour (?:\w+ )?(?<!insurance )polic(?:y|ies)\b"
    r"|(?<!insurance )\bpolicy (?:reasons?|grounds|decision|requirements?|criteria|does not)\b"
    r"|\b(?:internal|company|credit|lending) (?:polic(?:y|ies)|standards?|guidelines?|criteria)\b"
    r"|\bfor (?:policy|internal) reasons\b"
    rf"|(?<!困境)(?<!危机)(?<!危機)(?:评分|分数|得分|积分|总分|評分|分數|積分|總分)(?:结果|結果|总计|總計)?{_LITTLE_ZH}"
    rf"|(?<!外部)(?<!机构)(?<!機構)(?<!机构的)(?<!機構之)(?<!機構的)(?<!给出的)(?<!給予之)(?<!給予的)"
    rf"(?:评级|評級|評等)(?:结果|結果)?{_LITTLE_ZH}"
    rf"|(?:综合|綜合|信用|资信|資信|资质|資質|系统|系統|风险|風險)(?:评估|評估|评审|評審|审核|審核|评定|評定)?(?:结果|結果)?"
    r"(?:不达标|未达标|不合格|不通过|未通过|不達標|未達標|不通過|未通過)"
    r"|(?:信用|资信|資信|资质|資質)(?:不足|不符)"
    r"|(?:提高|改善|提升)(?:信用)?(?:评分|分数|评级|評分|分數|評等|評級)"
    rf"|(?:不符合?|不满足|未满足|未达到?|不合|未符合?|不滿足|未滿足|未達到?){_OUR_ZH}*{_RULES_ZH}"
    r"|(?:内部|內部|公司|我司|我方|授信|信用|赊销|賒銷)(?:政策|制度|标准|標準|准则|準則|规定|規定)"
    rf"|(?:不在|不属于|不屬於|超出|违反|違反|根据|根據|依据|依據|按照|依照|基于|基於|参见|參見|详见|詳見|请见|請見|见|見|受|按|依|因)"
    rf"{_OUR_ZH}*(?:政策|制度)"
    r"|(?:政策|内部|內部)(?:原因|因素|限制|考量)",
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
