"""The service's settings: from the environment (`WRIT_*`) and the command line, checked before anything starts."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.audit.places import Places
from api.authority import Authority

PREFIX = "WRIT_"


class SettingsError(Exception):
    """A setting is unknown or does not fit; the text names all of them, one a line."""


class Settings(BaseModel):
    """Every setting has a default that works; HTTP.md explains each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy_file: Path = Field(default=Path("policies.yaml"), description="the policies in force, read at the start")
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

    time_zone: str = Field(default="UTC", description="the zone whose day is today: an IANA name, `Asia/Shanghai`")
    rate: int = Field(default=60_000, description="requests a minute of one API key", ge=1, le=10_000_000)
    failures: int = Field(
        default=60, description="requests a minute without a valid key from one address", ge=1, le=10_000
    )
    first_key: Path | None = Field(
        default=None, description="the file that the first administrator's key is written to, instead of being shown"
    )
    oidc_issuer: str | None = Field(default=None, description="who issues tokens: their `iss`")
    oidc_audience: str | None = Field(default=None, description="whom tokens are for: their `aud`")
    oidc_jwks: str | None = Field(default=None, description="the issuer's keys: an address or a file")
    oidc_lifetime: int = Field(default=3600, description="seconds a token may last at most", ge=1, le=3600)
    max_policy: int = Field(
        default=10_485_760,
        description="the largest body with a policy text or facts to compare, in bytes",
        ge=1024,
        le=11_000_000,
    )

    authority: Authority = Field(
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

    @classmethod
    def read(cls, environ: Mapping[str, str], given: Mapping[str, object] | None = None) -> Settings:
        """The settings `given` (on the command line) before those of the environment before the defaults.

        A value of None, and a variable set to nothing, count as not given. Raises SettingsError.
        """
        wrong = [
            _unknown(name)
            for name in environ
            if name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() not in cls.model_fields
        ]
        found: dict[str, object] = {
            name: environ[variable(name)] for name in cls.model_fields if environ.get(variable(name))
        }
        found |= {name: value for name, value in (given or {}).items() if value is not None}
        try:
            settings = cls.model_validate(found)
        except ValidationError as error:
            wrong += [
                f"setting `{variable(str(one['loc'][0]))}`: {one['msg'][:1].lower()}{one['msg'][1:]}"
                for one in error.errors(include_url=False, include_context=False)
            ]
        if wrong:
            raise SettingsError("\n".join(wrong))
        return settings


def variable(name: str) -> str:
    """The environment variable of a setting: `max_body` is `WRIT_MAX_BODY`."""
    return PREFIX + name.upper()


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, [variable(known) for known in Settings.model_fields], n=1)
    return f"unknown setting `{name}`" + (f"; did you mean `{near[0]}`?" if near else "")
