"""The field types a policy document is made of: texts, names, decimals, dates and expressions, as YAML writes them.

Every YAML scalar arrives as text (see `policies.source`); the types here decide what it means. The JSON Schema beside
each is what an editor sees, where a scalar may also look like a number or a truth value.
"""

from __future__ import annotations

import builtins
import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from policies.currencies import minor_units
from policies.diagnostics import Code, Diagnostic, quote
from policies.identifiers import check_identifier, check_name, did_you_mean
from policies.nodes import Mapping, Node, Scalar, Sequence, Span
from policies.scalars import ScalarProblem, boolean_of, date_of, decimal_of, integer_of
from policies.yaml_problems import full_width

LANGUAGES = ("en", "zh-Hans", "zh-Hant")

_LANGUAGES_MEANT = {
    **dict.fromkeys(("zh", "zh-cn", "zh-sg", "zh-my", "cn", "chs", "zh-chs"), "zh-Hans"),
    **dict.fromkeys(("zh-tw", "zh-hk", "zh-mo", "tw", "hk", "cht", "zh-cht"), "zh-Hant"),
    **dict.fromkeys(("en-us", "en-gb", "eng"), "en"),
}
"""What people write who name a language by its country, in lower case."""

_CURRENCIES_MEANT = {
    **dict.fromkeys(("RMB", "CNH", "YUAN", "人民币", "人民幣"), "CNY"),
    **dict.fromkeys(("NTD", "NT$", "新台币", "新台幣", "新臺幣"), "TWD"),
    **dict.fromkeys(("HK$", "港币", "港幣"), "HKD"),
    **dict.fromkeys(("US$", "$", "美元"), "USD"),
    **dict.fromkeys(("€", "EURO", "欧元", "歐元"), "EUR"),
}
"""What people write for a currency beside its ISO 4217 code."""


def _scalar(read: Callable[[str], Any], what: str) -> Callable[[Any], Any]:
    def validate(raw: Any) -> Any:
        if not isinstance(raw, (Scalar, str)):
            raise _custom(Code.SHAPE.value, f"this must be {what}")
        try:
            return read(raw if isinstance(raw, str) else raw.text)
        except ScalarProblem as problem:
            raise _custom(problem.code, str(problem.message), problem.help) from None

    return validate


def _custom(code: str, message: str, help_: str | None = None) -> PydanticCustomError:
    escaped = message.replace("{", "{{").replace("}", "}}")
    return PydanticCustomError(code, escaped, {"help": help_})


def _identifier(text: str) -> str:
    problem = check_identifier(text)
    if problem is not None:
        raise _custom(Code.NAME.value, problem)
    return text


def _parameter_name(text: str) -> str:
    """A name of the document's own, or `block.name`: a figure of a library block, stated anew."""
    block, dot, figure = text.partition(".")
    if dot:
        _name(block)
    _identifier(figure if dot else text)
    return text


def _name(text: str) -> str:
    problem = check_name(text)
    if problem is not None:
        raise _custom(Code.NAME.value, problem)
    return text


def _currency(text: str) -> str:
    if minor_units(text) is None:
        meant = _CURRENCIES_MEANT.get(text.upper())
        mend = f"did you mean `{meant}`?" if meant else "use an ISO 4217 code such as USD"
        raise _custom(Code.CURRENCY.value, f"`{text}` is not a currency code", mend)
    return text


def _text(text: str) -> str:
    if not text.strip():
        raise _custom(Code.SHAPE.value, "this must not be empty")
    return text


def _placed_text(raw: Any) -> Scalar:
    if not isinstance(raw, Scalar):
        raise _custom(Code.SHAPE.value, "this must be text")
    _text(raw.text)
    return raw


def _texts(raw: Any) -> Any:
    return {"": raw} if isinstance(raw, Scalar) else raw


def _expression(raw: Any) -> Scalar:
    if not isinstance(raw, Scalar):
        raise _custom(Code.SHAPE.value, "this must be an expression")
    if not raw.text.strip():
        raise _custom(Code.SHAPE.value, "an expression must not be empty")
    return raw


def _figures(raw: Any) -> Scalar | tuple[Scalar, ...]:
    items = raw if isinstance(raw, list) else [raw]
    if not all(isinstance(item, Scalar) and item.text.strip() for item in items):
        raise _custom(Code.SHAPE.value, "this must be one plain value, or a list of them")
    return tuple(items) if isinstance(raw, list) else raw


def _language(text: str) -> str:
    if text not in LANGUAGES:
        raise _custom(Code.LANGUAGE.value, f"unknown language `{text}`", _language_meant(text))
    return text


def _languages(raw: Any) -> Any:
    # A list that is empty because its languages were refused has been reported.
    if isinstance(raw, list) and not raw and not getattr(getattr(raw, "node", None), "items", ()):
        raise _custom(Code.SHAPE.value, "this names no language", "write `languages: [en]`")
    return raw


