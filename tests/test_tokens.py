"""Bearer tokens (bad-inputs.md rows 83-87): what holds is taken, all else is refused, and nothing is fetched for it."""

from __future__ import annotations

import datetime as dt
import hmac
import json
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from api.access.jwks import Jwks
from api.access.tokens import TokenRefusedError, Verifier
from tests.issuer import (
    AUDIENCE,
    NOW,
    SECOND,
    TYPES,
    Issuer,
    base64url,
    claims,
    local_issuer,
    private_keys,
    public_jwk,
    rsa_key,
    signed,
    unsigned,
)

HEADER = {"alg": "EdDSA", "kid": "okp"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with local_issuer() as running:
        yield running


@pytest.fixture(scope="module")
def verifier(issuer: Issuer) -> Verifier:
    return Verifier(issuer.url, AUDIENCE, Jwks(issuer.jwks_url))


def refusal(verifier: Verifier, token: str, now: dt.datetime = NOW) -> str:
    with pytest.raises(TokenRefusedError) as caught:
        verifier.subject(token, now)
    return str(caught.value)


def ed25519(header: bytes | dict[str, Any], payload: bytes | dict[str, Any]) -> str:
    return signed(private_keys()["OKP"], "EdDSA", header, payload)


@pytest.mark.parametrize("algorithm", TYPES)
def test_a_good_token_names_its_subject(issuer: Issuer, verifier: Verifier, algorithm: str) -> None:
    assert verifier.subject(issuer.token(algorithm, sub="Ada Łovelace"), NOW) == "Ada Łovelace"


def test_row_83_a_token_without_a_signature_is_refused(issuer: Issuer, verifier: Verifier) -> None:
    for name in ("none", "None", "NONE", "nOnE"):
        for signature in ("", base64url(b"any")):
            token = f"{unsigned({'alg': name, 'kid': 'rsa'}, claims(issuer.url))}.{signature}"
            found = refusal(verifier, token)
            assert found == f"the algorithm `{name}` is not allowed: use RS256, PS256, ES256, EdDSA"
    assert refusal(verifier, issuer.token().rpartition(".")[0] + ".") == "the signature does not fit"


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_row_84_a_public_key_is_no_shared_secret(issuer: Issuer, verifier: Verifier, encoding: Encoding) -> None:
    secret = rsa_key().public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    for name in ("HS256", "HS384", "HS512", "RS256"):
        text = unsigned({"alg": name, "kid": "rsa"}, claims(issuer.url))
        found = refusal(verifier, f"{text}.{base64url(hmac.digest(secret, text.encode(), 'sha256'))}")
        if name == "RS256":
            assert found == "the signature does not fit"
        else:
            assert found.startswith(f"the algorithm `{name}` is not allowed")


@pytest.mark.parametrize("algorithm", ["RS512", "PS384", "ES384", "ES256K", "x" * 11, "", None, 1, ["RS256"], {}])
def test_any_other_algorithm_is_refused(verifier: Verifier, algorithm: Any) -> None:
    found = refusal(verifier, ed25519({"alg": algorithm, "kid": "rsa"}, {}))
    assert "is not allowed" in found
    assert "x" * 11 not in found
    assert "is not allowed" in refusal(verifier, ed25519({"kid": "rsa"}, {}))


def test_the_algorithm_must_be_that_of_the_key(issuer: Issuer, verifier: Verifier) -> None:
    good = claims(issuer.url)
    for kid, other in (("ec", "RS256"), ("okp", "ES256"), ("rsa", "EdDSA"), ("ec", "EdDSA")):
        token = jwt.encode(good, private_keys()[TYPES[other]], other, headers={"kid": kid})
        assert refusal(verifier, token) == f"the algorithm `{other}` is not that of the key"


def test_a_key_that_names_its_algorithm_serves_no_other(issuer: Issuer, tmp_path: Any) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [public_jwk(rsa_key(), kid="rsa", alg="PS256")]}))
    strict = Verifier(issuer.url, AUDIENCE, Jwks(str(path)))
    assert strict.subject(issuer.token("PS256"), NOW) == "u-1"
    assert refusal(strict, issuer.token("RS256")) == "the algorithm `RS256` is not that of the key"


def test_row_85_a_token_without_a_required_claim_is_refused(issuer: Issuer, verifier: Verifier) -> None:
    for name in ("exp", "iat", "iss", "aud", "sub"):
        left_out: dict[str, Any] = {name: ...}
        assert refusal(verifier, issuer.token(**left_out)) == f"{name} is missing"


def test_row_86_a_token_that_lives_too_long_is_refused(issuer: Issuer, verifier: Verifier) -> None:
    assert verifier.subject(issuer.token(exp=SECOND + 3600), NOW) == "u-1"
    assert refusal(verifier, issuer.token(exp=SECOND + 3601)) == "the lifetime is 3,601 s, allowed are 3,600 s"
    assert refusal(verifier, issuer.token(exp=SECOND + 7200)) == "the lifetime is 7,200 s, allowed are 3,600 s"
    for exp in (10**30, 10**4000, 2**63):
        found = refusal(verifier, ed25519(HEADER, claims(issuer.url, exp=exp)))
        assert found == "the lifetime is beyond any calendar, allowed are 3,600 s"
    payload = json.dumps(claims(issuer.url)).replace(str(SECOND + 600), "9" * 4301).encode()
    assert refusal(verifier, ed25519(HEADER, payload)) == "the payload is not JSON, or names a member twice"


