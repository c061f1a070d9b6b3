"""A provider in memory: what it says of itself, its keys, the tokens that it makes; a test changes what it likes."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from xstock_oidc.provider import OidcProvider
from xstock_oidc.settings import OidcSettings

from xstock_node.plugins import Context, HttpAnswer, Store
from xstock_node.plugins.identity import Account, Answer, Question

ISSUER, CLIENT, BACK = "https://login.example", "xstock-node", "https://stock.example/sign-in/with"
NOW = 1_800_000_000
SECRET = "ab" * 32
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
STRANGERS_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwk(key: Any, kid: str) -> dict[str, Any]:
    """The public half of a key as a provider publishes it."""
    algorithm: Any = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig"}


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    """The public half as text, which a careless reader takes for a secret that both know."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


class House:
    """The provider. `about`, `keys`, `claims`, `token` and `answers` are what a test changes; `asked` is what came."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.about: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/auth",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "authorization_response_iss_parameter_supported": True,
        }
        self.keys: dict[str, Any] = {"keys": [jwk(RSA_KEY, "one"), jwk(EC_KEY, "two")]}
        self.token: str | None = None
        self.answers: dict[str, HttpAnswer] = {}
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.now = NOW
        (folder / "oidc.secret").write_text("a secret of tests")
        (folder / "oidc.secret").chmod(0o600)
        said = {"issuer": ISSUER, "client_id": CLIENT, "secret_file": "oidc.secret"} | settings
        self.settings, self._folder = OidcSettings(**said), folder
        self.provider = OidcProvider()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 30.0,
    ) -> HttpAnswer:
        """The provider's side of the line."""
        self.asked.append((method, url, dict(headers or {}), body))
        path = urlsplit(url).path
        if path in self.answers:
            return self.answers[path]
        told = {
            "/.well-known/openid-configuration": self.about,
            "/keys": self.keys,
            "/token": {"id_token": self.token, "access_token": "unused", "token_type": "Bearer"},
        }[path]
        return HttpAnswer(status=200, body=json.dumps(told).encode())

    @property
    def context(self) -> Context:
        """What an adapter gets."""
        return Context(
            self.settings, self._folder, cast("Store", None), self, lambda: self.now, logging.getLogger("oidc")
        )

    async def begin(self, state: str = "a-state") -> dict[str, str]:
        """What the address says that the browser is sent to."""
        way = await self.provider.begin(self.context, Question(back=BACK, state=state, secret=SECRET))
        assert way.url.startswith(f"{ISSUER}/auth?")
        return {name: values[0] for name, values in parse_qs(urlsplit(way.url).query).items()}

    async def finish(self, **query: str) -> Account:
        """The account of an answer."""
        said = {"code": "a-code", "state": "a-state", "iss": ISSUER} | query
        given = {name: text for name, text in said.items() if text}
        return await self.provider.finish(self.context, Answer(back=BACK, query=given, secret=SECRET))

    async def sign(
        self, *, key: Any = RSA_KEY, algorithm: str = "RS256", kid: str | None = "one", drop: str = "", **claims: Any
    ) -> None:
        """Make the token that the next code becomes."""
        nonce = (await self.begin())["nonce"]
        said = {"iss": ISSUER, "aud": CLIENT, "sub": "u-1", "nonce": nonce, "iat": NOW, "exp": NOW + 300} | claims
        said.pop(drop, None)
        self.token = jwt.encode(said, key, algorithm, headers={"kid": kid} if kid else None)
