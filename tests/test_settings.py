"""Settings: every one documented, the command line before the environment, a slip refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.audit.places import Places
from api.settings import Settings, SettingsError, variable

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


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_table_with_its_default(name: str) -> None:
    row = next(
        line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{variable(name)}` |")
    )
    assert f"`{Settings.model_fields[name].default}`" in row
    description = Settings.model_fields[name].description
    assert description
    assert description in row
