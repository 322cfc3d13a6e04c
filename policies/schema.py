"""The JSON Schema of a policy document, so that an editor completes and checks it while it is written."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from textwrap import dedent
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from policies.blocks import block_names
from policies.document import HeaderPart
from policies.document_fields import Part
from policies.kinds.registry import KINDS


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a whole document; a policy's shape depends on its `kind`."""
    parts: list[type[Part]] = [HeaderPart, *(kind.part for kind in KINDS.values())]
    refs, whole = models_json_schema(
        [(part, "validation") for part in parts],
        by_alias=True,
        ref_template="#/$defs/{model}",
        schema_generator=GenerateJsonSchema,
    )
    for part in _every_part(Part):
        if (shape := whole["$defs"].get(part.__name__)) is not None:
            _describe(shape, part)
    header = whole["$defs"].pop(HeaderPart.__name__)
    properties = header["properties"]
    properties["writ"] = {"const": 1, "description": properties["writ"]["description"]}
    properties["uses"]["items"] = {"enum": list(block_names())}
    properties["policies"] = {
        "description": properties["policies"]["description"],
        "type": "object",
        "propertyNames": {"pattern": "^[a-z0-9-]{1,64}$"},
        "minProperties": 1,
        "additionalProperties": {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"enum": list(KINDS)}},
            "allOf": [
                {
                    "if": {"properties": {"kind": {"const": name}}},
                    "then": refs[(kind.part, "validation")],
                }
                for name, kind in KINDS.items()
            ],
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **header,
        "title": "Writ policy document",
        "description": "Put `# yaml-language-server: $schema=FILE` on the first line of a policy file.",
        # A scalar's own classes are no shapes of the document: every one is described where it stands.
        "$defs": {name: shape for name, shape in whole["$defs"].items() if name.endswith(Part.__name__)},
    }


def _every_part(part: type[Part]) -> Iterator[type[Part]]:
    for below in part.__subclasses__():
        yield below
        yield from _every_part(below)


def _describe(shape: dict[str, Any], part: type[Part]) -> None:
    """Give each key of a part's shape the text under its field.

    pydantic could do so itself (`use_attribute_docstrings`), but for every start of `writ`: only an editor needs it.
    """
    parents = [parent for parent in reversed(part.__mro__) if issubclass(parent, Part)]
    words = dict(pair for parent in parents for pair in _words_under_fields(parent))
    for name, field in part.model_fields.items():
        key = field.alias or name
        if name in words:
            shape["properties"][key] = dict(sorted({**shape["properties"][key], "description": words[name]}.items()))


def _words_under_fields(part: type[Part]) -> Iterator[tuple[str, str]]:
    (written,) = ast.parse(dedent(inspect.getsource(part))).body
    assert isinstance(written, ast.ClassDef)  # noqa: S101 (it is the source of a class)
    for field, text in pairwise(written.body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                yield name, inspect.cleandoc(words)
            case _:
                pass
