"""The service's settings: from the command line, the environment (`WRIT_*`) and a file, checked before the start."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, PrivateAttr, ValidationError, model_validator
from pydantic_core import ErrorDetails

from api.audit.places import Places
from api.authority import Authority
from api.setting_values import Audience, Issuer, KeyPlace, TimeZone, without_password
from api.settings_file import AUTHORITY, FileSettings, placed, read_file

PREFIX = "WRIT_"
FILE = "WRIT_SETTINGS"
"""The variable that names the settings file."""

Origin = Literal["default", "file", "environment", "command line"]

_OIDC = ("oidc_issuer", "oidc_audience", "oidc_jwks")

SERVICE, KEY = "WRIT_SERVICE", "WRIT_API_KEY"
"""The variables of the commands that ask a running service, where it is and an API key: no settings of one."""


class SettingsError(Exception):
    """A setting is unknown or does not fit; the text names all of them, one a line."""


class Settings(BaseModel):
    """Every setting has a default that works; HTTP.md explains each."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    _origins: dict[str, Origin] = PrivateAttr(default_factory=dict)

    policy_file: Path = Field(
        default=Path("policies.yaml"), description="the policies to begin with, read at the first start"
    )
    database: str = Field(
        default="writ.db",
        description="the record of every decision: a SQLite file, or `postgresql://user:password@host/database`",
        min_length=1,
    )
    log_key: Path | None = Field(
        default=None,
        description="the file with the key that signs checkpoints; when not set beside the database: `writ.db.key`",
    )
    checkpoints: Path | None = Field(
        default=None,
        description="the file of all checkpoints, best on another disk; when not set `writ.db.checkpoints` beside it",
    )
    host: str = Field(default="127.0.0.1", description="the address to listen on", min_length=1)
    port: int = Field(default=8700, description="the port to listen on; 0 takes a free one", ge=0, le=65535)
    max_body: int = Field(default=1_048_576, description="the largest request body, in bytes", ge=1024, le=11_000_000)
    body_timeout: float = Field(default=10, description="seconds a request body may take to arrive", gt=0, le=60)
    busy_timeout: float = Field(default=5, description="seconds a decision waits for the database", gt=0, le=8)
    queue: int = Field(
        default=64,
        description="decisions under way at once; further ones get 503 and may be sent again",
        ge=1,
        le=10_000,
    )
    concurrency: int = Field(
        default=640, description="connections served at once; further ones get 503", ge=1, le=10_000
    )
    time_zone: TimeZone = Field(
        default="UTC", description="the zone whose day is today: an IANA name such as `Asia/Shanghai`"
    )
    rate: int = Field(default=60_000, description="requests a minute of one API key", ge=1, le=10_000_000)
    failures: int = Field(
        default=60, description="requests a minute without a valid key from one address", ge=1, le=10_000
    )
    first_key: Path | None = Field(
        default=None,
        description="the file that the first administrator's key is written to (mode 0600), instead of being shown",
    )
    oidc_issuer: Issuer | None = Field(
        default=None, description="who issues bearer tokens, their `iss`: an https:// URL; goes with the next two"
    )
    oidc_audience: Audience | None = Field(default=None, description="whom bearer tokens are for: their `aud`")
    oidc_jwks: KeyPlace | None = Field(default=None, description="the issuer's keys: an https:// URL, or a file")
    oidc_lifetime: int = Field(default=3600, description="seconds a token may last at most", ge=1, le=3600)
    max_policy: int = Field(
        default=10_485_760,
        description="the largest body with a policy text or facts to compare, in bytes",
        ge=1024,
        le=11_000_000,
    )
    authority: InstanceOf[Authority] = Field(
        default=Authority(), description="who may override decisions, up to which amount: in the settings file alone"
    )

    def places(self) -> Places:
        """Where the log is kept: without other words, key and checkpoints stand beside the database's file."""
        beside = Path("writ.db") if "://" in self.database else Path(self.database)
        return Places(
            database=self.database,
            key=self.log_key or beside.with_name(f"{beside.name}.key"),
            checkpoints=self.checkpoints or beside.with_name(f"{beside.name}.checkpoints"),
        )

    @model_validator(mode="after")
    def _oidc_is_whole(self) -> Self:
        wrong = _oidc_gap({name for name in _OIDC if getattr(self, name) is not None})
        if wrong:
            raise ValueError(wrong)
        return self

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """What `repr` shows: no password."""
        for name, value in super().__repr_args__():
            yield name, without_password(value) if isinstance(value, str) else value

    def shown(self) -> list[tuple[str, str, Origin]]:
        """Each setting's name, its value as text ("" when not set, a password as `…`) and where it is from."""
        return [
            (name, _text(getattr(self, name)), self._origins.get(name, "default")) for name in type(self).model_fields
        ]

    @classmethod
    def read(cls, environ: Mapping[str, str], given: Mapping[str, object] | None = None) -> Settings:
        """The settings `given` (on the command line) before the environment's before the file's before the defaults.

        A value of None, and a variable set to nothing, count as not given. The file is the one that `WRIT_SETTINGS`
        names. Raises SettingsError; all of the file is checked, also what is set elsewhere too.
        """
        variables = _variables()
        path = environ.get(FILE)
        file = read_file(path, variables.values()) if path else FileSettings()
        wrong = [*file.wrong, *(_in_file(file, error) for error in cls._mistakes(file.values) if error["loc"])]
        wrong += [
            _unknown(name)
            for name in environ
            if name.startswith(PREFIX) and name not in {*variables, FILE, SERVICE, KEY}
        ]
        found: dict[str, object] = dict(file.values)
        origins: dict[str, Origin] = dict.fromkeys(file.values, "file")
        if file.authority is not None:
            found[AUTHORITY], origins[AUTHORITY] = file.authority, "file"
        layers: list[tuple[Origin, dict[str, object]]] = [
            ("environment", {name: environ[each] for each, name in variables.items() if environ.get(each)}),
            ("command line", {name: value for name, value in (given or {}).items() if value is not None}),
        ]
        for origin, layer in layers:
            found |= layer
            origins |= dict.fromkeys(layer, origin)
        for error in cls._mistakes(found):
            if error["loc"] and origins.get(str(error["loc"][0])) != "file":
                wrong.append(f"setting `{variable(str(error['loc'][0]))}`: {_sentence(error)}")
        gap = _oidc_gap(found.keys() & set(_OIDC))
        wrong += [gap] if gap else []
        if wrong:
            raise SettingsError("\n".join(wrong))
        settings = cls.model_validate(found)
        settings._origins.update(origins)  # noqa: SLF001 (its own attribute)
        return settings

    @classmethod
    def _mistakes(cls, values: Mapping[str, object]) -> list[ErrorDetails]:
        try:
            cls.model_validate(values)
        except ValidationError as error:
            return error.errors(include_url=False, include_context=False, include_input=False)
        return []


