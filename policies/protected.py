"""Protected characteristics: never a fact, factor or reason (ECOA, 15 U.S.C. 1691(a); domain section 5).

A name is taken apart into its words: `owner_birth_date` has `owner`, `birth`, `date`. Some words mean a characteristic
of a person wherever they stand (`gender`), some only beside a person: invoices and statements have an age as well.
"""

from __future__ import annotations

import re

_ALWAYS = (
    "gender",
    "sexual",
    "pronoun",
    "pronouns",
    "ethnicity",
    "ethnic",
    "racial",
    "religion",
    "religious",
    "creed",
    "nationality",
    "disability",
    "pregnancy",
    "pregnant",
    "maternity",
    "dob",
    "birthday",
    "birthdate",
    "birthyear",
    "birthplace",
    "marital",
    "spouse",
    "spouses",
    "spousal",
    "husband",
    "wife",
    "widow",
    "widowed",
    "familial",
    "citizen",
    "citizens",
    "citizenship",
    "caste",
    "hukou",
    "refugee",
    "refugees",
    "veteran",
    "veterans",
    "welfare",
    "genetic",
    "genetics",
    "dna",
    "biometric",
    "biometrics",
    "transgender",
    "female",
    "male",
    "woman",
    "women",
)
"""Words that mean a characteristic of a person in any name."""

_TOGETHER = (
    "birth date",
    "birth year",
    "birth place",
    "birth country",
    "date of birth",
    "year of birth",
    "place of birth",
    "country of birth",
    "national origin",
    "ethnic origin",
    "skin color",
    "skin colour",
    "public assistance",
    "political affiliation",
    "political opinion",
    "political opinions",
    "political view",
    "political views",
    "political belief",
    "political beliefs",
    "political party",
    "party member",
    "party membership",
    "trade union",
    "labor union",
    "labour union",
    "union member",
    "union members",
    "union membership",
    "family status",
    "civil status",
    "immigration status",
    "health condition",
    "health conditions",
    "health history",
    "health problem",
    "health problems",
    "health record",
    "health records",
    "health status",
    "mental health",
    "medical condition",
    "medical history",
    "medical record",
    "medical records",
    "blood group",
    "blood type",
    "body height",
    "body weight",
)
"""Words that mean one where they stand together."""

_ANOTHER_MEANING = (
    *("credit union", "customs union", "european union"),
    *(
        f"{owner} health"
        for owner in (
            *("account", "business", "client", "company", "credit", "customer", "financial", "ledger", "partner"),
            *("payment", "portfolio", "service", "supplier", "system"),
        )
    ),
)
"""Words that mean something else where they stand together: nothing is looked for in them."""

_OF_A_PERSON = ("age", "sex", "race", "color", "colour", "married", "divorced", "health", "disabled")
"""Words that mean one as the whole name, or beside a word for a person."""

_WHOLE = frozenset({"age group", "age years", "age in years", "years of age", "number of children"})
"""Names that mean one when there is nothing else to them."""

_PERSONS = frozenset(
    {
        "applicant",
        "borrower",
        "buyer",
        "client",
        "contact",
        "customer",
        "director",
        "employee",
        "founder",
        "guarantor",
        "husband",
        "manager",
        "officer",
        "owner",
        "parents",
        "partner",
        "person",
        "president",
        "principal",
        "proprietor",
        "representative",
        "shareholder",
        "signatory",
        "spouse",
        "subject",
        "user",
        "wife",
    }
)

