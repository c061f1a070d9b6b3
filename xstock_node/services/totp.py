"""Codes that change every thirty seconds (RFC 6238), as an app on a telephone shows them; each is good once."""

import hmac
import io
import re
from base64 import b32encode
from random import Random
from typing import Final

STEP: Final = 30
_WINDOW: Final = 1
_BYTES: Final = 20
_SIX: Final = re.compile(r"[0-9]{6}", re.ASCII)


def new_secret(random: Random) -> str:
    """A new secret in base32, 160 bits (RFC 4226 4)."""
    return b32encode(random.randbytes(_BYTES)).decode()


def step_of(secret: str, typed: str, now: int, last: int) -> int | None:
    """The step whose code was typed: this one, the one before or the one after, if later than `last`; else None."""
    import pyotp

    code = re.sub(r"[\s-]", "", typed)
    if not _SIX.fullmatch(code):
        return None
    counter = pyotp.TOTP(secret, interval=STEP)
    found = None
    for step in range(now // STEP - _WINDOW, now // STEP + _WINDOW + 1):
        if hmac.compare_digest(counter.generate_otp(step), code) and step > last:
            found = step
    return found


def address(secret: str, person: str, node: str) -> str:
    """What an app takes in, as an address of the kind `otpauth` that shows the person and the node."""
    import pyotp

    return pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=person, issuer_name=node)


def picture(text: str) -> str:
    """A QR code as SVG without style or script; empty where segno is not installed."""
    try:
        import segno
    except ImportError:
        return ""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, scale=4, border=4, dark="#000", light="#fff", omitsize=False
    )
    return out.getvalue().decode()
