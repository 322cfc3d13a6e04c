"""The members of outcomes in the reader's language, in the order in which a person wants them."""
# ruff: noqa: RUF001 (full-width punctuation is how Chinese is written)

from __future__ import annotations

from collections.abc import Mapping

from api.tree_words import LANGUAGES

MEMBERS: Mapping[str, tuple[str, str, str]] = {
    # Who or what an entry of a list is.
    "recipient": ("Recipient", "收件方", "收件方"),
    "claim_id": ("Claim", "债权编号", "債權編號"),
    "invoice_id": ("Invoice", "发票", "發票"),
    "on": ("Day", "日期", "日期"),
    "subject": ("Concerning", "事项", "事項"),
    "code": ("Code", "代码", "代碼"),
    "why": ("Why", "原因", "原因"),
    "kind": ("Kind", "类型", "類型"),
    "status": ("Status", "状态", "狀態"),
    # Credit.
    "decision": ("Decision", "决策", "決策"),
    "limit": ("Credit limit", "信用额度", "信用額度"),
    "exposure": ("Exposure", "信用敞口", "信用曝險"),
    "available": ("Available", "可用额度", "可用額度"),
    "unlimited": ("Unlimited", "不设上限", "不設上限"),
    "terms_days": ("Payment terms (days)", "账期（天）", "付款天期（天）"),
    "conditions.prepayment_pct": ("Prepayment (%)", "预付款（%）", "預付款（%）"),
    "conditions.shorter_terms_days": (
        "Shorter terms (days)",
        "缩短账期至（天）",
        "縮短付款天期至（天）",
    ),
    "conditions.amount_counter_offer": ("Amount offered instead", "改为批准的金额", "改核予金額"),
    "conditions.guarantee": ("Guarantee", "保证担保", "保證"),
    "conditions.insured": ("Credit insurance", "信用保险", "信用保險"),
    "conditions": ("Conditions", "条件", "條件"),
    "valid_to": ("Limit valid until", "额度有效期至", "額度有效期至"),
    "binding": ("Limit set by", "额度由何决定", "額度由何決定"),
    "security_lift": ("Added by security", "担保增加额", "擔保增加額"),
    "group_limit": ("Group limit", "集团额度", "集團額度"),
    "group_exposure": ("Group exposure", "集团敞口", "集團曝險"),
    "released": ("Released by a person", "已人工放行", "已人工放行"),
    "blocks": ("May be held", "可冻结对象", "可凍結對象"),
    "concurrency": ("Concurrent orders", "并发订单", "並行訂單"),
    # Classification.
    "class": ("Class", "级别", "級別"),
    "base_class": ("Class before overlays", "覆盖前级别", "覆蓋前級別"),
    "score": ("Score", "评分", "評分"),
    "overlays": ("Overlays", "覆盖项", "覆蓋項"),
    "held_back": ("Class held back", "暂不变更至", "暫不變更至"),
    "expired": ("Class no longer valid", "已失效级别", "已失效級別"),
    "strategy.service_tier": ("Service", "服务级别", "服務級別"),
    "strategy.terms_days": ("Payment terms (days)", "账期（天）", "付款天期（天）"),
    "strategy.prepayment_pct": ("Prepayment (%)", "预付款（%）", "預付款（%）"),
    "strategy.discount_up_to_pct": (
        "Discount up to (%)",
        "最高折扣（%）",
        "最高折扣（%）",
    ),
    "strategy.collection": ("Collection", "催收方式", "催收方式"),
    "strategy.review_days": ("Review after (days)", "复审间隔（天）", "複審間隔（天）"),
    "strategy.contact": ("Contact", "联系人", "聯絡窗口"),
    "strategy.next_step": ("Next step", "后续措施", "後續措施"),
    "strategy.step": ("Next step", "后续措施", "後續措施"),
    "strategy.open_credit": ("Open credit", "赊销", "賒銷"),
    "strategy": ("Strategy", "客户策略", "客戶策略"),
    # Dunning.
    "outcome": ("Outcome", "结果", "結果"),
    "level": ("Level", "级别", "級別"),
    "level_name": ("Level name", "级别名称", "級別名稱"),
    "total_claim": ("Total claim", "应付总额", "應付總額"),
    "open_amount": ("Open amount", "未清金额", "未結清金額"),
    "principal": ("Principal", "本金", "本金"),
    "fees": ("Fees", "费用", "費用"),
    "compensation": ("Compensation", "法定补偿", "法定補償"),
    "interest": ("Interest", "利息", "利息"),
    "currency": ("Currency", "币种", "幣別"),
    "deadline": ("Pay by", "付款期限", "付款期限"),
    "next_evaluation": ("Next evaluation", "下次评估", "下次評估"),
    "days_in_arrears": ("Days overdue", "逾期天数", "逾期天數"),
    "dunnable": ("Amount dunned", "催收金额", "催收金額"),
    "threshold_level": ("Level by days", "按天数级别", "依天數級別"),
    "assigned_level": ("Level given", "本次级别", "本次級別"),
    "recorded_level": ("Level recorded", "记录级别", "紀錄級別"),
    "rises": ("Rises", "升级", "升級"),
    "passed_over": ("Passed over", "越过的级别", "越過的級別"),
    "capped_at": ("Capped at", "最高级别", "最高級別"),
    "skips": ("Skipped because", "不催收原因", "不催收原因"),
    "level_changes": ("Level changes", "级别变动", "級別變動"),
    "original": ("Original", "原债权", "原債權"),
    "amount": ("Amount", "金额", "金額"),
    "accrued": ("Accrued", "累计应计", "累計應計"),
    "already_charged": ("Charged before", "此前已计收", "先前已計收"),
    "rate": ("Rate (%)", "利率（%）", "利率（%）"),
    "rate_period": ("Rate per", "利率期间", "利率期間"),
    "fixing": ("Rate fixed", "利率确定", "利率確定"),
    "basis": ("Day count", "计息基准", "計息基準"),
    "round": ("Rounded", "取整方式", "進位方式"),
    "periods": ("Periods", "计息期间", "計息期間"),
    "effect": ("Effect", "措施", "措施"),
    "effects": ("Effects", "措施", "措施"),
    "items": ("Invoices", "发票", "發票"),
    "listed_items": ("Also listed", "另行列示", "另行列示"),
    "capped_items": ("Held down", "受限发票", "受限發票"),
    "claims": ("Fees and interest added", "新增费用与利息", "新增費用與利息"),
    "not_claimed": ("Interest not claimed", "不主张的利息", "不主張的利息"),
    "cancelled_claims": ("Claims cancelled", "撤销的债权", "撤銷的債權"),
    "notices": ("Letters", "函件", "函件"),
    "holds": ("Holds", "冻结", "凍結"),
    "releases": ("Effects lifted", "解除的措施", "解除的措施"),
    "legal_since": ("Legal steps since", "法律程序始于", "法律程序始於"),
    "broken_promises": ("Broken promises", "未履行的付款承诺", "未履行的付款承諾"),
    "for_review": ("For a person to look at", "须人工查看", "須人工檢視"),
    "calendar": ("If nothing is paid", "如未付款", "如未付款"),
    "calendar_until": ("Not looked at after", "推算截至", "推算截至"),
    "repeat": ("Repeat of an earlier run", "重复运行", "重複執行"),
    "procedure.id": ("Procedure", "催收程序", "催收程序"),
    "procedure.version": ("Version of the procedure", "程序版本", "程序版本"),
    "notice_key": ("Notice key", "通知键", "通知鍵"),
}
"""Each by its dotted path in the outcome, or by its name in an entry of one of the outcome's lists."""

