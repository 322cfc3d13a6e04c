"""Protected characteristics: never a fact, factor or reason (ECOA, 15 U.S.C. 1691(a); domain section 5)."""

PROTECTED = frozenset(
    {
        "age",
        "birth_date",
        "color",
        "colour",
        "date_of_birth",
        "disability",
        "ethnicity",
        "gender",
        "marital_status",
        "national_origin",
        "nationality",
        "pregnancy",
        "public_assistance",
        "race",
        "religion",
        "sex",
        "sexual_orientation",
        "skin_colour",
        "出生日期",
        "国籍",
        "國籍",
        "婚姻状况",
        "婚姻狀況",
        "宗教",
        "年龄",
        "年齡",
        "性别",
        "性別",
        "民族",
        "种族",
        "種族",
    }
)
"""Names refused for facts and their fields, in lower case."""
