"""A log that spans ten revisions: replayed without a difference, every change of state in it and in its pack."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.cli import app
from api.governance.acts import WORDS
from tests.officers import Officers, Seen, admit, body, by
from tests.pinned_cases import REMINDERS, facts, moved
from tests.recorded_logs import RUNNER
from tests.serving import new_key, served

AS_OF = "2026-03-08"
SETTINGS = """\
authority:
  reminders: {currency: EUR, matrix: {any: {"0": 1}}, persons: {noor: 1}}
"""


def version(mark: int, min_days: int = 5) -> str:
    """A text whose plain policy says its mark, and whose first reminder comes after so many days."""
    marking = f"outcome: {{owed: count(open_items), mark: {mark}}}"
    return REMINDERS.replace("outcome: {owed: count(open_items)}", marking).replace(
        "min_days: 5", f"min_days: {min_days}"
    )


@dataclass
class History:
    """What was done over HTTP, as the caller knows it."""

    client: httpx.Client
    folder: Path
    decisions: list[dict[str, Any]] = field(default_factory=list)
    trials: list[dict[str, Any]] = field(default_factory=list)
    override: dict[str, Any] = field(default_factory=dict)

    def ask(self, policy: str, given: Mapping[str, Any], way: str = "decisions", **more: Any) -> dict[str, Any]:
        named = more.pop("revision", None)
        path = f"/v1/{way}/{policy}" + ("" if named is None else f"?revision={named}")
        said = body(self.client.post(path, json={"facts": given, "as_of": AS_OF, **more}, headers=new_key()))
        (self.decisions if way == "decisions" else self.trials).append(said)
        return said

    def in_force(self, number: int, mark: int, first: Mapping[str, str]) -> None:
        """Decide in every way by the revision in force, by a pinned case's, and by one that is named."""
        today = self.client.get("/readyz").json()["revision"]
        assert today == number
        as_of = dt.datetime.now(dt.UTC).date().isoformat()
        said = self.ask("plain", facts(), as_of=as_of)
        assert (said["revision"], said["outcome"]["mark"]) == (number, str(mark))
        self.ask("reminders", facts(f"C-{number}"), as_of=as_of)
        assert self.ask("reminders", facts(**first), as_of=as_of)["policy_digest"] == first["procedure_version"]
        named = self.ask("plain", facts(), revision=1)
        assert (named["revision"], named["outcome"]["mark"], named["revision_named"]) == (1, "1", True)
        tried = self.ask("plain", facts(), "tests", revision=number)
        assert tried["outcome"]["mark"] == str(mark)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    folder = tmp_path_factory.mktemp("ten")
    (folder / "writ.yaml").write_text(SETTINGS, encoding="utf-8")
    with (
        served(folder, version(1), settings=folder / "writ.yaml") as running,
        httpx.Client(base_url=running.url, timeout=30) as client,
    ):
        made = History(client, folder)
        officers = Officers.registered(client)
        second = admit(client, "otto", ["approve"])
        begun = made.ask("reminders", facts())
        first = {"procedure_id": "reminders", "procedure_version": begun["policy_digest"]}
        made.in_force(1, 1, first)
        made.in_force(officers.put_in_force(version(2, 8)).number, 2, first)
        made.in_force(officers.put_in_force(version(3)).number, 3, first)
        made.in_force(officers.roll_back(1).number, 1, first)
        made.in_force(officers.put_in_force(version(5, 3)).number, 5, first)
        alone = officers.emergency(3)
        made.in_force(alone.number, 3, first)
        body(officers.confirm(alone, second))
        today = dt.datetime.now(dt.UTC).date()
        gone = officers.put_in_force(version(7), today + dt.timedelta(days=30))
        made.ask("plain", facts(), as_of=str(today + dt.timedelta(days=31)))
        body(officers.write(f"/{gone.number}/withdrawal", comment="not needed"))
        coming = officers.put_in_force(version(8), today + dt.timedelta(days=40))
        shadow(officers, coming)
        said = made.ask("plain", facts(), as_of=str(today + dt.timedelta(days=41)))
        assert (said["revision"], said["outcome"]["mark"]) == (8, "8")
        made.in_force(edited(officers).number, 9, first)
        made.in_force(officers.roll_back(2).number, 2, first)
        officers.draft(version(11))
        made.ask("plain", facts(), "tests", revision=11)
        now = made.ask("reminders", facts(), as_of=str(today))["policy_digest"]
        moving = facts(**first, migrated=moved(now, begun["policy_digest"]))
        assert made.ask("reminders", moving, as_of=str(today))["policy_digest"] == now != begun["policy_digest"]
        key = body(client.post("/v1/principals/otto/keys", json={}), 201)["key"]
        body(client.delete(f"/v1/principals/otto/keys/{key}"))
        body(client.put("/v1/principals/otto", json={"type": "person", "roles": ["approve", "audit"]}))
        made.override = overridden(client, officers, begun)
        yield made