_CHINESE = re.compile(
    "性别|性別|民族|族裔|种族|種族|宗教|信仰|婚姻|婚否|婚育|配偶|籍贯|籍貫|国籍|國籍|公民身份|公民身分|种姓|種姓|血统|血統"
    "|政治(?:面貌|倾向|傾向|观点|觀點|立场|立場)|党派|黨派|党员|黨員"
    "|出生|生日|残疾|殘疾|残障|殘障|身心障碍|身心障礙|怀孕|懷孕|孕产|孕產|性取向|肤色|膚色|户籍|戶籍"
    "|血型|遗传|遺傳|基因(?:检测|檢測|信息|資訊)|生物特征|生物特徵|生物识别|生物辨識"
    "|退伍|退役军人|退役軍人|社会救助|社會救助|社会福利|社會福利|低保[户戶]|最低生活保障"
    # These come about by chance where two other words meet: 困难民营企业, 加工会计, 账户口径, 客户口碑, 自身高.
    "|(?:难民|難民)(?![营營])|(?<![加施])(?:工会|工會)(?![计計议議])"
    "|(?<![账帳客用])(?<!银行)(?<!銀行)[户戶]口(?![径徑碑味])|(?<![自本])身高"
    "|(?<!财务)(?<!財務)(?<!账户)(?<!帳戶)(?<!信用)(?<!经营)(?<!經營)(?<!企业)(?<!企業)(?<!客户)(?<!客戶)"
    "健康(?![度指分险險保产產行食])|(?:客户|客戶)健康(?:状况|狀況)"
    "|(?<!企业)(?<!企業)(?<!公司)(?<!账户)(?<!帳戶)(?<!发票)(?<!發票)(?<!设备)(?<!設備)(?:年龄|年齡)"
)
"""Chinese has no spaces between words: these are looked for anywhere. Companies and invoices have an age (年龄) too."""

_PERSON = "|".join(sorted(_PERSONS))
_THING = (
    "(?:account|accounts|amount|arrears|balance|business|claim|company|contract|debt|document|entry|figures|firm"
    "|information|invoice|item|ledger|limit|machine|order|payment|plant|property|receivable|record|report|statement"
    "|stock|vehicle)s?"
)
"""What has an age without being a person."""

_AGE_OF_A_THING = re.compile(
    rf"\b{_THING}(?:'s)? age\b|\bage of (?:(?!(?:{_PERSON})s?\b(?!'s))[\w']+ ){{0,4}}?{_THING}\b(?!')", re.IGNORECASE
)
_ENGLISH_TEXT = re.compile(
    rf"\b(?:{'|'.join((*_ALWAYS, *_TOGETHER))}|elderly|underage|years old|years of age"
    rf"|(?:{_PERSON})(?:'s)? (?:age|sex|race|origin|health)|(?:{_PERSON})s? (?:is|are|was) too (?:old|young)"
    rf"|(?:age|sex|race|origin|health) of (?:the |an? )?(?:{_PERSON}))\b",
    re.IGNORECASE,
)
_AGE = re.compile(r"\bage\b", re.IGNORECASE)
_OTHERWISE_MEANT = re.compile(rf"\b(?:{'|'.join(_ANOTHER_MEANING)})\b", re.IGNORECASE)


def named_by(name: str) -> str | None:
    """The protected characteristic that a name stands for, if it does: `owner_age` gives `age`."""
    if found := _CHINESE.search(name):
        return found.group(0)
    words = re.findall("[a-z]+|[0-9]+", re.sub("([a-z])([A-Z])", r"\1_\2", name).lower())
    spaced = _OTHERWISE_MEANT.sub("", f" {' '.join(words)} ")
    words = spaced.split()
    for phrase in (*_ALWAYS, *_TOGETHER):
        if f" {phrase} " in spaced:
            return phrase
    for word in _OF_A_PERSON:
        if word in words and (spaced.strip() == word or _beside_a_person(words, word)):
            return word
    return spaced.strip() if spaced.strip() in _WHOLE else None


def _beside_a_person(words: list[str], word: str) -> bool:
    """Whether a word for a person stands right before it, or after it with `of` between them."""
    at = words.index(word)
    before = words[at - 1 : at]
    after = words[at + 1 :]
    return bool(_PERSONS & {*before}) or (after[:1] == ["of"] and bool(_PERSONS & {*after}))


def named_in_text(text: str) -> str | None:
    """The protected characteristic that a sentence names, if it does.

    An age that is not said to be a thing's is a person's, unless the sentence speaks of things and of no person.
    """
    if found := _CHINESE.search(text):
        return found.group(0)
    left = _AGE_OF_A_THING.sub("", _OTHERWISE_MEANT.sub("", text))
    if found := _ENGLISH_TEXT.search(left):
        return found.group(0)
    age = _AGE.search(left)
    of_a_thing = re.search(rf"\b{_THING}\b", text, re.IGNORECASE)
    of_a_person = re.search(rf"\b(?:{_PERSON})s?\b", left, re.IGNORECASE)
    return age.group(0) if age and (of_a_person or not of_a_thing) else None
