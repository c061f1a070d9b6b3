"""`xstock bundle`: what travels by stick, mail or QR sequence."""

from pathlib import Path

import click
import msgspec

from xstock_node.cli.code_sheet import draw
from xstock_node.cli.keyfiles import write_file
from xstock_node.cli.output import emit, pairs, verb, words
from xstock_node.cli.session import open_session
from xstock_node.protocol import bundle as bundles
from xstock_node.protocol import codes
from xstock_node.protocol.errors import ProtocolError
from xstock_node.services import bundling
from xstock_node.services.errors import Refusal


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle that was written: compare the digest at the other end."""

    file: str
    bytes: int
    digest: str
    entries: dict[str, int]
    exercise: bool


@click.group("bundle")
def bundle() -> None:
    """What travels by stick, mail or QR sequence."""


@bundle.command("export")
@click.option("--to", default="", help="For this peer: also its messages and audience logs, sealed to it.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write.")
@click.option(
    "--codes", "as_codes", is_flag=True, help="Write short texts for QR codes, one a line; drawn where FILE ends .html."
)
@click.option("--network", default="", help="The network; the home network by default.")
@verb
async def export(as_json: bool, home: Path | None, to: str, out: Path, as_codes: bool, network: str) -> None:
    """Write what a peer, or everybody, may miss."""
    async with open_session(home) as session:
        made = await session.call("bundle.export", bundling.ExportRequest(to=to, network=network))
    digest, data = bundling.digest(made.content), made.content
    if as_codes:
        texts = codes.split(made.content)
        lines = "".join(f"{line}\n" for line in texts).encode()
        data = draw(texts, f"{out.stem} {digest}") if out.suffix == ".html" else lines
    write_file(out, data)
    written = Written(file=str(out), bytes=len(data), digest=digest, entries=made.entries, exercise=made.exercise)
    emit(written, as_json, _written)


@bundle.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@verb
async def import_(as_json: bool, home: Path | None, file: Path) -> None:
    """Take in FILE with the same checks as over the wire. Ends with 1 when an entry was refused."""
    content = _read(file)
    async with open_session(home) as session:
        found = await session.call("bundle.import", bundling.ImportRequest(content=content))
    emit(found, as_json, _shown)
    if found.refused:
        raise click.exceptions.Exit(1)


def _written(found: Written) -> str:
    banner = words("exercise.banner", "EXERCISE: nothing here is real") + "\n" if found.exercise else ""
    return banner + pairs(msgspec.structs.asdict(found).items())


def _read(file: Path) -> bytes:
    """A bundle as a file of bytes, or as lines of codes in any order."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise Refusal("no-file", str(file), error.strerror or str(error), "check the path", 2) from None
    if data.startswith(bundles.FIRST_LINE):
        return data
    try:
        return codes.join(line for line in data.decode("ascii", "replace").splitlines() if line.strip())
    except ProtocolError as error:
        raise Refusal("bad-bundle", error.expected, error.came, error.do or "copy it whole", 2) from None


def _shown(found: bundling.Imported) -> str:
    taken = ", ".join(f"{count} {kind}" for kind, count in found.taken.items())
    lines = [words("bundle.taken", "new: {what}; {records} records", what=taken or "nothing", records=found.records)]
    lines += [words("bundle.refused", "refused: {what}", what=why) for why in found.refused]
    return "\n".join(lines)
