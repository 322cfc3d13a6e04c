"""Made-up decision requests in any number: the shipped samples with other ids and amounts, the same every time."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

SEED = 20_260_630
CENT = Decimal("0.01")
AMOUNT = re.compile(r"-?[0-9]{3,}\.[0-9]{2}")
"""What counts as an amount in a sample: a hundred and more, with cents."""


def samples() -> list[dict[str, Any]]:
    """The requests that ship with the demo."""
    found = sorted(files("api.samples").iterdir(), key=lambda file: file.name)
    return [json.loads(file.read_bytes()) for file in found if file.name.endswith(".json")]


def requests(count: int) -> Iterator[dict[str, Any]]:
    """So many requests, one customer each; every amount is a sample's, times a factor of its own from 0.5 to 1.5."""
    chance = random.Random(SEED)
    bases = samples()
    for number in range(count):
        request = _varied(bases[number % len(bases)], chance)
        request["facts"]["customer"]["customer_id"] = f"M{number:07d}"
        yield request


def _varied(value: Any, chance: random.Random) -> Any:
    match value:
        case dict():
            return {name: _varied(item, chance) for name, item in value.items()}
        case list():
            return [_varied(item, chance) for item in value]
        case str() if AMOUNT.fullmatch(value):
            return str((Decimal(value) * chance.randint(50, 150) / 100).quantize(CENT, ROUND_HALF_EVEN))
        case _:
            return value


def write(path: Path, count: int) -> None:
    """The requests as JSON lines."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(request, ensure_ascii=False) + "\n" for request in requests(count))
