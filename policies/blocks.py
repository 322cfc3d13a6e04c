"""Library blocks: formulas, their parameters and the standard reason codes, read from `policies/library/*.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from policies.adverse_action import declare_sentences
from policies.declarations import Declaring, declare_fact, declare_parameter, texts
from policies.diagnostics import Code, Diagnostic, Refused, Severity
from policies.document import BlockPart, FunctionCasePart, FunctionPart, ReasonsPart
from policies.document_fields import LANGUAGES
from policies.expressions import read_expression
from policies.ir import Function, Parameter, ReasonText, Texts
from policies.reading import Reading, read_part, unfold
from policies.reason_codes import declare_reason
from policies.scope import Scope
from policies.source import decode, read
from policies.types import ContextOf, Type

REASONS = "reasons"
"""The file of standard reason codes: always in force, no block of its own."""


@dataclass(frozen=True, slots=True)
class Block:
    """A library block, checked. Its functions and parameters are named `block.name`."""

    name: str
    title: Texts
    parameters: tuple[Parameter, ...]
    functions: tuple[Function, ...]
    cases: tuple[FunctionCasePart, ...]

    @property
    def parameter_type(self) -> Type:
        """The type of the block's name in an expression: a context of its parameters."""
        return ContextOf(tuple((parameter.name.split(".")[1], parameter.type) for parameter in self.parameters))


def block_names() -> tuple[str, ...]:
    """The blocks there are, in alphabetical order."""
    names = (path.name.removesuffix(".yaml") for path in files("policies.library").iterdir())
    return tuple(sorted(name for name in names if "." not in name and name not in {REASONS, "__init__", "__pycache__"}))


@cache
def load_block(name: str, currency: str) -> Block:
    """One block, with its amounts in a currency. Raises Refused when the block itself is wrong."""
    reading = Reading()
    source = decode(f"library/{name}.yaml", files("policies.library").joinpath(f"{name}.yaml").read_bytes())
    part = read_part(BlockPart, unfold(read(source)), reading)
    if part is None:
        raise Refused(reading.found)
    declaring = Declaring(currency, LANGUAGES, reading.report)
    parameters = tuple(
        declare_parameter(f"{name}.{key}", written, declaring) for key, written in part.parameters.items()
    )
    names = {parameter.name.split(".")[1]: parameter.type for parameter in parameters}
    functions: dict[str, Function] = {}
    for key, written in part.functions.items():
        function = _function(f"{name}.{key}", written, names, functions, declaring)
        functions[function.name] = functions[key] = function
    if any(found.severity is Severity.ERROR for found in reading.found):
        raise Refused(reading.found)
    own = tuple(function for key, function in functions.items() if "." in key)
    return Block(name, texts(part.title, LANGUAGES), parameters, own, part.tests)


def _function(
    name: str, part: FunctionPart, parameters: dict[str, Type], earlier: dict[str, Function], declaring: Declaring
) -> Function:
    params = tuple(
        (key, declare_fact(key, written, part.key_span("given", key), declaring).type)
        for key, written in part.given.items()
    )
    taken = set(parameters) & {key for key, _ in params}
    for key in sorted(taken):
        said = f"`{key}` is a parameter of the block as well"
        declaring.report(Diagnostic(Code.NAME_TAKEN, said, part.key_span("given", key)))
    scope = Scope({**parameters, **dict(params)}, dict(earlier))
    body = read_expression(part.is_, scope, declaring.report)
    return Function(name, params, body, texts(part.title, declaring.languages), part.source)


@dataclass(frozen=True, slots=True)
class StandardReasons:
    """The standard reason codes, by code, and the sentences a customer reads them in, by name and language."""

    codes: Mapping[str, ReasonText]
    sentences: Mapping[str, Texts]


@cache
def standard_reasons() -> StandardReasons:
    """The standard reason codes of the domain. Raises Refused when the file itself is wrong."""
    reading = Reading()
    source = decode(f"library/{REASONS}.yaml", files("policies.library").joinpath(f"{REASONS}.yaml").read_bytes())
    part = read_part(ReasonsPart, unfold(read(source)), reading)
    if part is None:
        raise Refused(reading.found)
    declaring = Declaring("USD", LANGUAGES, reading.report)
    codes = {code: declare_reason(code, written, declaring) for code, written in part.reasons.items()}
    sentences = declare_sentences(part.adverse_action, declaring)
    if reading.found:
        raise Refused(reading.found)
    return StandardReasons(codes, sentences)