MONEY = frozenset(
    {
        *("limit", "exposure", "available", "security_lift", "group_limit", "group_exposure"),
        *("conditions.amount_counter_offer", "total_claim", "principal", "fees", "interest"),
    }
)
"""The members that are amounts in the reporting currency."""

_HEADLINES: Mapping[str, tuple[str, str, str]] = {
    "approve": ("Approve", "批准", "核准"),
    "approve_with_conditions": ("Approve with conditions", "附条件批准", "附條件核准"),
    "refer": ("Refer to a person", "转人工审核", "轉人工審核"),
    "decline": ("Decline", "拒绝", "拒絕"),
    "notice": ("Dunning notice", "发出催款通知", "寄發催款通知"),
    "reminder": ("Reminder before the due date", "到期前提醒", "到期前提醒"),
    "skip": ("No notice", "不发催款通知", "不寄催款通知"),
}
"""What decisions on credit and dunning come to."""

_ORDER = {name: number for number, name in enumerate(MEMBERS)}


def member_in(path: str, language: str) -> str:
    """A member's name in words; one that no kind of policy knows as it is."""
    return MEMBERS[path][LANGUAGES.index(language)] if path in MEMBERS else path


def headline_in(result: str, language: str) -> str:
    """What a decision came to, in words; what is not known here as it is."""
    return _HEADLINES[result][LANGUAGES.index(language)] if result in _HEADLINES else result


def place_of(path: str) -> tuple[int, str]:
    """A key that sorts members into reading order: those known here first."""
    return _ORDER.get(path, len(_ORDER)), path
