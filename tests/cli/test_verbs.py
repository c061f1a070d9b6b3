"""Verbs as a person types them: JSON alone on stdout, stable exit codes, errors with expected, came, do."""

import json
import stat
from pathlib import Path
from shutil import copytree

import pytest

from tests.processes import NodeProcess, free_port, xstock, xstock_here


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two lines of stock and one offer, to be copied."""
    folder = tmp_path_factory.mktemp("verbs") / "home"
    assert xstock("init", "--name", "redcross.example.org", "--country", "BG", home=folder).returncode == 0
    for name, code in (("Tent", "HSHETENTF16C"), ("Thing", "")):
        words = ["--name", name, "--code", code, "--quantity", "12", "--location", "Store"]
        assert xstock("stock", "add", *words, home=folder).returncode == 0
    assert xstock("stock", "match", "--same-code", home=folder).returncode == 0
    assert xstock("offer", "publish", "--release", home=folder).returncode == 0
    return folder


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """A data folder of its own with two lines of stock and one offer."""
    return Path(copytree(made, tmp_path / "home"))


def said(*words: str, home: Path, code: int = 0) -> object:
    """The JSON of a verb that ends with `code`."""
    run = xstock_here(*words, "--json", home=home)
    assert run.returncode == code, (run.stdout, run.stderr)
    return json.loads(run.stdout)


def test_every_reading_verb_prints_one_json_value(home: Path) -> None:
    for words in (
        ["status"], ["doctor"], ["stock", "list"], ["stock", "levels"], ["stock", "match"],
        ["stock", "preview"], ["catalogue", "list"],
        ["catalogue", "show", "HSHETENTF16C"], ["offer", "list"], ["search", "tent"], ["peer", "list"],
        ["offer", "places"], ["offer", "places", "--item", "HSHETENTF16C"], ["offer", "countries"],
        ["config", "check"], ["config", "show"], ["config", "explain"], ["log", "verify"],
    ):  # fmt: skip
        run = xstock(*words, "--json", home=home)
        assert run.returncode == 0 and json.loads(run.stdout) is not None, (words, run.stderr)


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
    found = {f["check"]: f for f in said("doctor", home=home, code=1)}  # type: ignore[attr-defined]
    assert found["signing.key"]["state"] == "error" and "chmod 600" in found["signing.key"]["do"]
    assert found["root.key"]["state"] == "warning", "the other checks go on"


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


def test_doctor_names_each_thing_that_keeps_the_node_from_opening(home: Path) -> None:
    with (home / "config.toml").open("a") as file:
        file.write("\n[offers]\nlease_days = 365\n")
    (home / "keys" / "signing.key").chmod(0o640)
    (home / "identity.note").write_bytes(b"nothing")
    (home / "node.db").write_bytes(b"no database at all")
    found = said("doctor", home=home, code=1)
    wrong = {f["check"] for f in found if f["state"] == "error"}  # type: ignore[attr-defined]
    assert wrong == {"settings", "signing.key", "identity", "database"}
    assert all(f["do"] for f in found if f["state"] != "ok")  # type: ignore[attr-defined]


def test_doctor_of_no_folder_says_what_to_do(tmp_path: Path) -> None:
    found = said("doctor", home=tmp_path / "none", code=1)
    assert any("xstock init" in f["do"] for f in found)  # type: ignore[attr-defined]


@pytest.mark.parametrize("words", [["offer", "withdraw"], ["offer", "renew"]])
def test_an_id_given_twice_counts_once(words: list[str], home: Path) -> None:
    offer = said("offer", "list", home=home)[0]  # type: ignore[index]
    assert said(*words, offer["id"], offer["id"], home=home)["changed"] == 1  # type: ignore[index]


@pytest.mark.parametrize("text", ["1_000", "１２", "1e3", "+5", " 7", "0x10", "1.", ".5", "Infinity", "٣", "9" * 30])
def test_figures_are_written_in_one_way(text: str, home: Path) -> None:
    ref = said("stock", "list", home=home)[0]["ref"]  # type: ignore[index]
    for words in (
        ["stock", "add", "--name", "A", f"--quantity={text}"],
        ["stock", "set", ref, f"--reserved={text}"],
        ["stock", "set", ref, f"--damaged={text}"],
        ["stock", "match", ref, "HSHETENTF16C", f"--factor={text}"],
        ["search", "tent", f"--min-quantity={text}"],
    ):
        error = said(*words, home=home, code=2)["error"]  # type: ignore[index]
        assert error["code"] in ("bad-quantity", "bad-factor") and error["do"], words


@pytest.mark.parametrize("field", ["name", "code", "location", "lot"])
def test_texts_with_hidden_characters_are_refused_with_the_field(field: str, home: Path) -> None:
    words = {"name": "Blanket"} | {field: "Te\u202ent"}
    options = [word for name, value in words.items() for word in (f"--{name}", value)]
    error = said("stock", "add", "--quantity", "3", *options, home=home, code=2)["error"]  # type: ignore[index]
    assert error["code"] == "bad-text" and field in error["expected"] and "U+202E" in error["came"]


def test_hidden_characters_of_a_file_are_dropped(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("code;name;unit;quantity\nHSHETENTF16C;Fam\u202eily tent\x07;pcs;5\n", "utf-8")
    said("stock", "import", str(path), home=home)
    names = [v["line"]["item_name"] for v in said("stock", "list", home=home) if v["source"] == "stock"]  # type: ignore[attr-defined]
    assert names == ["Family tent"]


def snapshot(path: Path, *quantities: int) -> Path:
    """A list with one line for each quantity."""
    rows = [f"C{number};Thing {number};pcs;{quantity}" for number, quantity in enumerate(quantities)]
    path.write_text("code;name;unit;quantity\n" + "\n".join(rows) + "\n", "utf-8")
    return path


@pytest.mark.parametrize(("after", "came"), [((10, 10, 10), "2 of 5 lines"), ((10, 10, 10, 10, 60), "total of 100")])
def test_a_snapshot_that_changes_much_is_held_until_a_person_accepts_it(
    after: tuple[int, ...], came: str, home: Path, tmp_path: Path
) -> None:
    said("stock", "import", str(snapshot(tmp_path / "a.csv", 10, 10, 10, 10, 10)), home=home)
    before = said("stock", "list", home=home)
    changed = str(snapshot(tmp_path / "b.csv", *after))
    error = said("stock", "import", changed, home=home, code=1)["error"]  # type: ignore[index]
    assert error["code"] == "mass-change" and came in error["came"] and "--accept-changes" in error["do"]
    assert said("stock", "list", home=home) == before
    assert said("stock", "import", changed, "--accept-changes", home=home)["stored"] == len(after)  # type: ignore[index]


def test_a_snapshot_that_changes_little_or_few_lines_is_taken(home: Path, tmp_path: Path) -> None:
    for quantities in ((5, 5, 5, 5), (50, 5), (10, 10, 10, 10, 10), (10, 10, 10, 11)):
        path = snapshot(tmp_path / "a.csv", *quantities)
        assert said("stock", "import", str(path), home=home)["stored"] == len(quantities)  # type: ignore[index]


def test_nothing_ends_in_a_raw_traceback(home: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    offer = said("offer", "list", home=home)[0]["id"]  # type: ignore[index]
    for words, place, code, exit_code in (
        (["search", "--skip", "-1"], home, "usage", 2),
        (["search", "--skip", str(2**70)], home, "usage", 2),
        (["search", "--limit", "0"], home, "usage", 2),
        (["search", "--ready-within", str(2**70)], home, "usage", 2),
        (["search", "--order", "nearest", "--near", "1e300,1"], home, "bad-place", 2),
        (["offer", "export", offer, "--out", str(tmp_path / "no" / "such" / "file")], home, "no-file", 2),
        (["status"], tmp_path / "file", "no-config", 3),
        (["init", "--name", "a.example.org"], tmp_path / "file" / "home", "system", 1),
    ):
        run = xstock(*words, "--json", home=place)
        assert run.returncode == exit_code, (words, run.stdout, run.stderr)
        assert json.loads(run.stdout)["error"]["code"] == code and "Traceback" not in run.stderr, words


def test_a_path_too_long_for_a_socket_is_refused_with_what_to_do(tmp_path: Path) -> None:
    home = tmp_path / ("x" * 100)
    assert xstock("init", "--name", "long.example.org", home=home).returncode == 0
    error = said("serve", home=home, code=2)["error"]  # type: ignore[index]
    assert error["code"] == "long-path" and "shorter --home" in error["do"]
    assert not said("status", home=home)["running"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ('country = "bg"', "node.country"),
        ('country = "BGR"', "node.country"),
        ('languages = ["bulgarian!"]', "node.languages"),
        ('place = "So\\u202Efia"', "node.place"),
        ("latitude = 91.0", "node.latitude"),
        ('[offers]\nterms = ["gift"]', "offers.terms"),
        ("[offers]\nterms = []", "offers.terms"),
    ],
)
def test_a_setting_that_no_offer_can_say_is_refused_by_its_name(settings: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f'[node]\nname = "a.example.org"\n{settings}\n', "utf-8")
    error = said("config", "check", home=tmp_path, code=3)["error"]  # type: ignore[index]
    assert named in error["expected"] and error["came"] and error["do"]
