"""`plugins/oidc.toml`: which provider, and as whom this node is known there."""

from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
Text = Annotated[str, Meta(max_length=200)]


class OidcSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The provider by its `issuer`, and this node as its client. `label` stands on the button.

    Without `secret_file` the node is a public client, which PKCE alone protects. `hosts` are names of the provider
    beside that of the issuer, where its token or key addresses lie elsewhere. `acr` names a class of sign-in that the
    provider has to confirm (such as one with two factors), `max_age` after how many seconds it has to ask the person
    again.
    """

    issuer: Annotated[str, Meta(max_length=500)]
    client_id: Annotated[str, Meta(min_length=1, max_length=200)]
    secret_file: Text = ""
    label: Annotated[str, Meta(max_length=80)] = ""
    scopes: Annotated[tuple[Text, ...], Meta(max_length=10)] = ("openid", "profile")
    hosts: Annotated[tuple[Text, ...], Meta(max_length=5)] = ()
    acr: Text = ""
    max_age: Annotated[int, Meta(ge=0, le=86_400)] = 0

    def __post_init__(self) -> None:
        if not is_safe(self.issuer) or "?" in self.issuer or "#" in self.issuer:
            raise ValueError(
                "expected issuer as https://HOST without user, query or fragment; http is for this machine"
            )
        if "openid" not in self.scopes:
            raise ValueError("expected openid among the scopes")

    @property
    def title(self) -> str:
        """What people call the provider."""
        return self.label or urlsplit(self.issuer).hostname or self.issuer


def is_safe(address: object) -> bool:
    """Whether an address is one by https without user, or one of this machine."""
    if not isinstance(address, str):
        return False
    try:
        url = urlsplit(address)
        host = url.hostname
    except ValueError:
        return False
    local = url.scheme == "http" and host in LOOPBACK
    return bool(host) and (url.scheme == "https" or local) and "@" not in url.netloc
