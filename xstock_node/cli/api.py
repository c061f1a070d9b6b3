"""`xstock api`: the local API's own description."""

from pathlib import Path
from typing import Any

import click
import msgspec

from xstock_node.cli.output import emit, verb


@click.group("api")
def api() -> None:
    """The local API: its OpenAPI document."""


@api.command("openapi")
@verb
async def openapi(as_json: bool, home: Path | None) -> None:
    """The OpenAPI 3.1 document of the local API."""
    from xstock_node.api.openapi import document

    emit(document(), as_json, _indented)


def _indented(found: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(found), indent=1).decode()
