"""What a provider says of itself (OpenID Connect Discovery 1.0) and its keys (RFC 7517), kept for a while."""

from typing import Any, Final, NamedTuple

from jwt import PyJWK, PyJWTError

from xstock_node.plugins import Context, Declined, Unavailable
from xstock_node.plugins.markup import BadMarkup, parse_json
from xstock_oidc.settings import OidcSettings, is_safe

KEPT: Final = 600
AGAIN: Final = 60
KEYS: Final = 50
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""What signs with a key that the provider alone has: nothing unsigned, and no secret that both sides know."""


class About(NamedTuple):
    """A provider: where people are asked, where a code becomes a token, where its keys are; when it was read."""

    authorization: str
    token: str
    keys: str
    algorithms: frozenset[str]
    by_post: bool
    says_issuer: bool
    read: int


class Directory:
    """What is known of one provider."""

    def __init__(self) -> None:
        self._about: tuple[str, About] | None = None
        self._keys: tuple[str, int, dict[str, PyJWK]] | None = None

    async def about(self, context: Context) -> About:
        """The provider of the settings; raises `Unavailable` where it does not say what is needed."""
        settings: OidcSettings = context.settings
        now = context.now()
        if self._about and self._about[0] == settings.issuer and 0 <= now - self._about[1].read < KEPT:
            return self._about[1]
        told = await _get(context, f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != settings.issuer:
            raise Unavailable(f"expected the issuer {settings.issuer}; came {str(told.get('issuer'))[:200]}", 0.0)
        places = [told.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        if not all(is_safe(place) for place in places):
            raise Unavailable("expected https addresses for people, tokens and keys; came others", 0.0)
        authorization, token, keys = map(str, places)
        algorithms = _texts(told, "id_token_signing_alg_values_supported", ("RS256",))
        ways = _texts(told, "token_endpoint_auth_methods_supported", ("client_secret_basic",))
        found = About(
            authorization=authorization,
            token=token,
            keys=keys,
            algorithms=algorithms & frozenset(ALGORITHMS),
            by_post="client_secret_basic" not in ways,
            says_issuer=told.get("authorization_response_iss_parameter_supported") is True,
            read=now,
        )
        self._about = (settings.issuer, found)
        return found

    async def key(self, context: Context, kid: str | None) -> PyJWK:
        """The key that a token names, or the only one; asks once more for one that is new, at most once a minute."""
        about, now = await self.about(context), context.now()
        held = self._keys if self._keys and self._keys[0] == about.keys else None
        if held and 0 <= now - held[1] < KEPT and (found := _chosen(held[2], kid)):
            return found
        if held is None or not 0 <= now - held[1] < AGAIN:
            held = (about.keys, now, _read(await _get(context, about.keys)))
            self._keys = held
        if not (found := _chosen(held[2], kid)):
            raise Declined("expected a token that a key of the provider signed; came one of another key")
        return found


def _chosen(keys: dict[str, PyJWK], kid: str | None) -> PyJWK | None:
    return keys.get(kid) if kid is not None else next(iter(keys.values())) if len(keys) == 1 else None


def _read(told: dict[str, Any]) -> dict[str, PyJWK]:
    found: dict[str, PyJWK] = {}
    listed = told.get("keys")
    for number, one in enumerate(listed[:KEYS] if isinstance(listed, list) else []):
        if not isinstance(one, dict) or one.get("use", "sig") != "sig":
            continue
        try:
            key = PyJWK(one)
        except (PyJWTError, ValueError, TypeError):
            continue  # a kind of key that is newer than this program
        found[key.key_id or f"without id {number}"] = key
    return found


def _texts(told: dict[str, Any], name: str, default: tuple[str, ...]) -> frozenset[str]:
    said = told.get(name, default)
    return frozenset(one for one in said if isinstance(one, str)) if isinstance(said, list | tuple) else frozenset()


async def _get(context: Context, url: str) -> dict[str, Any]:
    answer = await context.http.request("GET", url, headers={"accept": "application/json"}, timeout=10.0)
    if answer.status != 200:
        raise Unavailable(f"expected 200 from {url}; came {answer.status}", 0.0)
    return json_object(answer.body, url)


def json_object(raw: bytes, where: str) -> dict[str, Any]:
    """An object that a provider answered; raises `Unavailable` for anything else."""
    try:
        found = parse_json(raw)
    except BadMarkup as error:
        raise Unavailable(f"expected JSON from {where}; came {error}", 0.0) from None
    if not isinstance(found, dict):
        raise Unavailable(f"expected an object from {where}; came {type(found).__name__}", 0.0)
    return found
