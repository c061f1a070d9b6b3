"""A dispatch centre posts EMSI to a real node and reads EMSI within five seconds; what was acknowledged is there."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import NodeProcess, free_port, xstock
from tests.shared import standard

TOKEN = "a token of the dispatch centre"  # noqa: S105


class Centre:
    """A node with a public port, and who posts to it."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.node = NodeProcess(folder, "redcross.ro", free_port(), country="RO", languages=("ro",))
        home = self.node.home
        with (home / "config.toml").open("a", encoding="utf-8") as file:
            file.write(f'[plugins]\nallow = ["xstock-dispatch"]\n[public_port]\nport = {self.port}\n')
        (home / "plugins").mkdir(exist_ok=True)
        (home / "plugins" / "token").write_text(TOKEN + "\n", "utf-8")
        (home / "plugins" / "token").chmod(0o600)
        settings = 'organisation = "ro.redcross"\n[host]\ntoken_file = "token"\n'
        (home / "plugins" / "dispatch-messages.toml").write_text(settings, "utf-8")

    def post(self, content: bytes, media: str) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": media}
        url = f"http://127.0.0.1:{self.port}/plugins/xstock-dispatch/messages"
        begun = time.monotonic()
        try:
            with urllib.request.urlopen(urllib.request.Request(url, content, headers), timeout=30) as answer:
                found = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            found = error.code, error.read().decode()
        assert time.monotonic() - begun < 5
        return found

    def kept(self) -> Any:
        done = xstock("message", "list", "--json", home=self.node.home)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    found = Centre(tmp_path)
    found.node.start()
    yield found
    found.node.stop()


@pytest.mark.heavy
def test_a_centre_is_answered_in_its_own_form(centre: Centre) -> None:
    samples = {form: standard("emsi", "samples", f"emsi-DC-message.{form}").read_bytes() for form in ("xml", "json")}
    status, said = centre.post(samples["xml"], "application/xml")
    assert status == 200 and "<emsi:MSGTYPE>ACK</emsi:MSGTYPE>" in said and "DRFR15690240430050" in said
    status, said = centre.post(samples["json"], "application/json")
    head = json.loads(said)["edxl"]["content"][0]["jsonContent"]["embeddedJsonContent"]["message"]["emsi"]["CONTEXT"]
    assert head["LINK"] == [{"ID": "d350c9d2-9d76-4568-b0b7-a747ffadc949", "LINK_ROLE": "ADDSTO"}]
    assert (status, head["MSGTYPE"]) == (200, "ACK"), said
    status, said = centre.post(samples["xml"][:500], "application/xml")
    assert status == 422 and "<emsi:MSGTYPE>ERROR</emsi:MSGTYPE>" in said
    assert "d350c9d2-9d76-4568-b0b7-a747ffadc949" in json.dumps(centre.kept())
