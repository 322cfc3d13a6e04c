"""A failing disk or a forbidden file: no record, no decision, and an end after which the service can start again.

The faults that are repeated many times, and the kills, are in the tests named `test_faults_…`.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from api import serve
from api.audit.store import Store
from tests.faults import Caller, new_folder
from tests.serving import ROOT, address, end, served, spawn


def test_an_io_error_answers_503_and_ends_the_process_for_a_restart(tmp_path: Path) -> None:
    """The file-size limit of the operating system makes the write itself fail (EFBIG, an I/O error to SQLite)."""
    folder = new_folder(tmp_path)
    process = spawn(folder)
    with Caller(int(address(process, folder).rpartition(":")[2])) as caller:
        first = caller.decide("first")
        size = (folder / "writ.db-wal").stat().st_size
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, size))
        refused = caller.decide("second")
    assert (refused.status, refused.code) == (503, "audit_unavailable")
    assert end(process) == serve.RECORD_LOST
    with served(folder) as service, Caller(int(service.url.rpartition(":")[2])) as caller:
        assert caller.decide("first").body == first.body
        second = caller.decide("second")
    assert (second.status, second.replayed) == (200, False)
    seqs = [json.loads(answer.body)["log"]["seq"] for answer in (first, second)]
    assert seqs[1] == seqs[0] + 3, "a tester and a key of theirs in between"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user who may not write the file")
def test_a_database_file_that_may_not_be_written_stops_the_start() -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "writ.db")
        Store(path, 1).close()
        Path(name).chmod(0o755)
        # Imported first: another user may not be able to read the interpreter's own files.
        code = (
            "import os, sys; from pathlib import Path; from api.audit.store import Store\n"
            "from api.audit.database import AuditUnavailableError\n"
            "Store(Path(sys.argv[1], 'other.db'), 1).close(); os.seteuid(65534)\n"
            "try: Store(Path(sys.argv[1], 'writ.db'), 1)\n"
            "except AuditUnavailableError as error: print('refused:', error)\n"
        )
        done = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True, cwd=ROOT, check=True)
        assert done.stdout.startswith("refused:"), done.stdout
