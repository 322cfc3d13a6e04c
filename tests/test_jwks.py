"""The issuer's keys: which are kept, when they are read, and what holds while the issuer is silent, slow or wrong."""

from __future__ import annotations

import gzip
import json
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from api.access.jwks import KEPT_SECONDS, MAX_BYTES, Jwks, JwksUnavailableError
from tests.issuer import Issuer, key_set, local_issuer, private_keys, public_jwk, rsa_key

RSA = public_jwk(private_keys()["RSA"], kid="rsa")
EC = public_jwk(private_keys()["EC"], kid="ec")
OKP = public_jwk(private_keys()["OKP"], kid="okp")


class HandClock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with local_issuer() as running:
        yield running


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def kept(folder: Path, *entries: Any) -> list[str | None]:
    path = folder / "jwks.json"
    path.write_text(json.dumps({"keys": entries}))
    return [key.kid for key in Jwks(str(path)).current()]


def failure(jwks: Jwks) -> str:
    with pytest.raises(JwksUnavailableError) as caught:
        jwks.current()
    return str(caught.value)


def test_each_key_knows_its_algorithms(issuer: Issuer) -> None:
    found = {key.kid: key.algorithms for key in Jwks(issuer.jwks_url).current()}
    assert found == {"rsa": ("RS256", "PS256"), "ec": ("ES256",), "okp": ("EdDSA",)}


@pytest.mark.parametrize(
    "entry",
    [
        {"kty": "oct", "k": "c2VjcmV0"},
        {**RSA, "use": "enc"},
        {**RSA, "key_ops": ["encrypt"]},
        {**RSA, "key_ops": "verify"},
        {**RSA, "alg": "RS512"},
        {**RSA, "alg": "HS256"},
        {**RSA, "alg": "ES256"},
        {**RSA, "alg": 1},
        {**RSA, "kid": 1},
        {**RSA, "d": "AQAB"},
        {**RSA, "n": 1},
        {**RSA, "n": ""},
        {**RSA, "n": "é"},
        {**RSA, "n": "AAAA" * 40_000},
        {**RSA, "e": "AA"},
        {"kty": "RSA", "kid": "no numbers"},
        {**EC, "crv": "P-384"},
        {**EC, "x": OKP["x"]},
        {**OKP, "crv": "X25519"},
        {**OKP, "x": "AAAA"},
        {**OKP, "kty": "EC"},
        {**OKP, "kty": ["OKP"]},
        public_jwk(rsa_key(1024)),
        public_jwk(ec.generate_private_key(ec.SECP384R1())),
        public_jwk(ec.generate_private_key(ec.SECP256K1())),
        {**OKP, "crv": "Ed448", "x": "A" * 76},
        {},
        [],
        None,
        "key",
    ],
)
def test_a_key_that_is_not_for_us_is_left_out(tmp_path: Path, entry: Any) -> None:
    assert kept(tmp_path, OKP | {"kid": "good"}, entry) == ["good"]


@pytest.mark.parametrize("members", [{"use": "sig"}, {"key_ops": ["verify"]}, {"alg": "RS256"}, {"x5t": "AA"}])
def test_a_key_for_signatures_is_kept(tmp_path: Path, members: dict[str, Any]) -> None:
    assert kept(tmp_path, RSA | members) == ["rsa"]


def test_a_set_that_names_two_keys_alike_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JwksUnavailableError, match="two of its keys have the same kid"):
        kept(tmp_path, RSA, OKP | {"kid": "rsa"})
    nameless = public_jwk(private_keys()["EC"])
    assert kept(tmp_path, nameless, nameless, OKP) == [None, None, "okp"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"),
        (b"[]", "no list `keys`"),
        (b"{}", "no list `keys`"),
        (b'{"keys": {}}', "no list `keys`"),
        (b'{"keys": [], "keys": []}', "keys"),
        (b'{"keys": [' + b" " * MAX_BYTES + b"]}", "limit 262144"),
        (b"\xff", "not UTF-8"),
        (b"[" * 100_000, "deep"),
    ],
)
def test_what_is_no_key_set_is_refused_with_the_reason(issuer: Issuer, body: bytes, why: str, tmp_path: Path) -> None:
    issuer.body = body
    path = tmp_path / "jwks.json"
    path.write_bytes(body)
    for source in (issuer.jwks_url, str(path)):
        with pytest.raises(JwksUnavailableError, match=why) as caught:
            Jwks(source).current()
        assert source in str(caught.value)


def test_an_empty_set_takes_all_keys_back(issuer: Issuer, clock: HandClock, caplog: pytest.LogCaptureFixture) -> None:
    jwks = Jwks(issuer.jwks_url, clock=clock)
    assert len(jwks.current()) == 3
    issuer.body = b'{"keys": []}'
    clock.seconds += 300
    assert jwks.current() == ()
    assert "every token will be refused" in caplog.text


def test_no_answer_but_200_is_taken_and_no_redirect_followed(issuer: Issuer) -> None:
    for status in (301, 302, 307, 404, 500):
        issuer.status, issuer.headers = status, {"Location": f"{issuer.url}/elsewhere"}
        assert f"status {status}" in failure(Jwks(issuer.jwks_url))
    assert set(issuer.asked) == {"/jwks.json"}


