"""Earlier policy texts of this service's record: a case that began under one goes on by it (domain D23)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import policies
from api.audit.store import Store
from api.audit.whole import whole_record
from policies.diagnostics import Refused
from policies.ir import Bundle, Policy
from policies.kinds.ladder import Dunning
from policies.source import decode

log = logging.getLogger("writ")


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy text that decides, and the number of its revision."""

    bundle: Bundle
    revision: int


@dataclass(slots=True)
class Revisions:
    """The revisions of the record, found by the digests of their policies and read when first needed, then kept.

    Another node may add one while this service runs: a version that is not known is looked for once more.
    """

    store: Store
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    _known: int = 0
    _read: dict[int, Bundle | None] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of_case(self, policy: Policy, facts: Mapping[str, Any]) -> InForce | None:
        """The revision by which the dunning case in the facts runs, where that is not this policy's own.

        None for a case that is not pinned, or to a version that the record does not have: the policy says what then.
        Raises AuditUnavailableError.
        """
        version = pinned_version(policy, facts)
        if version is None:
            return None
        with self._lock:
            number = self._numbers.get((policy.name, version)) or self._looked_for(policy.name, version)
            if number is None:
                return None
            if number not in self._read:
                self._read[number] = self._bundle(number)
            bundle = self._read[number]
        found = None if bundle is None else bundle.policies.get(policy.name)
        if bundle is None or found is None or found.digest != version:
            log.error("revision %s cannot decide any more: its text is read otherwise than it was", number)
            return None
        return InForce(bundle, number)

    def _looked_for(self, name: str, version: str) -> int | None:
        """The number of a version among the revisions not read yet; of several with the same policy the latest."""
        for number, seq in self.store.revision_entries()[self._known :]:
            for kept in self.store.entries(seq, seq + 1):
                record, _ = whole_record(self.store, kept)
                self._numbers.update(dict.fromkeys(record["policies"].items(), number))
            self._known += 1
        return self._numbers.get((name, version))

    def _bundle(self, number: int) -> Bundle | None:
        name, text = self.store.revision_text(number)
        try:
            return policies.load(decode(name, text))
        except Refused:
            return None


def pinned_version(policy: Policy, facts: Mapping[str, Any]) -> str | None:
    """The version that the dunning case in a request's facts runs by, unless it is the policy's own or not stated."""
    case = _case(policy, facts)
    moved = case.get("migrated")
    version = moved.get("to_version") if isinstance(moved, Mapping) else case.get("procedure_version")
    # A tuple, not a set: nobody has checked what was sent, and a list cannot be looked up in a set.
    if not isinstance(version, str) or version == policy.digest or case.get("procedure_id") not in (None, policy.name):
        return None
    return version


def _case(policy: Policy, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The dunning case as it was sent, which nobody has checked yet; empty where there is none."""
    path = policy.body.account.case_path if isinstance(policy.body, Dunning) else None
    place: Any = facts if path is not None else {}
    for step in (path or "").split("."):
        place = place.get(step) if isinstance(place, Mapping) else None
    return place if isinstance(place, Mapping) else {}
