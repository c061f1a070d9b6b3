"""Every setting, explained."""

import msgspec

from xstock_node.config import explain
from xstock_node.console.page import Column, Page, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark


class SettingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A setting: its name, type, meaning and default."""

    setting: str
    kind: str
    meaning: str
    default: str


class SettingsView(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting of `config.toml`, explained."""

    settings: list[SettingRow]


async def _settings(visit: Visit, asked: None) -> SettingsView:
    rows = [
        SettingRow(setting=name, kind=kind, meaning=words, default=msgspec.json.encode(default).decode())
        for name, kind, words, default in explain()
    ]
    return SettingsView(settings=rows)


SETTINGS = Page(
    "settings",
    "/settings",
    mark("Settings"),
    "operate",
    _settings,
    tables={
        "settings": Table(
            mark("Settings"),
            (
                Column("setting", mark("Setting"), "code"),
                Column("meaning", mark("Meaning"), "told"),
                Column("kind", mark("Type"), "code"),
                Column("default", mark("Default"), "code"),
            ),
            lambda view: view.settings,
        )
    },
    group="node",
    lead=mark("They stand in config.toml in the data folder, and hold from the next start."),
    shape="plain",
)
