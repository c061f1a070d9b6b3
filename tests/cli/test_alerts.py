"""A warning as a person meets it: a document taken in, read in the own language, its draft looked at and put away."""

import time
from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_verbs import said
from tests.processes import xstock, xstock_here
from tests.shared import ROOT
from xstock_node.plugins import host
from xstock_node.testing.folder_plugin import open_folder


def cap(name: str, kind: str = "Alert", refers: str = "", status: str = "Actual", minutes: int = 0) -> str:
    """A flood that a service warns of in two languages, sent some minutes after an hour ago."""
    sent = datetime.fromtimestamp(int(time.time()) - 3600, UTC)
    infos = "".join(
        f"<info><language>{language}</language><category>Met</category><event>{event}</event><urgency>Expected</urgency>"
        f"<severity>Severe</severity><certainty>Likely</certainty><expires>{_text(sent + timedelta(hours=6))}</expires>"
        f"<headline>{headline}</headline><area><areaDesc>Vidin</areaDesc><geocode><valueName>EMMA_ID</valueName>"
        "<value>BG001</value></geocode></area></info>"
        for language, event, headline in (("en", "Flood", "The river rises"), ("bg", "Наводнение", "Реката приижда"))
    )
    references = f"<references>met@bg.example,{refers},{_text(sent)}</references>" if refers else ""
    said = "" if kind == "Cancel" else infos
    return (
        f'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{name}</identifier>'
        f"<sender>met@bg.example</sender><sent>{_text(sent + timedelta(minutes=minutes))}</sent>"
        f"<status>{status}</status><msgType>{kind}</msgType><scope>Public</scope>{references}{said}</alert>"
    )


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+00:00")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    assert xstock("init", "--name", "redcross.example.org", "--country", "BG", home=folder).returncode == 0
    plugin = open_folder(ROOT / "plugins" / "xstock-cap")
    config = folder / "config.toml"
    config.write_text(config.read_text("utf-8") + '\n[plugins]\nallow = ["xstock-cap"]\nin_process = ["xstock-cap"]\n')

    def points(group: str) -> list[EntryPoint]:
        return [plugin.point]

    monkeypatch.setattr(host, "entry_points", points)
    return folder


def test_a_warning_from_the_document_to_the_dismissed_draft(home: Path, tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.xml" for name in ("first", "cancel", "trained")}
    files["first"].write_text(cap("w-1"), "utf-8")
    files["cancel"].write_text(cap("w-2", "Cancel", "w-1", minutes=5), "utf-8")
    files["trained"].write_text(cap("w-3", status="Exercise"), "utf-8")
    assert said("alert", "list", home=home) == [] and "no warnings" in xstock_here("alert", "list", home=home).stdout
    taken: Any = said("message", "import", str(files["first"]), str(files["trained"]), home=home)
    (first,), (trained,) = taken[0]["alerts"], taken[1]["alerts"]
    assert first["became"] == "new" and first["warning"]["state"] == "active" and trained["status"] == "Exercise"
    again: Any = said("message", "import", str(files["first"]), home=home)
    assert again[0]["alerts"][0]["became"] == "known"

    listed: Any = said("alert", "list", "--language", "bg", home=home)
    assert {(one["event"], one["level"], one["status"]) for one in listed} == {
        ("Наводнение", "orange", "Actual"), ("Наводнение", "orange", "Exercise"),
    }  # fmt: skip
    words = xstock_here("alert", "list", home=home).stdout
    assert "EXERCISE" in words and "met@bg.example" in words and "Vidin" in words
    shown = xstock_here("alert", "show", first["id"], "--language", "bg", home=home).stdout
    assert "Реката приижда" in shown and "The river rises" not in shown and "w-1" in shown
    error: Any = said("alert", "show", "nothing", home=home, code=2)
    assert error["error"]["code"] == "no-alert"

    (draft,) = (drafts := said("request", "drafts", home=home)) and drafts  # type: ignore[misc]
    assert draft["event"] == "w-1" and draft["exercise"] is False and draft["lines"] == []
    assert "The river rises" in xstock_here("request", "draft", draft["id"], home=home).stdout
    error = said("request", "take", draft["id"], "--to", "nobody.example", "--add", "HSHETENTF16C=4", home=home, code=1)
    assert error["error"]["code"] == "no-member"
    error = said("request", "take", draft["id"], "--to", "all", "--line", "?", home=home, code=2)
    assert error["error"]["code"] == "bad-line"
    said("request", "dismiss", draft["id"], "--reason", "own stock covers it", home=home)
    assert said("request", "drafts", home=home) == []

    said("message", "import", str(files["cancel"]), home=home)
    after: Any = said("alert", "list", "--all", home=home)
    assert {(one["status"], one["state"]) for one in after} == {("Actual", "cancelled"), ("Exercise", "active")}
    queue: Any = said("duty", "queue", home=home)
    assert queue == []


def test_what_waits_stands_in_the_queue_and_in_the_hand_over_note(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "first.xml"
    file.write_text(cap("w-1"), "utf-8")
    said("message", "import", str(file), home=home)
    (waiting,) = (queue := said("duty", "queue", home=home)) and queue  # type: ignore[misc]
    assert waiting["kind"] == "alert" and waiting["state"] == "Flood, Vidin (orange)"
    said("duty", "take", waiting["id"], home=home)
    assert "Flood, Vidin" in xstock_here("duty", "note", home=home).stdout
