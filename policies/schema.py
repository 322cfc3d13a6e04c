"""The JSON Schema of a policy document, so that an editor completes and checks it while it is written."""

from __future__ import annotations

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
