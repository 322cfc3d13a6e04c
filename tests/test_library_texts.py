"""The texts of the library: every reason code in three languages, naming what was really used, in the right script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.reason_codes import banned_in

LIBRARY = Path(__file__).parent.parent / "policies" / "library"
LANGUAGES = ["en", "zh-Hans", "zh-Hant"]

CODES = {
    "knockout": """CR-PAY-06 CR-PAY-07 CR-OVD-01 CR-OVD-02 CR-OVD-03 CR-EXP-01 CR-EXP-02 CR-EXP-03 CR-EXT-02 CR-VAL-01
        CR-VAL-02 CR-VAL-03 CR-HLD-01""",
    "score_factor": """CR-LIQ-01 CR-LIQ-02 CR-LEV-01 CR-LEV-02 CR-COV-01 CR-PRF-01 CR-PRF-02 CR-DIS-01 CR-DIS-02
        CR-PAY-01 CR-PAY-02 CR-PAY-03 CR-PAY-04 CR-PAY-05 CR-HIS-01 CR-HIS-02 CR-EXT-01 SU-QLT-01 SU-PRC-01 SU-LTM-01
        SU-FLX-01 SU-VAR-01""",
    "limit_binding": "CR-EXP-04 CR-LIM-01 CR-LIM-02 CR-LIM-03 CR-LIM-04 CR-LIM-05 CR-LIM-06 CR-VAL-04",
    "condition": "CD-PRE-01 CD-TRM-01 CD-AMT-01 CD-SEC-01",
    "data": "DT-MIS-01 DT-MIS-02 DT-MIS-03 DT-MIS-04 DT-MIS-05 DT-UND-01",
    "info": """CL-TIER-01 CL-RISK-01 CL-CHN-01 CL-NOR-01 DN-LVL-01 DN-PRE-01 DN-FEE-01 DN-INT-01 DN-HLD-01 DN-COL-01
        DN-LEG-01 DN-CAP-01""",
    "skip": """DN-SKP-01 DN-SKP-02 DN-SKP-03 DN-SKP-04 DN-SKP-05 DN-SKP-06 DN-SKP-07 DN-SKP-08 DN-SKP-09 DN-SKP-10
        DN-SKP-11 DN-SKP-12 DN-SKP-13 DN-SKP-14 DN-SKP-15""",
    "override": "OV-MAN-01 OV-EXP-01",
}
"""The codes of the domain specification, section 5, by kind."""

BANNED = re.compile(
    r"score (is )?too low|credit score|not meet|polic(y|ies)|internal (standard|guideline|rule)"
    r"|(评分|分数|得分)(过低|太低|不足)|(評分|分數|得分)(過低|太低|不足)"
    r"|不符合|未达标|未達標|政策|内部(标准|规定)|內部(標準|規定)",
    re.IGNORECASE,
)


def read(name: str) -> Any:
    return yaml.load((LIBRARY / name).read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 (reads text only)


REASONS: dict[str, dict[str, Any]] = read("reasons.yaml")["reasons"]
SENTENCES: dict[str, dict[str, str]] = read("reasons.yaml")["adverse_action"]
BLOCKS = sorted(path.name for path in LIBRARY.glob("*.yaml") if path.name != "reasons.yaml")


def texts() -> Iterator[tuple[str, dict[str, str]]]:
    """Every text of the library with the place it stands at."""
    for code, reason in REASONS.items():
        yield f"{code} text", reason["text"]
        if "hint" in reason:
            yield f"{code} hint", reason["hint"]
    yield from ((f"adverse_action {name}", sentence) for name, sentence in SENTENCES.items())
    for name in BLOCKS:
        block = read(name)
        yield name, block["title"]
        for function, formula in block["functions"].items():
            yield f"{name} {function}", formula["title"]


PLACES = [pytest.param(text, id=place) for place, text in texts()]


def test_every_code_of_the_specification_is_there_with_its_kind() -> None:
    assert {code: reason["kind"] for code, reason in REASONS.items()} == {
        code: kind for kind, codes in CODES.items() for code in codes.split()
    }


@pytest.mark.parametrize("text", PLACES)
def test_a_text_has_all_languages_each_in_its_script(text: dict[str, str]) -> None:
    assert list(text) == LANGUAGES
    assert all(words.strip() == words and words and words[-1] not in ".。" for words in text.values())
    # The national character sets hold one script each: GB 2312 the simplified, Big5 the traditional characters.
    text["en"].encode("ascii")
    text["zh-Hans"].encode("gb2312")
    text["zh-Hant"].encode("big5")
    assert all(re.search("[\u4e00-\u9fff]", text[language]) for language in LANGUAGES[1:])


@pytest.mark.parametrize("code", REASONS)
def test_a_text_names_what_was_used_and_not_the_score_or_the_policy(code: str) -> None:
    for words in [*REASONS[code]["text"].values(), *REASONS[code].get("hint", {}).values()]:
        assert not BANNED.search(words), words


@pytest.mark.parametrize(
    "words",
    [
        "Score too low",
        "Your credit score is insufficient",
        "Does not meet policy",
        "评分过低",
        "不符合政策",
        "評分不足",
    ],
)
def test_the_ban_catches_what_it_bans(words: str) -> None:
    assert BANNED.search(words)


@pytest.mark.parametrize(
    "words",
    [
        "Rating too low", "Scoring result insufficient", "Total points below minimum", "not within policy",
        "See our policy", "Your rating was insufficient", "Score below the minimum", "Not enough points",
        "Outside policy", "Not in line with our credit policy", "Declined because of our policy",
        "Credit check failed", "Did not pass our credit assessment", "Not creditworthy", "Poor rating",
        "评级过低", "评分不足", "总分低于下限", "得分低",
        "综合评审未通过", "不在政策范围内", "详见我司政策", "信用评级不合格",
        "評等過低", "評級結果偏低", "總分未達標準", "信用評估不合格", "依公司政策", "因政策限制",
    ],
)  # fmt: skip
def test_a_text_that_says_only_no_is_refused(words: str) -> None:
    assert banned_in(words)


@pytest.mark.parametrize(
    "words",
    [
        "Rating given by a credit agency below the required grade", "External credit rating too low",
        "Payment behaviour and accounts taken together give no rating that allows open credit",
        "Distress score of the accounts too low", "Distress score too low", "F-score below the minimum",
        "Equity ratio 3 percentage points below the median", "Your insurance policy has expired",
        "Cover under the insurance policy has lapsed", "Poor rating by a credit agency",
        "信用评级机构给出的评级低于要求等级", "外部评级过低", "困境评分过低", "按规定日期付款", "信用额度不足",
        "信用評等機構之評等低於要求等級", "付款行為與財務報表之綜合評等不支持賒銷", "財務危機評分過低",
    ],
)  # fmt: skip
def test_a_text_that_names_what_was_used_stands(words: str) -> None:
    assert banned_in(words) is None


@pytest.mark.parametrize("text", PLACES)
def test_no_text_of_the_library_is_one_that_a_policy_may_not_have(text: dict[str, str]) -> None:
    assert [banned_in(words) for words in text.values()] == [None] * len(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_codes_say_the_same(language: str) -> None:
    said = [reason["text"][language] for reason in REASONS.values()]
    assert len(set(said)) == len(said)


def test_what_refuses_credit_can_be_told_to_the_customer() -> None:
    refusing = [code for code, reason in REASONS.items() if reason["kind"] in {"knockout", "score_factor", "data"}]
    assert [code for code in refusing if REASONS[code].get("disclosable") == "false"] == []
    assert [code for code in refusing if "hint" not in REASONS[code]] == []


@pytest.mark.parametrize("name", BLOCKS)
def test_every_formula_of_a_block_has_a_source_and_a_case(name: str) -> None:
    block = read(name)
    assert f"{block['block']}.yaml" == name
    assert all(formula["source"] for formula in block["functions"].values())
    assert {case["call"] for case in block["tests"]} == set(block["functions"])
    assert len({case["case"] for case in block["tests"]}) == len(block["tests"])
