"""The key of the callers in tests with processes that are killed: one for all services of a test run.

It is granted before the first service starts, so that callers need nothing but a port.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from api.access.api_keys import new_key
from api.audit.log import Log
from api.audit.places import Places
from api.governance import admissions
from api.governance.acts import ACCESS_KEY, PRINCIPAL
from api.governance.register import Register
from api.running import utc_now
from tests.granting import keep_in_force

KEY = new_key()
"""Of this process and its threads; the services are processes of their own, and know only its hash."""

HEADERS: Mapping[str, str] = {"Authorization": f"Bearer {KEY.secret}"}

DAYS = 10_000
"""For which the key opens: some tests have a clock that jumps by years."""

DESK = "desk"
"""The system that the callers are."""


def admit(places: Places, policy_file: Path | None = None) -> None:
    """Let the callers into the log of these places, unless they are; a changed policy file is in force then."""
    log = Log(places, 5, utc_now)
    try:
        register = Register(log, ZoneInfo("UTC"))
        if DESK not in register.current().principals:
            admit_to(register)
        if policy_file is not None:
            keep_in_force(register, policy_file)
    finally:
        log.close()


def admit_to(register: Register) -> None:
    """Let the callers into the log of a register: to decide, and to read its checkpoints."""
    roles = ("decide", "audit")
    register.perform(
        PRINCIPAL, "registered", "system", lambda state, _: admissions.registered(state, DESK, "system", roles, None)
    )
    register.perform(
        ACCESS_KEY,
        "made",
        "system",
        lambda state, moment: admissions.key_made(state, moment, DESK, KEY.prefix, KEY.sha256, DAYS),
    )


def places_in(folder: Path, database: str | None = None) -> Places:
    """Where a service keeps its log by default, with its files in `folder`."""
    file = folder / "writ.db"
    return Places(database or str(file), folder / "writ.db.key", folder / "writ.db.checkpoints")
