"""The ID token (OpenID Connect Core 1.0, 2 and 3.1.3.7): signed by the provider, for us, for this question, now."""

from typing import Any, Final, TypeGuard

import jwt
from jwt import PyJWTError

from xstock_node.plugins import Context, Declined
from xstock_node.plugins.identity import Account
from xstock_oidc.discovery import Directory
from xstock_oidc.settings import OidcSettings

LONGEST: Final = 20_000
LEEWAY: Final = 120
OURS: Final = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False, "verify_iss": False}
"""The claims are judged here, by the node's clock."""


async def account_of(context: Context, directory: Directory, token: str, nonce: str) -> Account:
    """The account of an ID token; raises `Declined` for one that does not hold."""
    settings: OidcSettings = context.settings
    if len(token) > LONGEST:
        raise Declined(f"expected an ID token of at most {LONGEST} letters; came {len(token)}")
    about = await directory.about(context)
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in about.algorithms:
            raise Declined(f"expected a token signed by {', '.join(sorted(about.algorithms))}; came {algorithm}")
        key = await directory.key(context, header.get("kid"))
        claims: dict[str, Any] = jwt.decode(token, key.key, algorithms=[algorithm], options=OURS)  # type: ignore[arg-type]
    except (PyJWTError, ValueError, TypeError) as error:
        raise Declined(f"expected an ID token that its provider signed; came one that is not ({error})") from None
    wrong = fault(claims, settings, nonce, context.now())
    if wrong:
        raise Declined(wrong)
    names = (claims.get(name) for name in ("preferred_username", "email", "name"))
    name = next((one for one in names if isinstance(one, str) and one), "")
    return Account(issuer=settings.issuer, subject=claims["sub"], name=name[:200])


def fault(claims: dict[str, Any], settings: OidcSettings, nonce: str, now: int) -> str:
    """Why the claims of a token are no proof for this question at this time (unix seconds); empty where they are."""
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    made, ends, subject = claims.get("iat"), claims.get("exp"), claims.get("sub")
    begins, asked = claims.get("nbf", 0), claims.get("auth_time")
    if claims.get("iss") != settings.issuer:
        return f"expected a token of {settings.issuer}; came one of {str(claims.get('iss'))[:200]}"
    if settings.client_id not in audiences or claims.get("azp", settings.client_id) != settings.client_id:
        return "expected a token for this node; came one for another client"
    if len(audiences) > 1 and "azp" not in claims:
        return "expected who a token for several is meant for; came nobody"
    if claims.get("nonce") != nonce:
        return "expected the answer to this question; came that to another"
    if not (_is_time(made) and _is_time(ends) and _is_time(begins)):
        return "expected when the token was made and ends; came no time"
    if not (begins - LEEWAY <= now < ends + LEEWAY and made - LEEWAY <= now):
        return "expected a token that holds now; came one of another time: compare the clocks"
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        return "expected a subject of 1 to 255 letters; came none"
    if settings.acr and claims.get("acr") != settings.acr:
        return f"expected a sign-in of class {settings.acr}; came {str(claims.get('acr'))[:60]}"
    if settings.max_age and not (_is_time(asked) and now - asked <= settings.max_age + LEEWAY):
        return f"expected a sign-in within {settings.max_age} seconds; came an older one"
    return ""


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53
