"""P1 by the order of system calls: no byte of an answer leaves before its own batch is synced.

A kill cannot show a missing sync, since the page cache survives it; a power cut is no test that can be repeated. The
trace is read for what it says of each decision: when the pages with its id were first written to the write-ahead log,
when the frame was written that commits them, whether a sync of that file began after it, and when the answer left.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path

import pytest

from tests.faults import Caller, new_folder, report, scaled, wait_until_it_answers
from tests.serving import ROOT, environment, free_port

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace to see the order of system calls")

CALLERS = 8
SYNCS = ("fsync", "fdatasync")
CALLS = "fsync,fdatasync,write,writev,pwrite64,pwritev,sendto,sendmsg"
FRAME_HEADER = 24
"""Bytes before each page of a write-ahead log; in the one that commits bytes 4 to 8 are not zero (sqlite.org)."""

LINE = re.compile(
    r"(?P<thread>\d+) +(?P<time>\d+\.\d+) (?:<\.\.\. (?P<resumed>\w+) resumed>|(?P<call>\w+)\()(?P<rest>.*)", re.DOTALL
)
FILE = re.compile(r"\d+<(?P<path>[^>]*)>")
ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(.))", re.DOTALL)
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
ID = re.compile(rb"dec_[0-9a-z]{26}")
ANSWER = re.compile(rb'^\{"decision_id":"(dec_\w+)"', re.MULTILINE)
LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f"}


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that begins or has ended: the thread, its name, the file or socket, and the bytes."""

    thread: str
    name: str
    path: str
    data: bytes
    ended: bool
    at: float


@dataclass(eq=False)
class Batch:
    """One transaction in the write-ahead log: how many decisions are first written in it, and when it was synced."""

    decisions: int = 0
    synced: float = inf


def bytes_of(text: str) -> bytes:
    """The bytes that strace shows as a C string."""
    return b"".join(
        ESCAPE.sub(
            lambda found: bytes([int(found[1], 8)]) if found[1] else LETTERS.get(found[2], found[2]), part.encode()
        )
        for part in TEXT.findall(text)
    )


def calls(trace: str) -> Iterator[Call]:
    """The beginnings and the ends of all calls, in their order; one that is not interrupted has both on its line."""
    begun: dict[str, Call] = {}
    for line in trace.splitlines():
        found = LINE.match(line)
        if found is None:
            continue
        thread, at = found["thread"], float(found["time"])
        if found["resumed"]:
            if (call := begun.pop(thread, None)) is not None:
                yield Call(call.thread, call.name, call.path, call.data, True, at)
            continue
        file = FILE.match(found["rest"])
        call = Call(thread, found["call"], file["path"] if file else "", bytes_of(found["rest"]), False, at)
        yield call
        if found["rest"].endswith("<unfinished ...>"):
            begun[thread] = call
        else:
            yield Call(thread, call.name, call.path, call.data, True, at)


def judged(trace: str) -> tuple[int, list[str], int]:
    """Answers to decisions in a trace, what is wrong with any of them, and the largest batch."""
    writing, committed = Batch(), list[Batch]()  # the batch being written, and those not known to be synced
    batch_of: dict[bytes, Batch] = {}
    syncing: dict[str, list[Batch]] = {}  # by thread, what its sync that has begun will have synced
    left: dict[str, int] = {}  # by socket, when the first byte of its last answer left
    header_commits = False
    answers, wrong = 0, list[str]()
    for moment, call in enumerate(calls(trace)):
        wal, socket = call.path.endswith("writ.db-wal"), call.path.startswith(("socket:", "TCP"))
        if wal and call.name in SYNCS and not call.ended:
            syncing[call.thread], committed = committed, []
        elif wal and call.name in SYNCS:
            for batch in syncing.pop(call.thread):
                batch.synced = moment
        elif wal and call.ended:
            for id_ in set(ID.findall(call.data)) - batch_of.keys():
                batch_of[id_] = writing
                writing.decisions += 1
            if len(call.data) == FRAME_HEADER:
                header_commits = call.data[4:8] != bytes(4)
            elif header_commits:
                committed.append(writing)
                writing, header_commits = Batch(), False
        elif socket and not call.ended:
            if call.data.startswith(b"HTTP/1.1 "):
                left[call.path] = moment
            if found := ANSWER.search(call.data):
                answers += 1
                written = batch_of.get(found[1])
                if written is None:
                    wrong.append(f"{found[1].decode()} was answered before it was written")
                elif written.synced > left[call.path]:
                    wrong.append(f"{found[1].decode()} was answered before it was synced")
    return answers, wrong, max((batch.decisions for batch in batch_of.values()), default=0)


def traced(folder: Path, service: str, each: int) -> str:
    """The trace of a service whom callers in parallel ask so often each; of its last decisions each is asked twice."""
    port, trace = free_port(), folder / "trace"
    strace = ["strace", "-f", "--seccomp-bpf", "-ttt", "-y", "-s", "5000", "-o", str(trace), "-e", f"trace={CALLS}"]
    process = subprocess.Popen(
        [*strace, sys.executable, "-m", "tests.killable", service, str(folder), str(port)],
        cwd=ROOT,
        env=environment(folder),
    )
    try:
        wait_until_it_answers(port, lambda: process.poll() is None)
        asked = [threading.Thread(target=ask, args=(port, number, each)) for number in range(CALLERS)]
        for thread in asked:
            thread.start()
        for thread in asked:
            thread.join()
    finally:
        # strace takes no signals while it traces: the service is asked, and strace ends with it.
        os.kill(int(trace.read_text(errors="replace").split(maxsplit=1)[0]), signal.SIGTERM)
        process.wait(20)
    return trace.read_text(encoding="ascii")


def ask(port: int, number: int, times: int) -> None:
    with Caller(port) as caller:
        for n in range(times):
            # Two callers share every fourth key: an answer out of the log must not be earlier than its sync either.
            shared = number // 2 if n % 4 == 0 else number
            assert caller.decide(f"{shared}-{n}").status == 200


def test_no_byte_of_an_answer_leaves_before_its_batch_is_synced(tmp_path: Path) -> None:
    each = scaled(40, 1000)
    answers, wrong, largest = judged(traced(new_folder(tmp_path), "sound", each))
    report("P1 system calls", answers=answers, before_their_sync=len(wrong), largest_batch=largest)
    assert answers == CALLERS * each
    assert wrong == []
    assert largest > 1, "the trace says nothing about batches"


@pytest.mark.parametrize(
    ("service", "reason"), [("unsynced", "before it was synced"), ("early", "before it was written")]
)
def test_the_trace_shows_an_answer_that_leaves_too_early(tmp_path: Path, service: str, reason: str) -> None:
    """The negative controls: `synchronous = NORMAL`, whose only syncs are those of checkpoints, and a late commit."""
    each = scaled(15, 200)
    answers, wrong, _ = judged(traced(new_folder(tmp_path), service, each))
    early = sum(reason in one for one in wrong)
    report(f"P1 control `{service}`", answers=answers, before_their_sync=early)
    assert early > answers * 0.8
