"""Another system posts a message to a real node, which is killed as soon as it answered; nothing of it is lost."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import xstock
from tests.shared import standard
from tests.story.public_node import TOKEN, PublicNode


class Centre(PublicNode):
    """A node with the endpoint for EDXL, and who posts to it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "redcross.bg", "xstock-edxl", "edxl-messages")

    def sent(self, content: bytes, token: str = TOKEN, media: str = "application/xml") -> tuple[int, Any]:
        status, text = self.post("messages", content, token, media)
        return status, json.loads(text) if text.startswith(b"{") else text

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
    assert centre.sent(content, "guessed")[0] == 401
    assert centre.sent(content, media="text/html")[0] == 415
    assert centre.sent(b"<a/>")[0] == 422
    status, answer = centre.sent(content)
    centre.node.kill()
    assert status == 200, answer
    (receipt,) = answer["messages"]
    assert (receipt["foreign_id"], receipt["state"], receipt["known"]) == ("RequestResource.1", "taken", False)
    centre.node.start()
    (held,) = centre.said("message", "list")
    assert (held["id"], held["state"]) == (receipt["id"], "taken") and held["draft"]
    (again,) = centre.sent(content)[1]["messages"]
    assert again["known"] and len(centre.said("message", "list")) == 1
    shown = centre.said("message", "show", receipt["id"])["message"]
    assert shown["incidents"] == ["uicds-incident-id"] and shown["lines"][0]["quantity"] == "4"
    out = centre.said("message", "export", receipt["id"], "--format", "edxl-rm", "--out", str(tmp_path / "out"))
    assert (out["files"], out["left_out"]) == ([], ["RequestResource.1"]), "it named no sender"
