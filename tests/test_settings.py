"""Settings: all documented, command line before environment before file, a slip refused by name, no secret shown."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.audit.places import Places
from api.cli import app
from api.setting_values import without_password
from api.settings import Settings, SettingsError, variable
from api.settings_file import AUTHORITY

DOCUMENT = Path(__file__).resolve().parent.parent / "api" / "HTTP.md"


def test_without_anything_the_defaults_hold() -> None:
    settings = Settings.read({})
    assert settings.policy_file == Path("policies.yaml")
    assert settings.database == "writ.db"
    assert settings.places() == Places("writ.db", Path("writ.db.key"), Path("writ.db.checkpoints"))
    assert (settings.host, settings.port) == ("127.0.0.1", 8700)


def test_the_command_line_comes_before_the_environment() -> None:
    environment = {"WRIT_PORT": "9001", "WRIT_HOST": "0.0.0.0", "PATH": "/bin"}  # noqa: S104 (a value, nothing listens)
    settings = Settings.read(environment, {"port": 9002, "host": None})
    assert (settings.port, settings.host) == (9002, "0.0.0.0")  # noqa: S104 (a value, nothing listens)


def test_a_variable_set_to_nothing_is_not_set() -> None:
    assert Settings.read({"WRIT_PORT": ""}).port == 8700


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"WRIT_PORT": "many"}, "setting `WRIT_PORT`: "),
        ({"WRIT_PORT": "70000"}, "65535"),
        ({"WRIT_BUSY_TIMEOUT": "30"}, "setting `WRIT_BUSY_TIMEOUT`: "),
        ({"WRIT_MAX_BODY": "0"}, "setting `WRIT_MAX_BODY`: "),
        ({"WRIT_DATABSE": "x.db"}, "unknown setting `WRIT_DATABSE`; did you mean `WRIT_DATABASE`?"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused_by_name(environment: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.read(environment)
    assert says in str(refusal.value)


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.read({"WRIT_PORT": "x", "WRIT_CONCURRENCY": "0", "WRIT_COLOUR": "red"})
    assert len(str(refusal.value).splitlines()) == 3


@pytest.mark.parametrize("name", sorted(Settings.model_fields.keys() - {AUTHORITY}))
def test_every_setting_is_in_the_table_with_its_default(name: str) -> None:
    row = next(
        line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{variable(name)}` |")
    )
    assert f"`{Settings.model_fields[name].default}`" in row
    description = Settings.model_fields[name].description
    assert description
    assert description in row


def written(folder: Path, text: str) -> dict[str, str]:
    """The environment with a settings file of this text."""
    file = folder / "writ.yaml"
    file.write_text(text, encoding="utf-8")
    return {"WRIT_SETTINGS": str(file)}


def refused(environment: dict[str, str], given: dict[str, object] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as refusal:
        Settings.read(environment, given)
    return str(refusal.value).splitlines()


def test_the_command_line_comes_before_the_environment_before_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "port: 9000\nhost: ::1\nrate: 5\nqueue: '7'\n")
    settings = Settings.read({**file, "WRIT_PORT": "9001", "WRIT_HOST": "h", "WRIT_RATE": ""}, {"port": 9002})
    assert (settings.port, settings.host, settings.rate, settings.queue) == (9002, "h", 5, 7)
    origins = {name: origin for name, _, origin in settings.shown()}
    assert [origins[name] for name in ("port", "host", "rate", "failures")] == [
        "command line",
        "environment",
        "file",
        "default",
    ]


def test_every_mistake_of_file_and_environment_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "prot: 1\nport: 70000\nqueue: [1]\nrate:\nfailures: null\nauthority: {p: {currency: EUR}}\n"
        "time_zone: Asia/Shangai\n",
    )
    where = file["WRIT_SETTINGS"]
    lines = refused({**file, "WRIT_PORT": "8700", "WRIT_COLOUR": "red", "WRIT_CONCURRENCY": "0"})
    assert lines[0] == f"{where}:1:1: unknown setting `prot`; did you mean `port`?"
    assert [line.removeprefix(where).replace(";", ":").split(": ")[0] for line in lines] == [
        ":1:1",
        ":3:1",
        ":4:1",
        ":5:1",
        ":6:17",
        ":6:17",
        ":2:7",
        ":7:12",
        "unknown setting `WRIT_COLOUR`",
        "setting `WRIT_CONCURRENCY`",
    ]
    assert lines[7].endswith("`Asia/Shangai` is no IANA time zone; did you mean `Asia/Shanghai`?")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("port: 1\nport: 2\n", ":2:1: key `port` repeated"),
        ("port: &a 1\n", ":1:7: anchors"),
        ("- port\n", ":1:1: the settings must be a mapping"),
        ("WRIT_PORT: 1\n", "did you mean `port`?"),
        ("", "the file is empty"),
        ("port: 1\n\tqueue: 2\n", ":2:1: tab used for indent"),
    ],
)
def test_the_file_is_read_as_strictly_as_a_policy(tmp_path: Path, text: str, says: str) -> None:
    (line,) = refused(written(tmp_path, text))
    assert says in line


def test_a_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    (line,) = refused({"WRIT_SETTINGS": str(tmp_path / "none.yaml")})
    assert line.startswith(f"cannot read the settings file `{tmp_path}/none.yaml`: No such file or directory; ")
    assert refused({"WRIT_SETTING": "x"}) == ["unknown setting `WRIT_SETTING`; did you mean `WRIT_SETTINGS`?"]


def test_authority_is_stated_in_the_file_alone(tmp_path: Path) -> None:
    file = written(tmp_path, "authority: {p: {currency: EUR, matrix: {any: {'0': 2}}, persons: {mia: 2}}}\n")
    settings = Settings.read(file)
    assert settings.authority.may("mia", "p", None, Decimal(5), "EUR") == 2
    assert Settings.read({}).authority.policies == {}
    assert "the file that `WRIT_SETTINGS` names" in refused({"WRIT_AUTHORITY": "{}"})[0]


ISSUER = {"WRIT_OIDC_ISSUER": "https://id.example", "WRIT_OIDC_AUDIENCE": "writ", "WRIT_OIDC_JWKS": "keys.json"}


@pytest.mark.parametrize("url", ["https://id.example/realm", "http://localhost:8080", "http://127.0.0.1:1/x"])
def test_an_issuer_is_asked_where_nobody_listens_in(url: str) -> None:
    settings = Settings.read({**ISSUER, "WRIT_OIDC_ISSUER": url, "WRIT_OIDC_JWKS": f"{url}/keys"})
    assert (settings.oidc_issuer, settings.oidc_jwks) == (url, f"{url}/keys")


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example",
        "http://localhost.example",
        "http://localhost@id.example",
        "http://127.0.0.1.example",
        "https://u:secret@id.example",
        "https://",
        "https://id.example:port",
        "ftp://id.example",
        "https://[id.example",
        "https://id.example/ x",
    ],
)
def test_an_issuer_anywhere_else_is_refused(url: str) -> None:
    lines = refused({**ISSUER, "WRIT_OIDC_ISSUER": url, "WRIT_OIDC_JWKS": url})
    assert [line.partition(": ")[0] for line in lines] == ["setting `WRIT_OIDC_ISSUER`", "setting `WRIT_OIDC_JWKS`"]
    assert not any("secret" in line for line in lines)


def test_tokens_need_issuer_audience_and_keys_together(tmp_path: Path) -> None:
    file = written(tmp_path, "oidc_issuer: https://id.example\noidc_jwks: keys.json\n")
    assert Settings.read({**file, "WRIT_OIDC_AUDIENCE": "writ"}).oidc_audience == "writ"
    lines = refused({**file, "WRIT_PORT": "x"})
    assert len(lines) == 2
    assert lines[1].endswith("set `WRIT_OIDC_AUDIENCE` too")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIME_ZONE", "Mars/Olympus"),
        ("TIME_ZONE", "America"),
        ("TIME_ZONE", "../../etc/passwd"),
        ("RATE", "0"),
        ("RATE", "10000001"),
        ("FAILURES", "0"),
        ("OIDC_LIFETIME", "3601"),
        ("MAX_POLICY", "11000001"),
    ],
)
def test_a_new_setting_that_does_not_fit_is_refused(name: str, value: str) -> None:
    (line,) = refused({f"WRIT_{name}": value})
    assert line.startswith(f"setting `WRIT_{name}`: ")


SECRET = "hunter2"  # noqa: S105 (the password that must not be shown)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("writ.db", "writ.db"),
        ("postgresql://host:5432/db", "postgresql://host:5432/db"),
        ("postgresql://user@host/db", "postgresql://user@host/db"),
        ("postgresql://[::1]:5432/db", "postgresql://[::1]:5432/db"),
        ("postgresql://user:hunter2@host/db", "postgresql://user:…@host/db"),
        ("postgresql://user:p@hunter2/:x@host/db", "postgresql://user:…@host/db"),
        ("postgresql://:hunter2@host", "postgresql://:…@host"),
        ("postgresql://user:hunter2", "postgresql://user:…"),
        (
            "postgresql://host/db?sslmode=require&password=hunter2&x=1",
            "postgresql://host/db?sslmode=require&password=…&x=1",
        ),
    ],
)
def test_a_password_is_shown_nowhere(url: str, shown: str) -> None:
    assert without_password(url) == shown
    settings = Settings.read({}, {"database": url})
    assert {name: value for name, value, _ in settings.shown()}["database"] == shown
    assert not any(SECRET in text for text in (repr(settings), str(settings), f"{settings}"))
    assert settings.database == url


@pytest.mark.parametrize(
    "text",
    [
        "database: [postgresql://u:hunter2@h/db]\n",
        "postgresql://u:hunter2@h/db: x\n",
        "postgresql://u:hunter2@h/db\n",
        "database: postgresql://u: hunter2@h/db\n",
        "database: {postgresql://u:hunter2@h/db: x}\n",
        "database: {postgresql://u:hunter2@h/db: x, postgresql://u:hunter2@h/db: x}\n",
        "time_zone: postgresql://u:hunter2@h/db\noidc_issuer: http://u:hunter2@h\n",
        "port: postgresql://u:hunter2@h/db\ndatabase: *postgresql://u:hunter2@h/db\n",
        "database: postgresql://u:hunter2@h/db\nport: x\n",
        "authority: {'postgresql://u:hunter2@h/db': x}\n",
    ],
)
def test_no_refusal_repeats_a_password(tmp_path: Path, text: str) -> None:
    environment = {**written(tmp_path, text), "WRIT_RATE": "postgresql://u:hunter2@h/db"}
    assert SECRET not in "\n".join(refused(environment))
    assert SECRET not in "\n".join(refused({"WRIT_SETTINGS": "postgresql://u:hunter2@h/db"}))


def test_settings_made_wrong_in_code_do_not_show_a_password_either() -> None:
    with pytest.raises(ValueError, match="set `WRIT_OIDC_JWKS` too") as refusal:
        Settings(database="postgresql://u:hunter2@h/db", oidc_issuer="https://a", oidc_audience="b")
    assert SECRET not in str(refusal.value)


def test_the_command_shows_each_setting_and_where_it_is_from(tmp_path: Path) -> None:
    environment = {**written(tmp_path, "port: 9000\n"), "WRIT_DATABASE": "postgresql://u:hunter2@h/db"}
    answer = CliRunner().invoke(app, ["settings", "--json"], env=environment)
    rows = {row["setting"]: (row["value"], row["from"]) for row in json.loads(answer.stdout)}
    assert rows["port"] == ("9000", "file")
    assert rows["database"] == ("postgresql://u:…@h/db", "environment")
    assert rows["log_key"] == ("", "default")
    assert rows.keys() == Settings.model_fields.keys()
    table = CliRunner().invoke(app, ["settings"], env=environment)
    assert "postgresql://u:…@h/db" in table.stdout
    assert SECRET not in table.output
    wrong = CliRunner().invoke(app, ["settings"], env={**environment, "WRIT_PORT": "x"})
    assert (wrong.exit_code, wrong.stdout) == (2, "")