def _text_key(key: str) -> str:
    if key and key not in LANGUAGES:
        mend = _language_meant(key)
        if not mend.endswith("?"):
            mend += "; a text with a comma in it stands in quotes"
        raise _custom(Code.LANGUAGE.value, f"unknown language `{key}`", mend)
    return key


def _language_meant(text: str) -> str:
    by_shape = {language.lower(): language for language in LANGUAGES} | _LANGUAGES_MEANT
    meant = by_shape.get(text.lower().replace("_", "-"))
    return f"did you mean `{meant}`?" if meant else "the languages are " + ", ".join(LANGUAGES)


class AsWritten:
    """Marks a field that is kept as it was written, after a check; nothing of its type is read by pydantic."""

    def __init__(self, check: Callable[[Any], Any]) -> None:
        self.check = check

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The check alone: a schema of the type itself would be made anew for every field, and never used."""
        return core_schema.no_info_plain_validator_function(self.check)


_NUMBER_OR_TEXT = WithJsonSchema({"type": ["number", "string"]})
_ANY_SCALAR = WithJsonSchema({"type": ["string", "number", "boolean", "null"]})

Amount = Annotated[Decimal, BeforeValidator(_scalar(decimal_of, "a number")), _NUMBER_OR_TEXT]
Count = Annotated[int, BeforeValidator(_scalar(integer_of, "a whole number")), WithJsonSchema({"type": "integer"})]
Truth = Annotated[bool, BeforeValidator(_scalar(boolean_of, "true or false")), WithJsonSchema({"type": "boolean"})]
Day = Annotated[
    dt.date, BeforeValidator(_scalar(date_of, "a date")), WithJsonSchema({"type": "string", "format": "date"})
]
Word = Annotated[
    str, BeforeValidator(_scalar(_text, "text")), WithJsonSchema({"type": ["string", "number", "boolean"]})
]
Expression = Annotated[Scalar, AsWritten(_expression), _ANY_SCALAR]
"""FEEL as written, with its place; parsed and typed by `policies.expressions`."""
Figures = Annotated[
    Scalar | tuple[Scalar, ...],
    AsWritten(_figures),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": ["string", "number", "boolean"]},
                {"type": "array", "items": {"type": ["string", "number", "boolean"]}},
            ]
        }
    ),
]
"""One plain value, or a list of them, with their places."""
Identifier = Annotated[str, BeforeValidator(_scalar(_identifier, "a name"))]
"""A name an expression can use: letters, digits and underscores."""
ParameterName = Annotated[str, BeforeValidator(_scalar(_parameter_name, "a name"))]
"""The name of a parameter; `block.name` states a figure of a library block anew."""
Name = Annotated[
    str, BeforeValidator(_scalar(_name, "a name")), WithJsonSchema({"type": "string", "pattern": "^[a-z0-9-]{1,64}$"})
]
"""The name of a policy, rule, level or case: `a-z 0-9 -`, up to 64."""
Currency = Annotated[str, BeforeValidator(_scalar(_currency, "a currency"))]
Language = Annotated[str, BeforeValidator(_scalar(_language, "a language")), WithJsonSchema({"enum": list(LANGUAGES)})]
Languages = Annotated[tuple[Language, ...], BeforeValidator(_languages)]
CHOICE = BeforeValidator(lambda raw: raw.text if isinstance(raw, Scalar) else raw)
"""Put beside a `Literal`: the scalar's text must be one of its words."""
_A_TEXT_OR_ONE_PER_LANGUAGE = WithJsonSchema(
    {
        "anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "properties": {language: {"type": "string"} for language in LANGUAGES},
                "additionalProperties": False,
            },
        ]
    }
)
TextsField = Annotated[
    dict[Annotated[str, BeforeValidator(_text_key)], Word], BeforeValidator(_texts), _A_TEXT_OR_ONE_PER_LANGUAGE
]
"""A text per language; plain text stands for the document's first language (key `""` until checked)."""
PlacedTexts = Annotated[
    dict[Annotated[str, BeforeValidator(_text_key)], Annotated[Scalar, AsWritten(_placed_text)]],
    BeforeValidator(_texts),
    _A_TEXT_OR_ONE_PER_LANGUAGE,
]
"""The same, each text with its place: something in it is read further."""


