"""The settings file that `WRIT_SETTINGS` names: YAML read as strictly as a policy, every mistake with its place."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from api.authority import Authority
from api.authority_file import read_authority
from api.setting_values import without_password
from policies.diagnostics import Code, Diagnostic, Refused, quote, visible
from policies.identifiers import did_you_mean
from policies.nodes import Mapping, Node, Scalar, Span
from policies.source import decode, read

AUTHORITY = "authority"

_NULL = {"", "~", "null"}
_NAME = re.compile(r"[\w-]{1,64}")
_ADDRESS = re.compile(r"://.*", re.DOTALL)


@dataclass(slots=True)
class FileSettings:
    """What the file sets: texts by the name of their setting, each with its place; and what is wrong, a line each."""

    values: dict[str, str] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    authority: Authority | None = None
    wrong: list[str] = field(default_factory=list)


def read_file(path: str, known: Collection[str]) -> FileSettings:
    """The settings of the file at `path`; `known` are their names beside `authority`.

    Raises nothing: see `wrong`.
    """
    settings = FileSettings()
    try:
        root = read(decode(path, Path(path).read_bytes()))
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        why = error.strerror if isinstance(error, OSError) else "this is no path"
        shown = visible(without_password(path))
        settings.wrong.append(f"cannot read the settings file `{shown}`: {why}; set `WRIT_SETTINGS` to a YAML file")
        return settings
    except Refused as refused:
        settings.wrong += map(_line, refused.diagnostics)
        return settings
    found = _take(root, known, settings)
    settings.wrong += map(_line, Refused(found).diagnostics)
    return settings


def _take(root: Node, known: Collection[str], settings: FileSettings) -> list[Diagnostic]:
    if not isinstance(root, Mapping):
        help_ = "write one setting a line, such as `port: 8700`"
        return [Diagnostic(Code.SHAPE, "the settings must be a mapping of names to values", root.span, help_)]
    found: list[Diagnostic] = []
    for key, value in root.entries:
        name = key.text
        if name == AUTHORITY:
            settings.authority, mistakes = read_authority(value)
            found += mistakes
        elif name not in known:
            found.append(_unknown(key, known))
        elif not isinstance(value, Scalar):
            found.append(Diagnostic(Code.SHAPE, f"setting `{name}`: this must be one plain value", key.span))
        elif value.plain and value.text in _NULL:
            found.append(Diagnostic(Code.SHAPE, f"setting `{name}` has no value", key.span, "delete the line"))
        else:
            settings.values[name] = value.text
            settings.spans[name] = value.span
    return found


def _unknown(key: Scalar, known: Collection[str]) -> Diagnostic:
    # A key that is no name is not repeated: a database URL may have been written in its place.
    if not _NAME.fullmatch(key.text):
        return Diagnostic(Code.UNKNOWN_KEY, "this is no setting's name", key.span, "write it like `port: 8700`")
    close = did_you_mean(key.text.lower().removeprefix("writ_"), [*known, AUTHORITY])
    said = f"unknown setting {quote(key.text)}"
    return Diagnostic(Code.UNKNOWN_KEY, said, key.span, f"did you mean `{close}`?" if close else None)


def placed(span: Span, said: str) -> str:
    """What is wrong at a place of the file, as one line."""
    return visible(f"{span.source.name}:{span.line}:{span.column}: {said}")


def _line(diagnostic: Diagnostic) -> str:
    said = diagnostic.message + (f"; {diagnostic.help}" if diagnostic.help else "")
    # What stands behind `://` may be a database's login, broken over the YAML it was not quoted for.
    return placed(diagnostic.span, _ADDRESS.sub("://…", said))
