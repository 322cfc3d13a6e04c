"""P16: secrets and personal data that callers send get into no log, no problem, no figure, and no plain export."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.cli import app
from tests.faults import report
from tests.recorded_logs import RUNNER
from tests.serving import served
from tests.subjects import POLICIES, canary, in_files, lease, people, recognised


def bad_requests(client: httpx.Client, secret: Iterator[str]) -> Iterator[httpx.Response]:
    """Requests that are refused, each with a secret where one could be by mistake."""
    [good] = people(1)
    customer = good.facts["customer"]
    for facts in (
        {"customer": {**customer, "name": [next(secret)]}},
        {"customer": {**customer, "name": next(secret) + "x" * 10_000}},
        {"customer": {**customer, "name": f"\u202e{next(secret)}"}},
        {"customer": {**customer, "home": next(secret)}},
        {"customer": {**customer, "home": {"street": {"name": next(secret)}}}},
        {"contacts": [{"role": "tenant", "email": {"at": next(secret)}}]},
        {"contacts": [{"role": "tenant", "email": next(secret)}, {"role": 1, "email": next(secret)}]},
        {"salary": next(secret)},
        {"moved_in": next(secret)},
        {"moved_in": f"2026-02-30{next(secret)}"},
    ):
        yield lease(client, {**good.facts, **facts})
    url, json_type = "/v1/decisions/lease", {"Content-Type": "application/json"}
    for raw in (
        '{"facts": {"salary": "%s"',
        '{"facts": "%s"}',
        '{"facts": {}, "as_of": "%s"}',
        '{"a": 1, "a": "%s"}',
        "%s",
    ):
        key = {"Idempotency-Key": next(secret)}
        yield client.post(url, content=raw % next(secret), headers=json_type | key)
        yield client.post(url, content=raw % next(secret), headers=json_type)
    yield lease(client, good.facts, Idempotency_Key=f"{next(secret)} {next(secret)}")
    yield lease(client, good.facts, Idempotency_Key=next(secret) * 20)
    yield lease(client, good.facts, Content_Encoding=next(secret))
    yield client.post(url, content=b"x", headers={"Content-Type": f"text/{next(secret)}"})
    for path in ("log/entries?limit=%s", "log/entries?from=%s", "log/counts?by=%s", "log/entries?subject=a&subject=%s",
                 "log/proofs/inclusion?seq=%s", "decisions/dec_%s", "nothing?token=%s"):  # fmt: skip
        yield client.get(f"/v1/{path % next(secret)}")
        yield client.get("/v1/log/entries?limit=x", headers={"Authorization": f"Bearer {next(secret)}"})


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Path]]:
    folder = tmp_path_factory.mktemp("secretive")
    with served(folder, POLICIES) as running, httpx.Client(base_url=running.url, timeout=15) as client:
        yield client, folder


def test_secrets_are_in_no_log_no_problem_and_no_export(service: tuple[httpx.Client, Path], tmp_path: Path) -> None:
    client, folder = service
    sent: list[str] = []

    def secrets_() -> Iterator[str]:
        while True:
            sent.append(canary())
            yield f"DE89{sent[-1]}"

    secret = secrets_()
    refused = list(bad_requests(client, secret))
    assert {answer.status_code // 100 for answer in refused} == {4}
    never_stored = set(sent)
    while len(sent) < 200:
        kept = next(secret)
        [one] = people(1)
        facts = {
            **one.facts,
            "customer": {**one.facts["customer"], "name": kept},
            "contacts": [{"role": "x", "email": next(secret)}],
        }
        elsewhere = [next(secret) for _ in range(4)]
        never_stored.update(text[4:] for text in elsewhere)
        headers = {"Idempotency-Key": elsewhere[0], "X-Token": elsewhere[1], "Cookie": f"session={elsewhere[2]}"}
        denied = client.post(f"/v1/decisions/lease?token={elsewhere[3]}", json={"facts": facts}, headers=headers)
        assert denied.json()["code"] == "credentials_in_url"
        refused.append(denied)
        url = "/v1/decisions/lease"
        for _ in range(2):
            assert client.post(url, json={"facts": facts}, headers=headers).status_code == 200
        reused = client.post(url, json={"facts": {**facts, "amount": "1"}}, headers=headers)
        assert reused.status_code == 422
        refused.append(reused)
    pack = ["audit", "export", "--out", str(tmp_path / "pack"), "--database", str(folder / "writ.db")]
    assert RUNNER.invoke(app, pack).exit_code == 0
    said = "\n".join(answer.text + str(answer.headers) for answer in refused)
    said += client.get("/metrics").text + (folder / "service.log").read_text(encoding="utf-8")
    assert recognised(said.encode()) & {*sent} == set()
    assert in_files(tmp_path) & {*sent} == set()
    assert in_files(folder) & {*sent} == {*sent} - never_stored
    report("secrets", sent=len(sent), refused=len(refused))