def _title(part: type) -> str:
    """What an editor calls a part: `Carve out` for CarveOutPart."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", part.__name__.removesuffix("Part")).capitalize()


class Part(BaseModel):
    """A mapping in the document. Unknown keys are reported (with the key meant) through the validation context."""

    _node: Mapping | None = PrivateAttr(default=None)

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        defer_build=True,
        json_schema_extra={"additionalProperties": False},
        model_title_generator=_title,
        field_title_generator=lambda name, field: (field.alias or name).replace("_", " ").capitalize(),
    )

    @model_validator(mode="wrap")
    @classmethod
    def _keep_node(cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        if not isinstance(data, dict):
            raise _custom(Code.SHAPE.value, "this must be a mapping of keys to values")
        node = getattr(data, "node", None)
        report = info.context["report"] if info.context else None
        if isinstance(node, Mapping) and report is not None:
            known = {field.alias or name for name, field in cls.model_fields.items()}
            for key, value in node.entries:
                if key.text not in known and key.text in data:
                    report(_unknown_key(key, value, sorted(known)))
        part = handler(data)
        part._node = node if isinstance(node, Mapping) else None  # noqa: SLF001 (its own attribute)
        return part

    @property
    def has_node(self) -> bool:
        """Whether the part was written as a mapping (a short form has no keys of its own)."""
        return self._node is not None

    def states(self, key: str) -> bool:
        """Whether a key was written, also where its value was taken out for a mistake in it."""
        return self._node is not None and self._node.get(key) is not None

    def read_whole(self, key: str) -> bool:
        """Whether the list under a key was read whole: no item was taken out for a mistake in it."""
        written = self._node.get(key) if self._node is not None else None
        return not isinstance(written, Sequence) or len(written.items) == len(getattr(self, key))

    def span(self, *keys: str) -> Span:
        """The place of the value under these keys, or of the deepest there is; of the key when the value is long."""
        node: Node | None = self._node
        if node is None:
            msg = "a short form has no keys of its own"
            raise LookupError(msg)
        span = node.entries[0][0].span if isinstance(node, Mapping) and node.entries else node.span
        for key in keys:
            inner = node.get(key) if isinstance(node, Mapping) else None
            named = node.key(key) if isinstance(node, Mapping) else None
            if inner is None or named is None:
                break
            node = inner
            span = inner.span if isinstance(inner, Scalar) else named.span
        return span

    def key_scalar(self, *keys: str) -> Scalar:
        """The key itself, as a scalar: a band's test is its key."""
        node: Node | None = self._node
        for key in keys[:-1]:
            node = node.get(key) if isinstance(node, Mapping) else None
        named = node.key(keys[-1]) if isinstance(node, Mapping) else None
        if named is None:
            raise LookupError(keys[-1])
        return named

    def key_span(self, *keys: str) -> Span:
        """The place of the last of these keys."""
        node: Node | None = self._node
        for key in keys[:-1]:
            node = node.get(key) if isinstance(node, Mapping) else None
        named = node.key(keys[-1]) if isinstance(node, Mapping) else None
        return named.span if named else self.span(*keys)


def _unknown_key(key: Scalar, value: Node, known: list[str]) -> Diagnostic:
    wide = full_width(key.text) if key.plain else None
    if wide is not None:
        at, words = wide
        return Diagnostic(Code.UNKNOWN_KEY, words.message, key.place(at, at + 1), words.help)
    close = did_you_mean(key.text, known)
    if not close and isinstance(value, Scalar) and value.span.start == value.span.end and check_identifier(key.text):
        # In `{when: a in (1, 2), then: b}` the comma ends the text, and `2)` stands as a key without a value.
        said = f"{quote(key.text)} is cut off from the text before it by a comma"
        return Diagnostic(Code.UNKNOWN_KEY, said, key.span, "put the expression in quotes")
    foreign = next((character for character in key.text if not character.isascii() and character.isalpha()), None)
    named = f"unknown key `{key.text}`" + (f" (U+{ord(foreign):04X})" if foreign and close else "")
    return Diagnostic(
        Code.UNKNOWN_KEY, named, key.span, f"did you mean `{close}`?" if close else "known here: " + ", ".join(known)
    )


class Short:
    """Marks a part that may be written as one plain scalar, standing for `{key: scalar}`."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Expand the short form before the part itself is read."""
        return core_schema.no_info_before_validator_function(
            lambda raw: {self.key: raw} if isinstance(raw, Scalar) else raw, handler(source)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Both forms, for editors."""
        return {"anyOf": [{"type": ["string", "number", "boolean"]}, handler(schema)]}


def words_of(annotation: Any, location: tuple[int | str, ...]) -> tuple[str, ...]:
    """The words allowed at a place within a part, where it is a `Literal` of words; else none.

    `location` is pydantic's: keys and positions, with labels of validators between them that lead nowhere.
    """
    if get_origin(annotation) in {Annotated, Union, UnionType}:
        inner = get_args(annotation)[:1] if get_origin(annotation) is Annotated else get_args(annotation)
        return next((words for each in inner if (words := words_of(each, location))), ())
    if get_origin(annotation) is Literal and not location:
        return tuple(map(str, get_args(annotation)))
    if not location:
        return ()
    step, rest = location[0], location[1:]
    if isinstance(annotation, type) and issubclass(annotation, Part):
        fields = {field.alias or name: field for name, field in annotation.model_fields.items()}
        return words_of(fields[str(step)].annotation if step in fields else annotation, rest)
    match get_origin(annotation), step:
        case builtins.dict, str():
            return words_of(get_args(annotation)[1], rest)
        case builtins.tuple, int():
            return words_of(get_args(annotation)[0], rest)
        case _:
            return words_of(annotation, rest)
