"""Another system posts a message to a real node, which is killed as soon as it answered; nothing of it is lost."""

import json
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
        self.node, self.port = (
            NodeProcess(folder, "redcross.bg", free_port(), country="BG", languages=("bg",)),
            free_port(),
        )
        home = self.node.home
        with (home / "config.toml").open("a", encoding="utf-8") as file:
            file.write(f'[plugins]\nallow = ["xstock-edxl"]\n[public_port]\nport = {self.port}\n')
        (home / "plugins").mkdir(exist_ok=True)
        (home / "plugins" / "token").write_text(TOKEN + "\n", "utf-8")
        (home / "plugins" / "token").chmod(0o600)
        (home / "plugins" / "edxl-messages.toml").write_text('[host]\ntoken_file = "token"\n', "utf-8")

    def post(self, content: bytes, token: str = TOKEN, media: str = "application/xml") -> tuple[int, Any]:
        url = f"http://127.0.0.1:{self.port}/plugins/xstock-edxl/messages"
        headers = {"Authorization": f"Bearer {token}", "Content-Type": media}
        asked = urllib.request.Request(url, content, headers)
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            text = error.read()
            return error.code, json.loads(text) if text.startswith(b"{") else text

    def said(self, *words: str) -> Any:
        done = xstock(*words, "--json", home=self.node.home)
        assert done.returncode == 0, (words, done.stderr)
        return json.loads(done.stdout)


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    found = Centre(tmp_path)
    found.node.start()
    yield found
    found.node.stop()


@pytest.mark.heavy
def test_a_posted_request_is_on_disk_before_it_is_answered(centre: Centre, tmp_path: Path) -> None:
    content = standard("edxl-rm", "samples", "RequestResource.1.xml").read_bytes()
    assert centre.post(content, "guessed")[0] == 401
    assert centre.post(content, media="text/html")[0] == 415
    assert centre.post(b"<a/>")[0] == 422
    status, answer = centre.post(content)
    centre.node.kill()
    assert status == 200, answer
    (receipt,) = answer["messages"]
    assert (receipt["foreign_id"], receipt["state"], receipt["known"]) == ("RequestResource.1", "taken", False)
    centre.node.start()
    (held,) = centre.said("message", "list")
    assert (held["id"], held["state"]) == (receipt["id"], "taken") and held["draft"]
    (again,) = centre.post(content)[1]["messages"]
    assert again["known"] and len(centre.said("message", "list")) == 1
    shown = centre.said("message", "show", receipt["id"])["message"]
    assert shown["incidents"] == ["uicds-incident-id"] and shown["lines"][0]["quantity"] == "4"
    out = centre.said("message", "export", receipt["id"], "--format", "edxl-rm", "--out", str(tmp_path / "out"))
    assert (out["files"], out["left_out"]) == ([], ["RequestResource.1"]), "it named no sender"