@pytest.mark.parametrize("value", [1.5, 1e30, float("nan"), float("inf"), True, "1", None, [], {}, str(SECOND + 600)])
@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
def test_a_time_that_is_no_whole_number_is_refused(issuer: Issuer, verifier: Verifier, name: str, value: Any) -> None:
    token = ed25519(HEADER, claims(issuer.url, **{name: value}))
    assert refusal(verifier, token) == f"{name} is not a whole number of seconds"


def test_negative_times_are_long_past(issuer: Issuer, verifier: Verifier) -> None:
    assert "exp has passed" in refusal(verifier, ed25519(HEADER, claims(issuer.url, iat=-600, exp=-5)))
    assert "exp is not after iat" in refusal(verifier, ed25519(HEADER, claims(issuer.url, exp=-(10**40))))
    assert "exp is not after iat" in refusal(verifier, issuer.token(exp=SECOND))
    assert "the lifetime is beyond" in refusal(verifier, ed25519(HEADER, claims(issuer.url, iat=-(10**4000))))


def test_the_clock_is_the_moment_that_is_given(issuer: Issuer, verifier: Verifier) -> None:
    token = issuer.token(nbf=SECOND)
    second = dt.timedelta(seconds=1)
    for now in (NOW - 30 * second, NOW, NOW + 629 * second, NOW.astimezone(dt.timezone(dt.timedelta(hours=8)))):
        assert verifier.subject(token, now) == "u-1"
    assert refusal(verifier, token, NOW + 630 * second) == "exp has passed: ask the issuer for a new token"
    assert refusal(verifier, token, NOW - 31 * second) == "iat lies in the future: do the clocks differ?"
    later = issuer.token(nbf=SECOND + 31)
    assert refusal(verifier, later) == "nbf lies in the future: the token may not be used yet"
    assert verifier.subject(later, NOW + second) == "u-1"


def test_row_87_another_issuer_or_audience_is_refused(issuer: Issuer, verifier: Verifier) -> None:
    for iss in (issuer.url + "/", issuer.url.upper(), "", None, [issuer.url]):
        token = ed25519(HEADER, claims(issuer.url, iss=iss))
        assert refusal(verifier, token) == "the issuer is not the configured one"
    for aud in ("writ2", "Writ", "", None, [], ["other"], {"writ": 1}, [["writ"]], "other writ"):
        token = ed25519(HEADER, claims(issuer.url, aud=aud))
        assert refusal(verifier, token) == "the audience is not the configured one"
    assert verifier.subject(issuer.token(aud=["other", AUDIENCE]), NOW) == "u-1"


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c", "crit"])
def test_row_87_a_token_that_brings_its_own_key_is_refused_and_nothing_is_fetched(
    issuer: Issuer, verifier: Verifier, name: str
) -> None:
    own = rsa_key(2048, 1)
    verifier.keys.current()
    asked = len(issuer.asked)
    for value in (f"{issuer.url}/own", public_jwk(own), ["b64"], None):
        token = signed(own, "RS256", {"alg": "RS256", "kid": "rsa", name: value}, claims(issuer.url))
        assert refusal(verifier, token) == f"the header must not have `{name}`"
    assert len(issuer.asked) == asked


def test_row_87_an_unknown_kid_is_refused_and_nothing_is_fetched(issuer: Issuer, verifier: Verifier) -> None:
    verifier.keys.current()
    asked = len(issuer.asked)
    for kid in ("other", "", f"{issuer.url}/own", "../okp", None, 1, ["okp"], {"okp": 1}):
        token = ed25519({"alg": "EdDSA", "kid": kid}, claims(issuer.url))
        assert refusal(verifier, token) == "the kid is not that of one of the issuer's keys"
    assert len(issuer.asked) == asked


def test_a_token_without_kid_is_taken_only_from_an_issuer_with_one_key(
    issuer: Issuer, verifier: Verifier, tmp_path: Any
) -> None:
    token = ed25519({"alg": "EdDSA"}, claims(issuer.url))
    assert refusal(verifier, token) == "the header has no kid, and the issuer has 3 keys"
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [public_jwk(private_keys()["OKP"], kid="any")]}))
    assert Verifier(issuer.url, AUDIENCE, Jwks(str(path))).subject(token, NOW) == "u-1"
    path.write_text(json.dumps({"keys": []}))
    empty = Verifier(issuer.url, AUDIENCE, Jwks(str(path)))
    assert refusal(empty, token) == "the header has no kid, and the issuer has 0 keys"


def test_a_token_signed_by_another_key_is_refused(issuer: Issuer, verifier: Verifier) -> None:
    token = jwt.encode(claims(issuer.url), rsa_key(2048, 1), "RS256", headers={"kid": "rsa"})
    assert refusal(verifier, token) == "the signature does not fit"


