"""The README names every setting and its example holds; the manifest is of this plugin; the checks of plugins pass."""

import tomllib
from pathlib import Path

import msgspec
import pytest
import xstock_oidc
from xstock_oidc.settings import OidcSettings

from xstock_node.plugins import API_LEVEL, Registry
from xstock_node.testing.folder_plugin import open_folder
from xstock_node.testing.plugin_checks import check

HERE = Path(__file__).parents[1]
README = (HERE / "README.md").read_text("utf-8")
MANIFEST = tomllib.loads((Path(xstock_oidc.__file__).parent / "xstock-plugin.toml").read_text("utf-8"))


def test_every_setting_is_in_the_readme() -> None:
    table = "\n".join(line for line in README.splitlines() if line.startswith("| `"))
    assert not [field.name for field in msgspec.structs.fields(OidcSettings) if f"`{field.name}`" not in table]


def test_the_example_of_the_readme_holds() -> None:
    example = README.split("```toml\n")[1].split("```")[0]
    found = msgspec.convert(tomllib.loads(example), OidcSettings)
    assert found.title == "Red Cross account"


@pytest.mark.parametrize(
    "issuer",
    [
        "http://login.example",
        "https://",
        "https://ana@login.example",
        "https://login.example?x=1",
        "https://login.example#x",
        "https://[x",
        "ftp://login.example",
    ],
)
def test_an_issuer_that_is_not_safe_is_refused(issuer: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="expected issuer"):
        msgspec.convert({"issuer": issuer, "client_id": "x"}, OidcSettings)


def test_the_manifest_is_of_this_plugin() -> None:
    registry = Registry()
    xstock_oidc.xstock_register(registry)
    assert {one["name"] for one in MANIFEST["adapter"]} == set(registry.identity_providers)
    assert MANIFEST["api"] <= API_LEVEL and MANIFEST["may"] == ["sign-in"]
    named = [name.removeprefix("$") for name in (*MANIFEST["hosts"], *MANIFEST["files"])]
    assert set(named) <= {field.name for field in msgspec.structs.fields(OidcSettings)}


async def test_the_contract_of_plugins_holds() -> None:
    found = [one async for one in check(open_folder(HERE))]
    assert [f"{one.promise}: {one.found}" for one in found if not one.holds] == []
    assert any(one.checked and one.adapter == "oidc" for one in found)
