"""A photo of damage by command line between two real processes: attached, fetched, saved, proved by name, erased."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.attached import GPS, WHO, large_png, telling_jpeg
from tests.processes import pause
from tests.story.test_by_command_line import HR, TENT, Two
from xstock_node.domain.attachments.cleaning import clean
from xstock_node.protocol import limits


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    found = Two(tmp_path)
    found.bg.start()
    found.hr.start()
    yield found
    found.bg.stop()
    found.hr.stop()


def until_here(two: Two, digest: str) -> Any:
    for _ in range(200):
        listed = two.run(two.bg, "op", "attachments", two.case)
        if any(one["sha256"] == digest and one["held"] for one in listed):
            return listed
        pause(0.05)
    raise AssertionError(two.bg.words())


@pytest.mark.heavy
def test_a_photo_goes_with_a_step_is_saved_proved_by_name_and_erased(two: Two, tmp_path: Path) -> None:
    bg, hr, photo, paper = two.bg, two.hr, tmp_path / "IMG_0815.txt", tmp_path / "scan"
    photo.write_bytes(telling_jpeg())
    paper.write_bytes(large_png(limits.BLOB - 4 * limits.KIB) + WHO)
    cleaned = clean(telling_jpeg()).data
    digest = hashlib.sha256(cleaned).hexdigest()
    asked = two.run(bg, "request", "new", "--to", HR, "--line", f"{TENT}=100")
    two.case = asked["operations"][0]["case"]
    two.until_state(hr, "requested")

    made = two.run(hr, "op", "attach", two.case, str(paper), "--kind", "customs")
    assert made["kind"] == "customs" and made["media_type"] == "image/png" and made["steps"] == []
    two.step(hr, "told", "--attach", f"damage={photo}", "--attachment", made["sha256"])
    there = two.until_step(bg, "told")
    fields = next(s for s in there["timeline"] if s["verb"] == "told")["fields"]
    assert fields["blobs"] == [made["sha256"], digest] and "IMG_0815" not in str(there)
    until_here(two, made["sha256"])
    listed = {one["sha256"]: one for one in until_here(two, digest)}
    assert (listed[digest]["kind"], listed[digest]["by"], listed[digest]["steps"]) == ("damage", HR, ["told"])

    saved = two.run(bg, "op", "attachment", two.case, digest, "--out", str(tmp_path / "damage.jpg"))
    assert (saved["sha256"], saved["media_type"]) == (digest, "image/jpeg")
    assert (tmp_path / "damage.jpg").read_bytes() == cleaned
    evidence = tmp_path / "proof.xsevidence"
    two.run(bg, "op", "evidence", two.case, "--out", str(evidence))
    assert cleaned[-40:] not in evidence.read_bytes() and digest.encode() in evidence.read_bytes()
    proved = two.run(bg, "op", "verify", str(evidence))
    assert {"sha256": digest, "kind": "damage", "by": HR, "step": "told"} in proved["attachments"]

    large = tmp_path / "large.png"
    large.write_bytes(bytes(limits.BLOB + 1))
    assert two.run(hr, "op", "attach", two.case, str(large), fails=2)["error"]["code"] == "too-large"
    large.write_bytes(b"MZ")
    assert two.run(hr, "op", "attach", two.case, str(large), fails=2)["error"]["code"] == "bad-attachment"
    assert two.run(hr, "op", "attach", two.case, str(tmp_path / "no"), fails=2)["error"]["code"] == "no-file"
    assert two.run(hr, "op", "attachment", two.case, "abc", fails=2)["error"]["code"] == "bad-hash"

    bg.stop()  # the same verbs on the data folder of a node that does not run
    gone = two.run(bg, "op", "attachment", two.case, digest, "--erase", "--reason", "a face is on it")
    assert gone["erased"] and not gone["held"]
    lost = two.run(bg, "op", "attachment", two.case, digest, "--out", str(tmp_path / "again.jpg"), fails=1)
    assert lost["error"]["code"] == "no-attachment" and not (tmp_path / "again.jpg").exists()
    for node in (bg, hr):
        log = (node.home / "serve.log").read_bytes()
        assert not any(word in log for word in (GPS, WHO, cleaned[-40:]))
