"""A plugin in a folder, as its author has it: found without being installed, with what its checks play."""

import json
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from xstock_node.plugins.hookspecs import PROJECT
from xstock_node.services.errors import Refusal
from xstock_node.testing.plugins import Distribution
from xstock_node.testing.recorded import RecordedAnswer

CHECK = Path("tests") / "check.toml"


class Played(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An adapter's settings for its checks, and the files that they name with their content."""

    settings: dict[str, Any] = {}
    files: dict[str, str] = {}


class ReadFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that a reader reads, and what it should make of it."""

    name: str
    content: str
    rows: int = 0
    rejected: int = 0
    error: str = ""


class SentRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to a route, and the status that it has to get."""

    adapter: str
    body: str = ""
    query: dict[str, str] = {}
    status: int = 200


class ReadMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document that a format reads, and what it should make of it. Without `content` it is the file `tests/NAME`.

    `format` is the one that reads it, where a plugin has several that know nothing of each other.
    """

    name: str
    format: str = ""
    content: str = ""
    alerts: int = 0
    messages: int = 0
    error: str = ""


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of a `check.toml`."""

    adapter: dict[str, Played] = {}
    answer: list[RecordedAnswer] = []
    file: list[ReadFile] = []
    request: list[SentRequest] = []
    message: list[ReadMessage] = []


class FolderPlugin(NamedTuple):
    """Its entry point, distribution, folder, and what its checks play."""

    point: EntryPoint
    distribution: str
    folder: Path
    check: Check

    def write_settings(self, home: Path, server: str) -> None:
        """Put settings and files of all adapters into a data folder; SERVER becomes the recorded server's address."""
        plugins = home / "plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        for name, played in self.check.adapter.items():
            found = {key: _placed(value, server) for key, value in played.settings.items()}
            (plugins / f"{name}.toml").write_text(_toml(found), "utf-8")
            for file, content in played.files.items():
                path = plugins / file
                path.write_text(content, "utf-8")
                path.chmod(0o600)


def open_folder(folder: Path) -> FolderPlugin:
    """The plugin of a folder; `Refusal` for a folder that holds none."""
    path = folder / "pyproject.toml"
    try:
        project = tomllib.loads(path.read_text("utf-8"))["project"]
        points = project["entry-points"][PROJECT]
        name, module = next(iter(points.items()))
        distribution = str(project["name"])
    except (OSError, ValueError, KeyError, StopIteration, AttributeError) as error:
        expected = f"{path} with an entry point in group {PROJECT}"
        raise Refusal("no-plugin", expected, str(error), "see `xstock plugin new --help`", 2) from None
    root = next((one for one in (folder, folder / "src") if (one / module.partition(".")[0]).exists()), folder)
    if str(root.resolve()) not in sys.path:
        sys.path.insert(0, str(root.resolve()))
    point = EntryPoint(name, module, PROJECT)._for(Distribution(distribution))  # type: ignore[attr-defined]
    return FolderPlugin(point, distribution, folder, _check(folder / CHECK))


def _check(path: Path) -> Check:
    if not path.is_file():
        return Check()
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Check)
    except ValueError as error:
        raise Refusal("bad-check", f"settings, answers and files in {path}", str(error), "mend the file", 2) from None


def _placed(value: Any, server: str) -> Any:
    if isinstance(value, str):
        return value.replace("SERVER", server)
    if isinstance(value, dict):
        return {key: _placed(one, server) for key, one in value.items()}
    return [_placed(one, server) for one in value] if isinstance(value, list) else value


def _toml(table: dict[str, Any]) -> str:
    """A table as TOML: every value is written inline, as JSON writes it but for tables."""
    return "".join(f"{json.dumps(key)} = {_inline(value)}\n" for key, value in table.items())


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_inline(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
