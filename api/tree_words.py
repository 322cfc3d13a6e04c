"""The words of a shown decision in the reader's language: its own, and the fixed phrases the engine writes in a trace.

What has no translation here is shown as it was written: names, codes and keys are the policy's, and stay its.
"""
# ruff: noqa: RUF001 (full-width punctuation is how Chinese is written)

from __future__ import annotations

import re
from collections.abc import Mapping

LANGUAGES = ("en", "zh-Hans", "zh-Hant")

WORDS: Mapping[str, tuple[str, str, str]] = {
    "outcome": ("outcome", "结果", "結果"),
    "principal_reasons": ("principal reasons", "主要理由", "主要理由"),
    "reasons": ("reasons", "理由", "理由"),
    "letters": ("letters", "函件", "函件"),
    "trace": ("trace", "过程", "過程"),
    "as_of": ("as of", "基准日", "基準日"),
    "line": ("line", "行", "行"),
    "missing": ("missing", "缺少", "缺少"),
    "none": ("none", "无", "無"),
    "unknown": ("unknown", "未知", "未知"),
    "fired": ("fired", "命中", "命中"),
    "not_fired": ("not fired", "未命中", "未命中"),
    "skipped": ("skipped", "跳过", "跳過"),
    "computed": ("computed", "计算", "計算"),
    "not_recorded": (
        "a what-if: this decision is not recorded",
        "仅为试算：本次决策不作记录",
        "僅為試算：本次決策不作記錄",
    ),
}

DECISIONS: Mapping[str, tuple[str, str]] = {
    "approve": ("批准", "核准"),
    "approve_with_conditions": ("附条件批准", "附條件核准"),
    "refer": ("转人工", "轉人工審核"),
    "decline": ("拒绝", "拒絕"),
}
"""What stands after a credit decision's own word, in the two Chinese scripts."""

_PARTS: Mapping[str, tuple[str, str]] = {
    "need": ("引用", "引用"),
    "let": ("取值", "取值"),
    "scorecard": ("评分卡", "評分卡"),
    "factor": ("因子", "因子"),
    "band": ("区间", "區間"),
    "table": ("决策表", "決策表"),
    "row": ("表行", "表列"),
    "rule": ("规则", "規則"),
    "overlay": ("覆盖", "覆蓋"),
    "scale": ("标尺", "標尺"),
    "hysteresis": ("等级保持", "等級維持"),
    "validity": ("有效期", "有效期"),
    "outcome": ("结果", "結果"),
    "exposure": ("敞口", "曝險"),
    "component": ("构成", "組成"),
    "limit": ("额度", "額度"),
    "method": ("方法", "方法"),
    "cap": ("上限", "上限"),
    "bound": ("约束", "限制"),
    "order": ("订单", "訂單"),
    "terms": ("账期", "付款天期"),
    "document": ("单据", "單據"),
    "reservation": ("预留", "預留"),
    "fallback": ("后备额度", "後備額度"),
    "security": ("担保", "擔保"),
    "override": ("人工放行", "人工放行"),
    "group": ("集团", "集團"),
    "member": ("成员", "成員"),
    "formula": ("公式", "公式"),
    "term": ("条款", "條款"),
    "reminder": ("提醒", "提醒"),
    "level": ("级别", "級別"),
    "gate": ("关卡", "關卡"),
    "item": ("未清项", "未清項"),
    "event": ("事件", "事件"),
    "fee": ("费用", "費用"),
    "compensation": ("法定补偿", "法定補償"),
    "interest": ("利息", "利息"),
    "notice": ("函件", "函件"),
    "message": ("消息", "訊息"),
    "release": ("解除", "解除"),
    "period": ("期间", "期間"),
    "rate": ("利率", "利率"),
    "next evaluation": ("下次评估", "下次評估"),
    "calendar": ("日程", "日程"),
    "day": ("日期", "日期"),
}

