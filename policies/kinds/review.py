"""What a dunning decision leaves to a person, in each language: one sentence a code, with places for its figures."""
# ruff: noqa: RUF001 (full-width punctuation is how Chinese is written)

from __future__ import annotations

from collections.abc import Mapping

from policies.document_fields import LANGUAGES
from policies.ir import Texts


def _texts(english: str, hans: str, hant: str) -> Texts:
    return dict(zip(LANGUAGES, (english, hans, hant), strict=True))


REVIEW: Mapping[str, Texts] = {
    "blocked": _texts("blocked: {reason}", "已设催收冻结：{reason}", "已設定暫停催收：{reason}"),
    "blocked_without_end": _texts(
        "blocked until someone lifts it: {reason}",
        "已设催收冻结，未设截止日：{reason}",
        "已設定暫停催收，未設截止日：{reason}",
    ),
    "left_to_person": _texts("left to a person: {rule}", "转由人工处理：{rule}", "轉由人工處理：{rule}"),
    "other_version": _texts(
        "the case runs by {pinned_to}, and this is {this_is}",
        "该案件适用 {pinned_to}，而本次为 {this_is}",
        "該案件適用 {pinned_to}，而本次為 {this_is}",
    ),
    "not_known": _texts("not known: {what}", "信息缺失：{what}", "資訊缺漏：{what}"),
    "no_value": _texts("has no value: {what}", "无法计算：{what}", "無法計算：{what}"),
    "not_converted": _texts(
        "in a currency that is not converted: {currency}", "该币种无法折算：{currency}", "該幣別無法換算：{currency}"
    ),
    "notice_dated_ahead": _texts(
        "the last notice is dated {day}, after {as_of}: nothing is sent until then",
        "上次催款通知日期为 {day}，晚于 {as_of}，在此之前不发送催款通知",
        "上次催款通知日期為 {day}，晚於 {as_of}，在此之前不寄發催款通知",
    ),
    "invoiced_after_due": _texts(
        "invoiced on {invoiced}, after its due date {due}",
        "开票日期 {invoiced} 晚于到期日 {due}",
        "發票日期 {invoiced} 晚於到期日 {due}",
    ),
    "terms_too_long": _texts(
        "terms of {days} days are longer than {longest}",
        "约定账期 {days} 天，超过上限 {longest} 天",
        "約定帳期 {days} 天，超過上限 {longest} 天",
    ),
    "term_counted_without": _texts(
        "the default term is counted without `{fact}`, which is not known",
        "缺少 `{fact}`，默认账期未计入该日期",
        "缺少 `{fact}`，預設帳期未計入該日期",
    ),
    "recipient_blocked": _texts(
        "not sent, recipient blocked: {recipient}",
        "未发出，收件方已冻结：{recipient}",
        "未寄出，收件方已凍結：{recipient}",
    ),
    "no_channel": _texts(
        "not sent, no channel for `{template}` to {recipient}",
        "未发出，没有可用渠道将 `{template}` 送达 {recipient}",
        "未寄出，沒有可用管道將 `{template}` 送達 {recipient}",
    ),
    "text_lacks": _texts(
        "not sent, `{template}` cannot be written to {recipient}: {what} not known",
        "未发出，致 {recipient} 的 `{template}` 无法成文：缺少 {what}",
        "未寄出，致 {recipient} 的 `{template}` 無法成文：缺少 {what}",
    ),
    "no_text": _texts(
        "not sent, `{template}` cannot be written to {recipient}: no text in {what}",
        "未发出，致 {recipient} 的 `{template}` 无法成文：没有 {what} 文本",
        "未寄出，致 {recipient} 的 `{template}` 無法成文：沒有 {what} 文字",
    ),
    "compensation_not_known": _texts(
        "compensation not claimed, not known: {what}", "未计收法定补偿，缺少：{what}", "未計收法定補償，缺少：{what}"
    ),
    "compensation_no_value": _texts(
        "compensation not claimed, it has no value for these figures",
        "未计收法定补偿，依现有数据无法计算",
        "未計收法定補償，依現有資料無法計算",
    ),
    "interest_not_known": _texts(
        "interest not charged, not known: {what}", "未计收利息，缺少：{what}", "未計收利息，缺少：{what}"
    ),
    "interest_no_value": _texts(
        "interest not charged, it has no value for these figures",
        "未计收利息，依现有数据无法计算",
        "未計收利息，依現有資料無法計算",
    ),
    "interest_not_claimed": _texts(
        "interest of {amount} computed, not claimed", "已算出利息 {amount}，未主张", "已算出利息 {amount}，未主張"
    ),
    "below_legal_minimum": _texts(
        "rate {rate} below the legal minimum {minimum} on {day}",
        "{day} 利率 {rate} 低于法定下限 {minimum}",
        "{day} 利率 {rate} 低於法定下限 {minimum}",
    ),
    "legal_minimum_not_known": _texts(
        "legal minimum not known: {what}", "法定下限未知，缺少：{what}", "法定下限未知，缺少：{what}"
    ),
    "legal_minimum_no_value": _texts(
        "legal minimum has no value for these figures",
        "法定下限依现有数据无法计算",
        "法定下限依現有資料無法計算",
    ),
    "hold_set_by_no_level": _texts(
        "`{effect}` is in force, and no level sets it",
        "`{effect}` 仍生效，但没有级别设置此项",
        "`{effect}` 仍生效，但沒有級別設定此項",
    ),
    "hold_left_alone": _texts(
        "`{effect}` is in force, and the account is left alone",
        "`{effect}` 仍生效，而该账户不作催收处理",
        "`{effect}` 仍生效，而該帳戶不作催收處理",
    ),
    "hold_release_not_known": _texts(
        "`{effect}` is in force, and whether it is released is not known: {what}",
        "`{effect}` 仍生效，能否解除未知，缺少：{what}",
        "`{effect}` 仍生效，能否解除未知，缺少：{what}",
    ),
    "hold_release_no_value": _texts(
        "`{effect}` is in force, and its condition of release has no value for these figures",
        "`{effect}` 仍生效，解除条件依现有数据无法判断",
        "`{effect}` 仍生效，解除條件依現有資料無法判斷",
    ),
}
"""Why a person has to look, by code; a code never changes its meaning, its sentences may improve."""
