"""Who calls: one fixed profile of HTTP message signatures (RFC 9421) with Content-Digest (RFC 9530).

# xs1 9.1
Components `"@method" "@target-uri"` and, with a body, `"content-digest"`; parameters created, keyid, tag. The target
is canonical: the base URL of the recipient's identity plus path and query, computed by both sides (xs1 9.2).
"""

import hashlib
import re
from collections.abc import Callable
from typing import NamedTuple

from xstock_node.protocol import keys, limits
from xstock_node.protocol.errors import ProtocolError, Unsigned, WrongClock

TAG = "xs1"
_INPUT = re.compile(
    r'xs1=(\("@method" "@target-uri"(?: "content-digest")?\);created=([0-9]{1,12});'
    r'keyid="([a-z0-9.-]{3,100})#([0-9a-f]{8})";tag="xs1")'
)
_SIGNATURE = re.compile(r"xs1=:([A-Za-z0-9+/=]{88}):")


class Caller(NamedTuple):
    """A node whose request signature holds, and how far its clock is from ours (seconds, + is ahead)."""

    name: str
    key_id: bytes
    skew: int


def content_digest(body: bytes) -> str:
    """The Content-Digest header over the bytes as sent."""
    return _digest(hashlib.sha256(body).digest())


def sign(signer: keys.Signer, method: str, target: str, digest: str | None, created: int) -> dict[str, str]:
    """The headers that sign one request; `digest` is the Content-Digest of its body."""
    components = '("@method" "@target-uri"' + (' "content-digest")' if digest else ")")
    parameters = f'{components};created={created};keyid="{signer.name}#{signer.key_id.hex()}";tag="{TAG}"'
    signature = signer.sign(_base(method, target, digest, parameters))
    headers = {"Signature-Input": f"xs1={parameters}", "Signature": f"xs1=:{keys.to_base64(signature)}:"}
    if digest:
        headers["Content-Digest"] = digest
    return headers


def verify(
    headers: Callable[[str], str | None],
    method: str,
    target: str,
    has_body: bool,
    now: int,
    find_key: Callable[[str, bytes], bytes | None],
) -> Caller:
    """The caller of a request, or `Unsigned`, `WrongClock`, `BadSignature`.

    `headers` looks a header up, `find_key` gives the public key of (node name, key id) from pinned identities:
    never from the message. Whether the digest fits the body is checked by `check_digest` once the body is read.
    """
    match = _INPUT.fullmatch(headers("Signature-Input") or "")
    signature = _SIGNATURE.fullmatch(headers("Signature") or "")
    if match is None or signature is None:
        raise Unsigned("a request signed by the xs1 profile", headers("Signature-Input"))
    parameters, created, name, key_hex = match.groups()
    digest = headers("Content-Digest") if '"content-digest"' in parameters else None
    if has_body and not digest:
        raise Unsigned("a signed Content-Digest with a body", "none")
    key = find_key(name, bytes.fromhex(key_hex))
    if key is None:
        raise Unsigned("a key of a known peer", f"{name}#{key_hex}")
    skew = int(created) - now
    if abs(skew) > limits.CLOCK_WINDOW:  # xs1 9.3
        raise WrongClock(f"a request signed within {limits.CLOCK_WINDOW} s", f"{skew} s", "set the clock")
    try:
        signed = _base(method, target, digest, parameters)
    except UnicodeEncodeError:
        # Servers hand over bytes that are no UTF-8 as lone surrogates.
        raise Unsigned("a target and digest of whole characters", digest or target) from None
    keys.verify(key, keys.from_base64(signature[1], 64), signed)
    return Caller(name, bytes.fromhex(key_hex), skew)


def check_digest(header: str | None, body: bytes) -> None:
    """Raise unless the signed Content-Digest is that of `body` (xs1 9.4)."""
    check_hash(header, hashlib.sha256(body).digest())


def check_hash(header: str | None, sha256: bytes) -> None:
    """`check_digest` of a body that was hashed while it came."""
    if header != _digest(sha256):
        raise ProtocolError("a body that fits its Content-Digest", header)


def _digest(sha256: bytes) -> str:
    return f"sha-256=:{keys.to_base64(sha256)}:"


def _base(method: str, target: str, digest: str | None, parameters: str) -> bytes:
    lines = [f'"@method": {method}', f'"@target-uri": {target}']
    if digest:
        lines.append(f'"content-digest": {digest}')
    lines.append(f'"@signature-params": {parameters}')
    return "\n".join(lines).encode()
