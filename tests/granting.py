"""Lets tests in: a person with every role and a key, and a policy text put in force by two people, past HTTP."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from api.access.api_keys import new_key
from api.audit.log import Log
from api.audit.moments import Clock
from api.governance import admissions, changes, checks
from api.governance.acts import ACCESS_KEY, PRINCIPAL, REVISION
from api.governance.governed import ROLES, Governed
from api.governance.register import Moment, Register, Text
from api.running import utc_now
from api.settings import Settings
from policies import load
from policies.ir import Bundle
from policies.source import decode

TESTER = "tester"


def grant(register: Register, name: str = TESTER, roles: Collection[str] = ROLES, type_: str = "person") -> str:
    """Register a person or system, by another administrator, and make it a key; the key."""
    known = name in register.current().principals
    register.perform(
        PRINCIPAL,
        "changed" if known else "registered",
        "system",
        lambda state, _: admissions.registered(state, name, type_, roles, None),
    )
    key = new_key()
    register.perform(
        ACCESS_KEY,
        "made",
        "system",
        lambda state, moment: admissions.key_made(state, moment, name, key.prefix, key.sha256, None),
    )
    return key.secret


def put_in_force(register: Register, text: str | Bundle, effective: str | None = None) -> int:
    """Have a text written by one person and approved by another; the number of its revision."""
    bundle = load(decode("policies.yaml", text.encode())) if isinstance(text, str) else text
    for name, roles in (("maker", ["author"]), ("checker", ["approve"])):
        if name not in register.current().principals:
            grant(register, name, roles)
    kept = Text(bundle.digest, bundle.name, bundle.source.text.encode())
    register.perform(
        REVISION, "drafted", "maker", lambda state, _: changes.drafted(state, bundle, "changed", None), kept
    )
    number = len(register.current().revisions)
    evidence = checks.checked(bundle)

    def proposed(state: Governed, moment: Moment) -> Mapping[str, Any]:
        return changes.proposed(state, moment, number, bundle, evidence)

    def approved(state: Governed, moment: Moment) -> Mapping[str, Any]:
        return changes.approved(state, moment, number, bundle.digest, "checker", None, None)

    def activated(state: Governed, moment: Moment) -> Mapping[str, Any]:
        day = None if effective is None else moment.today.fromisoformat(effective)
        return changes.activated(state, moment, number, bundle.digest, bundle, day)

    register.perform(REVISION, "proposed", "maker", proposed)
    register.perform(REVISION, "approved", "checker", approved)
    register.perform(REVISION, "activated", "checker", activated)
    return number


def let_in(settings: Settings, clock: Clock = utc_now) -> str:
    """The tester's key for the log of these settings; the text of their policy file is in force then.

    The key is kept in a file beside the log's own, so that a service started again is asked with the same one.
    """
    places = settings.places()
    file = Path(f"{places.key}.tester")
    audit = Log(places, 5, clock)
    try:
        register = Register(audit, ZoneInfo(settings.time_zone))
        if not file.exists():
            file.write_text(grant(register), encoding="utf-8")
        keep_in_force(register, settings.policy_file)
    finally:
        audit.close()
    return file.read_text(encoding="utf-8")


def keep_in_force(register: Register, file: Path) -> None:
    """Put the text of a policy file in force, where another one is."""
    governed = register.current()
    if governed.revisions and file.exists():
        bundle = load(decode("policies.yaml", file.read_bytes()))
        if governed.in_force(register.today()).digest != bundle.digest:
            put_in_force(register, bundle)
