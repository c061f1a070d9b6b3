"""Verbs as a person types them: JSON alone on stdout, stable exit codes, errors with expected, came, do."""

import json
import stat
from pathlib import Path

import pytest

from tests.processes import NodeProcess, free_port, xstock


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data folder with two lines of stock and one offer."""
    folder = tmp_path / "home"
    assert xstock("init", "--name", "redcross.example.org", "--country", "BG", home=folder).returncode == 0
    for name, code in (("Tent", "HSHETENTF16C"), ("Thing", "")):
        words = ["--name", name, "--code", code, "--quantity", "12", "--location", "Store"]
        assert xstock("stock", "add", *words, home=folder).returncode == 0
    assert xstock("stock", "match", "--same-code", home=folder).returncode == 0
    assert xstock("offer", "publish", "--release", home=folder).returncode == 0
    return folder


def said(*words: str, home: Path, code: int = 0) -> object:
    """The JSON of a verb that ends with `code`."""
    run = xstock(*words, "--json", home=home)
    assert run.returncode == code, (run.stdout, run.stderr)
    return json.loads(run.stdout)


def test_every_reading_verb_prints_one_json_value(home: Path) -> None:
    for words in (
        ["status"], ["doctor"], ["stock", "list"], ["stock", "match"], ["stock", "preview"], ["catalogue", "list"],
        ["catalogue", "show", "HSHETENTF16C"], ["offer", "list"], ["search", "tent"], ["peer", "list"],
        ["config", "check"], ["config", "show"], ["config", "explain"], ["log", "verify"],
    ):  # fmt: skip
        assert said(*words, home=home) is not None, words


def test_init_makes_a_folder_that_only_its_owner_reads(home: Path) -> None:
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for name in ("signing.key", "root.key"):
        assert stat.S_IMODE((home / "keys" / name).stat().st_mode) == 0o600


def test_init_never_writes_over_a_node(home: Path) -> None:
    error = said("init", "--name", "other.example.org", home=home, code=2)["error"]  # type: ignore[index]
    assert error["code"] == "exists" and error["do"]


def test_a_folder_without_settings_says_what_to_do(tmp_path: Path) -> None:
    error = said("status", home=tmp_path / "none", code=3)["error"]  # type: ignore[index]
    assert error["code"] == "no-config" and "xstock init" in error["do"]


def test_settings_that_do_not_fit_are_named(home: Path) -> None:
    with (home / "config.toml").open("a") as file:
        file.write("\n[offers]\nlease_days = 365\n")
    error = said("config", "check", home=home, code=3)["error"]  # type: ignore[index]
    assert "lease_days" in error["came"]


def test_a_key_that_others_may_read_stops_the_node(home: Path) -> None:
    (home / "keys" / "signing.key").chmod(0o644)
    error = said("status", home=home, code=3)["error"]  # type: ignore[index]
    assert error["code"] == "key-too-open" and "chmod 600" in error["do"]


def test_stock_is_changed_and_removed_by_ref(home: Path) -> None:
    refs = {v["line"]["item_name"]: v["ref"] for v in said("stock", "list", home=home)}  # type: ignore[attr-defined]
    said("stock", "set", refs["Tent"], "--quantity", "7.5", home=home)
    said("stock", "remove", refs["Thing"], home=home)
    lines = said("stock", "list", home=home)
    assert [(v["line"]["item_name"], v["line"]["quantity"]) for v in lines] == [("Tent", "7.5")]  # type: ignore[attr-defined]
    assert said("stock", "remove", "nothing", home=home, code=1)["error"]["code"] == "no-line"  # type: ignore[index]


def test_a_smaller_stock_changes_its_offer_and_keeps_its_id(home: Path) -> None:
    before = said("offer", "list", home=home)[0]  # type: ignore[index]
    said("stock", "set", said("stock", "list", home=home)[0]["ref"], "--quantity", "7", home=home)  # type: ignore[index]
    result = said("offer", "publish", home=home)
    assert [o["quantity"] for o in result["published"]] == ["7"]  # type: ignore[index]
    after = said("offer", "list", home=home)
    assert [(o["id"], o["quantity"]) for o in after] == [(before["id"], "7")]  # type: ignore[attr-defined]


def test_more_than_the_released_figure_waits_for_a_person(home: Path) -> None:
    said("stock", "set", said("stock", "list", home=home)[0]["ref"], "--quantity", "100", home=home)  # type: ignore[index]
    result = said("offer", "publish", home=home)
    assert result["published"] == [] and [o["quantity"] for o in result["held"]] == ["100"]  # type: ignore[index]
    assert [o["quantity"] for o in said("offer", "publish", "--release", home=home)["published"]] == ["100"]  # type: ignore[index]


def test_an_offer_is_withdrawn_renewed_and_shown(home: Path) -> None:
    offer = said("offer", "list", home=home)[0]  # type: ignore[index]
    assert said("offer", "show", offer["id"], home=home)["name"] == "Tent"  # type: ignore[index]
    assert said("offer", "renew", "--all", home=home)["changed"] == 1  # type: ignore[index]
    assert said("offer", "withdraw", offer["id"], "--why", "needed here", home=home)["changed"] == 1  # type: ignore[index]
    assert said("offer", "list", home=home) == []
    assert said("search", "tent", home=home)["hits"] == []  # type: ignore[index]
    assert said("offer", "withdraw", home=home, code=2)["error"]["code"] == "no-offer"  # type: ignore[index]


def test_stock_that_is_gone_withdraws_its_offer(home: Path) -> None:
    said("stock", "remove", said("stock", "list", home=home)[0]["ref"], home=home)  # type: ignore[index]
    result = said("offer", "publish", home=home)
    assert len(result["withdrawn"]) == 1 and said("offer", "list", home=home) == []  # type: ignore[index]


def test_the_same_verbs_go_through_the_running_node(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path, "running.example.org", free_port())
    node.start()
    try:
        assert stat.S_IMODE((node.home / "api.sock").stat().st_mode) == 0o600
        words = ["--name", "Tent", "--code", "HSHETENTF16C", "--quantity", "3", "--location", "Store"]
        said("stock", "add", *words, home=node.home)
        said("stock", "match", "--same-code", home=node.home)
        assert len(said("offer", "publish", "--release", home=node.home)["published"]) == 1  # type: ignore[index]
        assert said("status", home=node.home)["running"]  # type: ignore[index]
        second = xstock("serve", "--json", home=node.home)
        assert second.returncode == 5 and json.loads(second.stdout)["error"]["code"] == "locked"
    finally:
        node.stop()
    assert node.process is not None and node.process.returncode == 0
    assert not (node.home / "api.sock").exists()
    assert [h["quantity"] for h in said("search", "šator", home=node.home)["hits"]] == ["3"]  # type: ignore[index]


def test_a_wrong_use_is_told_as_json_too(home: Path) -> None:
    for words in (["stock", "list", "--nope"], ["nothing"], ["search", "--order", "sideways"], ["offer", "show"]):
        error = said(*words, home=home, code=2)["error"]  # type: ignore[index]
        assert error["code"] == "usage" and error["came"]
