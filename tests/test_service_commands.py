"""`writ propose`, `writ export`, `writ revisions …`, `writ access …` against a service over real HTTP."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from api.commands import revisions
from tests.serving import FACTS, POLICIES, Served, free_port, served

HIGHER = POLICIES.replace("when: amount <= 1000", "when: amount <= 2000").replace(
    "release: amount <= 1000", "release: amount <= 2000"
)
FIRST = hashlib.sha256(POLICIES.encode()).hexdigest()
FAILING = POLICIES.replace("release: amount <= 1000", "release: amount <= 100")


@dataclass
class Desk:
    """A service, and commands given to it by whoever holds a key."""

    service: Served
    folder: Path
    keys: dict[str, str]

    def run(self, who: str, *command: str, code: int = 0, typed: str | None = None) -> Result:
        where = re.sub("//.*@", "//", self.service.url)
        env = {"WRIT_FAULTS": None, "WRIT_SERVICE": where, "WRIT_API_KEY": self.keys[who]}
        result = CliRunner(env=env).invoke(app, command, input=typed)
        assert result.exit_code == code, result.output
        return result

    def write(self, text: str) -> str:
        file = self.folder / "changed.yaml"
        file.write_text(text, encoding="utf-8")
        return str(file)

    def propose(self, text: str, *more: str) -> str:
        """Propose a text as Mia; the number of its revision."""
        said = self.run("mia", "propose", self.write(text), "--comment", "a change", "--json", *more)
        return str(json.loads(said.stdout)["revision"]["revision"])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with served(tmp_path) as service:
        tester = re.search("tester:(.*)@", service.url)
        assert tester is not None
        found = Desk(service, tmp_path, {"tester": tester[1], "nobody": "writ_nothing"})
        people = {"mia": "author", "noor": "approve", "olga": "approve", "order-system": "decide", "pipeline": "author"}
        for name, role in people.items():
            kind = "--system" if name in {"order-system", "pipeline"} else "--person"
            found.run("tester", "access", "add", name, kind, "--roles", role)
            found.keys[name] = found.run("tester", "access", "key", name).stdout.strip()
        yield found


def test_a_text_goes_from_a_file_into_force_and_back(desk: Desk) -> None:
    desk.service.decide(amount="1500.00")
    facts = desk.folder / "facts.jsonl"
    rows = ({**FACTS, "amount": amount} for amount in ("1700.10", "90.00"))
    facts.write_text("".join(json.dumps({"facts": row}) + "\n" for row in rows), encoding="utf-8")
    shown = desk.run("mia", "propose", desk.write(HIGHER), "--comment", "small is larger", "--facts", str(facts))
    assert "amount <= 1000 → amount <= 2000" in shown.stdout
    assert "small-order (decision): 2 of 3 decisions changed" in shown.stdout
    assert "facts: 2 rows read, 0 rejected" in shown.stdout
    found = re.search("revision 2 is proposed: ([0-9a-f]{64})\n", shown.stdout)
    assert found is not None
    digest = found[1]
    refused = desk.run("mia", "revisions", "approve", "2", "--digest", digest, code=1)
    assert "(role_missing)" in refused.stderr
    other = desk.run("noor", "revisions", "approve", "2", "--digest", "0123abcd", code=1)
    assert "another text by now than the one you have seen" in other.stderr
    said = desk.run("noor", "revisions", "approve", "2", "--digest", digest[:8], "--comment", "seen").stdout
    assert said == f"revision 2 is approved: {digest}\n"
    assert "revision 2 is active" in desk.run("noor", "revisions", "activate", "2").stdout
    assert desk.run("mia", "export").stdout == HIGHER
    out = desk.folder / "policies-in-git.yaml"
    desk.run("noor", "export", "1", "--out", str(out))
    assert out.read_text(encoding="utf-8") == POLICIES
    back = desk.run("noor", "revisions", "rollback", "1", "--comment", "too high", "--emergency").stdout
    assert "revision 3 is active" in back
    assert "a second person has to confirm it" in back
    listed = desk.run("mia", "revisions", "list").stdout
    assert "revision 3 decides today" in listed
    assert "revision 3 was put in force by one person alone" in listed
    assert "(maker_is_checker)" in desk.run("noor", "revisions", "confirm", "3", "--digest", FIRST, code=1).stderr
    desk.run("olga", "revisions", "confirm", "3", "--comment", "right so", code=1)
    desk.run("olga", "revisions", "confirm", "3", "--digest", FIRST, "--comment", "right so")
    assert "by one person alone" not in desk.run("mia", "revisions", "list").stdout
    history = json.loads(desk.run("mia", "revisions", "show", "3", "--json").stdout)["history"]
    assert [(act["act"], act["by"]) for act in history] == [("rolled_back", "noor"), ("confirmed", "olga")]
    page = desk.run("mia", "revisions", "show", "3").stdout
    assert [word for word in ("rolled_back", "noor", "too high", "confirmed", "right so") if word not in page] == []


def test_nobody_approves_by_a_script_what_was_not_seen(desk: Desk) -> None:
    number = desk.propose(HIGHER)
    said = desk.run("noor", "revisions", "approve", number, code=1).stderr
    assert f"writ revisions approve {number} --digest" in said
    short = desk.run("noor", "revisions", "approve", number, "--digest", "0123abc", code=2)
    assert "at least its first 8" in short.output
    assert json.loads(desk.run("noor", "revisions", "show", number, "--json").stdout)["state"] == "proposed"


def test_at_a_terminal_the_change_is_shown_and_asked_about(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    number = desk.propose(HIGHER)
    monkeypatch.setattr(revisions, "at_a_terminal", lambda: True)
    for typed, code, state in (("n\n", 1, "proposed"), ("\n", 1, "proposed"), ("y\n", 0, "approved")):
        said = desk.run("noor", "revisions", "approve", number, typed=typed, code=code).stdout
        assert "amount <= 1000 → amount <= 2000" in said
        assert f"approve revision {number}, the text " in said
        assert json.loads(desk.run("noor", "revisions", "show", number, "--json").stdout)["state"] == state


def test_what_cannot_be_proposed_becomes_no_draft(desk: Desk) -> None:
    wrong = desk.run("mia", "propose", desk.write(POLICIES.replace("amount <=", "amuont <=")), "--comment", "x", code=1)
    assert "did you mean `amount`?" in wrong.stderr
    failing = desk.run("mia", "propose", desk.write(FAILING), "--comment", "x", code=1)
    assert "small-order / small-order-of-a-payer: release: expected true, got false" in failing.stderr
    bad = desk.folder / "bad.jsonl"
    bad.write_text('{"facts": {}}\n{"facts": {"amount": 1e400}}\n', encoding="utf-8")
    rows = desk.run("mia", "propose", desk.write(HIGHER), "--comment", "x", "--facts", str(bad), code=1)
    assert "bad.jsonl, line 2: " in rows.stderr
    assert len(json.loads(desk.run("mia", "revisions", "list", "--json").stdout)["revisions"]) == 1


def test_a_pipeline_may_run_again_and_edits_its_revision(desk: Desk) -> None:
    text = desk.write(HIGHER)
    nobody = desk.run("pipeline", "propose", text, "--comment", "x", code=1)
    assert "say which person wrote the text" in nobody.stderr
    command = ["propose", text, "--comment", "from git", "--on-behalf-of", "mia", "--json"]
    first, again = (json.loads(desk.run("pipeline", *command).stdout)["revision"] for _ in range(2))
    assert (first["revision"], first["author"], first["makers"]) == (2, "mia", ["mia", "pipeline"])
    assert (again["revision"], again["state"]) == (2, "proposed")
    text = desk.write(HIGHER.replace("2000", "3000"))
    more = ["--on-behalf-of", "mia", "--revision", "2", "--recorded", "0", "--json"]
    edited = json.loads(desk.run("pipeline", "propose", text, "--comment", "three", *more).stdout)["revision"]
    assert (edited["revision"], edited["state"]) == (2, "proposed")
    assert edited["bundle_digest"] != first["bundle_digest"]
    in_force = json.loads(desk.run("pipeline", "propose", desk.write(POLICIES), *command[2:]).stdout)
    assert (in_force["revision"]["revision"], in_force["revision"]["state"], in_force["comparison"]) == (
        1,
        "active",
        None,
    )


def test_comparisons_and_shadows_are_shown(desk: Desk) -> None:
    desk.service.decide(amount="1500.00")
    number = desk.propose(HIGHER)
    desk.run("mia", "revisions", "shadow", number, "--until", "2026-12-31", code=1)
    desk.run("mia", "revisions", "shadow", number, "--until", "2099-12-31T18:00:00Z", code=1)
    at = str(json.loads(desk.run("mia", "revisions", "show", number, "--json").stdout)["drafted_at"])
    until = f"{int(at[:4])}-12-31T23:59:59Z"
    assert "proposed" in desk.run("mia", "revisions", "shadow", number, "--until", until).stdout
    desk.service.decide(amount="1600.00")
    desk.service.decide(amount="10.00")
    shadow = desk.run("noor", "revisions", "shadow", number).stdout
    assert "beside revision 1" in shadow
    assert "small-order (decision): 1 of 2 decisions changed" in shadow
    assert "1 of 2 decisions changed" in desk.run("mia", "revisions", "shadow", number, "--end").stdout
    assert "has no shadow" in desk.run("mia", "revisions", "shadow", number, code=1).stderr
    assert "2 of 3 decisions changed" in desk.run("mia", "revisions", "compare", number).stdout
    assert "2 of 3 decisions changed" in desk.run("noor", "revisions", "comparison", number).stdout
    mover = desk.run("noor", "revisions", "comparison", number, "--open", "1").stdout
    assert [said for said in ("release: false", "release: true", "rule small: ") if said not in mover] == []
    none = desk.run("noor", "revisions", "comparison", number, "--open", "9", code=1).stderr
    assert "names 2 customers, not 9" in none
    assert "was compared with nothing" in desk.run("noor", "revisions", "comparison", "1", code=1).stderr
    assert "withdrawn" in desk.run("mia", "revisions", "withdraw", number, "--comment", "not needed").stdout


def test_keys_are_made_shown_once_and_revoked(desk: Desk) -> None:
    listed = desk.run("tester", "access", "list").stdout
    assert all(f"{name} " in listed for name in ("mia", "noor", "order-system"))
    assert not any(key in listed for key in desk.keys.values())
    made = desk.run("tester", "access", "key", "mia", "--days", "3")
    assert re.fullmatch(r"writ_[\w-]+\n", made.stdout)
    desk.keys["mia"] = made.stdout.strip()
    desk.run("mia", "revisions", "list")
    third = desk.run("tester", "access", "key", "mia", code=1)
    assert "(principal_state)" in third.stderr
    prefix = re.match(r"(\w+) opens for mia", made.stderr)
    assert prefix is not None
    desk.run("tester", "access", "revoke", "mia", prefix[1])
    assert "(credentials_invalid)" in desk.run("mia", "revisions", "list", code=1).stderr
    assert "--person or --system" in desk.run("tester", "access", "add", "x", "--roles", "audit", code=2).output
    unknown = desk.run("tester", "access", "add", "x", "--person", "--roles", "audti", code=1)
    assert "audti" in unknown.stderr


def test_who_lost_all_keys_makes_one_with_the_log_itself(desk: Desk) -> None:
    database = str(desk.folder / "writ.db")
    for _ in range(2):  # also where two live keys were lost
        desk.run("nobody", "access", "rescue", "--database", database)
    secret = desk.run("nobody", "access", "rescue", "--database", database).stdout.strip()
    desk.keys["rescued"] = secret
    assert "administrator" in desk.run("rescued", "access", "list").stdout
    desk.run("rescued", "access", "add", "olga", "--person", "--roles", "audit")


def test_who_asks_wrongly_is_told_what_to_do(desk: Desk, tmp_path: Path) -> None:
    assert "(credentials_invalid)" in desk.run("nobody", "access", "list", code=1).stderr
    alone = CliRunner(env={"WRIT_FAULTS": None, "WRIT_API_KEY": None, "WRIT_SERVICE": None})
    assert "put an API key into WRIT_API_KEY" in alone.invoke(app, ["access", "list"]).stderr
    file = tmp_path / "a.key"
    file.write_text("writ_x\n", encoding="utf-8")
    nowhere = ["--service", f"http://127.0.0.1:{free_port()}", "--key-file", str(file)]
    assert "does not answer" in alone.invoke(app, ["access", "list", *nowhere]).stderr
    assert "is no address" in alone.invoke(app, ["export", "--service", "ftp://x", "--key-file", str(file)]).output
    missing = str(tmp_path / "none.key")
    assert "cannot be read" in alone.invoke(app, ["export", "--key-file", missing]).output
    file.write_text("schlüssel", encoding="utf-8")
    assert "other than ASCII" in alone.invoke(app, ["export", "--key-file", str(file)]).stderr
