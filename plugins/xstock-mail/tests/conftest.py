"""A real SMTP server on this machine, with and without TLS, that keeps what it takes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from xstock_node.plugins import Notice

USER, PASSWORD = "node", "correct horse"


class Box:
    """What the server took; `refuse` answers RCPT for an address with these words instead."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Any] = []
        self.sessions: list[Any] = []
        self.refuse: dict[str, str] = {}

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        self.envelopes.append(envelope)
        self.sessions.append(session)
        return "250 taken"


class Server(NamedTuple):
    """A running server."""

    port: int
    box: Box
    ca: Path


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert, secret = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert, secret


Start = Callable[..., Awaitable[Server]]


@pytest.fixture
async def smtp(certificate: tuple[Path, Path]) -> AsyncIterator[Start]:
    """Starts servers: `security` as in the settings, `login` wants a password."""
    running: list[asyncio.Server] = []
    loop = asyncio.get_running_loop()

    async def start(security: str = "plain", login: bool = False) -> Server:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(*certificate)
        box = Box()

        def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            right = isinstance(data, LoginPassword) and (data.login, data.password) == (
                USER.encode(),
                PASSWORD.encode(),
            )
            return AuthResult(success=right, handled=False)

        def made() -> SMTP:
            starttls = {"tls_context": tls, "require_starttls": True} if security == "starttls" else {}
            auth = {"auth_required": True, "authenticator": check} if login else {}
            return SMTP(box, hostname="localhost", loop=loop, **starttls, **auth)  # type: ignore[arg-type]

        server = await loop.create_server(made, "127.0.0.1", 0, ssl=tls if security == "tls" else None)
        running.append(server)
        return Server(server.sockets[0].getsockname()[1], box, certificate[0])

    yield start
    for server in running:
        server.close()


@pytest.fixture
def notice() -> Callable[..., Notice]:
    """Makes a notice, with other fields where a test wants them."""
    return made_notice


def made_notice(**changed: Any) -> Notice:
    fields: dict[str, Any] = {
        "id": "0123456789ab",
        "to": "ivan",
        "language": "bg",
        "subject": "redcross.hr чака дежурния: заявка",
        "text": "redcross.bg\n\nIt is our turn.\nОперация r-1.",
        "kind": "your-turn",
        "thing": "abcdef012345",
        "command": "xstock duty take abcdef012345",
        "operation": "r-1",
        "node": "redcross.bg",
        "exercise": False,
        "at": 1_800_000_000,
    }
    return Notice(**fields | changed)
