"""The words of a certificate in the reader's language: headings, remarks, and what is proved and what is not."""
# ruff: noqa: RUF001 (full-width punctuation is how Chinese is written)

from __future__ import annotations

from collections.abc import Mapping

from api.tree_words import LANGUAGES

WORDS: Mapping[str, tuple[str, str, str]] = {
    "certificate": ("Decision certificate", "决策证明书", "決策證明書"),
    "page": ("page", "页", "頁"),
    "decision_id": ("decision", "决策编号", "決策編號"),
    # The head: who, what, when.
    "decided_at": ("Decided on", "决策时间", "決策時間"),
    "as_of": ("As of", "基准日", "基準日"),
    "subject": ("For", "对象", "對象"),
    "no_subject": ("nobody is named in the record", "记录中未指明", "紀錄中未指明"),
    "principal": ("Asked by", "请求方", "請求方"),
    "policy": ("Policy", "政策", "政策"),
    "revision": ("Revision of the policies", "政策版本", "政策版本"),
    "revision_told": (
        "no. {number}, bundle {bundle}, in the log since {at} as record {seq}",
        "第 {number} 版，政策包 {bundle}，{at} 起载入日志，记录号 {seq}",
        "第 {number} 版，政策包 {bundle}，{at} 起載入日誌，紀錄號 {seq}",
    ),
    "engine": ("Decided by", "决策引擎", "決策引擎"),
    "kind": ("kind", "类型", "類型"),
    "kind_credit": ("credit", "信用", "信用"),
    "kind_classification": ("classification", "分级", "分級"),
    "kind_dunning": ("dunning", "催收", "催收"),
    "kind_decision": ("general", "通用", "通用"),
    "remark": ("Remark", "备注", "備註"),
    "clock_went_back": (
        (
            "When this was recorded, the clock of the service stood before the time of an earlier record. "
            "The order of the records is right; the time above may not be."
        ),
        "写入本记录时，服务的时钟早于前一条记录的时间。记录的先后次序无误，但上述时间可能不准确。",
        "寫入本紀錄時，服務的時鐘早於前一筆紀錄的時間。紀錄的先後次序無誤，但上述時間可能不準確。",
    ),
    "other_text": (
        "The policy text below is NOT the one in the record: its SHA-256 differs from the one recorded.",
        "下列政策文本与记录不符：其 SHA-256 与记录中的不一致。",
        "下列政策文字與紀錄不符：其 SHA-256 與紀錄中的不一致。",
    ),
    "erased_told": (
        "Personal data was erased from this record. Where it stood, the page says “erased”; the proof still holds.",
        "本记录中的个人数据已被删除，原位置标为“已删除”；证明仍然有效。",
        "本紀錄中的個人資料已刪除，原位置標示為「已刪除」；證明仍然有效。",
    ),
    "erased_where": ("Erased", "已删除的位置", "已刪除的位置"),
    "erased": ("erased", "已删除", "已刪除"),
    # Sections.
    "reasons": ("Reasons", "理由", "理由"),
    "no_reasons": ("The decision has no reasons.", "本决策无理由代码。", "本決策無理由代碼。"),
    "details": ("The outcome in detail", "结果明细", "結果明細"),
    "told": ("What the customer is told", "告知客户的内容", "告知客戶的內容"),
    "facts": ("Facts", "事实", "事實"),
    "facts_told": (
        "All the facts that were sent, as they were sent. A fact that is not here was not sent; “–” was sent as null.",
        "以下为收到的全部事实，原样列示。未列出者即未提供；“–”表示以 null 提供。",
        "以下為收到的全部事實，原樣列示。未列出者即未提供；「–」表示以 null 提供。",
    ),
    "rules": ("Rules", "规则", "規則"),
    "rules_told": (
        (
            "What became of each part of the policy, in the order of evaluation, with the values it read. "
            "Lines are those of the policy text below. A number that ends in “…” stands in full in the record."
        ),
        "按评估次序列出政策各部分的结果及所读取的数值。行号指下方政策文本。以“…”结尾的数字在记录中有完整值。",
        "依評估次序列出政策各部分的結果及所讀取的數值。行號指下方政策文字。以「…」結尾的數字在紀錄中有完整值。",
    ),
    "rules_of": ("Rules of {}, which this policy needs", "所引用政策 {} 的规则", "所引用政策 {} 的規則"),
    "see_below": ("see below", "见下文", "見下文"),
    "text": ("Text of the policy", "政策文本", "政策文字"),
    "text_told": (
        "The policy that decided, and those it needs, as written. Lines marked ● are those of parts that fired.",
        "作出决策的政策及其所引用的政策，照录原文。标有 ● 的行为命中的部分。",
        "作成決策的政策及其所引用的政策，照錄原文。標有 ● 的行為命中的部分。",
    ),
    "text_lines": ("lines {} to {}", "第 {} 至 {} 行", "第 {} 至 {} 行"),
    "text_sha256": ("SHA-256 of the whole text", "全文 SHA-256", "全文 SHA-256"),
    "policy_digest": ("Digest of the policy", "政策摘要值", "政策摘要值"),
    "approvals": ("Approvals", "批准记录", "核准紀錄"),
    "no_approvals": (
        "No approval of this policy text is recorded.",
        "没有关于此政策文本的批准记录。",
        "沒有關於此政策文字的核准紀錄。",
    ),
    "approved_by": ("Approved by", "批准人", "核准人"),
    "approved_at": ("On", "时间", "時間"),
    "record": ("Record", "记录号", "紀錄號"),
    "overrides": ("Decided otherwise by a person", "人工改判", "人工改判"),
    "overrides_told": (
        "The decision above stays as it was recorded; these stand beside it.",
        "上述决定保持记录时的原样；以下人工改判另行记录，与之并列。",
        "上述決定保持紀錄時的原樣；以下人工改判另行紀錄，與之並列。",
    ),
    "override_by": ("By", "改判人", "改判人"),
    "override_outcome": ("Instead", "改为", "改為"),
    "override_releases": ("Releases", "放行金额", "放行金額"),
    "override_reason": ("Because", "理由", "理由"),
    "override_when": ("Or until", "提前终止条件", "提前終止條件"),
    "override_until": ("Last day", "有效至", "有效至"),
    "override_ended": ("Ended by record", "终止记录号", "終止紀錄號"),
    "proof": ("Proof", "证明", "證明"),
    "record_of": ("{} in a log of {} records", "{}（日志共 {} 条记录）", "{}（日誌共 {} 筆紀錄）"),
    "leaf": ("Leaf hash", "叶哈希", "葉雜湊"),
    "key_sha256": ("SHA-256 of the idempotency key", "幂等键 SHA-256", "冪等鍵 SHA-256"),
    "inclusion": ("Inclusion proof", "包含证明", "包含證明"),
    "no_inclusion": (
        "none needed: the record is the only one in this log",
        "无需：日志中仅有此记录",
        "無需：日誌中僅有此紀錄",
    ),
    "checkpoint": ("Checkpoint", "检查点", "檢查點"),
    "verifier_key": ("Verifier key", "验证公钥", "驗證公鑰"),
    "verify": (
        (
            "To verify: run `writ audit verify` on the exported log, and compare the checkpoint with one you kept "
            "yourself, or with the one the service gives now (`curl https://…/v1/log/checkpoint`)."
        ),
        (
            "核验方法：对导出的日志运行 `writ audit verify`，并将检查点与自行保存的检查点，"
            "或与服务当前给出的（`curl https://…/v1/log/checkpoint`）进行比对。"
        ),
        (
            "核驗方法：對匯出的日誌執行 `writ audit verify`，並將檢查點與自行保存的檢查點，"
            "或與服務目前提供的（`curl https://…/v1/log/checkpoint`）進行比對。"
        ),
    ),
    "proves": (
        (
            "What it shows: the record with this leaf hash stands in the log under this number, as the holder of the "
            "key signed it, and has not been changed since."
        ),
        "可证明：具有此叶哈希的记录以此记录号存在于密钥持有人所签署的日志中，此后未被更改。",
        "可證明：具有此葉雜湊的紀錄以此紀錄號存在於金鑰持有人所簽署的日誌中，此後未被更改。",
    ),
    "proves_not": (
        (
            "What it does not show: that the facts sent were true, or that the clock was right. Against someone who "
            "holds both the database and the signing key, only a checkpoint kept outside the system proves anything. "
            "This page is a rendering for people; the evidence is the record itself."
        ),
        (
            "不能证明：所提供的事实属实，或时钟准确。对于同时掌握数据库与签名密钥的人，"
            "只有保存在系统之外的检查点才有证明力。本页供人阅读，证据为记录本身。"
        ),
        (
            "不能證明：所提供的事實屬實，或時鐘準確。對於同時掌握資料庫與簽章金鑰的人，"
            "只有保存在系統之外的檢查點才有證明力。本頁供人閱讀，證據為紀錄本身。"
        ),
    ),
    # Reasons.
    "observed": ("Observed", "观察值", "觀察值"),
    "required": ("Required", "须满足", "須符合"),
    "missing": ("Missing", "缺少", "缺少"),
    "no_value": ("No value", "无值", "無值"),
    "points_lost": ("Points lost", "失分", "失分"),
    "hint": ("What can be done", "改善办法", "改善方式"),
    "behind": ("From the facts", "依据的事实", "依據的事實"),
    "by_rule": ("Rule", "规则", "規則"),
    "leads_to": ("leads to", "导致", "導致"),
    "principal_reason": ("told to the customer", "告知客户", "告知客戶"),
    "not_disclosable": ("not to be told", "不得告知", "不得告知"),
    "kind_knockout": ("knock-out", "否决项", "否決項"),
    "kind_score_factor": ("score factor", "评分因素", "評分因素"),
    "kind_condition": ("condition", "条件", "條件"),
    "kind_limit_binding": ("limit", "额度约束", "額度限制"),
    "kind_data": ("data", "数据", "資料"),
    "kind_override": ("override", "人工放行", "人工放行"),
    "kind_info": ("information", "说明", "說明"),
    "kind_skip": ("skip", "不催收", "不催收"),
    # Columns and small words.
    "rank": ("No.", "序", "序"),
    "code": ("Code", "代码", "代碼"),
    "reason": ("Reason", "理由", "理由"),
    "fact": ("Fact", "事实", "事實"),
    "meaning": ("What it is", "含义", "說明"),
    "value": ("Value", "值", "值"),
    "status": ("Status", "状态", "狀態"),
    "part": ("Part", "部分", "部分"),
    "result": ("Result and values read", "结果与读取的数值", "結果與讀取的數值"),
    "line": ("Line", "行", "行"),
    "records": ("{} records", "{} 条", "{} 筆"),
    "one_record": ("1 record", "1 条", "1 筆"),
    "none": ("none", "无", "無"),
    "none_of": ("None", "无", "無"),
    "yes": ("yes", "是", "是"),
    "no": ("no", "否", "否"),
    "colon": (": ", "：", "："),
    "comma": (", ", "、", "、"),
    "semicolon": ("; ", "；", "；"),
}


def say(key: str, language: str) -> str:
    """A word or sentence of the certificate."""
    return WORDS[key][LANGUAGES.index(language)]


def kind_in(kind: str, language: str) -> str:
    """The kind of a policy or a reason in words; one that has none as it is."""
    return say(f"kind_{kind}", language) if f"kind_{kind}" in WORDS else kind