@pytest.mark.parametrize("sub", ["", "x" * 201, None, 1, ["u-1"], "a\nb", "a\x00", "\ud800", "\u202eabc"])
def test_a_subject_that_is_no_short_text_is_refused(issuer: Issuer, verifier: Verifier, sub: Any) -> None:
    assert refusal(verifier, ed25519(HEADER, claims(issuer.url, sub=sub))).startswith("sub is not a text of 1 to 200")
    assert verifier.subject(issuer.token(sub="x" * 200), NOW) == "x" * 200


def test_a_token_that_is_too_long_is_refused_unread(issuer: Issuer, verifier: Verifier) -> None:
    long = issuer.token(padding="x" * 8192)
    assert refusal(verifier, long) == refusal(verifier, "." * 8193) == "the token is longer than 8,192 bytes"
    fits = issuer.token("EdDSA", padding="x" * 5800)
    assert 7900 < len(fits) <= 8192
    assert verifier.subject(fits, NOW) == "u-1"


def test_a_member_that_stands_twice_is_refused(issuer: Issuer, verifier: Verifier) -> None:
    twice = json.dumps(claims(issuer.url))[:-1].encode() + b', "sub": "u-2"}'
    assert "names a member twice" in refusal(verifier, ed25519(HEADER, twice))
    header = b'{"alg": "none", "alg": "EdDSA", "kid": "okp"}'
    assert "names a member twice" in refusal(verifier, ed25519(header, claims(issuer.url)))


def test_what_is_no_json_object_is_refused(issuer: Issuer, verifier: Verifier) -> None:
    for raw in (b"", b"[]", b"null", b'"a"', b"{", b"\xff\xfe", b"[" * 5000, b'{"a":' * 1000, b"9" * 5000):
        assert refusal(verifier, ed25519(HEADER, raw)) in {
            "the token is not three parts of base64url with points between them",
            "the payload is not JSON, or names a member twice",
            "the payload is not a JSON object",
        }
        assert "the payload" not in refusal(verifier, ed25519(raw, claims(issuer.url)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
HEADERS = st.dictionaries(st.sampled_from(["alg", "kid", "typ", "b64", "crit", "jku", "zip"]), JSON)
CLAIMS = st.dictionaries(st.sampled_from(["exp", "iat", "nbf", "iss", "aud", "sub", "jti"]), JSON)


@given(st.text() | st.from_regex(r"[A-Za-z0-9_=-]*(\.[A-Za-z0-9_=-]*){1,4}", fullmatch=True))
def test_a_text_that_is_no_token_is_refused(verifier: Verifier, text: str) -> None:
    refusal(verifier, text)


@given(HEADERS | st.binary(), CLAIMS | st.binary(), st.booleans())
def test_a_signed_token_with_anything_in_it_is_refused_cleanly(
    issuer: Issuer, verifier: Verifier, header: Any, payload: Any, sound: bool
) -> None:
    header = HEADER if sound else header if isinstance(header, bytes) else HEADER | header
    payload = payload if isinstance(payload, bytes) else claims(issuer.url) | payload
    try:
        assert verifier.subject(ed25519(header, payload), NOW) == payload["sub"]
    except TokenRefusedError as error:
        assert len(str(error)) < 120  # noqa: PT017 (most are refused, some are sound, and all end in one of two ways)


@given(st.data())
def test_a_good_token_that_was_changed_anywhere_is_refused(
    issuer: Issuer, verifier: Verifier, data: st.DataObject
) -> None:
    token = issuer.token("EdDSA")
    place = data.draw(st.integers(0, len(token) - 1))
    end = data.draw(st.integers(place, min(len(token), place + 3)))
    changed = token[:place] + data.draw(st.text(max_size=3) | st.text("AQgw.-_=", max_size=3)) + token[end:]
    if changed != token:
        found = refusal(verifier, changed)
        assert not any(part in found for part in token.split("."))


def test_no_refusal_repeats_what_the_token_says(issuer: Issuer, verifier: Verifier) -> None:
    secret = "s3cr3t-canary"  # noqa: S105 (a mark to look for)
    for header, others in (
        ({"alg": secret}, {}),
        ({"kid": secret}, {}),
        ({"jku": secret}, {}),
        ({"crit": [secret]}, {}),
        ({}, {"iss": secret}),
        ({}, {"aud": secret}),
        ({}, {"exp": secret}),
        ({}, {"sub": secret + "\n"}),
    ):
        found = refusal(verifier, ed25519(HEADER | header, claims(issuer.url, **others)))
        assert secret not in found
    assert secret not in refusal(verifier, ed25519(secret.encode(), {}))
    assert secret not in refusal(verifier, ed25519(HEADER, secret.encode()))


def test_after_all_that_the_keys_were_fetched_once(issuer: Issuer, verifier: Verifier) -> None:
    assert verifier.subject(issuer.token(), NOW) == "u-1"
    assert issuer.asked == ["/jwks.json"]
