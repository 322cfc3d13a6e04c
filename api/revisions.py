"""Policy texts that decide: the one in force on a day, one named by its number, the one a running case began with."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import policies
from api.audit.database import AuditUnavailableError
from api.audit.store import Store
from api.governance.governed import Governed
from api.governance.register import Register
from api.governance.revision import Revision
from policies.diagnostics import Refused
from policies.ir import Bundle, Policy
from policies.kinds.ladder import Dunning
from policies.source import decode

log = logging.getLogger("writ")


class AuditTextError(AuditUnavailableError):
    """A policy text of the record is not there, was altered, or is refused by this version of the language."""


KEPT = 32
"""Checked texts kept at once, those asked for last; the others are read again when they are needed."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy text that decides, its revision, and after how many acts of the log it was found to be in force.

    `named` when the caller asked for it by its number.
    """

    bundle: Bundle
    revision: int
    acts: int
    named: bool = False


@dataclass(slots=True)
class Texts:
    """The checked policy texts of a record, by the SHA-256 of their exact bytes, read when first needed."""

    store: Store
    _read: OrderedDict[str, Bundle] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def bundle(self, digest: str) -> Bundle:
        """The text with this SHA-256, checked. Raises AuditTextError and AuditUnavailableError."""
        found = self._read.get(digest)
        if found is not None:
            try:
                self._read.move_to_end(digest)
            except KeyError:
                return found  # it has just made room for another one
            return found
        with self._lock:
            found = self._read.get(digest)
            return found if found is not None else self._loaded(digest)

    def keep(self, bundle: Bundle) -> None:
        """Have a text that was checked just now."""
        with self._lock:
            self._kept(bundle)

    def _loaded(self, digest: str) -> Bundle:
        text = self.store.bundle_text(digest)
        if text is None:
            raise AuditTextError(f"the policy text {digest[:12]} is not in the record")
        try:
            bundle = policies.load(decode(f"{digest[:12]}.yaml", text))
        except Refused as refused:
            said = refused.diagnostics[0].message
            raise AuditTextError(f"the policy text {digest[:12]} is refused: {said}") from refused
        if bundle.digest != digest:
            raise AuditTextError(f"the policy text {digest[:12]} was altered: it is not the one of this SHA-256")
        self._kept(bundle)
        return bundle

    def _kept(self, bundle: Bundle) -> None:
        self._read[bundle.digest] = bundle
        while len(self._read) > KEPT:
            self._read.popitem(last=False)


@dataclass(slots=True)
class Revisions:
    """Which text decides. Every answer says after how many acts it was right."""

    register: Register
    texts: Texts

    def in_force(self, day: dt.date) -> InForce:
        """The revision that decides as of a day. Raises AuditUnavailableError."""
        governed = self.register.current()
        return self._as(governed.in_force(day), governed)

    def today(self) -> InForce:
        """The revision in force today. Raises AuditUnavailableError."""
        return self.in_force(self.register.today())

    def named(self, number: int, *, trial: bool = False) -> InForce | None:
        """A revision that is or has been in force, by its number; for a `trial` any. Raises AuditUnavailableError."""
        governed = self.register.current()
        revision = governed.revisions.get(number)
        if revision is None:
            return None
        if not trial and governed.state(revision, self.register.today()) not in {"active", "superseded"}:
            return None
        return self._as(revision, governed, named=True)

    def of_case(self, policy: Policy, facts: Mapping[str, Any]) -> InForce | None:
        """The revision by which the dunning case in the facts runs, where that is not this policy's own.

        None for a case that is not pinned, or to a version that was never in force: the policy says what then. Of
        several revisions with the same version the latest. Raises AuditUnavailableError.
        """
        version = pinned_version(policy, facts)
        if version is None:
            return None
        governed = self.register.current()
        number = self._with_version(governed, policy.name, version)
        if number is None:
            # Another node may have put it in force a moment ago: nobody is to be skipped for that.
            governed = self.register.looked()
            number = self._with_version(governed, policy.name, version)
        if number is None:
            return None
        try:
            found = self._as(governed.revisions[number], governed)
        except AuditTextError:
            found = None
        if found is None or found.bundle.policies[policy.name].digest != version:
            log.error("revision %s cannot decide any more: its text is read otherwise than it was", number)
            return None
        return found

    def of_dropped(self, in_force: InForce, name: str, facts: Mapping[str, Any]) -> InForce | None:
        """The revision by which a dunning case goes on whose policy the text in force does not have any more.

        None where it has it, and for a case that is not one of an earlier revision. Raises AuditUnavailableError.
        """
        if name in in_force.bundle.policies:
            return None
        governed = self.register.current()
        earlier = [number for _, _, number in governed.timeline if name in governed.revisions[number].policies]
        if not earlier:
            return None
        policy = self.texts.bundle(governed.revisions[earlier[-1]].digest).policies[name]
        version = _version(policy, facts)
        number = None if version is None else self._with_version(governed, name, version)
        return None if number is None else self._as(governed.revisions[number], governed)

    def _with_version(self, governed: Governed, policy: str, version: str) -> int | None:
        today = self.register.today()
        found = (
            number
            for day, _, number in governed.timeline
            if day <= today and governed.revisions[number].policies.get(policy) == version
        )
        return max(found, default=None)

    def _as(self, revision: Revision, governed: Governed, *, named: bool = False) -> InForce:
        return InForce(self.texts.bundle(revision.digest), revision.number, governed.acts, named)


def goes_on(policies: Iterable[Policy | None], facts: Mapping[str, Any]) -> bool:
    """Whether a dunning case runs by another version than one of these: none of them takes it over."""
    return any(policy is not None and pinned_version(policy, facts) is not None for policy in policies)


def pinned_version(policy: Policy, facts: Mapping[str, Any]) -> str | None:
    """The version that the dunning case in a request's facts runs by, unless it is the policy's own or not stated."""
    version = _version(policy, facts)
    return None if version == policy.digest else version


def _version(policy: Policy, facts: Mapping[str, Any]) -> str | None:
    case = _case(policy, facts)
    moved = case.get("migrated")
    version = moved.get("to_version") if isinstance(moved, Mapping) else case.get("procedure_version")
    # A tuple, not a set: nobody has checked what was sent, and a list cannot be looked up in a set.
    return version if isinstance(version, str) and case.get("procedure_id") in (None, policy.name) else None


def _case(policy: Policy, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The dunning case as it was sent, which nobody has checked yet; empty where there is none."""
    path = policy.body.account.case_path if isinstance(policy.body, Dunning) else None
    place: Any = facts if path is not None else {}
    for step in (path or "").split("."):
        place = place.get(step) if isinstance(place, Mapping) else None
    return place if isinstance(place, Mapping) else {}