def variable(name: str) -> str:
    """The environment variable of a setting: `max_body` is `WRIT_MAX_BODY`."""
    return PREFIX + name.upper()


def _variables() -> dict[str, str]:
    """The name of each setting that the environment may set, by its variable."""
    return {variable(name): name for name in Settings.model_fields if name != AUTHORITY}


def _unknown(name: str) -> str:
    if name == variable(AUTHORITY):
        return f"unknown setting `{name}`: `{AUTHORITY}` is stated in the file that `{FILE}` names"
    near = difflib.get_close_matches(name, [*_variables(), FILE], n=1)
    return f"unknown setting `{name}`" + (f"; did you mean `{near[0]}`?" if near else "")


def _sentence(error: ErrorDetails) -> str:
    return error["msg"][:1].lower() + error["msg"][1:]


def _in_file(file: FileSettings, error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    return placed(file.spans[name], f"setting `{name}`: {_sentence(error)}")


def _oidc_gap(present: set[str]) -> str | None:
    missing = [f"`{variable(name)}`" for name in _OIDC if name not in present]
    if not present or not missing:
        return None
    return f"bearer tokens need issuer, audience and keys together: set {' and '.join(missing)} too"


def _text(value: object) -> str:
    if isinstance(value, Authority):
        return ", ".join(value.policies)
    return "" if value is None else without_password(str(value))
