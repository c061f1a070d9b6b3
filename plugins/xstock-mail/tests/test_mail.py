"""Mails to a real SMTP server: over each kind of line, never in the clear, and repeats that are recognised."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiosmtplib
import msgspec
import pytest
from aiosmtpd.smtp import SMTP
from xstock_mail.mail import Mail, MailSettings

from xstock_node.plugins import Notice, NotifierContext, Undeliverable

IVAN = "ivan@redcross.example"
Start, Make = Callable[..., Awaitable[Any]], Callable[..., Notice]


def context(port: int, folder: Path, **changed: Any) -> NotifierContext:
    """Settings for a server, as they are read from a file."""
    fields: dict[str, Any] = {
        "server": "127.0.0.1",
        "port": port,
        "security": "plain",
        "sender": "node@redcross.example",
        "people": {"ivan": IVAN},
        "timeout": 5,
    }
    return NotifierContext(msgspec.convert(fields | changed, MailSettings), folder)


def secret(folder: Path, text: str = "correct horse", mode: int = 0o600) -> str:
    (folder / "smtp.password").write_text(f"{text}\n", "utf-8")
    (folder / "smtp.password").chmod(mode)
    return "smtp.password"


async def test_a_mail_says_what_waits_to_the_address_of_its_person(smtp: Start, notice: Make, tmp_path: Path) -> None:
    server = await smtp()
    await Mail().send(notice(), context(server.port, tmp_path))
    (mail,) = server.box.mails
    assert mail["To"] == IVAN and mail["Subject"] == "redcross.hr чака дежурния: заявка"
    assert "Операция r-1." in mail.get_content() and mail["Content-Language"] == "bg"
    assert mail["Auto-Submitted"] == "auto-generated" and mail["X-XStock-Operation"] == "r-1"
    assert server.box.envelopes[0].rcpt_tos == [IVAN]


async def test_the_same_notice_has_the_same_message_id_and_another_one_another(
    smtp: Start, notice: Make, tmp_path: Path
) -> None:
    server = await smtp()
    for id_ in ("0123456789ab", "0123456789ab", "ba9876543210"):
        await Mail().send(notice(id=id_), context(server.port, tmp_path))
    ids = [mail["Message-ID"] for mail in server.box.mails]
    assert ids[0] == ids[1] != ids[2] and ids[0].endswith("@redcross.example>")
    assert bytes(server.box.mails[0]) == bytes(server.box.mails[1])


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_tls_and_a_password_of_a_file(smtp: Start, notice: Make, tmp_path: Path, security: str) -> None:
    server = await smtp(security, login=security == "starttls")
    login = {"user": "node", "password_file": secret(tmp_path)} if security == "starttls" else {}
    await Mail().send(notice(), context(server.port, tmp_path, security=security, ca_file=server.ca.name, **login))
    assert len(server.box.mails) == 1
    assert server.box.sessions[0].ssl is not None or security == "tls"


async def test_a_wrong_password_a_readable_file_or_a_stranger_s_certificate_sends_nothing(
    smtp: Start, notice: Make, tmp_path: Path
) -> None:
    server = await smtp("starttls", login=True)
    safe = {"security": "starttls", "ca_file": server.ca.name, "user": "node", "password_file": "smtp.password"}
    secret(tmp_path, "wrong")
    with pytest.raises(RuntimeError, match="535"):
        await Mail().send(notice(), context(server.port, tmp_path, **safe))
    secret(tmp_path, mode=0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        await Mail().send(notice(), context(server.port, tmp_path, **safe))
    secret(tmp_path)
    with pytest.raises((aiosmtplib.SMTPException, OSError)):
        await Mail().send(notice(), context(server.port, tmp_path, **safe | {"ca_file": ""}))
    assert not server.box.mails


async def test_starttls_is_never_given_up_where_the_server_does_not_offer_it(
    smtp: Start, notice: Make, tmp_path: Path
) -> None:
    server = await smtp("plain")
    with pytest.raises(aiosmtplib.SMTPException):
        await Mail().send(notice(), context(server.port, tmp_path, security="starttls", ca_file=server.ca.name))
    assert not server.box.mails


async def test_a_refusal_for_good_is_told_apart_from_one_for_now_and_names_no_address(
    smtp: Start, notice: Make, tmp_path: Path
) -> None:
    server = await smtp()
    server.box.refuse[IVAN] = f"550 no such user {IVAN}"
    with pytest.raises(Undeliverable) as for_good:
        await Mail().send(notice(), context(server.port, tmp_path))
    server.box.refuse[IVAN] = f"451 come back later {IVAN}"
    with pytest.raises(RuntimeError) as for_now:
        await Mail().send(notice(), context(server.port, tmp_path))
    assert "550" in str(for_good.value) and "451" in str(for_now.value)
    assert IVAN not in str(for_good.value) + str(for_now.value)
    with pytest.raises(Undeliverable, match="no address for eva"):
        await Mail().send(notice(to="eva"), context(server.port, tmp_path))


async def test_a_server_that_hangs_after_it_took_the_mail_has_taken_it(
    smtp: Start, notice: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(self: Any, arg: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(SMTP, "smtp_QUIT", never)
    monkeypatch.setattr("xstock_mail.mail.QUIT_SECONDS", 0.05)
    server = await smtp()
    await Mail().send(notice(), context(server.port, tmp_path))
    assert len(server.box.mails) == 1


async def test_nobody_listening_is_an_error_that_is_tried_again(notice: Make, tmp_path: Path) -> None:
    gone = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = gone.sockets[0].getsockname()[1]
    gone.close()
    await gone.wait_closed()
    with pytest.raises(aiosmtplib.SMTPConnectError):
        await Mail().send(notice(), context(port, tmp_path))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"server": "mail.example.org"}, "plain is for this machine"),
        ({"people": {"ivan": "a@b.example\r\nBcc: x@y.example"}}, "matching regex"),
        ({"sender": "Node <node@b.example>"}, "matching regex"),
        ({"user": "node"}, "password_file"),
        ({"pasword": "x"}, "unknown field"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(changed: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        context(25, tmp_path, **changed)