def shadow(officers: Officers, seen: Seen) -> None:
    """Beside the others for a moment."""
    until = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).isoformat()
    body(officers.write(f"/{seen.number}/shadow", bundle_digest=seen.digest, until=until))
    body(officers.client.delete(f"/v1/revisions/{seen.number}/shadow", auth=by(officers.author)))


def edited(officers: Officers) -> Seen:
    """Approved, then edited, and approved again."""
    before = officers.approved(version(99))
    path, said = f"/v1/revisions/{before.number}/text", {"text": version(9), "comment": "a slip"}
    after = Seen.of(body(officers.client.put(path, json=said, auth=by(officers.author))))
    assert officers.activate(before).status_code == 409
    for step in (officers.propose, officers.approve, officers.activate):
        body(step(after))
    return after


def overridden(client: httpx.Client, officers: Officers, said: Mapping[str, Any]) -> dict[str, Any]:
    """A person decides otherwise, and takes it back."""
    until = str(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=5))
    asked = {"outcome": "skip", "reason": "a good customer", "until": until}
    path = f"/v1/decisions/{said['decision_id']}/overrides"
    given = body(client.post(path, json=asked, auth=by(officers.approver)), 201)
    path = f"/v1/overrides/{given['override_id']}/end"
    return body(client.post(path, json={"reason": "it was paid"}, auth=by(officers.approver)))