_SENTENCES: tuple[tuple[str, str, str], ...] = (
    ("order against limit", "订单与额度核对", "訂單與額度核對"),
    ("order against group limit", "订单与集团额度核对", "訂單與集團額度核對"),
    ("group limit", "集团额度", "集團額度"),
    ("group exposure", "集团敞口", "集團曝險"),
    ("no group", "不属于集团", "不屬於集團"),
    ("fits", "在额度内", "在額度內"),
    ("a return is never refused", "退货一律放行", "退貨一律放行"),
    ("prepaid in full", "已全额预付", "已全額預付"),
    ("the goods have left: invoicing is never blocked", "货已发出：不得冻结开票", "貨已出庫：不得凍結開立發票"),
    ("released", "已放行", "已放行"),
    ("never released", "未曾放行", "未曾放行"),
    ("customer, currency or terms have changed", "客户、币种或付款条件已变更", "客戶、幣別或付款條件已變更"),
    ("nobody knows what has changed since", "其后有无变更未知", "其後有無變更未知"),
    (r"risen above (\S+)", "已升至 {0} 以上", "已升至 {0} 以上"),
    ("the prepayment is negative: (.+)", "预付款为负：{0}", "預付款為負：{0}"),
    (
        r"order (.+) is among the documents and said not to be",
        "订单 {0} 已在单据之中，却称未计入",
        "訂單 {0} 已在單據之中，卻稱未計入",
    ),
    (r"moved on to (\S+)", "已转入 {0}", "已轉入 {0}"),
    (r"stage (\S+) does not count", "阶段 {0} 不计入", "階段 {0} 不計入"),
    (r"delivered after (\S+), beyond the horizon", "{0} 之后交货，超出期限", "{0} 之後交貨，超出期限"),
    (r"(\S+) is in (\S+), not in (\S+)", "{0} 的币种为 {1}，而非 {2}", "{0} 的幣別為 {1}，而非 {2}"),
    (r"member (.+) stands twice", "成员 {0} 重复出现", "成員 {0} 重複出現"),
    (r"member (.+) is its own parent", "成员 {0} 的上级循环指向自身", "成員 {0} 的上層循環指向自身"),
    (r"(\S+) stands twice: (.+)", "{0} 重复出现：{1}", "{0} 重複出現：{1}"),
    (r"(\S+) counts with another member", "{0} 已计入另一成员", "{0} 已計入另一成員"),
    ("expired", "已到期", "已到期"),
    (r"used by order (.+)", "已由订单 {0} 使用", "已由訂單 {0} 使用"),
    (r"(\S+) has no zone to compare it in", "{0} 没有时区，无法比较", "{0} 沒有時區，無法比較"),
    (r"source: (.+)", "来源：{0}", "來源：{0}"),
    ("cannot be tested", "无法核对", "無法核對"),
    (r"(\S+) against a limit of (\S+)", "{0}，额度 {1}", "{0}，額度 {1}"),
    (r"(\S+) of (\S+) points, weight (\S+)", "得 {0} 分（满分 {1}），权重 {2}", "得 {0} 分（滿分 {1}），權重 {2}"),
    (r"no value: (\S+) points", "无数值：{0} 分", "無數值：{0} 分"),
    ("no value, reweight", "无数值，权重由其他因子分担", "無數值，權重由其他因子分攤"),
    ("no value, refer", "无数值，转人工", "無數值，轉人工審核"),
    ("weight unknown", "权重未知", "權重未知"),
    ("the weights sum to 0", "权重合计为 0", "權重合計為 0"),
    (r"the weight of (\S+) is negative: (\S+)", "{0} 的权重为负：{1}", "{0} 的權重為負：{1}"),
    (r"(\S+) on (\S+) to (\S+), higher_better", "{0}，标尺 {1} 至 {2}，越高越好", "{0}，標尺 {1} 至 {2}，越高越好"),
    (r"(\S+) on (\S+) to (\S+), lower_better", "{0}，标尺 {1} 至 {2}，越低越好", "{0}，標尺 {1} 至 {2}，越低越好"),
    (
        r"(\S+) on (\S+) to (\S+), higher_better: clamped",
        "{0} 超出标尺 {1} 至 {2}，按端点计分，越高越好",
        "{0} 超出標尺 {1} 至 {2}，按端點計分，越高越好",
    ),
    (
        r"(\S+) on (\S+) to (\S+), lower_better: clamped",
        "{0} 超出标尺 {1} 至 {2}，按端点计分，越低越好",
        "{0} 超出標尺 {1} 至 {2}，按端點計分，越低越好",
    ),
    (
        r"held back: (\S+) of (\S+) days, (\S+) of (\S+) points past",
        "维持原级：已满 {0} 天（须 {1} 天），越过分界 {2} 分（须 {3} 分）",
        "維持原級：已滿 {0} 天（須 {1} 天），越過分界 {2} 分（須 {3} 分）",
    ),
    (
        r"released: (\S+) of (\S+) days, (\S+) of (\S+) points past",
        "可以变更：已满 {0} 天（须 {1} 天），越过分界 {2} 分（须 {3} 分）",
        "可以變更：已滿 {0} 天（須 {1} 天），越過分界 {2} 分（須 {3} 分）",
    ),
    (r"not valid on (\S+), (\S+) in its place", "{0} 不在有效期内，改用 {1}", "{0} 不在有效期內，改用 {1}"),
    ("otherwise", "按 otherwise", "依 otherwise"),
    (r"row (\d+)", "第 {0} 行", "第 {0} 列"),
    (r"rows ([\d, ]+)", "第 {0} 行", "第 {0} 列"),
    ("no row", "无命中行", "無命中列"),
    (r"(\S+) row (\d+)", "{0} 第 {1} 行", "{0} 第 {1} 列"),
    ("no limit", "无额度", "無額度"),
    ("no limit set", "未设额度", "未設額度"),
    ("unlimited", "不设上限", "不設上限"),
    ("there is no limit: unlimited", "无额度：不设上限", "無額度：不設上限"),
    (r"none set, that of (\S+)", "未设额度，采用 {0} 的额度", "未設額度，採用 {0} 的額度"),
    (r"group limit is negative: (\S+)", "集团额度为负：{0}", "集團額度為負：{0}"),
    (
        r"group exposure of (\S+) is less than the customer's own of (\S+)",
        "集团信用占用 {0} 小于客户自身的 {1}",
        "集團信用占用 {0} 小於客戶自身的 {1}",
    ),
    (r"valid from (\S+) until (\S+)", "有效期自 {0} 至 {1}，次序颠倒", "有效期自 {0} 至 {1}，次序顛倒"),
    (r"valid only from (\S+)", "自 {0} 起方有效", "自 {0} 起方有效"),
    (r"limit valid only from (\S+)", "额度自 {0} 起方有效", "額度自 {0} 起方有效"),
    ("no security known", "未知有无担保", "未知有無擔保"),
    ("no lift for a limit of 0", "额度为 0，不予提高", "額度為 0，不予提高"),
    ("bound by ", "无一约束", "無一限制"),
    (r"bound by (.+)", "受限于 {0}", "受限於 {0}"),
    ("left out", "不计入", "不計入"),
    (r"previous limit (\S+)", "上期额度 {0}", "前期額度 {0}"),
    (r"down to a multiple of (\S+)", "向下取整至 {0} 的倍数", "向下取整至 {0} 的倍數"),
    (r"below the smallest limit of (\S+)", "低于最小额度 {0}", "低於最小額度 {0}"),
    ("nobody knows until when it is valid", "有效期至何日未知", "有效期至何日未知"),
    (r"expired on (\S+)", "已于 {0} 到期", "已於 {0} 到期"),
    (r"limit expired on (\S+)", "额度已于 {0} 到期", "額度已於 {0} 到期"),
    (r"(\d+) items", "{0} 项", "{0} 項"),
    (
        "D15: charged before, once for each debt",
        "此前已计收，每笔债务只收一次 (D15)",
        "先前已計收，每筆債務僅收一次 (D15)",
    ),
    (
        "D16: shown to a person, not claimed",
        "仅供人工查看，不主张 (D16)",
        "僅供人工檢視，不主張 (D16)",
    ),
    ("D16: below min_interest, not charged", "低于 min_interest，不计收 (D16)", "低於 min_interest，不計收 (D16)"),
    (
        "passed over: its fee and actions do not apply",
        "越过：不收其费用，不执行其动作",
        "越過：不收其費用，不執行其動作",
    ),
    (r"carve-out (\S+)", "排除 {0}", "排除 {0}"),
    ("recipient blocked", "收件方已冻结", "收件方已凍結"),
    ("no channel", "无可用渠道", "無可用管道"),
    ("cannot be written", "无法成文", "無法成文"),
    ("cannot be sent", "无法发出", "無法寄出"),
    (r"no text in (.+)", "没有 {0} 文本", "沒有 {0} 文字"),
    (r"by (\S+)", "经 {0}", "經 {0}"),
    ("set again", "本次再度设置", "本次再度設定"),
    ("left to a person", "转由人工处理", "轉由人工處理"),
    ("no level sets it", "没有级别设置此项", "沒有級別設定此項"),
    (
        "released by a person: its condition stands in words",
        "由人工解除：条件仅以文字说明",
        "由人工解除：條件僅以文字說明",
    ),
    ("legal", "法律程序", "法律程序"),
    ("block", "催收冻结", "催收凍結"),
    ("balance", "余额", "餘額"),
    ("procedure", "流程版本", "程序版本"),
    ("tolerance", "容差", "容差"),
    ("as of", "基准日", "基準日"),
    ("interval", "间隔", "間隔"),
    ("arrears", "逾期天数", "逾期天數"),
    (r"zero denominator in (.+)", "分母为零：{0}", "分母為零：{0}"),
    (r"no value: (.+)", "无数值：{0}", "無數值：{0}"),
    (r"(\S+) has no value for these figures", "{0} 对这些数字无结果", "{0} 對這些數字無結果"),
    (r"no row of (\S+) holds", "{0} 无命中行", "{0} 無命中列"),
    (
        r"rows ([\d, ]+) of (\S+) all hold, only one may",
        "{1} 第 {0} 行同时命中，只应命中一行",
        "{1} 第 {0} 列同時命中，只應命中一列",
    ),
    (r"rows of (\S+) that hold give different outputs", "{0} 命中各行的结果不一致", "{0} 命中各列的結果不一致"),
    ("no limit method has a value", "没有任何额度方法得出数值", "沒有任何額度方法得出數值"),
    (r"(\S+) is negative: (\S+)", "{0} 为负：{1}", "{0} 為負：{1}"),
    (r"(\S+) is (\S+): days are counted whole", "{0} 为 {1}：天数须为整数", "{0} 為 {1}：天數須為整數"),
    (r"(\S+) is (\S+)", "{0} 为 {1}", "{0} 為 {1}"),
    (r"(\S+) of (\S+)", "{0} 为 {1}", "{0} 為 {1}"),
)
_PATTERNS = tuple((re.compile(english), (hans, hant)) for english, hans, hant in _SENTENCES)


def word(key: str, language: str) -> str:
    """A word of the page itself."""
    return WORDS[key][LANGUAGES.index(language)]


def text_in(texts: Mapping[str, str], language: str) -> str:
    """The text in this language, else in English, else in any."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


def part_in(part: str, language: str) -> str:
    """What kind of part a step is, such as `rule`."""
    return part if language == "en" or part not in _PARTS else _PARTS[part][_script(language)]


def phrase_in(phrase: str, language: str) -> str:
    """A phrase of the engine; as it is where no fixed phrase fits it."""
    if language != "en":
        for pattern, translations in _PATTERNS:
            if found := pattern.fullmatch(phrase):
                return translations[_script(language)].format(*found.groups())
    return phrase


def decision_in(decision: str, language: str) -> str:
    """A credit decision's word, in Chinese followed by what it means; any other word as it is."""
    if language == "en" or decision not in DECISIONS:
        return decision
    return f"{decision} {DECISIONS[decision][_script(language)]}"


def _script(language: str) -> int:
    return LANGUAGES.index(language) - 1
