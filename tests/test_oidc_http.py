"""Tokens of an identity provider, over HTTP with a local issuer: rows 83 to 87 of bad-inputs, and whom they let in."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.issuer import AUDIENCE, Issuer, base64url, claims, local_issuer, private_keys, rsa_key, unsigned
from tests.officers import Officers, body
from tests.serving import FACTS, POLICIES, URL, assert_problem, served

LIFETIME = 3600


@dataclass
class Domain:
    """A service that takes tokens of the issuer beside it, and Mia, who is `u-1` there."""

    client: httpx.Client
    issuer: Issuer
    folder: Path

    def claims(self, **others: Any) -> dict[str, Any]:
        now = int(time.time())
        return claims(self.issuer.url, **{"iat": now, "exp": now + 600, **others})

    def token(self, algorithm: str = "RS256", **others: Any) -> str:
        now = int(time.time())
        return self.issuer.token(algorithm, **{"iat": now, "exp": now + 600, **others})

    def ask(self, token: str, path: str = "/v1/revisions", **sent: Any) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=self.client.base_url.copy_with(userinfo=b""), timeout=30) as stranger:
            return stranger.request("POST" if sent else "GET", path, headers=bearer, **sent)

    def refused(self, token: str) -> str:
        said = assert_problem(self.ask(token), 401, "credentials_invalid")["detail"]
        log = (self.folder / "service.log").read_text(encoding="utf-8")
        assert not any(part in log for part in token.split(".") if len(part) > 20)
        return str(said)


def oidc(issuer: Issuer) -> dict[str, object]:
    """The settings of a service that takes the issuer's tokens."""
    return {"oidc_issuer": issuer.url, "oidc_audience": AUDIENCE, "oidc_jwks": issuer.jwks_url}


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Domain]:
    folder = tmp_path_factory.mktemp("oidc")
    with local_issuer() as issuer:
        settings = oidc(issuer)
        with (
            served(folder, POLICIES, failures=9000, **settings) as running,
            httpx.Client(base_url=running.url, timeout=30) as client,
        ):
            said = {"type": "person", "roles": ["author", "approve"], "oidc_subject": "u-1"}
            body(client.put("/v1/principals/mia", json=said))
            yield Domain(client, issuer, folder)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_a_token_lets_in_whom_it_names(domain: Domain, algorithm: str) -> None:
    body(domain.ask(domain.token(algorithm)))


def test_row_83_without_a_signature(domain: Domain) -> None:
    for header in ({"alg": "none"}, {"alg": "None", "kid": "rsa"}, {"alg": "none", "typ": "JWT", "kid": "rsa"}):
        assert "the token is refused" in domain.refused(f"{unsigned(header, domain.claims())}.")


def test_row_84_signed_with_the_public_key_as_a_secret(domain: Domain) -> None:
    public = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = unsigned({"alg": "HS256", "kid": "rsa"}, domain.claims())
    mac = hmac.new(public, text.encode(), hashlib.sha256).digest()
    assert "the token is refused" in domain.refused(f"{text}.{base64url(mac)}")


@pytest.mark.parametrize("claim", ["exp", "iat", "iss", "aud", "sub"])
def test_row_85_without_a_claim_that_every_token_must_have(domain: Domain, claim: str) -> None:
    without: dict[str, Any] = {claim: ...}
    assert f"{claim} is missing" in domain.refused(domain.token(**without))


@pytest.mark.parametrize("end", [10**30, 10**12, LIFETIME + 600])
def test_row_86_a_token_that_lasts_too_long(domain: Domain, end: int) -> None:
    said = domain.refused(domain.token(exp=end if end > 10**9 else int(time.time()) + end))
    assert "allowed are 3,600 s" in said


def test_a_token_of_yesterday(domain: Domain) -> None:
    past = int(time.time()) - 86_400
    assert "exp has passed" in domain.refused(domain.token(iat=past, exp=past + 600))


def test_row_87_for_somebody_else_by_somebody_else_or_with_a_key_of_its_own(domain: Domain) -> None:
    domain.refused(domain.token(aud="another-service"))
    domain.refused(domain.token(iss="https://evil.example"))
    asked = len(domain.issuer.asked)
    for header in (
        {"kid": "nobody"},
        {"kid": "rsa", "jku": f"{domain.issuer.url}/stolen.json"},
        {"kid": "rsa", "x5u": f"{domain.issuer.url}/stolen.pem"},
        {"kid": f"{domain.issuer.url}/../rsa"},
    ):
        token = jwt.encode(domain.claims(), private_keys()["RSA"], "RS256", headers=header)
        domain.refused(token)
    assert domain.issuer.asked[asked:] == []
    assert set(domain.issuer.asked) == {"/jwks.json"}
    stranger = jwt.encode(domain.claims(), rsa_key(number=1), "RS256", headers={"kid": "rsa"})
    domain.refused(stranger)


def test_a_good_token_of_somebody_who_is_not_registered_lets_nobody_in(domain: Domain) -> None:
    assert "nobody is registered" in domain.refused(domain.token(sub="u-2"))
    assert "nobody is registered" in domain.refused(domain.token(sub="mia"))


def test_a_token_has_the_roles_that_are_registered_here_and_no_others(domain: Domain) -> None:
    token = domain.token(roles=["audit", "administer"], scope="administer", groups=["audit"])
    assert_problem(domain.ask(token, "/v1/log/entries"), 403, "role_missing")
    decision = domain.ask(token, URL, json={"facts": FACTS})
    assert_problem(decision, 403, "role_missing")


def test_key_and_token_of_one_person_are_one_person(domain: Domain) -> None:
    key = body(domain.client.post("/v1/principals/mia/keys", json={}), 201)["secret"]
    officers = Officers(domain.client, key, key)
    seen = officers.draft(f"{POLICIES}# by mia\n")
    body(officers.propose(seen))
    answer = domain.ask(domain.token(), f"/v1/revisions/{seen.number}/approval", json={"bundle_digest": seen.digest})
    assert_problem(answer, 403, "maker_is_checker")
    second = {"type": "person", "roles": ["approve"], "oidc_subject": "u-3"}
    body(domain.client.put("/v1/principals/noor", json=second))
    other = domain.ask(
        domain.token(sub="u-3"), f"/v1/revisions/{seen.number}/approval", json={"bundle_digest": seen.digest}
    )
    assert body(other)["approvals"][0]["by"] == "noor"


def test_two_persons_cannot_be_one_subject(domain: Domain) -> None:
    said = {"type": "person", "roles": ["audit"], "oidc_subject": "u-1"}
    assert_problem(domain.client.put("/v1/principals/double", json=said), 409, "principal_state")


def test_an_issuer_that_cannot_be_asked_is_told_apart_from_a_bad_token(tmp_path: Path) -> None:
    with local_issuer() as issuer:
        settings = oidc(issuer)
        issuer.status = 500
        with (
            served(tmp_path, POLICIES, **settings) as running,
            httpx.Client(base_url=running.url, timeout=30) as client,
        ):
            body(client.get("/v1/revisions"))
            now = int(time.time())
            token = issuer.token(iat=now, exp=now + 600)
            with httpx.Client(base_url=client.base_url.copy_with(userinfo=b""), timeout=30) as stranger:
                answer = stranger.get("/v1/revisions", headers={"Authorization": f"Bearer {token}"})
            assert_problem(answer, 503, "issuer_unavailable")
            assert int(answer.headers["retry-after"]) >= 1
