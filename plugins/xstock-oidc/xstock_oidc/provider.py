"""The code flow (OpenID Connect Core 1.0, 3.1) with PKCE (RFC 7636) and the issuer in the answer (RFC 9207)."""

import hashlib
from base64 import b64encode, urlsafe_b64encode
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from xstock_node.plugins import Context, Declined, Unauthorised, Unavailable, read_secret
from xstock_node.plugins.identity import Account, Answer, Described, Question, Way
from xstock_oidc.discovery import About, Directory, json_object
from xstock_oidc.settings import OidcSettings
from xstock_oidc.tokens import account_of


class OidcProvider:
    """The provider that the settings name."""

    name = "oidc"
    title = "OpenID Connect"

    def __init__(self) -> None:
        self._directory = Directory()

    @property
    def settings(self) -> type[msgspec.Struct]:
        """The type of `plugins/oidc.toml`."""
        return OidcSettings

    async def describe(self, context: Context) -> Described:
        """The label of the settings."""
        return Described(label=context.settings.title)

    async def begin(self, context: Context, question: Question) -> Way:
        """The address of the provider's own sign-in, with what the answer has to fit to."""
        settings: OidcSettings = context.settings
        about = await self._directory.about(context)
        asked = {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": question.back,
            "scope": " ".join(settings.scopes),
            "state": question.state,
            "nonce": nonce(question.secret),
            "code_challenge": _letters(hashlib.sha256(verifier(question.secret).encode()).digest()),
            "code_challenge_method": "S256",
        }
        if settings.acr:
            asked["acr_values"] = settings.acr
        if settings.max_age:
            asked["max_age"] = str(settings.max_age)
        mark = "&" if "?" in about.authorization else "?"
        return Way(url=f"{about.authorization}{mark}{urlencode(asked, quote_via=quote)}")

    async def finish(self, context: Context, answer: Answer) -> Account:
        """The account that the provider vouches for, to us and for this question."""
        settings: OidcSettings = context.settings
        about, query = await self._directory.about(context), answer.query
        if query.get("iss", settings.issuer) != settings.issuer or (about.says_issuer and "iss" not in query):
            raise Declined(f"expected an answer of {settings.issuer}; came one of another")
        if "error" in query:
            raise Declined(
                f"the provider says {query['error'][:60]} {query.get('error_description', '')[:120]}".strip()
            )
        if not query.get("code"):
            raise Declined("expected a code; came none")
        raw = await self._token(context, about, answer)
        token = json_object(raw, about.token).get("id_token")
        if not isinstance(token, str):
            raise Unavailable("expected an ID token from the provider; came none", 0.0)
        return await account_of(context, self._directory, token, nonce(answer.secret))

    async def _token(self, context: Context, about: About, answer: Answer) -> bytes:
        settings: OidcSettings = context.settings
        fields = {
            "grant_type": "authorization_code",
            "code": answer.query["code"],
            "redirect_uri": answer.back,
            "code_verifier": verifier(answer.secret),
        }
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        secret = read_secret(context.folder, settings.secret_file) if settings.secret_file else ""
        if secret and not about.by_post:
            pair = f"{quote(settings.client_id, safe='')}:{quote(secret, safe='')}"
            headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            fields |= {"client_id": settings.client_id} | ({"client_secret": secret} if secret else {})
        found = await context.http.request(
            "POST", about.token, headers=headers, body=urlencode(fields).encode(), timeout=10.0
        )
        if found.status == 200:
            return found.body
        error = _error(found.body)
        if error == "invalid_client":
            raise Unauthorised(f"expected {about.token} to know this node and its secret; came {found.status} {error}")
        if 400 <= found.status < 500:
            raise Declined(f"expected a code that holds; came one that is used or too old ({found.status} {error})")
        raise Unavailable(f"expected a token from {about.token}; came {found.status} {error}", 0.0)


def nonce(secret: str) -> str:
    """What the ID token has to repeat."""
    return _letters(hashlib.sha256(f"nonce {secret}".encode()).digest())


def verifier(secret: str) -> str:
    """What proves that who brings the code began: 43 letters (RFC 7636, 4.1)."""
    return _letters(hashlib.sha256(f"verifier {secret}".encode()).digest())


def _letters(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _error(raw: bytes) -> str:
    try:
        said: Any = msgspec.json.decode(raw[:10_000])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return str(said.get("error", ""))[:60] if isinstance(said, dict) else ""
