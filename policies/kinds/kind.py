"""What a kind of policy is: the shape of its document part, and how that part is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from policies.desk import Desk
from policies.document import PolicyPart
from policies.ir import Rule
from policies.types import Type


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking a kind's part gives: its body (its own frozen dataclass), its rules and its outcome's type.

    `reads` are fact paths its evaluation reads beside those its expressions name.
    """

    body: Any
    rules: tuple[Rule, ...]
    outcome: Type
    reads: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of policy; `reasons` are the codes it may give by itself, without a rule naming them.

    `adverse_action`: its decisions can go against a customer, who is then told so.
    """

    name: str
    part: type[PolicyPart]
    check: Callable[[Any, Desk], Checked]
    reasons: tuple[str, ...] = ()
    adverse_action: bool = False
