"""`python -m tests.bench`: bulk runs by number of rows and of workers, and the cold start of `writ check`."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import made_up, results
from tests.bench.memory import measure

WRIT = [sys.executable, "-m", "api.cli"]
POLICIES = str(results.ROOT / "policies.yaml")
MEGABYTE = 1_000_000


def main() -> None:
    """Measure, print a table, write it as JSON."""
    options = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    options.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000], help="sizes of the made-up files")
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="numbers of processes")
    options.add_argument("--policy", default="trade-credit", help="the policy of policies.yaml to run")
    options.add_argument("--starts", type=int, default=15, help="cold starts to take the median of")
    asked = options.parse_args()
    found: dict[str, Any] = {
        **results.machine(),
        "cold_start": cold_start(asked.starts),
        "bulk": bulk(asked.policy, asked.rows, asked.workers),
    }
    show(found)
    results.write("bulk", found)


def bulk(policy: str, sizes: list[int], workers: list[int]) -> list[dict[str, Any]]:
    """`writ run` over JSON lines of each size with each number of workers."""
    rows = []
    with tempfile.TemporaryDirectory() as room:
        for size in sizes:
            source = Path(room) / f"{size}.jsonl"
            made_up.write(source, size)
            for number in workers:
                out = Path(room) / "out.jsonl"
                command = [*WRIT, "run", policy, "--policies", POLICIES, "--in", str(source), "--out", str(out)]
                run = measure([*command, "--workers", str(number), "--as-of", "2026-06-30"])
                rows.append(
                    {
                        "policy": policy,
                        "rows": size,
                        "workers": number,
                        "seconds": round(run.seconds, 2),
                        "rows_per_second": round(size / run.seconds),
                        "peak_mb": round(run.peak / MEGABYTE, 1),
                        "decided": len(out.read_bytes().splitlines()),
                    }
                )
    return rows


def cold_start(times: int) -> dict[str, Any]:
    """Medians of `writ check policies.yaml` and of a Python that does nothing, each in a new process, in turns."""
    commands = {"writ_check": [*WRIT, "check", POLICIES], "python_pass": [sys.executable, "-c", "pass"]}
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            taken[name].append(time.perf_counter() - started)
    check, nothing = (statistics.median(taken[name]) for name in commands)
    return {
        "starts": times,
        "writ_check_ms": round(check * 1000),
        "python_pass_ms": round(nothing * 1000),
        "ratio": round(check / nothing, 1),
    }


def show(found: dict[str, Any]) -> None:
    """The measurements as a table."""
    start = found["cold_start"]
    print(f"python {found['python']}, {found['processors']} processors")
    print(f"writ check policies.yaml, cold: {start['writ_check_ms']} ms (median of {start['starts']}), ", end="")
    print(f"{start['ratio']} times `python -c pass` ({start['python_pass_ms']} ms)\n")
    print(f"{'policy':<16}{'rows':>9}{'workers':>9}{'seconds':>9}{'rows/s':>9}{'peak MB':>9}{'decided':>9}")
    for row in found["bulk"]:
        print(
            f"{row['policy']:<16}{row['rows']:>9}{row['workers']:>9}{row['seconds']:>9}"
            f"{row['rows_per_second']:>9}{row['peak_mb']:>9}{row['decided']:>9}"
        )


if __name__ == "__main__":
    main()
