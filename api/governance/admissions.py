"""What may be done with people, systems and their keys: each function says what its act's record holds, or why not."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from typing import Any

from api.audit.records import timestamp
from api.governance.governed import ROLES, Governed, Principal
from api.governance.register import Moment
from api.problems import Problem

NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,99}")
"""What a principal may be called: in lower case, so that no two names look the same."""

RESERVED = re.compile(r"system|local|cli.*")
"""Names under which the service itself and its commands act."""

LIVE_KEYS = 2
"""Keys of one principal that open at the same time: the old one and its successor."""

LONGEST = dt.timedelta(days=400)
USUAL = dt.timedelta(days=365)
"""How long a key opens."""


def registered(
    governed: Governed, name: str, type_: str, roles: Collection[str], oidc_subject: str | None
) -> dict[str, Any]:
    """A person or system with its roles; one that is there has them changed."""
    if not NAME.fullmatch(name) or RESERVED.fullmatch(name):
        detail = f"`{name[:100]}` cannot be a name: use lower-case letters, digits and . _ @ -, at most 100"
        raise Problem("request_invalid", detail, place={"pointer": "/id"})
    if wrong := sorted(set(roles) - set(ROLES)):
        raise Problem("request_invalid", f"there is no role `{wrong[0]}`; there are {', '.join(ROLES)}")
    before = governed.principals.get(name)
    if before is not None and before.kind != type_:
        raise Problem("principal_state", f"`{name}` is a {before.kind} and stays one")
    if type_ == "system" and (taken := sorted({"approve", "administer"} & set(roles))):
        raise Problem("request_invalid", f"`{taken[0]}` is for persons, `{name}` is a system")
    if oidc_subject is not None:
        _free_subject(governed, name, oidc_subject)
    if governed.administrators() == {name} and "administer" not in roles:
        raise Problem("principal_state", f"`{name}` is the only one who may administer: make another one first")
    content: dict[str, Any] = {"name": name, "type": type_, "roles": sorted(set(roles))}
    return content if oidc_subject is None else {**content, "oidc_subject": oidc_subject}


def key_made(
    governed: Governed, moment: Moment, holder: str, prefix: str, sha256: str, days: int | None
) -> dict[str, Any]:
    """A new key of a principal: at most `LIVE_KEYS` live ones, and each with an end."""
    principal_of(governed, holder)
    live = [key.prefix for key in governed.keys.values() if key.holder == holder and key.live(moment.at)]
    if len(live) >= LIVE_KEYS:
        raise Problem("principal_state", f"`{holder}` has {len(live)} live keys ({', '.join(live)}): revoke one first")
    lasting = USUAL if days is None else dt.timedelta(days=days)
    return {"key": prefix, "holder": holder, "key_hash": sha256, "expires": timestamp(moment.at + lasting)}


def key_revoked(governed: Governed, moment: Moment, holder: str, prefix: str) -> dict[str, Any]:
    """A key that opens nothing any more. Revoking the last one of the last administrator is refused."""
    key = governed.keys.get(prefix)
    if key is None or key.holder != holder:
        raise Problem("access_key_unknown", f"`{holder}` has no key `{prefix[:20]}`")
    if key.revoked is not None:
        raise Problem("principal_state", f"the key `{prefix}` was revoked on {timestamp(key.revoked)}")
    others = [
        one
        for one in governed.keys.values()
        if one.prefix != prefix and one.live(moment.at) and one.holder in governed.administrators()
    ]
    by_token = any(governed.principals[one].oidc_subject is not None for one in governed.administrators())
    if key.live(moment.at) and key.holder in governed.administrators() and not others and not by_token:
        raise Problem("principal_state", f"`{prefix}` is the last key that may administer: make another one first")
    return {"key": prefix, "holder": key.holder}


def principal_of(governed: Governed, name: str) -> Principal:
    """The principal of this name. Raises Problem."""
    found = governed.principals.get(name)
    if found is None:
        raise Problem("principal_unknown", f"there is no person or system `{name[:100]}`")
    return found


def _free_subject(governed: Governed, name: str, subject: str) -> None:
    for other in governed.principals.values():
        if other.oidc_subject == subject and other.id != name:
            raise Problem("principal_state", f"the subject of the token stands for `{other.id}` already")
