"""The README names every file, address, status and setting, its examples are taken; the manifest is of this plugin."""

import re
import tomllib
from pathlib import Path

import msgspec
import xstock_checkpoint
from click.testing import CliRunner
from xstock_checkpoint.command import main, match
from xstock_checkpoint.readings import READERS
from xstock_checkpoint.routes import EventsSettings, Hit
from xstock_checkpoint.scan import ScanSettings

from xstock_node.plugins import API_LEVEL, Registry

HERE = Path(__file__).parents[1]
README = (HERE / "README.md").read_text("utf-8")


def test_the_readme_names_every_make_and_adapter() -> None:
    assert not [make for make in READERS if f"| `/{make}` |" not in README]
    registry = Registry()
    xstock_checkpoint.xstock_register(registry)
    for name in (*registry.routes, *registry.pages):
        assert f"`{name}.toml`" in README


def test_the_examples_are_taken() -> None:
    hits, events, scan = (tomllib.loads(text) for text in re.findall(r"```toml\n(.*?)```", README, re.S))
    assert hits["host"] == {"token_file": "hits.token"}
    assert events.pop("host") and msgspec.convert(events, EventsSettings).centre
    assert len(msgspec.convert(scan, ScanSettings).places) == 2
    (example,) = re.findall(r"```json\n(.*?)```", README, re.S)
    assert msgspec.json.decode(example, type=Hit).source == "frigate"


def test_the_command_of_the_readme_has_its_options_and_refuses_what_cannot_be(tmp_path: Path) -> None:
    (words,) = re.findall(r"    xstock-checkpoint match (.*?)\n\n", README, re.S)
    used = set(re.findall(r"--[a-z-]+", words))
    assert used <= {name for one in match.params for name in one.opts} and "--digits" in used
    token = tmp_path / "token"
    token.write_text("secret")
    base = ["match", "--list", "l", "--digits", "1", "--token-file", str(token), "--place", "x"]
    for wrong, expected in (
        (["--country", "Romania", "--node", "https://n"], "two letters"),
        (["--country", "RO", "--node", "http://192.0.2.1"], "https://HOST"),
        (["--country", "RO", "--node", "ftp://n"], "https://HOST"),
        (["--country", "RO", "--node", "https://n", "--listen", "here"], "HOST:PORT"),
    ):
        done = CliRunner().invoke(main, [*base, *wrong])
        assert done.exit_code == 2 and expected in done.output, done.output


def test_the_manifest_is_of_this_plugin() -> None:
    manifest = tomllib.loads((Path(xstock_checkpoint.__file__).parent / "xstock-plugin.toml").read_text("utf-8"))
    registry = Registry()
    xstock_checkpoint.xstock_register(registry)
    assert [one["name"] for one in manifest["adapter"]] == [*registry.routes, *registry.pages]
    assert manifest["api"] == 6 <= API_LEVEL and manifest["may"] == ["convoys", "pages", "public-routes"]
    assert [one["name"] for one in manifest["adapter"] if one.get("public")] == ["scan"], "the board stays inside"
    for one in manifest["adapter"]:
        if one["kind"] == "route":
            assert f"/plugins/xstock-checkpoint/{one['path']}" in README and one["authentication"] != "none"
