"""A request reaches who has duty by mail: two real processes, the installed plugin, a real SMTP server."""

import os
from email import message_from_bytes, policy
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.processes import free_port, pause
from tests.story.test_by_command_line import HR, TENT, Two

ROSTER = 'zone = "Europe/Zagreb"\n[[duty]]\nperson = "ivan"\nrole = "duty-officer"\n'


class Box:
    """What the server took."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@pytest.mark.heavy
def test_a_request_calls_who_has_duty_once_even_after_a_kill(tmp_path: Path) -> None:
    try:
        distribution("xstock-mail")
    except PackageNotFoundError:
        if os.environ.get("CI"):
            raise
        pytest.skip("xstock-mail is not installed: make venv")
    box, two = Box(), Two(tmp_path)
    server = Controller(box, hostname="127.0.0.1", port=free_port(), server_hostname="localhost")
    server.start()
    with (two.hr.home / "config.toml").open("a") as file:
        file.write('\n[plugins]\nallow = ["xstock-spreadsheet", "xstock-mail"]\n')
    (two.hr.home / "plugins").mkdir()
    (two.hr.home / "plugins" / "mail.toml").write_text(
        f'server = "127.0.0.1"\nport = {server.port}\nsecurity = "plain"\nsender = "node@redcross.example"\n'
        '[people]\nivan = "ivan@redcross.example"\n'
    )
    try:
        two.bg.start()
        two.hr.start()
        two.hire(two.hr, "ivan", "duty-officer")
        (tmp_path / "roster.toml").write_text(ROSTER)
        two.run(two.hr, "duty", "set", str(tmp_path / "roster.toml"))
        asked = two.run(two.bg, "request", "new", "--to", HR, "--line", f"{TENT}=10", "--answer-by", "+3h")
        two.case = asked["operations"][0]["case"]
        for _ in range(600):
            if box.mails:
                break
            pause(0.05)
        (mail,) = box.mails
        assert mail["To"] == "ivan@redcross.example" and two.case in mail.get_content()
        two.hr.kill()
        two.hr.start()
        (waiting,) = two.run(two.hr, "duty", "queue")
        assert (waiting["case"], waiting["told"], waiting["kind"]) == (two.case, ["ivan"], "your-turn")
        assert two.run(two.hr, "duty", "take", waiting["id"], who="ivan")["taken_by"] == "ivan"
        assert len({one["Message-ID"] for one in box.mails}) == 1
    finally:
        two.bg.stop()
        two.hr.stop()
        server.stop()
