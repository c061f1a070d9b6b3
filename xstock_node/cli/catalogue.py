"""`xstock catalogue`: items, their names in each language, and lists taken in."""

from pathlib import Path

import click

from xstock_node.cli.output import emit, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.domain.items import Item
from xstock_node.services.cataloguing import (
    CatalogueFile,
    CatalogueImported,
    CatalogueRequest,
    CrosswalkImported,
    ItemCode,
)
from xstock_node.services.errors import Refusal


@click.group("catalogue")
def catalogue() -> None:
    """Items and their names in each language."""


@catalogue.command("list")
@click.argument("text", required=False, default="")
@click.option("--category", default="", help="shelter, bedding, water ...")
@click.option("--language", default="", help="Language of the names (BCP 47).")
@verb
async def list_(as_json: bool, home: Path | None, text: str, category: str, language: str) -> None:
    """Items, or those whose name in any language has TEXT."""
    request = CatalogueRequest(text=text, category=category, language=language)
    async with open_session(home) as session:
        items = await session.call("catalogue.list", request)
    rows = [(i.code, i.scheme, i.name, i.category, i.unit) for i in items]
    emit(items, as_json, lambda _: table(("code", "scheme", "name", "category", "unit"), rows))


@catalogue.command("show")
@click.argument("code")
@verb
async def show(as_json: bool, home: Path | None, code: str) -> None:
    """All that the catalogue knows of item CODE."""
    async with open_session(home) as session:
        emit(await session.call("catalogue.show", ItemCode(code=code)), as_json, _shown)


@catalogue.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@verb
async def import_(as_json: bool, home: Path | None, file: Path) -> None:
    """Add the items of FILE: the IFRC standard catalogue as csv, or a TOML file like the default catalogue."""
    try:
        content = file.read_bytes()  # noqa: ASYNC240 - a verb does one thing at a time
    except OSError as error:
        raise Refusal(
            "no-file", f"a file that can be read at {file}", error.strerror or "", "check the path", 2
        ) from None
    async with open_session(home) as session:
        result = await session.call("catalogue.import", CatalogueFile(file=file.name, content=content))
    emit(result, as_json, _imported)


@catalogue.command("crosswalk")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--scheme", required=True, help="Name of the list whose codes FILE explains, such as unicef.")
@verb
async def crosswalk(as_json: bool, home: Path | None, file: Path, scheme: str) -> None:
    """Take FILE, a csv of foreign codes and the items that they mean (code, item, factor)."""
    from xstock_node.services.cataloguing import CrosswalkFile

    try:
        content = file.read_bytes()  # noqa: ASYNC240 - a verb does one thing at a time
    except OSError as error:
        came = error.strerror or str(error)
        raise Refusal("no-file", f"a file that can be read at {file}", came, "check the path", 2) from None
    async with open_session(home) as session:
        result = await session.call("catalogue.crosswalk", CrosswalkFile(scheme=scheme, content=content))
    emit(result, as_json, _walked)


def _walked(result: CrosswalkImported) -> str:
    head = words(
        "catalogue.crosswalk", "{stored} codes of {scheme} explained", stored=result.stored, scheme=result.scheme
    )
    missing = words("catalogue.unknown", "not in the catalogue: {codes}", codes=", ".join(result.unknown))
    return "\n".join([head, *([missing] if result.unknown else [])])


def _shown(item: Item) -> str:
    facts = pairs(
        [
            ("code", f"{item.code} ({item.scheme})"),
            ("category", item.category.value),
            ("unit", words("catalogue.lots", "{unit}, in lots of {lot}", unit=item.unit.value, lot=item.multiple)),
            ("net kg", item.net_kg),
            ("m3", item.m3),
            ("expires", _yes(item.expirable)),
            ("storage", item.storage.value),
            ("controlled", _yes(item.controlled)),
        ]
    )
    return facts + "\n\n" + pairs((language, name) for language, name in item.names.items())


def _yes(value: bool) -> str:
    return words("value.yes", "yes") if value else words("value.no", "no")


def _imported(result: CatalogueImported) -> str:
    return words(
        "catalogue.imported", "{stored} items added, {known} were known", stored=result.stored, known=result.known
    )
