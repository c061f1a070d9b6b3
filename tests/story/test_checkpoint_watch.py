"""Cameras of four makes, a matcher, two nodes: one passage is one event, strangers leave no trace, nothing is lost."""

import contextlib
import random
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from tests.processes import NodeProcess, free_port
from tests.shared import standard
from tests.story.checkpoint import PLUGIN, Camera, borders, convoy, declared, frigate, openalpr
from tests.story.public_node import PublicNode
from tests.story.two_nodes import run, until

FOREIGN = re.compile(rb"QX[ -]?[0-9]{4}[ -]?WZ", re.IGNORECASE)


class Watch(NamedTuple):
    """Croatia sends to Bulgaria; a camera operator in Hungary runs the matcher."""

    hr: NodeProcess
    bg: NodeProcess
    door: PublicNode
    case: str
    camera: Camera


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    door = PublicNode(tmp_path, "redcross.hr", PLUGIN, "checkpoint-hits")
    hr, bg = door.node, NodeProcess(tmp_path, "redcross.bg", free_port(), country="BG", languages=("bg",))
    hr.pin(bg)
    bg.pin(hr)
    with contextlib.ExitStack() as ends:
        for node in (hr, bg):
            ends.callback(node.stop)
            node.start()
        case = convoy(bg, hr)
        path, said = declared(hr, tmp_path)
        camera = Camera(door, path, said["digits"])
        ends.callback(camera.stop)
        yield Watch(hr, bg, door, case, camera)


def sample_messages(plate: str) -> dict[str, tuple[bytes, str]]:
    """The messages of two real cameras, with another plate."""
    xml = standard("anpr/hikvision-isapi-anpr.xml").read_bytes().replace(b"TEST123", plate.encode())
    stream = standard("anpr/plate-recognizer-stream-webhook.json").read_bytes()
    assert plate.encode() in xml and b"9jub11" in stream and b"0.839" in stream
    stream = stream.replace(b"9jub11", plate.lower().encode()).replace(b"0.839", b"0.939")
    return {"hikvision": (xml, "application/xml"), "plate-recognizer": (stream, "application/json")}


@pytest.mark.heavy
def test_one_passage_seen_by_four_makes_within_a_minute_is_one_event(watch: Watch) -> None:
    now = time.time()
    for make, (content, media) in sample_messages("ZG1234AB").items():
        assert watch.camera.post(make, content, media) == 200
    assert watch.camera.post("openalpr", openalpr("ZG1234AB", at=now - 20)) == 200
    assert watch.camera.post("frigate", frigate("ZG 1234 AB", at=now - 40)) == 200
    found = until(watch.bg, watch.case, borders)
    (step,) = borders(found)
    assert step["fields"]["place"] == "Letenye" and step["fields"]["event"] == "checkpoint"
    (row,) = run(watch.hr, "convoy", "list")
    assert len(row["passed"]) == 1 and row["doubtful"] == 0
    boundary = b"--b\r\nContent-Disposition: form-data; name=p; filename=a.jpg\r\nContent-Type: image/jpeg\r\n\r\n"
    xml = sample_messages("ZG1234AB")["hikvision"][0]
    parts = boundary + b"\xff\xd8" * 5000 + b"\r\n--b\r\nContent-Disposition: form-data; name=x\r\n"
    parts += b"Content-Type: application/xml\r\n\r\n" + xml + b"\r\n--b--\r\n"
    assert watch.camera.post("hikvision", parts, "multipart/form-data; boundary=b") == 200
    assert len(run(watch.hr, "convoy", "list")[0]["passed"]) == 1


@pytest.mark.heavy
def test_look_alikes_and_unsure_readings_wait_for_a_person(watch: Watch) -> None:
    assert watch.camera.post("frigate", frigate("ZG1Z34A8")) == 200
    (first,) = run(watch.hr, "convoy", "doubtful")
    assert first["state"] == "doubtful" and first["sources"] == ["frigate"]
    assert run(watch.hr, "convoy", "dismiss", first["id"], "--reason", "a bus")["state"] == "dismissed"
    assert watch.camera.post("frigate", frigate("ZG1234AB", score=0.6)) == 200
    assert run(watch.hr, "convoy", "doubtful") == [], "the same passage, dismissed, stays so until a sure reading"
    assert watch.camera.post("openalpr", openalpr("ZG1234AB")) == 200
    assert len(borders(until(watch.bg, watch.case, borders))) == 1


@pytest.mark.heavy
def test_an_answer_of_200_outlives_kill_9_and_none_comes_while_the_node_is_away(watch: Watch) -> None:
    assert watch.camera.post("frigate", frigate("ZG1234AB")) == 200
    watch.hr.kill()
    assert watch.camera.post("openalpr", openalpr("ZG1234AB")) == 503, "nobody has it on disk"
    watch.hr.start()
    assert len(borders(until(watch.bg, watch.case, borders))) == 1
    assert watch.camera.post("openalpr", openalpr("ZG1234AB")) == 200, "the camera says it again"
    (row,) = run(watch.hr, "convoy", "list")
    assert len(row["passed"]) == 1


@pytest.mark.heavy
def test_a_thousand_foreign_plates_leave_no_trace(watch: Watch, tmp_path: Path) -> None:
    chance = random.Random(7)
    plates = [f"QX{chance.randrange(10_000):04d}WZ" for _ in range(1000)]
    makes = {"frigate": frigate, "openalpr": openalpr}
    for n, plate in enumerate(plates):
        if n % 4 < 2:
            make = list(makes)[n % 4]
            assert watch.camera.post(make, makes[make](plate)) == 200
        else:
            content, media = sample_messages(plate)[make := ("hikvision", "plate-recognizer")[n % 4 - 2]]
            assert watch.camera.post(make, content, media) == 200
    assert watch.camera.post("frigate", frigate("ZG1234AB")) == 200
    until(watch.bg, watch.case, borders)
    assert FOREIGN.search(plates[0].encode()) and len(set(plates)) > 900
    node = psutil.Process(watch.hr.process.pid)  # type: ignore[union-attr]
    memories = [memory_of(one.pid) for one in (node, *node.children(recursive=True))]
    assert any(b"redcross.hr" in one for one in memories), "the search reads memory"
    assert not [m for memory in memories for m in FOREIGN.findall(memory)]
    backup = tmp_path / "backup.db"
    (database,) = watch.hr.home.glob("*.db")
    with contextlib.closing(sqlite3.connect(database)) as source, contextlib.closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    files = [path for home in (watch.hr.home, watch.bg.home) for path in home.rglob("*") if path.is_file()]
    found = {path: path.read_bytes() for path in (*files, backup, watch.camera.log)}
    assert not [path for path, raw in found.items() if FOREIGN.search(raw)]
    assert [path for path, raw in found.items() if b"ZG 1234-AB" in raw], "the search finds what is kept"


def memory_of(pid: int) -> bytes:
    """Everything that a process holds in memory it may write to."""
    found = []
    process = Path("/proc", str(pid))
    with (process / "maps").open(encoding="ascii") as maps, (process / "mem").open("rb", 0) as memory:
        for line in maps:
            span, rights, *_ = line.split()
            if "r" not in rights or "w" not in rights:
                continue
            begins, ends = (int(part, 16) for part in span.split("-"))
            with contextlib.suppress(OSError, ValueError):
                memory.seek(begins)
                found.append(memory.read(ends - begins))
    return b"".join(found)
