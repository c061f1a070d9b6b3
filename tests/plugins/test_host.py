"""The host loads what is allowed, quarantines what fails, and never lets a plugin stop the node."""

import sys
import types
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import msgspec
import pytest

from xstock_node.plugins import FileReading, Notice, NotifierContext, ReadHints, Registry, hookimpl
from xstock_node.plugins.host import PluginHost


class Distribution:
    """As much of a distribution as the host looks at."""

    def __init__(self, name: str) -> None:
        self.name, self.version = name, "1.0"


class Reader:
    """A reader of one suffix."""

    def __init__(self, name: str, suffix: str) -> None:
        self.name, self.suffixes = name, (suffix,)

    def read(self, path: Path, hints: ReadHints) -> FileReading:
        return FileReading(file=path.name)


@pytest.fixture
def modules() -> Iterator[dict[str, types.ModuleType]]:
    """Modules that live for one test."""
    made: dict[str, types.ModuleType] = {}
    yield made
    for name in made:
        sys.modules.pop(name, None)


def point(modules: dict[str, types.ModuleType], name: str, register: object, distribution: str = "acme") -> EntryPoint:
    """An entry point of a module made on the spot."""
    module = types.ModuleType(f"made_{len(modules)}_{name}")
    if register is not None:
        module.xstock_register = register  # type: ignore[attr-defined]
    modules[module.__name__] = sys.modules[module.__name__] = module
    found = EntryPoint(name, module.__name__, "xstock_node")
    return found._for(Distribution(distribution))  # type: ignore[attr-defined,no-any-return]


def reads(name: str, suffix: str) -> object:
    """A hook that registers one reader."""

    @hookimpl
    def xstock_register(registry: Registry) -> None:
        registry.file_reader(Reader(name, suffix))

    return xstock_register


def test_a_plugin_is_loaded_only_when_its_distribution_is_allowed(modules: dict[str, types.ModuleType]) -> None:
    found = [point(modules, "a", reads("a", ".a"), "acme"), point(modules, "b", reads("b", ".b"), "other")]
    host = PluginHost(["acme"], found)
    assert host.suffixes() == [".a"]
    assert {s.name: s.state for s in host.statuses} == {"a": "loaded", "b": "not allowed"}
    assert "plugins.allow" in host.statuses[1].reason


def test_two_plugins_of_one_name_are_refused_both(modules: dict[str, types.ModuleType]) -> None:
    found = [point(modules, "a", reads("a", ".a")), point(modules, "a", reads("b", ".b"))]
    host = PluginHost(["acme"], found)
    assert host.suffixes() == []
    assert [s.state for s in host.statuses] == ["quarantined", "quarantined"]


def test_a_plugin_that_raises_is_quarantined_and_the_others_work(modules: dict[str, types.ModuleType]) -> None:
    @hookimpl
    def xstock_register(registry: Registry) -> None:
        raise RuntimeError("no licence")

    found = [point(modules, "bad", xstock_register), point(modules, "good", reads("good", ".g"))]
    host = PluginHost(["acme"], found)
    assert host.suffixes() == [".g"]
    assert host.statuses[0].state == "quarantined" and "no licence" in host.statuses[0].reason


def test_a_misspelt_hook_argument_is_quarantined(modules: dict[str, types.ModuleType]) -> None:
    @hookimpl
    def xstock_register(registri: Registry) -> None:
        return None

    host = PluginHost(["acme"], [point(modules, "a", xstock_register)])
    assert host.statuses[0].state == "quarantined"


def test_two_readers_of_one_name_keep_the_first(modules: dict[str, types.ModuleType]) -> None:
    found = [point(modules, "a", reads("same", ".a")), point(modules, "b", reads("same", ".b"))]
    host = PluginHost(["acme"], found)
    assert host.suffixes() == [".a"]
    assert host.statuses[1].state == "quarantined" and "same" in host.statuses[1].reason


class Caller:
    """A notifier that does nothing."""

    def __init__(self, name: str) -> None:
        self.name, self.settings = name, msgspec.Struct

    async def send(self, notice: Notice, context: NotifierContext) -> None:
        return None


def calls(name: str) -> object:
    """A hook that registers one notifier, as level 2 lets it."""

    @hookimpl
    def xstock_register(registry: Registry) -> None:
        assert registry.api_level >= 2
        registry.notifier(Caller(name))

    return xstock_register


def test_notifiers_are_registered_by_name_and_two_of_one_name_keep_the_first(
    modules: dict[str, types.ModuleType],
) -> None:
    found = [point(modules, "a", calls("mail")), point(modules, "b", calls("mail")), point(modules, "c", calls("sms"))]
    host = PluginHost(["acme"], found)
    assert sorted(host.notifiers) == ["mail", "sms"]
    assert host.statuses[1].state == "quarantined" and "mail" in host.statuses[1].reason


def test_the_node_s_own_list_comes_by_the_same_road() -> None:
    host = PluginHost([])
    assert host.sources["hand"].editable
    assert [s.state for s in host.statuses if s.name == "hand-kept"] == ["loaded"]
