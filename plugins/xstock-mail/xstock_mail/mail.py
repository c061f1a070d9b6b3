"""One mail a notice, over SMTP (RFC 5321) with STARTTLS (RFC 3207), implicit TLS (RFC 8314), or plain on this machine.

The Message-ID is made of the notice's id, so that a mail that is sent twice, because the line broke after the server
took it, is recognised as one.
"""

import ssl
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from pathlib import Path
from typing import Annotated, Literal

import aiosmtplib
import msgspec
from msgspec import Meta

from xstock_mail.files import LOOPBACK, read_secret
from xstock_node.plugins import Notice, NotifierContext, Undeliverable

Address = Annotated[str, Meta(pattern=r"^[^\s<>,;:\"()@\x00-\x1f]{1,64}@[A-Za-z0-9.-]{1,190}(?!\n)$")]
PORTS = {"starttls": 587, "tls": 465, "plain": 25}
QUIT_SECONDS = 2


class MailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`plugins/mail.toml`: the server, who the mails are from, and the address of each person of the node."""

    sender: Address
    people: dict[str, Address]
    server: str = "localhost"
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    security: Literal["starttls", "tls", "plain"] = "starttls"
    ca_file: str = ""
    user: str = ""
    password_file: str = ""
    timeout: Annotated[float, Meta(gt=0, le=25)] = 20.0

    def __post_init__(self) -> None:
        if self.security == "plain" and self.server not in LOOPBACK:
            raise ValueError(f"expected security starttls or tls for {self.server}; plain is for this machine alone")
        if bool(self.user) != bool(self.password_file):
            raise ValueError("expected user and password_file, or neither")


class Mail:
    """The notifier `mail`."""

    name = "mail"
    settings = MailSettings

    async def send(self, notice: Notice, context: NotifierContext) -> None:
        """Return once the server took the mail. Raises `Undeliverable` where it never will."""
        settings: MailSettings = context.settings
        address = settings.people.get(notice.to)
        if address is None:
            raise Undeliverable(f"plugins/mail.toml has no address for {notice.to}")
        message = message_of(notice, settings.sender, address)
        try:
            await _hand_in(_client(settings, context.folder), message, settings.sender, address)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refusal(notice.to, error.recipients[0].code) from None
        except aiosmtplib.SMTPDataError as error:
            raise _refusal(notice.to, error.code) from None
        except aiosmtplib.SMTPResponseException as error:
            said = error.message.replace(address, notice.to)
            raise RuntimeError(f"{type(error).__name__} {error.code}: {said}") from None


def message_of(notice: Notice, sender: str, address: str) -> EmailMessage:
    """The mail of a notice: the same bytes at each try."""
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"], message["To"] = sender, address
    message["Subject"] = " ".join(notice.subject.split())
    message["Date"] = format_datetime(datetime.fromtimestamp(notice.at, UTC))
    message["Message-ID"] = f"<xstock.{notice.id}.{notice.node}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers
    if notice.operation:
        message["X-XStock-Operation"] = notice.operation
    if notice.exercise:
        message["X-XStock-Exercise"] = "yes"
    message.set_content(f"{notice.text}\n")
    message["Content-Language"] = notice.language
    return message


def _client(settings: MailSettings, folder: Path) -> aiosmtplib.SMTP:
    tls = None
    if settings.security != "plain":
        tls = ssl.create_default_context(cafile=folder / settings.ca_file if settings.ca_file else None)
    return aiosmtplib.SMTP(
        hostname=settings.server,
        local_hostname=settings.sender.rpartition("@")[2],  # the machine's own name is nobody's business
        port=settings.port or PORTS[settings.security],
        timeout=settings.timeout,
        use_tls=settings.security == "tls",
        start_tls=settings.security == "starttls",
        tls_context=tls,
        username=settings.user or None,
        password=read_secret(folder, settings.password_file) if settings.user else None,
    )


async def _hand_in(client: aiosmtplib.SMTP, message: EmailMessage, sender: str, address: str) -> None:
    try:
        await client.connect()
        await client.send_message(message, sender=sender, recipients=[address])
        with suppress(Exception):  # the server has taken it: whatever follows, it is sent
            await client.quit(timeout=QUIT_SECONDS)
    finally:
        client.close()


def _refusal(person: str, code: int) -> Exception:
    """5yz is for good, everything else for now (RFC 5321, 4.2.1); the server's words may name the address."""
    words = f"the mail server refuses mail for {person} ({code})"
    return Undeliverable(words) if 500 <= code < 600 else RuntimeError(words)
