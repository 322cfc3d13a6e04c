"""Names and sentences that stand for a protected characteristic, and those that only look like it."""

from __future__ import annotations

import pytest

from policies.protected import named_by, named_in_text

STAND_FOR_ONE = (
    "age", "sex", "race", "gender", "dob", "date_of_birth", "birthDate", "owner_birth_year", "ethnicity",
    "ethnic_origin", "religion", "nationality", "marital_status", "owner_age", "age_of_owner", "directorAge",
    "applicant_sex", "disability", "age_group", "women-owned", "年龄", "法人年龄", "出生日期", "性别", "民族",
    "婚姻状况", "宗教信仰", "籍贯", "政治面貌", "國籍", "性別", "法人代表_性别", "political_affiliation",
    "political_views", "trade_union", "union_member", "union_membership",
    "health", "health_condition", "health_status",
    "ownerHealth", "citizenship", "spouse", "spouse_income", "caste", "hukou", "welfare", "genetic", "biometric_id",
    "veteran", "familial_status", "refugee", "blood_type", "户口", "農業戶口",
    "戶籍", "工会", "工會會員", "健康", "健康状况",
    "客户健康状况", "配偶", "残疾", "血型", "身高", "难民", "低保户", "种姓",
)  # fmt: skip
LOOK_LIKE_ONE = (
    "average_age", "invoice_age", "statement_max_age", "age_days", "message", "percentage", "usage", "storage",
    "manager_id", "average", "sextant", "trace", "embrace", "essex", "color_code", "grace_days", "parent_id",
    "person_responsible", "customer_since", "owner_name", "账龄", "帳齡",
    "企业年龄", "公司年齡", "出口额", "生产日期",
    "企业性质", "stage", "agent", "race_condition", "account_disabled", "credit_union_membership",
    "financial_health", "account_health", "customer_health_score", "european_union_member", "union_bank", "wealth",
    "healthcare_industry", "health_insurance_premium", "财务健康", "账户健康度",
    "健康产业", "账户口径", "客户口碑", "银行户口",
    "自身高风险", "加工会计", "困难民营企业",
)  # fmt: skip


@pytest.mark.parametrize("name", STAND_FOR_ONE)
def test_a_name_that_stands_for_a_protected_characteristic(name: str) -> None:
    assert named_by(name)


@pytest.mark.parametrize("name", LOOK_LIKE_ONE)
def test_a_name_that_only_looks_like_one(name: str) -> None:
    assert named_by(name) is None


@pytest.mark.parametrize(
    "text",
    [
        "The director's age", "Gender of the owner", "实际控制人籍贯", "負責人性別", "Customer is too old (age)",
        "Age too high", "Age of the owner of the business", "Age of the company's owner", "Owner too old: age 70",
        "Customers are too young", "Applicant over 60 years of age", "Spouse has no income", "負責人健康狀況",
    ],
)  # fmt: skip
def test_a_sentence_that_names_one(text: str) -> None:
    assert named_in_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "Age of the oldest invoice", "账龄过长",
        "Average days paid beyond terms too high", "Invoice age above the limit",
        "Age of the customer's oldest invoice", "Invoice older than the maximum age", "Average age of receivables",
        "Financial statement or other information too old", "Company age below two years",
        "Financial health of the group",
    ],
)  # fmt: skip
def test_a_sentence_that_does_not(text: str) -> None:
    assert named_in_text(text) is None
