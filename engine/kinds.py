"""Which function decides which kind of policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.classification import decide_class
from engine.credit import decide_credit
from engine.dunning.deciding import decide_dunning
from engine.general import decide_general
from engine.sitting import Sitting
from policies.feel.values import Value
from policies.kinds.classification import Classification
from policies.kinds.credit import Credit
from policies.kinds.general import General
from policies.kinds.ladder import Dunning

DECIDERS: Mapping[type, Callable[[Any, Sitting], dict[str, Value]]] = {
    General: decide_general,
    Classification: decide_class,
    Credit: decide_credit,
    Dunning: decide_dunning,
}
