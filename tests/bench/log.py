"""`python -m tests.bench.log`: the audit log: appends beside a bare append of the same bytes, proofs, restart, size."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import gc
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from api.audit.appending import Key, key_hash
from api.audit.log import Log
from api.audit.pack import export_pack
from api.audit.places import Places
from api.audit.records import Record
from api.audit.search import Query
from api.audit.store import Kept
from api.audit.tree import consistency, inclusion
from api.audit.verify import verify_pack
from api.governance.first import import_text
from api.governance.register import Register
from tests.bench import results
from tests.bench.made_up_records import policies, records
from tests.bench.memory import resident
from tests.postgres import Server

IN_FLIGHT = (1, 64, 256)
MEGABYTE = 1_000_000
CHUNK = 5_000


def main() -> None:
    """Measure, print a table, write it as JSON."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.log", description=__doc__)
    options.add_argument("--appends", type=int, default=30_000, help="entries of each run of appends")
    options.add_argument("--runs", type=int, default=3, help="runs to take the median of, in turns")
    options.add_argument("--entries", type=int, default=1_000_000, help="entries of the large log")
    asked = options.parse_args()
    found: dict[str, Any] = {**results.machine(), "appends": appends(asked.appends, asked.runs)}
    found["large"] = large(asked.entries)
    results.write("log", found)


def appends(count: int, runs: int) -> list[dict[str, Any]]:
    """Entries per second, by what they are appended to and how many are in flight; medians, all in turns."""
    made = list(records(count))
    rates: dict[tuple[str, int], list[float]] = {}
    with Server() as server:
        for _ in range(runs):
            for flight in IN_FLIGHT:
                some = made if flight > 1 else made[: count // 10]
                rates.setdefault(("bare file", flight), []).append(bare(some, flight))
                rates.setdefault(("sqlite", flight), []).append(fill(None, some, flight))
                rates.setdefault(("postgresql", flight), []).append(fill(server.new_database(), some, flight))
    rows = []
    print(f"{'appended to':<14}{'in flight':>10}{'entries/s':>12}{'of bare':>9}")
    for (target, flight), measured in rates.items():
        rate, base = statistics.median(measured), statistics.median(rates["bare file", flight])
        rows.append({"to": target, "in_flight": flight, "per_second": round(rate), "of_bare": round(rate / base, 2)})
        print(f"{target:<14}{flight:>10}{rate:>12,.0f}{rate / base:>9.2f}")
    return rows


def bare(made: Sequence[Record], flight: int) -> float:
    """The same bytes appended to a file, so many between two syncs: what the disk allows."""
    with tempfile.TemporaryDirectory() as room, Path(room, "bare").open("wb", buffering=0) as file:
        started = time.perf_counter()
        for first in range(0, len(made), flight):
            file.write(b"\n".join(record.body for record in made[first : first + flight]))
            os.fdatasync(file.fileno())
        return len(made) / (time.perf_counter() - started)


def fill(url: str | None, made: Sequence[Record], flight: int) -> float:
    """The records appended to a new log, so many at once in one event loop, as the service does."""
    with tempfile.TemporaryDirectory() as room:
        log = opened(Path(room), url)
        gc.collect()
        rate = append(log, iter(made), len(made), flight)
        log.close()
    return rate


def opened(room: Path, url: str | None = None) -> Log:
    """A log in a folder, or in a PostgreSQL database with its key in the folder."""
    places = Places(url or str(room / "writ.db"), room / "key", room / "checkpoints")
    return Log(places, 5, lambda: dt.datetime.now(dt.UTC))


def append(log: Log, made: Iterator[Record], count: int, flight: int) -> float:
    """Entries per second."""

    async def task() -> None:
        for record in made:
            done: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
            log.writer.queue(record, Key(key_hash("bench", record.id), record.leaf), time.monotonic() + 5, done)
            await done

    async def all_tasks() -> None:
        await asyncio.gather(*(task() for _ in range(flight)))

    started = time.perf_counter()
    asyncio.run(all_tasks())
    return count / (time.perf_counter() - started)


def large(entries: int) -> dict[str, Any]:
    """One log of many entries: memory while it grows, bytes on disk, restart, proofs, offline verification."""
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        log = opened(room)
        bundle = policies()
        import_text(Register(log, ZoneInfo("UTC")), bundle, {})
        memory = []
        made = records(entries)
        rates = []
        for _ in range(10):
            rates.append(grow(log, made, entries // 10))
            memory.append(resident(os.getpid()) / MEGABYTE)
        log.close()
        size = (room / "writ.db").stat().st_size
        restarts = []
        for _ in range(5):
            started = time.perf_counter()
            log = opened(room)
            restarts.append(time.perf_counter() - started)
            log.close()
        log = opened(room)
        found = {
            "entries": entries,
            "per_second_first_tenth": round(rates[0]),
            "per_second_last_tenth": round(rates[-1]),
            "resident_mb_after_each_tenth": [round(each) for each in memory],
            "bytes_per_entry_with_indexes": round(size / entries),
            "restart_ms": round(statistics.median(restarts) * 1000),
            **proofs(log, entries),
            **offline(log, room),
        }
        log.close()
    for what, value in found.items():
        print(f"{what:<34}{value}")
    return found


def grow(log: Log, made: Iterator[Record], entries: int) -> float:
    """Entries per second; the records are made beforehand, some thousands at a time."""
    seconds, grown = 0.0, entries
    while some := list(islice(made, min(entries, CHUNK))):
        seconds += len(some) / append(log, iter(some), len(some), 256)
        entries -= len(some)
        if not entries:
            break
    return grown / seconds


def proofs(log: Log, entries: int) -> dict[str, Any]:
    """Milliseconds for a proof; the first ones read their tiles from the database."""
    taken: dict[str, list[float]] = {"inclusion": [], "consistency": []}
    for number in range(500):
        seq = number * 7_919_011 % entries
        started = time.perf_counter()
        inclusion(seq, entries, log.nodes)
        taken["inclusion"].append(time.perf_counter() - started)
        started = time.perf_counter()
        consistency(seq + 1, entries, log.nodes)
        taken["consistency"].append(time.perf_counter() - started)
    return {f"{name}_proof_ms": round(statistics.median(each) * 1000, 3) for name, each in taken.items()}


def offline(log: Log, room: Path) -> dict[str, Any]:
    """Records per second of the one-file verifier over the whole log."""
    pack = room / "pack"
    done = export_pack(log, Query(), pack, principal="bench")
    started = time.perf_counter()
    report = verify_pack(pack)
    seconds = time.perf_counter() - started
    if report.wrong:
        raise RuntimeError(report.wrong[0])
    size = (pack / "log.jsonl").stat().st_size
    return {
        "verified_per_second": round((done.end - done.first) / seconds),
        "bytes_per_record_plain": round(size / (done.end - done.first)),
    }


if __name__ == "__main__":
    main()
