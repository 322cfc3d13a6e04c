"""The first start: the policy file becomes the first revision, and somebody gets the key to let others in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from api.access.api_keys import NewKey, new_key
from api.governance import admissions, changes
from api.governance.acts import ACCESS_KEY, PRINCIPAL, REVISION, SYSTEM
from api.governance.governed import AccessKey, Governed
from api.governance.register import Moment, Register, Text
from policies.ir import Bundle

ADMINISTRATOR = "administrator"

KEY_DAYS = 30
"""How long the first key opens: long enough to let people in by their own names."""


class FirstKeyError(Exception):
    """The file of the first key cannot be written; nobody was let in yet."""


class _ThereError(Exception):
    """Another process was first."""


def import_text(register: Register, bundle: Bundle, checked: Mapping[str, Any]) -> None:
    """Make the text the first revision, in force as of every day; unless there is one already."""

    def compose(governed: Governed, _moment: Moment) -> Mapping[str, Any]:
        if governed.revisions:
            raise _ThereError
        comment = "imported at the first start"
        return {**changes.drafted(governed, bundle, comment, None), "checked": checked}

    text = Text(bundle.digest, bundle.name, bundle.source.text.encode())
    try:
        register.perform(REVISION, "imported", SYSTEM, compose, text)
    except _ThereError:
        return


def first_key(register: Register, file: Path | None) -> str | None:
    """The key of a new administrator where nobody may administer, to be shown once; None where somebody may.

    With a `file` it is written there instead, for its owner alone. Raises FirstKeyError.
    """
    if register.current().administrators():
        return None
    key = new_key()
    if file is not None:
        _write(file, key)  # first: a key that nobody was shown would lock everybody out
    try:
        _register(register, SYSTEM)
    except _ThereError:
        return None
    _make(register, key, SYSTEM)
    return key.secret


def rescue_key(register: Register, principal: str) -> str:
    """A new key of the administrator, for who has the log's own files and no key: by `principal`, for all to see.

    The administrator's older keys are revoked: they are lost, or in wrong hands.
    """
    if ADMINISTRATOR not in register.current().administrators():
        _register(register, principal, again=True)
    key = new_key()
    for one in register.current().keys.values():
        if one.holder == ADMINISTRATOR and one.revoked is None:
            register.perform(ACCESS_KEY, "revoked", principal, partial(_revoked, one))
    _make(register, key, principal)
    return key.secret


def _revoked(key: AccessKey, _state: Governed, _moment: Moment) -> Mapping[str, Any]:
    return {"key": key.prefix, "holder": key.holder}


def _register(register: Register, by: str, *, again: bool = False) -> None:
    def compose(governed: Governed, _moment: Moment) -> Mapping[str, Any]:
        if governed.administrators() and not again:
            raise _ThereError
        return admissions.registered(governed, ADMINISTRATOR, "person", ["administer"], None)

    word = "changed" if ADMINISTRATOR in register.current().principals else "registered"
    register.perform(PRINCIPAL, word, by, compose)


def _make(register: Register, key: NewKey, by: str) -> None:
    def compose(governed: Governed, moment: Moment) -> Mapping[str, Any]:
        return admissions.key_made(governed, moment, ADMINISTRATOR, key.prefix, key.sha256, KEY_DAYS)

    register.perform(ACCESS_KEY, "made", by, compose)


def _write(file: Path, key: NewKey) -> None:
    # No link is followed, and a file that others could read is closed to them before the key is in it.
    try:
        _write_closed(file, key)
    except OSError as error:
        msg = f"cannot write the first administrator's key to `{file}`: {error.strerror}"
        raise FirstKeyError(msg) from error


def _write_closed(file: Path, key: NewKey) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w") as out:
        os.fchmod(out.fileno(), 0o600)
        out.write(f"{key.secret}\n")