def run(*command: str) -> Any:
    """What a command says as JSON."""
    done = RUNNER.invoke(app, [*command, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def pack(history: History) -> Path:
    """An evidence pack of the whole log."""
    out = history.folder / "pack"
    run("audit", "export", "--out", str(out), "--personal", "--database", str(history.folder / "writ.db"))
    return out


@pytest.fixture(scope="module")
def records(pack: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (pack / "log.jsonl").read_bytes().splitlines()]


def acts_of(records: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    """The acts among the records with their entries' numbers, in order; they are whole."""
    acts = [(seq, record) for seq, record in enumerate(records) if record["kind"] in WORDS]
    assert [record["act_number"] for _, record in acts] == list(range(1, len(acts) + 1))
    for _, record in acts:
        assert record["act"] in WORDS[record["kind"]]
        assert record["principal"]
        assert record["at"]
        assert record["kind"] != "revision" or len(record["bundle_digest"]) == 64 or record["act"] == "shadow_ended"
    return acts


# Replay


def test_the_whole_log_is_decided_anew_without_a_difference(history: History) -> None:
    done = run("audit", "replay", "--database", str(history.folder / "writ.db"))
    assert (done["same"], done["differences"], done["unsettled"]) == (len(history.decisions), [], [])
    assert {said["revision"] for said in history.decisions} == set(range(1, 11))


def test_the_evidence_pack_too(history: History, pack: Path) -> None:
    done = run("audit", "replay", str(pack))
    assert (done["same"], done["differences"], done["unsettled"]) == (len(history.decisions), [], [])


def test_a_text_that_was_altered_in_the_pack_is_found(history: History, pack: Path, tmp_path: Path) -> None:
    """The control: what replay reads is the text of each decision's own revision."""
    altered = tmp_path / "pack"
    altered.mkdir()
    for path in pack.rglob("*"):
        to = altered / path.relative_to(pack)
        to.mkdir() if path.is_dir() else to.write_bytes(path.read_bytes())
    digest = next(said["bundle_digest"] for said in read_all(history) if said["revision"] == 3)
    text = altered / "policies" / f"{digest}.yaml"
    text.write_text(text.read_text().replace("mark: 3", "mark: 4"))
    done = RUNNER.invoke(app, ["audit", "replay", str(altered), "--json"])
    found = {difference["seq"] for difference in json.loads(done.stdout)["differences"]}
    by_it = {said["seq"] for said in read_all(history) if said["bundle_digest"] == digest}
    assert (done.exit_code, found) == (1, by_it)
    assert verified(altered).returncode == 1


def read_all(history: History) -> list[dict[str, Any]]:
    """The decisions' records over HTTP, with their entries' numbers."""
    seqs = [said["log"]["seq"] for said in history.decisions]
    read = [body(history.client.get(f"/v1/log/entries/{seq}")) for seq in seqs]
    return [{**record, "seq": seq} for record, seq in zip(read, seqs, strict=True)]


# Every change of state


def test_every_word_for_an_act_is_in_this_log(records: list[dict[str, Any]]) -> None:
    done = {(record["kind"], record["act"]) for _, record in acts_of(records)}
    assert done == {(kind, word) for kind, words in WORDS.items() for word in words}


def test_every_change_of_state_is_in_the_pack_where_the_service_says(
    history: History, records: list[dict[str, Any]]
) -> None:
    shown: dict[int, tuple[str, str]] = {}
    for line in body(history.client.get("/v1/revisions"))["revisions"]:
        revision = body(history.client.get(f"/v1/revisions/{line['revision']}"))
        shown |= {act["seq"]: (act["act"], act["by"]) for act in revision["history"]}
    acts = acts_of(records)
    assert {seq: (act["act"], act["principal"]) for seq, act in acts if act["kind"] == "revision"} == shown
    numbers = Counter(act["revision"] for _, act in acts if act["kind"] == "revision")
    assert sorted(numbers) == list(range(1, 12))
    approvals = [(act["principal"], act["revision"]) for _, act in acts if act["act"] == "approved"]
    assert {principal for principal, _ in approvals} == {"noor"}
    assert sorted(number for _, number in approvals) == [2, 3, 4, 5, 7, 8, 9, 9, 10]


def test_a_missing_act_is_seen(records: list[dict[str, Any]]) -> None:
    (seq, _), *_ = [act for act in acts_of(records) if act[1]["act"] == "approved"]
    with pytest.raises(AssertionError):
        acts_of([record for number, record in enumerate(records) if number != seq])


def test_every_text_is_in_the_pack_to_the_byte(pack: Path, records: list[dict[str, Any]]) -> None:
    named = {act["bundle_digest"] for _, act in acts_of(records) if "bundle_digest" in act}
    kept = {path.stem: path.read_bytes() for path in (pack / "policies").iterdir()}
    assert set(kept) == named
    assert all(hashlib.sha256(text).hexdigest() == digest for digest, text in kept.items())
    texts = [version(1), version(2, 8), version(3), version(5, 3), *map(version, (7, 8, 99, 9, 11))]
    assert sorted(kept.values()) == sorted(text.encode() for text in texts)


def verified(pack: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "verify.py"]
    return subprocess.run(command, cwd=pack, capture_output=True, text=True, check=False, timeout=60)


def test_the_pack_proves_itself(pack: Path) -> None:
    done = verified(pack)
    assert done.returncode == 0, done.stdout + done.stderr


# Decisions and what is none


def test_the_revision_of_each_decision_follows_from_the_acts_before_it(records: list[dict[str, Any]]) -> None:
    acts = acts_of(records)
    digests = {act["revision"]: set[str]() for _, act in acts if act["kind"] == "revision"}
    for _, act in acts:
        if "bundle_digest" in act:
            digests[act["revision"]].add(act["bundle_digest"])
    decisions = [(seq, record) for seq, record in enumerate(records) if record["kind"] == "decision"]
    assert all(record["bundle_digest"] in digests[record["revision"]] for _, record in decisions)
    counts = [record["acts"] for _, record in decisions]
    assert all(before <= after for before, after in pairwise(counts))
    assert all(count <= sum(act < seq for act, _ in acts) for (seq, _), count in zip(decisions, counts, strict=True))


def test_trials_and_overrides_are_not_among_the_decisions(history: History, records: list[dict[str, Any]]) -> None:
    asked, tried = len(history.decisions), len(history.trials)
    counted = body(history.client.get("/v1/log/counts?by=kind"))["counts"]
    by_kind = {one["value"]: one["entries"] for one in counted}
    assert (by_kind["decision"], by_kind["test"], by_kind["override"]) == (asked, tried, 2)
    found = body(history.client.get("/v1/log/entries?kind=decision&limit=1000"))["entries"]
    assert {one["id"] for one in found} == {said["decision_id"] for said in history.decisions}
    assert Counter(record["kind"] for record in records)["test"] == tried
    by_revision = Counter(said["revision"] for said in history.decisions)
    counted = body(history.client.get("/v1/log/counts?by=revision&kind=decision"))["counts"]
    assert {one["value"]: one["entries"] for one in counted} == by_revision


def test_the_overridden_decision_is_the_one_that_was_recorded(history: History) -> None:
    assert history.override["state"] == "ended"
    read = body(history.client.get(f"/v1/decisions/{history.override['decision']}"))
    [beside] = read.pop("overrides")
    assert beside == history.override
    assert read.pop("facts") == facts()
    assert read == history.decisions[0]


@pytest.mark.parametrize(("revision", "person"), [(2, "noor"), (4, "noor"), (6, "otto"), (9, "noor")])
def test_the_certificate_names_who_approved_the_text(history: History, revision: int, person: str) -> None:
    said = next(one for one in history.decisions if one["revision"] == revision and one["policy"] == "plain")
    page = history.client.get(f"/v1/decisions/{said['decision_id']}/certificate")
    assert page.status_code == 200
    shown = page.text[page.text.index("Approvals") :]
    assert f">{person}<" in shown[: shown.index("</table>")]


def test_the_certificate_of_the_first_text_says_that_nobody_did(history: History) -> None:
    said = history.decisions[1]
    assert said["revision"] == 1
    page = history.client.get(f"/v1/decisions/{said['decision_id']}/certificate").text
    assert "No approval of this policy text is recorded." in page
