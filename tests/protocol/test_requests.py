"""Who calls: our own profile, and http-message-signatures as the oracle for it."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms
from http_message_signatures.exceptions import InvalidSignature

from xstock_node.protocol import requests
from xstock_node.protocol.errors import BadSignature, ProtocolError, Unsigned, WrongClock
from xstock_node.protocol.keys import Signer

SEED = bytes([5]) * 32
SIGNER = Signer("redcross.bg", SEED)
KEY_ID = f"redcross.bg#{SIGNER.key_id.hex()}"
URL = "https://node.example/base/xs/1/gossip?x=1&y=a%20b"
BODY = b'{"network":"see"}'
DIGEST = requests.content_digest(BODY)
NOW = 1_790_000_000


def find_key(name: str, key_id: bytes) -> bytes | None:
    return SIGNER.public if (name, key_id) == ("redcross.bg", SIGNER.key_id) else None


def check(
    headers: Mapping[str, str], method: str = "POST", target: str = URL, has_body: bool = True, now: int = NOW
) -> requests.Caller:
    return requests.verify(headers.get, method, target, has_body, now, find_key)


def signed(digest: str | None = DIGEST, method: str = "POST", created: int = NOW) -> dict[str, str]:
    return requests.sign(SIGNER, method, URL, digest, created)


@dataclass
class Message:
    """What the oracle takes for a request."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)


class Resolver(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> bytes:
        key = Ed25519PublicKey.from_public_bytes(SIGNER.public)
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def resolve_private_key(self, key_id: str) -> bytes:
        key = Ed25519PrivateKey.from_private_bytes(SEED)
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_signed_request_names_its_caller_and_clock() -> None:
    assert check(signed()) == requests.Caller("redcross.bg", SIGNER.key_id, 0)
    assert check(signed(created=NOW + 40)).skew == 40
    assert check(signed(None, "GET"), "GET", has_body=False).name == "redcross.bg"


def test_the_digest_is_that_of_rfc_9530() -> None:
    assert f"sha-256=:{base64.b64encode(hashlib.sha256(BODY).digest()).decode()}:" == DIGEST
    requests.check_digest(DIGEST, BODY)


@pytest.mark.parametrize(
    "header", [None, "", DIGEST.replace("256", "512"), requests.content_digest(b"x"), DIGEST + " "]
)
def test_a_digest_of_another_body_is_refused(header: str | None) -> None:
    with pytest.raises(ProtocolError):
        requests.check_digest(header, BODY)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"target": URL.replace("x=1", "x=2")},
        {"target": URL.replace("gossip", "pull")},
        {"target": URL.replace("node.example", "other.example")},
        {"target": URL.replace("/base", "")},
        {"target": URL.replace("%20", " ")},
        {"target": URL.replace("https", "http")},
    ],
    ids=["method", "query", "path", "host", "prefix", "escapes", "scheme"],
)
def test_a_request_altered_on_the_way_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        check(signed(), **change)  # type: ignore[arg-type]


def test_a_body_exchanged_together_with_its_digest_is_refused() -> None:
    with pytest.raises(BadSignature):
        check(signed() | {"Content-Digest": requests.content_digest(b"other")})


def test_a_body_without_a_signed_digest_is_refused() -> None:
    with pytest.raises(Unsigned):
        check(signed(None))
    with pytest.raises(Unsigned):
        check({k: v for k, v in signed().items() if k != "Content-Digest"})


@pytest.mark.parametrize("off", [-301, 301, -10_000_000, 10_000_000])
def test_a_stale_or_future_request_is_refused(off: int) -> None:
    with pytest.raises(WrongClock):
        check(signed(created=NOW + off))


@pytest.mark.parametrize("off", [-300, 300])
def test_five_minutes_of_difference_are_allowed(off: int) -> None:
    assert check(signed(created=NOW + off)).skew == off


