"""The host loads what is allowed, quarantines what fails, and never lets a plugin stop the node."""

import pytest

from tests.plugins.conftest import Bench, Write
from xstock_node.plugins.hookspecs import API_LEVEL
from xstock_node.plugins.host import PluginHost

READER = """
    from xstock_node.plugins import FileReading, hookimpl

    class Reader:
        name, suffixes = "{name}", ("{suffix}",)
        def read(self, path, hints):
            return FileReading(file=path.name)

    @hookimpl
    def xstock_register(registry):
        registry.file_reader(Reader())
"""
NOTIFIER = """
    import msgspec
    from xstock_node.plugins import hookimpl

    class Caller:
        name, settings = "{name}", msgspec.Struct
        async def send(self, notice, context):
            return None

    @hookimpl
    def xstock_register(registry):
        assert registry.api_level >= 2
        registry.notifier(Caller())
"""
MANIFEST = """
    api = {level}
    may = ["read-stock"]
    [[adapter]]
    kind = "file-reader"
    name = "{name}"
    suffixes = ["{suffix}"]
"""


def reads(name: str, suffix: str) -> str:
    """A plugin of level 1 that registers one reader."""
    return READER.format(name=name, suffix=suffix)


def test_a_plugin_is_loaded_only_when_its_distribution_is_allowed(write: Write, bench: Bench) -> None:
    host = bench.host(write(reads("a", ".a"), name="made-a"), write("raise SystemExit", None, "other", "made-b"))
    assert host.suffixes() == [".a"]
    assert {s.name: s.state for s in host.statuses} == {"made-a": "loaded", "made-b": "not allowed"}
    assert "plugins.allow" in host.statuses[1].do


def test_two_plugins_of_one_name_are_refused_both(write: Write, bench: Bench) -> None:
    one = write(reads("a", ".a"), name="made-same")
    host = bench.host(one, one)
    assert host.suffixes() == []
    assert [(s.state, s.do) for s in host.statuses] == [("quarantined", "uninstall one of them")]


@pytest.mark.parametrize("inside", [(), ("acme",)], ids=["apart", "in the node"])
def test_a_plugin_that_raises_is_quarantined_and_the_others_work(
    write: Write, bench: Bench, inside: tuple[str, ...]
) -> None:
    bad = """
        from xstock_node.plugins import hookimpl
        @hookimpl
        def xstock_register(registry):
            raise RuntimeError("no licence")
    """
    host = bench.host(write(bad, name="made-bad"), write(reads("good", ".g"), name="made-good"), in_process=inside)
    assert host.suffixes() == [".g"]
    assert host.statuses[0].state == "quarantined" and "no licence" in host.statuses[0].reason


@pytest.mark.parametrize("inside", [(), ("acme",)], ids=["apart", "in the node"])
def test_a_misspelt_hook_argument_is_quarantined(write: Write, bench: Bench, inside: tuple[str, ...]) -> None:
    code = "from xstock_node.plugins import hookimpl\n@hookimpl\ndef xstock_register(registri): pass"
    assert bench.host(write(code), in_process=inside).statuses[0].state == "quarantined"


def test_two_readers_of_one_name_keep_the_first(write: Write, bench: Bench) -> None:
    host = bench.host(write(reads("same", ".a"), name="made-a"), write(reads("same", ".b"), name="made-b"))
    assert host.suffixes() == [".a"]
    assert host.statuses[1].state == "quarantined" and "same" in host.statuses[1].reason


def test_notifiers_are_registered_by_name_and_two_of_one_name_keep_the_first(write: Write, bench: Bench) -> None:
    names = {"made-a": "mail", "made-b": "mail", "made-c": "sms"}
    host = bench.host(*(write(NOTIFIER.format(name=one), name=name) for name, one in names.items()))
    assert [one.name for one in host.of_kind("notifier")] == ["mail", "sms"]
    assert host.statuses[1].state == "quarantined" and "mail" in host.statuses[1].reason


def test_the_node_s_own_list_comes_by_the_same_road() -> None:
    host = PluginHost([])
    assert host.editable() == "hand"
    assert [s.state for s in host.statuses if s.name == "hand-kept"] == ["loaded"]


def test_a_plugin_of_the_previous_level_loads_and_one_that_needs_a_newer_node_is_refused_with_both_numbers(
    write: Write, bench: Bench
) -> None:
    old = MANIFEST.format(level=API_LEVEL - 1, name="old", suffix=".old")
    new = MANIFEST.format(level=API_LEVEL + 1, name="new", suffix=".new") + '\n    unheard_of = "yes"\n'
    code = "from xstock_node.plugins import hookimpl, OfTheFuture"
    host = bench.host(write(reads("old", ".old"), old, name="made-old"), write(code, new, name="made-young"))
    assert host.suffixes() == [".old"]
    young = host.statuses[1]
    assert (host.statuses[0].state, young.state) == ("loaded", "quarantined")
    assert str(API_LEVEL) in young.reason and str(API_LEVEL + 1) in young.reason and "update the node" in young.do


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ("api = 'three'", "whole number"),
        ("api = 0", "from 1 to"),
        ("api = 3\nmy = 1", "my"),
        ("api = ", "TOML"),
        ("api = 3\n[[adapter]]\nkind = 'inventory-source'\nname = 'x'", "read-stock"),
        ("api = 3\nfiles = ['/etc/shadow']", "$FIELD"),
        ("api = 3\nmay = ['read-stock']\n[[adapter]]\nkind = 'inventory-source'\nname = '../x'", "a-z"),
    ],
)
def test_a_manifest_that_is_not_well_is_refused_before_any_code_runs(
    write: Write, bench: Bench, manifest: str, words: str
) -> None:
    (status,) = bench.host(write("raise RuntimeError('ran')", manifest)).statuses
    assert status.state == "quarantined" and words in status.reason and "ran" not in status.reason