def test_a_packed_answer_is_not_unpacked(issuer: Issuer) -> None:
    issuer.headers, issuer.body = {"Content-Encoding": "gzip"}, gzip.compress(issuer.body)
    assert "not UTF-8" in failure(Jwks(issuer.jwks_url))


def test_an_answer_that_is_too_long_is_not_read_to_its_end(issuer: Issuer) -> None:
    issuer.headers, issuer.body = {"Content-Length": "1000000000"}, b" " * (MAX_BYTES + 1)
    assert "limit 262144" in failure(Jwks(issuer.jwks_url))


def test_nobody_listening_and_no_file_are_told(tmp_path: Path) -> None:
    assert "cannot be read" in failure(Jwks("http://127.0.0.1:1/jwks.json"))
    assert "No such file" in failure(Jwks(str(tmp_path / "none.json")))
    assert "directory" in failure(Jwks(str(tmp_path)))


@pytest.mark.parametrize("source", ["ftp://a/b", "file:///etc/passwd", "http://", "https://a:b@c/d", "http://a:x/"])
def test_a_source_that_is_no_plain_address_is_refused_at_once(source: str) -> None:
    with pytest.raises(ValueError, match="key set"):
        Jwks(source)


def test_a_set_is_read_at_the_first_need_and_again_when_it_is_old(issuer: Issuer, clock: HandClock) -> None:
    jwks = Jwks(issuer.jwks_url, refresh=300, clock=clock)
    assert issuer.asked == []
    for passed in (0, 100, 199.9):
        clock.seconds += passed
        assert len(jwks.current()) == 3
        assert len(issuer.asked) == 1
    issuer.body = json.dumps({"keys": [public_jwk(ed25519.Ed25519PrivateKey.generate(), kid="new")]}).encode()
    clock.seconds += 0.1
    assert [key.kid for key in jwks.current()] == ["new"]
    assert len(issuer.asked) == 2


def test_the_last_good_set_is_used_for_an_hour(
    issuer: Issuer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    jwks = Jwks(issuer.jwks_url, clock=clock)
    good = jwks.current()
    issuer.status = 500
    clock.seconds += 300
    with caplog.at_level(logging.WARNING, "writ"):
        assert jwks.current() == good
        assert jwks.current() == good
    assert caplog.text.count("cannot be read: status 500") == 1
    assert len(issuer.asked) == 2, "a source that failed is left alone for a while"
    clock.seconds += 10
    assert jwks.current() == good
    assert len(issuer.asked) == 3
    clock.seconds = 1000.0 + KEPT_SECONDS - 0.1
    assert jwks.current() == good
    clock.seconds += 0.1
    assert "status 500" in failure(jwks)
    issuer.status = 200
    clock.seconds += 10
    assert len(jwks.current()) == 3


def test_an_issuer_that_comes_late_is_asked_again(issuer: Issuer, clock: HandClock) -> None:
    issuer.status = 503
    jwks = Jwks(issuer.jwks_url, clock=clock)
    assert "status 503" in failure(jwks)
    assert "status 503" in failure(jwks)
    assert len(issuer.asked) == 1
    issuer.status = 200
    clock.seconds += 10
    assert len(jwks.current()) == 3


@pytest.mark.parametrize("how", ["delay", "byte_delay"])
def test_a_slow_issuer_is_given_up_in_time(issuer: Issuer, how: str) -> None:
    setattr(issuer, how, 1.0 if how == "delay" else 0.05)
    began = time.monotonic()
    assert failure(Jwks(issuer.jwks_url, timeout=0.3)).endswith("no answer within 0.3 s")
    assert time.monotonic() - began < 0.9


def test_while_one_thread_reads_anew_the_others_use_the_old_set(issuer: Issuer, clock: HandClock) -> None:
    jwks = Jwks(issuer.jwks_url, clock=clock)
    good = jwks.current()
    clock.seconds += 300
    issuer.delay = 0.6
    reading = threading.Thread(target=jwks.current)
    reading.start()
    while len(issuer.asked) < 2:
        time.sleep(0.005)
    began = time.monotonic()
    for _ in range(1000):
        assert jwks.current() is good
    assert time.monotonic() - began < 0.4
    assert len(issuer.asked) == 2
    reading.join()
    assert jwks.current() is not good


@pytest.mark.parametrize("status", [200, 500])
def test_threads_that_all_come_first_ask_once(issuer: Issuer, status: int) -> None:
    issuer.delay, issuer.status = 0.2, status
    jwks = Jwks(issuer.jwks_url)
    found: list[object] = []

    def ask() -> None:
        try:
            found.append(len(jwks.current()))
        except JwksUnavailableError:
            found.append("unavailable")

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [3 if status == 200 else "unavailable"] * 12
    assert len(issuer.asked) == 1


VALUES = st.none() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=3), max_size=2) | st.booleans()
ENTRIES = st.builds(
    lambda good, changes: good | changes,
    st.sampled_from(key_set()["keys"]),
    st.dictionaries(st.sampled_from(["kty", "kid", "use", "key_ops", "alg", "n", "e", "crv", "x", "y", "d"]), VALUES),
)


@given(st.lists(ENTRIES | VALUES, max_size=4))
def test_no_set_whatever_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, entries: list[Any]) -> None:
    try:
        names = kept(tmp_path_factory.getbasetemp(), *entries)
    except JwksUnavailableError:
        return
    assert len(names) <= len(entries)
