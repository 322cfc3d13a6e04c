"""Where measurements go: a JSON file a run, beside what they were measured on."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """When and on what a run is made."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
    }


def write(name: str, found: dict[str, Any]) -> None:
    """The measurements as JSON, and where that is."""
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"{name}-{found['at'].replace(':', '')}.json"
    target.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"\n{target.relative_to(ROOT)}")
