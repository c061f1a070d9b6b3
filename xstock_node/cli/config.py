"""`xstock config`: settings checked, shown, explained."""

from pathlib import Path
from typing import Any

import click
import msgspec

from xstock_node.cli.output import emit, verb, words
from xstock_node.config import explain as explain_settings
from xstock_node.config import home_folder, load


@click.group("config")
def config() -> None:
    """Settings of the data folder."""


@config.command("check")
@verb
async def check(as_json: bool, home: Path | None) -> None:
    """Read settings, keys and pinned identities, and say whether all of them fit. Ends with 3 when not."""
    from xstock_node.cli.assembly import pinned
    from xstock_node.cli.keyfiles import read_signer

    folder = home_folder(str(home) if home else None)
    found = load(folder)
    read_signer(folder, found.node.name)
    peers = pinned(folder, found)
    result = {"ok": True, "node": found.node.name, "log": found.log(), "peers": [p.name for p in peers]}
    emit(result, as_json, _checked)


@config.command("show")
@verb
async def show(as_json: bool, home: Path | None) -> None:
    """All settings in force, defaults included."""
    found = load(home_folder(str(home) if home else None))
    emit(found, as_json, lambda c: msgspec.json.format(msgspec.json.encode(c), indent=2).decode())


@config.command("explain")
@click.argument("setting", required=False, default="")
@verb
async def explain(as_json: bool, home: Path | None, setting: str) -> None:
    """Every setting: its name, type, meaning and default; or only those that contain SETTING."""
    rows = [
        {"setting": name, "type": kind, "meaning": words, "default": default}
        for name, kind, words, default in explain_settings()
        if setting in name
    ]
    emit(rows, as_json, lambda found: "\n\n".join(_one(row) for row in found))


def _one(row: dict[str, object]) -> str:
    default = msgspec.json.encode(row["default"]).decode()
    return words("config.one", "{setting}  ({type}, default {shown})\n    {meaning}", shown=default, **row)


def _checked(found: dict[str, Any]) -> str:
    return words(
        "config.well",
        "all well: {node}, log {log}, {count} peers",
        node=found["node"],
        log=found["log"],
        count=len(found["peers"]),
    )
