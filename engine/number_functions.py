"""FEEL's functions on numbers, and its sums and means over lists of them (DMN 1.5, 10.3.4.4-5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
    DecimalException,
)
from functools import reduce

from engine.operators import add, compare, divide, negate
from policies.feel.values import FEEL_DECIMAL, LEAST_SCALE, MOST_SCALE, Duration, Value


def rounding(mode: str) -> Callable[[Sequence[Value]], Value]:
    """The function `(n, scale)`, scale 0 when left out, that rounds by a mode of `decimal`; a scale may be negative."""

    def rounded(args: Sequence[Value]) -> Value:
        match args:
            case [Decimal() as number]:
                return round_to(number, 0, mode)
            case [Decimal() as number, Decimal() as scale] if LEAST_SCALE <= scale <= MOST_SCALE:
                return round_to(number, int(scale), mode)
            case _:
                return None

    return rounded


def round_to(number: Decimal, scale: int, mode: str) -> Decimal:
    """The number with at most `scale` digits after the point; negative scales round to tens, hundreds, ….

    A number that has no more digits than that is returned as it is.
    """
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= scale:
        return number
    # More room than 34 digits, so that rounding up a number of 34 digits (to 35) is still exact before it is cut.
    places = max(number.adjusted() + scale + 2, 1)
    wide = FEEL_DECIMAL.copy()
    wide.prec = max(places, FEEL_DECIMAL.prec)
    result = number.quantize(Decimal(1).scaleb(-scale, wide), rounding=mode, context=wide)
    return FEEL_DECIMAL.plus(result)


def absolute(args: Sequence[Value]) -> Value:
    """`abs` of a number or a duration."""
    match args:
        case [Decimal() as number]:
            return FEEL_DECIMAL.abs(number)
        case [Duration() as duration]:
            return negate(duration) if duration.amount < 0 else duration
        case _:
            return None


def modulo(args: Sequence[Value]) -> Value:
    """The remainder with the divisor's sign: dividend - divisor * floor(dividend / divisor)."""
    match args:
        case [Decimal() as dividend, Decimal() as divisor] if divisor:
            try:
                remainder = FEEL_DECIMAL.remainder(dividend, divisor)
            except DecimalException:
                return None
            wrong_sign = remainder != 0 and (remainder < 0) != (divisor < 0)
            return FEEL_DECIMAL.add(remainder, divisor if wrong_sign else Decimal(0))
        case _:
            return None


def values_of(args: Sequence[Value]) -> Sequence[Value] | None:
    """The values to take together: one list's items, or the arguments themselves; None for a null or for nothing."""
    if len(args) == 1 and isinstance(args[0], list):
        return args[0]
    if not args or (args[0] is None and len(args) == 1):
        return None
    return args


def _numbers(args: Sequence[Value]) -> list[Decimal] | None:
    values = values_of(args)
    if values is None or not all(isinstance(value, Decimal) for value in values):
        return None
    return list(values)


def total(args: Sequence[Value]) -> Value:
    """`sum`: None for an empty list."""
    numbers = _numbers(args)
    return reduce(add, numbers) if numbers else None


def mean(args: Sequence[Value]) -> Value:
    """The arithmetic mean: None for an empty list."""
    numbers = _numbers(args)
    return divide(reduce(add, numbers), Decimal(len(numbers))) if numbers else None


def median(args: Sequence[Value]) -> Value:
    """The middle of the sorted numbers, or the mean of the two middle ones."""
    numbers = sorted(_numbers(args) or [])
    if not numbers:
        return None
    middle = len(numbers) // 2
    return numbers[middle] if len(numbers) % 2 else mean([numbers[middle - 1 : middle + 1]])


def modes(args: Sequence[Value]) -> Value:
    """The most frequent numbers, ascending; an empty list for an empty list."""
    numbers = _numbers(args)
    if numbers is None:
        return None
    counts = Counter(numbers)
    most = max(counts.values(), default=0)
    return sorted(number for number, count in counts.items() if count == most)


def _extreme(op: str) -> Callable[[Sequence[Value]], Value]:
    def extreme(args: Sequence[Value]) -> Value:
        values = values_of(args)
        if not values:
            return None
        best = values[0]
        if compare(best, "<=", best) is None:
            return None
        for value in values[1:]:
            better = compare(value, "<" if op == "<" else ">", best)
            if better is None:
                return None
            best = value if better else best
        return best

    return extreme


NUMBER_FUNCTIONS: Mapping[str, Callable[[Sequence[Value]], Value]] = {
    "abs": absolute,
    "floor": rounding(ROUND_FLOOR),
    "ceiling": rounding(ROUND_CEILING),
    "decimal": rounding(ROUND_HALF_EVEN),
    "round half even": rounding(ROUND_HALF_EVEN),
    "round half up": rounding(ROUND_HALF_UP),
    "round half down": rounding(ROUND_HALF_DOWN),
    "round up": rounding(ROUND_UP),
    "round down": rounding(ROUND_DOWN),
    "modulo": modulo,
    "sum": total,
    "mean": mean,
    "median": median,
    "mode": modes,
    "min": _extreme("<"),
    "max": _extreme(">"),
}
