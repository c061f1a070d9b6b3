"""A dispatch centre posts EMSI to a real node and reads EMSI within five seconds; what was acknowledged is there."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import xstock
from tests.shared import standard
from tests.story.public_node import TOKEN, PublicNode


class Centre(PublicNode):
    """A node with the endpoint for EMSI, and who posts to it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            folder, "redcross.ro", "xstock-dispatch", "dispatch-messages", 'organisation = "ro.redcross"\n'
        )

    def sent(self, content: bytes, media: str) -> tuple[int, str]:
        begun = time.monotonic()
        status, text = self.post("messages", content, TOKEN, media)
        assert time.monotonic() - begun < 5
        return status, text.decode()

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
    status, said = centre.sent(samples["xml"], "application/xml")
    assert status == 200 and "<emsi:MSGTYPE>ACK</emsi:MSGTYPE>" in said and "DRFR15690240430050" in said
    status, said = centre.sent(samples["json"], "application/json")
    head = json.loads(said)["edxl"]["content"][0]["jsonContent"]["embeddedJsonContent"]["message"]["emsi"]["CONTEXT"]
    assert head["LINK"] == [{"ID": "d350c9d2-9d76-4568-b0b7-a747ffadc949", "LINK_ROLE": "ADDSTO"}]
    assert (status, head["MSGTYPE"]) == (200, "ACK"), said
    status, said = centre.sent(samples["xml"][:500], "application/xml")
    assert status == 422 and "<emsi:MSGTYPE>ERROR</emsi:MSGTYPE>" in said
    assert "d350c9d2-9d76-4568-b0b7-a747ffadc949" in json.dumps(centre.kept())