def altered(old: str, new: str, header: str = "Signature-Input") -> dict[str, str]:
    headers = signed()
    assert old in headers[header]
    return headers | {header: headers[header].replace(old, new)}


BAD_HEADERS: dict[str, dict[str, str]] = {
    "nothing": {},
    "no signature": {k: v for k, v in signed().items() if k != "Signature"},
    "no input": {k: v for k, v in signed().items() if k != "Signature-Input"},
    "an unknown name": altered("redcross.bg#", "redcross.hr#"),
    "an unknown key": altered(SIGNER.key_id.hex(), "00000000"),
    "another tag": altered('tag="xs1"', 'tag="xs2"'),
    "another label": altered("xs1=(", "sig=("),
    "fewer components": altered('"@method" ', ""),
    "more components": altered('"@method"', '"@method" "@authority"'),
    "an algorithm": altered(";tag=", ';alg="none";tag='),
    "a nonce": altered(";tag=", ';nonce="a";tag='),
    "created below 0": altered("created=", "created=-"),
    "created in other digits": altered(f"created={NOW}", "created=١٧٩"),
    "two signatures": altered("xs1=:", "xs1=:AAAA:, xs1=:", "Signature"),
    "a newline after it": altered('tag="xs1"', 'tag="xs1"\n'),
}


@pytest.mark.parametrize("headers", BAD_HEADERS.values(), ids=BAD_HEADERS.keys())
def test_what_is_not_signed_by_the_profile_is_unsigned(headers: dict[str, str]) -> None:
    with pytest.raises(Unsigned):
        check(headers)


def test_a_changed_time_or_signature_is_refused() -> None:
    with pytest.raises(BadSignature):
        check(altered(str(NOW), str(NOW + 1)))
    signature = signed()["Signature"]
    other = signature[:10] + ("A" if signature[10] != "A" else "B") + signature[11:]
    with pytest.raises(ProtocolError):
        check(signed() | {"Signature": other})


@pytest.fixture
def at_now(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    now = int(datetime.now(UTC).timestamp())
    return lambda: now


def test_the_library_verifies_what_we_sign(at_now: Callable[[], int]) -> None:
    headers = requests.sign(SIGNER, "POST", URL, DIGEST, at_now())
    message = Message("POST", URL, headers)
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Resolver())
    found = verifier.verify(message, expect_tag="xs1")
    assert found[0].parameters["keyid"] == KEY_ID
    assert set(found[0].covered_components) == {'"@method"', '"@target-uri"', '"content-digest"', '"@signature-params"'}


def test_the_library_refuses_what_we_refuse(at_now: Callable[[], int]) -> None:
    headers = requests.sign(SIGNER, "POST", URL, DIGEST, at_now())
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Resolver())
    for message in (Message("PUT", URL, dict(headers)), Message("POST", URL + "0", dict(headers))):
        with pytest.raises(InvalidSignature):
            verifier.verify(message, expect_tag="xs1")


@pytest.mark.parametrize("digest", [DIGEST, None])
def test_we_verify_what_the_library_signs(digest: str | None) -> None:
    message = Message("POST" if digest else "GET", URL, {"Content-Digest": digest} if digest else {})
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=Resolver())
    signer.sign(
        message,
        key_id=KEY_ID,
        created=datetime.fromtimestamp(NOW, UTC),
        label="xs1",
        tag="xs1",
        include_alg=False,
        use_existing_digest=bool(digest),
        covered_component_ids=("@method", "@target-uri", *(["content-digest"] if digest else [])),
    )
    assert check(message.headers, message.method, has_body=bool(digest)).name == "redcross.bg"


@pytest.mark.parametrize("place", ["digest", "target"])
def test_bytes_that_are_no_text_are_unsigned(place: str) -> None:
    stray = b"\xff".decode("utf-8", "surrogateescape")
    headers = signed() | ({"Content-Digest": DIGEST + stray} if place == "digest" else {})
    with pytest.raises(Unsigned):
        check(headers, target=URL + stray if place == "target" else URL)
