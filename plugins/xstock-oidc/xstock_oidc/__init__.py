"""Sign-in with an account of an OpenID Connect provider: the code flow with PKCE, and an ID token that is checked."""

from xstock_node.plugins import Registry, hookimpl
from xstock_oidc.provider import OidcProvider


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer the provider; it is on where its file of settings exists."""
    registry.identity_provider(OidcProvider())
