"""An issuer of bearer tokens on this machine: real keys, an HTTP server with its key set, and tokens of any kind."""

from __future__ import annotations

import base64
import datetime as dt
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

AUDIENCE = "writ"
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
SECOND = int(NOW.timestamp())
TYPES = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}


@cache
def rsa_key(bits: int = 2048, number: int = 0) -> rsa.RSAPrivateKey:
    """The RSA key with that number: making one is slow, so that it is made once."""
    del number
    return rsa.generate_private_key(65537, bits)


@cache
def private_keys() -> Mapping[str, Any]:
    """One private key of each type, by `kty`."""
    return {
        "RSA": rsa_key(),
        "EC": ec.generate_private_key(ec.SECP256R1()),
        "OKP": ed25519.Ed25519PrivateKey.generate(),
    }


def public_jwk(private: Any, **members: Any) -> dict[str, Any]:
    """The entry of a key set for a private key's public half."""
    name = {rsa.RSAPrivateKey: "RS256", ec.EllipticCurvePrivateKey: "ES256", ed25519.Ed25519PrivateKey: "EdDSA"}
    [algorithm] = [name[kind] for kind in name if isinstance(private, kind)]
    jwk: dict[str, Any] = jwt.get_algorithm_by_name(algorithm).to_jwk(private.public_key(), as_dict=True)
    jwk.pop("key_ops", None)
    return jwk | members


def key_set() -> dict[str, Any]:
    """A key set with one key of each type, named by its `kty` in small letters."""
    return {"keys": [public_jwk(key, kid=kty.lower(), use="sig") for kty, key in private_keys().items()]}


def claims(issuer: str, subject: Any = "u-1", **others: Any) -> dict[str, Any]:
    """The claims of a good token of 10 minutes at NOW; a claim that is `...` is left out."""
    good = {"iss": issuer, "aud": AUDIENCE, "sub": subject, "iat": SECOND, "exp": SECOND + 600}
    return {name: value for name, value in (good | others).items() if value is not ...}


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


Part = bytes | Mapping[str, Any]


def unsigned(header: Part, payload: Part) -> str:
    """The first two parts of a token with exactly this header and payload, which no library would make."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    return ".".join(base64url(part) for part in parts)


def signed(private: Any, algorithm: str, header: Part, payload: Part) -> str:
    """Such a token with its signature; `algorithm` is the one that signs, whatever the header says."""
    text = unsigned(header, payload)
    return f"{text}.{base64url(jwt.get_algorithm_by_name(algorithm).sign(text.encode(), private))}"


@dataclass
class Issuer:
    """An issuer that runs: what it serves at `jwks_url`, how, and how often it was asked."""

    url: str
    body: bytes = field(default_factory=lambda: json.dumps(key_set()).encode())
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    byte_delay: float = 0.0
    asked: list[str] = field(default_factory=list)

    @property
    def jwks_url(self) -> str:
        return f"{self.url}/jwks.json"

    def token(self, algorithm: str = "RS256", **others: Any) -> str:
        """A good token, or one with other claims (`...` leaves one out)."""
        kty = TYPES[algorithm]
        return jwt.encode(claims(self.url, **others), private_keys()[kty], algorithm, headers={"kid": kty.lower()})


@contextmanager
def local_issuer() -> Iterator[Issuer]:
    """An issuer on a free port, stopped at the end; every path answers the key set and is written down."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            time.sleep(issuer.delay)
            self.send_response(issuer.status)
            usual = {"Content-Type": "application/jwk-set+json", "Content-Length": str(len(issuer.body))}
            for name, value in (usual | issuer.headers).items():
                self.send_header(name, value)
            self.end_headers()
            if not issuer.byte_delay:
                self.wfile.write(issuer.body)
                return
            for number in range(len(issuer.body)):
                time.sleep(issuer.byte_delay)
                self.wfile.write(issuer.body[number : number + 1])

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (http.server names it)
            """Nothing: what was asked stands in `asked`."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Nothing: a caller that hangs up early is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    serving.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
