"""FEEL's built-in functions on values: those that `policies.feel.builtins` gives the types of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from engine.list_functions import LIST_FUNCTIONS
from engine.number_functions import NUMBER_FUNCTIONS
from engine.text_functions import TEXT_FUNCTIONS
from engine.time_functions import TIME_FUNCTIONS
from policies.feel import signatures
from policies.feel.builtins import BUILTINS
from policies.feel.values import Value

_OF_ARGUMENTS: Mapping[str, Callable[[Sequence[Value]], Value]] = {
    **NUMBER_FUNCTIONS,
    **TEXT_FUNCTIONS,
    **LIST_FUNCTIONS,
    **TIME_FUNCTIONS,
}

_OF_THE_DAY: Mapping[str, Callable[[dt.date], Value]] = {
    "today": lambda as_of: as_of,
    "now": lambda as_of: dt.datetime.combine(as_of, dt.time(), dt.UTC),
}

FUNCTION_NAMES = frozenset({*_OF_ARGUMENTS, *_OF_THE_DAY})


def call(name: str, args: Sequence[Value], as_of: dt.date) -> Value:
    """A built-in's result, None for arguments it does not take. `today()` and `now()` are the day decided as of."""
    if not any(form.takes(len(args)) for form in BUILTINS[name].forms):
        return None
    if name in _OF_THE_DAY:
        return _OF_THE_DAY[name](as_of)
    return _OF_ARGUMENTS[name](args)


def arrange(name: str, args: Sequence[Value], names: Sequence[str]) -> list[Value] | None:
    """Named arguments as `call` takes them, null for one left out between others; None when no form has such names."""
    arranged = (signatures.arrange(form, args, names) for form in BUILTINS[name].forms)
    return next((values for values in arranged if values is not None), None)
