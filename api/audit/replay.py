"""Decides recorded decisions anew, by their own policy text, facts and day: every byte must be the same."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from api.audit.canonical import canonical
from api.audit.personal import blank
from engine import decide
from engine.decision import ENGINE_VERSION, Fault, Json
from policies import load
from policies.diagnostics import Refused
from policies.ir import Bundle
from policies.source import decode

_BATCH = 200
"""Decisions handed to a process at once."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded decision: its number, its whole record, and the pointers of personal data that is not there."""

    seq: int
    record: Mapping[str, Json]
    missing: frozenset[str] = frozenset()
    wrong: str | None = None
    """Why it is not the record that was made, when that is known without deciding."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that does not come out as it was recorded: what differs, in one line."""

    seq: int
    what: str


@dataclass(slots=True)
class Replayed:
    """What came of a replay. `unsettled` are decisions that read personal data which has been erased or left out."""

    same: int = 0
    differences: list[Difference] = field(default_factory=list)
    unsettled: list[int] = field(default_factory=list)
    other_engines: set[str] = field(default_factory=set)

    def add(self, other: Replayed) -> None:
        """Count another part of the same replay."""
        self.same += other.same
        self.differences += other.differences
        self.unsettled += other.unsettled
        self.other_engines |= other.other_engines


_TEXTS: dict[str, bytes] = {}
"""The policy texts of the replay under way in this process, by their SHA-256."""


def replay(
    decisions: Iterable[Recorded],
    texts: Mapping[str, bytes],
    workers: int = 1,
    progress: Callable[[int], None] = lambda _count: None,
) -> Replayed:
    """Decide all of them anew, in `workers` processes; `progress` is told how many are done, some at a time."""
    total = Replayed()
    for part in _parts(decisions, texts, workers):
        total.add(part)
        progress(part.same + len(part.differences) + len(part.unsettled))
    return total


def _parts(decisions: Iterable[Recorded], texts: Mapping[str, bytes], workers: int) -> Iterator[Replayed]:
    parts = _batches(decisions)
    if workers == 1:
        _hold(dict(texts))
        yield from map(_replay_some, parts)
        return
    with ProcessPoolExecutor(workers, initializer=_hold, initargs=(dict(texts),)) as pool:
        waiting = []
        for part in parts:
            waiting.append(pool.submit(_replay_some, part))
            # Few enough in memory whatever the size of the log.
            if len(waiting) > 2 * workers:
                yield waiting.pop(0).result()
        for one in waiting:
            yield one.result()


def _batches(decisions: Iterable[Recorded]) -> Iterator[Sequence[Recorded]]:
    some: list[Recorded] = []
    for one in decisions:
        some.append(one)
        if len(some) == _BATCH:
            yield some
            some = []
    if some:
        yield some


def _hold(texts: dict[str, bytes]) -> None:
    _TEXTS.clear()
    _TEXTS.update(texts)
    _bundle.cache_clear()


@cache
def _bundle(digest: str) -> Bundle | str:
    """The checked text, or why there is none."""
    text = _TEXTS.get(digest)
    if text is None:
        return f"the policy text {digest[:12]} is not there"
    if hashlib.sha256(text).hexdigest() != digest:
        return f"the policy text {digest[:12]} was altered: it is not the one of this SHA-256"
    try:
        bundle = load(decode(f"{digest[:12]}.yaml", text))
    except Refused as refused:
        return f"the policy text {digest[:12]} is refused by {ENGINE_VERSION}: {refused.diagnostics[0].message}"
    return bundle


def _replay_some(decisions: Sequence[Recorded]) -> Replayed:
    done = Replayed()
    for one in decisions:
        if one.wrong is not None:
            done.differences.append(Difference(one.seq, one.wrong))
            continue
        was = one.record["decision"]
        if was["engine"] != ENGINE_VERSION:
            done.other_engines.add(was["engine"])
        what = _difference(one, was)
        if what is None:
            done.same += 1
        elif one.missing:
            done.unsettled.append(one.seq)
        else:
            done.differences.append(Difference(one.seq, what))
    return done


def _difference(one: Recorded, was: Mapping[str, Any]) -> str | None:
    bundle = _bundle(one.record["bundle_digest"])
    if isinstance(bundle, str):
        return bundle
    policy = bundle.policies.get(was["policy"])
    if policy is None:
        return f"the policy text has no policy `{was['policy']}`"
    if policy.digest != was["policy_digest"]:
        said = f"{policy.digest[:12]} instead of {was['policy_digest'][:12]}"
        return f"`{policy.name}` is not the policy that decided: {said}"
    try:
        again = decide(policy, one.record["facts"], dt.date.fromisoformat(was["as_of"])).to_json()
    except Fault as fault:
        return f"the facts do not fit any more: {fault}"
    if one.missing:
        again = blank({"decision": again}, one.missing)["decision"]
    if canonical(again) == canonical(was):
        return None
    differing = [name for name in sorted({*again, *was}) if canonical(again.get(name)) != canonical(was.get(name))]
    return f"{', '.join(differing)} came out otherwise"
