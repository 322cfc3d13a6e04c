"""The policy file on disk: whatever becomes of it is reported, and never obeyed, also over a restart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.running import utc_now
from tests.granting import grant, let_in
from tests.marked_texts import AMOUNT, URL, mark_of, marked
from tests.officers import Officers, body
from tests.recorded_logs import running_with, settings_of
from tests.serving import address, end, new_key, spawn

FILE = "policies.yaml"


@contextmanager
def started(folder: Path, key: str) -> Iterator[httpx.Client]:
    """The service as it is, on what stands in the folder: `served` would put its file in force."""
    process = spawn(folder)
    try:
        url = address(process, folder)
        with httpx.Client(base_url=url, timeout=15, headers={"Authorization": f"Bearer {key}"}) as client:
            yield client
    finally:
        process.terminate()
        end(process)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a first text, and the key of one who may do everything there."""
    folder = tmp_path_factory.mktemp("file")
    (folder / FILE).write_text(marked(1), encoding="utf-8")
    return folder, let_in(settings_of(folder))


@pytest.fixture(scope="module")
def running(place: tuple[Path, str]) -> Iterator[httpx.Client]:
    with started(*place) as client:
        yield client


@pytest.fixture
def client(place: tuple[Path, str], running: httpx.Client) -> Iterator[httpx.Client]:
    """The service; the file is as it was in the beginning, before and after."""
    (place[0] / FILE).write_text(marked(1), encoding="utf-8")
    yield running
    (place[0] / FILE).write_text(marked(1), encoding="utf-8")


def reported(client: httpx.Client, path: Path) -> tuple[str, int | None]:
    """What is said of the file everywhere, and the revision whose text it is."""
    said: dict[str, Any] = body(client.get("/v1/revisions"))["policy_file"]
    assert body(client.get("/readyz"))["policy_file"] == said["state"]
    assert said["path"] == str(path)
    assert said["bundle_digest"] == (hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None)
    gauge = "writ_policy_file_differs " + ("1.0" if said["state"] in {"differs", "known"} else "0.0")
    assert gauge in client.get("/metrics").text.splitlines()
    return said["state"], said["revision"]


def decides(client: httpx.Client) -> int:
    return mark_of(body(client.post(URL, json={"facts": {"amount": AMOUNT}}, headers=new_key())))


def acts(client: httpx.Client) -> int:
    """Acts on revisions so far."""
    shown = body(client.get("/v1/revisions"))["revisions"]
    return sum(len(body(client.get(f"/v1/revisions/{one['revision']}"))["history"]) for one in shown)


INVALID = {
    "no YAML": b"writ: [1",
    "a mistake": marked(7).replace("plus: amount", "plus: amuont").encode(),
    "a failing case": marked(7).replace("first: text 7}", "first: text 8}").encode(),
    "no UTF-8": b"\xff\xfe\x00",
    "nothing": b"",
    "too much": b"#" * 11_000_000,
}


def test_the_file_is_what_decides_until_it_is_changed(place: tuple[Path, str], client: httpx.Client) -> None:
    path = place[0] / FILE
    before = acts(client)
    assert (reported(client, path), decides(client)) == (("in_force", 1), 1)
    path.write_text(marked(2), encoding="utf-8")
    assert (reported(client, path), decides(client)) == (("differs", None), 1)
    # To the byte: a comment is another text, whatever it means.
    path.write_text(marked(1) + "# seen\n", encoding="utf-8")
    assert (reported(client, path), decides(client)) == (("differs", None), 1)
    path.write_text(marked(1), encoding="utf-8")
    assert reported(client, path) == ("in_force", 1)
    assert acts(client) == before, "nothing was done to any revision"


@pytest.mark.parametrize("content", INVALID.values(), ids=INVALID)
def test_an_invalid_file_is_reported_and_not_obeyed(
    place: tuple[Path, str], client: httpx.Client, content: bytes
) -> None:
    path = place[0] / FILE
    path.write_bytes(content)
    said = body(client.get("/readyz"))
    assert (said["status"], said["revision"], said["policy_file"]) == ("ready", 1, "differs")
    assert decides(client) == 1


@pytest.mark.parametrize(
    "content",
    [None, marked(2).encode(), INVALID["a failing case"], INVALID["no UTF-8"]],
    ids=["absent", "changed", "failing", "no text"],
)
def test_over_a_restart_what_was_approved_decides(tmp_path: Path, content: bytes | None) -> None:
    with running_with(tmp_path, marked(1), utc_now) as before:
        key = grant(before.register)
    path = tmp_path / FILE
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with started(tmp_path, key) as client:
        said = body(client.get("/readyz"))
        assert (said["revision"], said["policy_file"]) == (1, "absent" if content is None else "differs")
        assert decides(client) == 1
        assert len(body(client.get("/v1/revisions"))["revisions"]) == 1
    log = (tmp_path / "service.log").read_text(encoding="utf-8")
    assert log.count("and is not what decides: propose it") == (content is not None)


def test_a_file_that_cannot_be_read_is_absent(place: tuple[Path, str], client: httpx.Client) -> None:
    path = place[0] / FILE
    path.unlink()
    assert (reported(client, path), decides(client)) == (("absent", None), 1)
    path.mkdir()
    assert (body(client.get("/readyz"))["policy_file"], decides(client)) == ("absent", 1)
    path.rmdir()


def test_a_proposed_file_is_known_and_decides_once_it_is_in_force(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_text(marked(1), encoding="utf-8")
    key = let_in(settings_of(tmp_path))
    with started(tmp_path, key) as client:
        officers = Officers.registered(client)
        path.write_text(marked(2), encoding="utf-8")
        assert reported(client, path) == ("differs", None)
        seen = officers.draft(marked(2))
        assert (reported(client, path), decides(client)) == (("known", 2), 1)
        body(officers.propose(seen))
        body(officers.approve(seen))
        assert (reported(client, path), decides(client)) == (("known", 2), 1)
    with started(tmp_path, key) as client:
        officers = Officers(client, officers.author, officers.approver)
        assert (reported(client, path), decides(client)) == (("known", 2), 1), "approved, and not yet activated"
        body(officers.activate(seen))
        assert (reported(client, path), decides(client)) == (("in_force", 2), 2)
        officers.emergency(1)
        assert (reported(client, path), decides(client)) == (("known", 2), 1)
        path.write_text(marked(1), encoding="utf-8")
        assert (reported(client, path), decides(client)) == (("in_force", 3), 1), "the rollback's text is the first's"
    assert "revision 3 was put in force by `noor` alone" not in (tmp_path / "service.log").read_text()
    with started(tmp_path, key) as client:
        assert (reported(client, path), decides(client)) == (("in_force", 3), 1)
    assert "revision 3 was put in force by `noor` alone and is not confirmed" in (
        tmp_path / "service.log"
    ).read_text(encoding="utf-8")  # fmt: skip
