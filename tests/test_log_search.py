"""The search through the log: every question against a plain filter, pages that stay, questions refused."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.audit.log import Log
from api.audit.search import GROUPS, LARGEST_PAGE, Query, counts, every, page, span
from api.cli import app
from tests.faults import report, scaled
from tests.pinned_cases import GENTLER, REMINDERS, facts
from tests.postgres import Server, postgres
from tests.recorded_logs import NOON, RUNNER, log_in, record_all, running_with, ticking
from tests.serving import assert_problem, new_key, served

__all__ = ["postgres"]  # pytest finds the fixture here; for ruff it is otherwise an unused name

SUBJECTS = ["C-1", "C-2", "c-1", "客户 3", "'; DROP TABLE entry; --", "50%", "C_1", 'a"b\\c', "&kind=key#"]
FIRST, SECOND = (
    text.replace("customer_id: text", "customer_id: {type: text, subject: true}") for text in (REMINDERS, GENTLER)
)
DAY = dt.date(2026, 3, 8)
STEP = dt.timedelta(minutes=37)
Entry = dict[str, Any]


def fill(folder: Path, **given: object) -> None:
    """Two revisions, two policies, two callers, a few exports; it goes on for some days."""
    chance = random.Random(98)  # noqa: S311 (made-up customers need no protection)
    for days, text in enumerate((FIRST, SECOND)):
        with running_with(folder, text, ticking(NOON + days * dt.timedelta(days=4), STEP), **given) as running:
            for _ in range(40):
                policy, principal = (
                    chance.choice(["reminders", "reminders", "plain"]),
                    chance.choice(["local", "cli:ann"]),
                )
                many = [facts(chance.choice(SUBJECTS)) for _ in range(chance.randrange(4))]
                day = DAY + dt.timedelta(days=chance.choice([-6, 0, 20]))
                record_all(running, policy, many, principal, day)
            running.audit.enter("export", "exp", {"principal": "tests"})


def naive(audit: Log) -> list[Entry]:
    """What there is to find, read off the records themselves; the newest first."""
    return [_entry(kept.seq, json.loads(kept.body)) for kept in audit.store.entries(0, audit.store.state().size)][::-1]


def _entry(seq: int, record: dict[str, Any]) -> Entry:
    decision = record.get("decision", {})
    catalogued = record["kind"] != "export"  # noted above without what it is found by
    return {
        "seq": seq,
        "id": record["id"],
        "kind": record["kind"],
        "at": record["at"],
        "policy": decision.get("policy"),
        "outcome": decision.get("outcome", {}).get("outcome") or record.get("act"),
        "revision": record.get("revision"),
        "principal": record.get("principal") if catalogued else None,
        "subject": record.get("subject"),
        "reasons": sorted({reason["code"] for reason in decision.get("reasons", ())}),
    }


def fits(entry: Entry, query: Query) -> bool:
    plain = ("kind", "policy", "outcome", "revision", "principal", "subject")
    at = dt.datetime.fromisoformat(entry["at"])
    return (
        all(getattr(query, name) in (None, entry[name]) for name in plain)
        and (query.reason is None or query.reason in entry["reasons"])
        and (query.since is None or at >= query.since)
        and (query.until is None or at < query.until)
    )


def questions(entries: list[Entry], chance: random.Random) -> Iterator[Query]:
    """Queries by one field up to all of them, mostly after values that there are, often of one and the same entry."""
    while True:
        one = chance.choice(entries)
        values = {name: chance.choice([one, chance.choice(entries)])[name] for name in GROUPS if name != "reason"}
        values["reason"] = chance.choice([*one["reasons"], "DN-SKP-99"])
        asked = Query(**{name: values[name] for name in chance.sample(GROUPS, chance.randint(0, 3))})
        moment = dt.datetime.fromisoformat(one["at"])
        near = chance.choice([0, 1, -1]) * dt.timedelta(microseconds=1)
        if chance.random() < 0.3:
            asked = replace(asked, since=moment + near)
        if chance.random() < 0.3:
            asked = replace(asked, until=moment + near + chance.choice([0, 1]) * dt.timedelta(hours=30))
        yield asked


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("searched")
    fill(folder)
    return folder


def assert_answers_are_those_of_the_plain_filter(audit: Log, many: int) -> None:
    entries, chance = naive(audit), random.Random(99)  # noqa: S311 (a sample protects nothing)
    found = 0
    for _, query in zip(range(many), questions(entries, chance), strict=False):
        wanted = [entry for entry in entries if fits(entry, query)]
        assert [one.to_json() for one in every(audit.store, query)] == wanted, query
        before, limit = chance.choice([None, *range(0, len(entries), 20)]), chance.choice([1, 2, 7, LARGEST_PAGE])
        below = [entry for entry in wanted if before is None or entry["seq"] < before]
        assert [one.to_json() for one in page(audit.store, query, before, limit)] == below[:limit]
        by = chance.choice(GROUPS)
        counted = counts(audit.store, query, by)
        if by == "reason":
            assert dict(counted) == Counter(code for entry in wanted for code in entry["reasons"])
        else:
            assert dict(counted) == Counter(entry[by] for entry in wanted)
            assert sum(number for _, number in counted) == len(wanted)
        assert [number for _, number in counted] == sorted((number for _, number in counted), reverse=True)
        times = Query(since=query.since, until=query.until)
        numbers = [entry["seq"] for entry in entries if fits(entry, times)]
        assert span(audit.store, times) == ((min(numbers), max(numbers) + 1) if numbers else (0, 0))
        found += bool(wanted)
    report("questions", asked=many, with_an_answer=found)
    assert found > many // 3


def test_every_question_is_answered_as_by_a_plain_filter(folder: Path) -> None:
    with log_in(folder) as audit:
        assert_answers_are_those_of_the_plain_filter(audit, scaled(250, 3_000))


def test_every_question_is_answered_the_same_in_postgresql(postgres: Server, tmp_path: Path) -> None:
    database = postgres.new_database()
    fill(tmp_path, database=database)
    with log_in(tmp_path, database=database) as audit:
        assert_answers_are_those_of_the_plain_filter(audit, scaled(60, 1_000))


def test_the_command_finds_and_counts_the_same(folder: Path) -> None:
    def asked(*options: str) -> Any:
        done = RUNNER.invoke(app, ["audit", "search", "--json", "--database", str(folder / "writ.db"), *options])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    with log_in(folder) as audit:
        entries = naive(audit)
    for subject in SUBJECTS:
        theirs = [entry for entry in entries if entry["subject"] == subject]
        assert asked("--subject", subject, "--limit", "1000") == theirs
    both = [entry for entry in entries if entry["outcome"] == "notice" and entry["revision"] == 2]
    assert asked("--outcome", "notice", "--revision", "2", "--limit", "3") == both[:3]
    from_the_fifth = [entry for entry in entries if entry["at"] >= "2026-03-05"]
    assert asked("--from", "2026-03-05", "--limit", "1000") == from_the_fifth
    kinds = Counter(entry["kind"] for entry in entries)
    assert {one["value"]: one["entries"] for one in asked("--count", "kind")["counts"]} == kinds


# Over HTTP


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    with served(folder, SECOND) as service, httpx.Client(base_url=service.url, timeout=15) as opened:
        yield opened


def searched(client: httpx.Client, **asked: object) -> list[Entry]:
    """All pages, the newest entry first."""
    path, found = "/v1/log/entries?" + str(httpx.QueryParams({name: str(value) for name, value in asked.items()})), []
    while path:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        found += answer.json()["entries"]
        path = answer.json()["next"]
    return found


def test_questions_over_http_are_answered_as_by_a_plain_filter(client: httpx.Client) -> None:
    entries, chance = searched(client, limit=1000), random.Random(97)  # noqa: S311 (a sample protects nothing)
    for _, query in zip(range(scaled(60, 600)), questions(entries, chance), strict=False):
        asked = query.to_json()
        zone = dt.timezone(dt.timedelta(hours=chance.choice([-11, 0, 8])))
        if query.since is not None:
            asked["from"] = query.since.astimezone(zone).isoformat()
        if query.until is not None:
            asked["to"] = query.until.astimezone(zone).isoformat()
        asked = {name: value for name, value in asked.items() if name not in ("since", "until")}
        wanted = [entry for entry in entries if fits(entry, query)]
        assert searched(client, **asked, limit=chance.choice([3, 50])) == wanted
        by = chance.choice(GROUPS)
        counted = client.get("/v1/log/counts", params={**asked, "by": by}).json()
        values = [code for entry in wanted for code in (entry["reasons"] if by == "reason" else [entry[by]])]
        assert {one["value"]: one["entries"] for one in counted["counts"]} == Counter(values)


def test_days_are_those_of_utc_and_the_last_one_is_included(client: httpx.Client) -> None:
    entries = searched(client, limit=1000)
    for since, until in (("2026-03-01", "2026-03-01"), ("2026-03-02", "2026-03-05"), ("2026-03-05", "2026-03-04")):
        wanted = [entry for entry in entries if since <= entry["at"][:10] <= until]
        assert searched(client, **{"from": since, "to": until}) == wanted
    at = dt.datetime.fromisoformat(entries[5]["at"])
    there = at.astimezone(dt.timezone(dt.timedelta(hours=8))).isoformat()
    assert [one["seq"] for one in searched(client, **{"from": there})] == [one["seq"] for one in entries[:6]]
    assert [one["seq"] for one in searched(client, to=there)] == [one["seq"] for one in entries[6:]]


def test_pages_stay_while_new_entries_arrive(client: httpx.Client) -> None:
    before = [one["seq"] for one in searched(client, policy="plain", limit=1000)]
    seen: list[int] = []
    path = "/v1/log/entries?policy=plain&limit=4"
    while path:
        said = client.get(path).json()
        seen += [one["seq"] for one in said["entries"]]
        path = said["next"]
        for _ in range(3):
            assert client.post("/v1/decisions/plain", json={"facts": facts()}, headers=new_key()).status_code == 200
    assert seen == before
    assert len(searched(client, policy="plain", limit=1000)) > len(before) + 3


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("limit=-1", ["/limit"]),
        ("limit=0", ["/limit"]),
        ("limit=1001", ["/limit"]),
        ("limit=1000000000000", ["/limit"]),
        ("limit=1.0", ["/limit"]),
        ("limit=%2B1", ["/limit"]),
        ("limit=%D9%A3", ["/limit"]),
        ("limit=", ["/limit"]),
        ("before=-1", ["/before"]),
        ("before=10000000000000000000", ["/before"]),
        ("before=9999999999999999999999999999999", ["/before"]),
        ("revision=0", ["/revision"]),
        ("revision=3000000000", ["/revision"]),
        ("revision=1;DROP", ["/revision"]),
        ("kind=decision&kind=key", ["/kind"]),
        ("limit=1&limit=1&before=1&before=2", ["/before", "/limit"]),
        ("order=asc", ["/order"]),
        ("Subject=C-1&seq=1", ["/Subject", "/seq"]),
        (f"subject={'x' * 401}", ["/subject"]),
        ("subject=%00", ["/subject"]),
        (f"{'y' * 500}=1", [f"/{'y' * 40}"]),
        ("from=yesterday", ["/from"]),
        ("from=2026-02-30", ["/from"]),
        ("from=2026-W10-1", ["/from"]),
        ("from=20260301", ["/from"]),
        ("from=2026-03-01T09:00:00", ["/from"]),
        ("from=2026-03-01T09:00:00+08:00", ["/from"]),  # a plus that is not encoded is a space
        ("from=0001-01-01T00:00:00%2B14:00", ["/from"]),
        ("to=9999-12-31", ["/to"]),
        ("to=9999-12-31T23:59:59-01:00", ["/to"]),
    ],
)
def test_row_98_a_question_that_cannot_be_answered_is_refused_by_name(
    client: httpx.Client, query: str, pointers: list[str]
) -> None:
    problem = assert_problem(client.get(f"/v1/log/entries?{query}"), 422, "query_invalid")
    assert sorted(error["pointer"] for error in problem["errors"]) == pointers
    assert all(error["help"].startswith("allowed: ") for error in problem["errors"])


@pytest.mark.parametrize("query", ["by=", "by=seq", "by=kind;--", "by=kind&by=kind", "limit=5", "before=1"])
def test_counts_are_by_one_of_the_words_only(client: httpx.Client, query: str) -> None:
    problem = assert_problem(client.get(f"/v1/log/counts?{query}"), 422, "query_invalid")
    assert [error["pointer"] for error in problem["errors"]] == [f"/{query.partition('=')[0]}"]


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE entry; --", "' OR '1'='1", "%", "_", "C-%", "\\", "nobody", "", "é\u202e😀"]
)
@pytest.mark.parametrize("name", ["kind", "policy", "outcome", "principal", "reason", "subject"])
def test_a_text_is_only_ever_looked_for_as_it_is(client: httpx.Client, name: str, text: str) -> None:
    answer = client.get("/v1/log/entries", params={name: text, "limit": 1000})
    assert answer.status_code == 200
    assert {entry[name] for entry in answer.json()["entries"]} <= {text}
    assert client.get("/v1/log/counts", params={"by": "kind"}).status_code == 200
