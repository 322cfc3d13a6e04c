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
    "genetic",
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
    "political party",
    "party member",
    "party membership",
    "trade union member",
    "family status",
)
"""Words that mean one where they stand together."""

_OF_A_PERSON = ("age", "sex", "race", "color", "colour", "married", "divorced")
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
    "性别|性別|民族|族裔|种族|種族|宗教|信仰|婚姻|婚否|婚育|籍贯|籍貫|国籍|國籍|政治面貌|政治倾向|政治傾向|党派|黨派|党员|黨員"
    "|出生|生日|残疾|殘疾|残障|殘障|身心障碍|身心障礙|怀孕|懷孕|孕产|孕產|性取向|肤色|膚色|户籍|戶籍"
    "|(?<!企业)(?<!企業)(?<!公司)(?<!账户)(?<!帳戶)(?<!发票)(?<!發票)(?<!设备)(?<!設備)(?:年龄|年齡)"
)
"""Chinese has no spaces between words: these are looked for anywhere. Companies and invoices have an age (年龄) too."""

_ENGLISH_TEXT = re.compile(
    rf"\b(?:{'|'.join((*_ALWAYS, *_TOGETHER))}|(?:{'|'.join(sorted(_PERSONS))})(?:'s)? (?:age|sex|race|origin)"
    rf"|(?:age|sex|race|origin) of (?:the |an? )?(?:{'|'.join(sorted(_PERSONS))}))\b",
    re.IGNORECASE,
)


def named_by(name: str) -> str | None:
    """The protected characteristic that a name stands for, if it does: `owner_age` gives `age`."""
    if found := _CHINESE.search(name):
        return found.group(0)
    words = re.findall("[a-z]+|[0-9]+", re.sub("([a-z])([A-Z])", r"\1_\2", name).lower())
    spaced = f" {' '.join(words)} "
    for phrase in (*_ALWAYS, *_TOGETHER):
        if f" {phrase} " in spaced:
            return phrase
    for word in _OF_A_PERSON:
        if word in words and (len(words) == 1 or _beside_a_person(words, word)):
            return word
    return spaced.strip() if spaced.strip() in _WHOLE else None


def _beside_a_person(words: list[str], word: str) -> bool:
    """Whether a word for a person stands right before it, or after it with `of` between them."""
    at = words.index(word)
    before = words[at - 1 : at]
    after = words[at + 1 :]
    return bool(_PERSONS & {*before}) or (after[:1] == ["of"] and bool(_PERSONS & {*after}))


def named_in_text(text: str) -> str | None:
    """The protected characteristic that a sentence names, if it does."""
    found = _CHINESE.search(text) or _ENGLISH_TEXT.search(text)
    return None if found is None else found.group(0)
