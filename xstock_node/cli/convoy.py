"""`xstock convoy`: convoys announced and under way, lists for camera operators, passages that a person decides on."""

from pathlib import Path

import click
import msgspec

from xstock_node.cli.keyfiles import write_secret
from xstock_node.cli.output import emit, marked, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.cli.step_fields import moment
from xstock_node.services.convoy_desk import CaseRequest, CodeView, ConvoyView, PassageId, PassageView, SeenRequest
from xstock_node.services.declaring import DeclaredView, DeclareRequest
from xstock_node.services.errors import Refusal


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """A list that was written to a file: what it covers, never a plate."""

    file: str
    corridor: str
    begins: str
    ends: str
    convoys: int
    plates: int
    without: list[str]
    digits: str


@click.group("convoy")
def convoy() -> None:
    """Convoys: list, declare, code, seen, and doubtful passages: doubtful, confirm, dismiss."""


@convoy.command("list")
@verb
async def list_(as_json: bool, home: Path | None) -> None:
    """The watch board: convoys announced, passed, late, doubtful; in threat mode nothing live."""
    async with open_session(home) as session:
        emit(await session.call("convoy.list"), as_json, _board)


@convoy.command("declare")
@click.argument("corridor")
@click.option("--from", "begins", default="", help="When the list begins, ISO with offset; now by default.")
@click.option("--until", "ends", required=True, help="When it ends, ISO with offset; at most 48 hours later.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The file for the camera operator.")
@verb
async def declare(as_json: bool, home: Path | None, corridor: str, begins: str, ends: str, out: Path) -> None:
    """Sign a list of the plates of CORRIDOR's convoys for one camera operator; none is signed in threat mode."""
    if out.exists():  # noqa: ASYNC240 - a verb does one thing at a time
        raise Refusal("file-exists", f"no file {out} yet", "one", "choose another name", 2)
    wanted = DeclareRequest(corridor=corridor, begins=moment(begins) if begins else 0, ends=moment(ends))
    async with open_session(home) as session:
        found: DeclaredView = await session.call("convoy.declare", wanted)
    write_secret(out, found.content.encode())
    said = {name: value for name, value in msgspec.structs.asdict(found).items() if name != "content"}
    emit(Declaration(file=str(out), **said), as_json, _declared)


@convoy.command("code")
@click.argument("case")
@verb
async def code(as_json: bool, home: Path | None, case: str) -> None:
    """The codes of CASE's consignments: where they open on a phone, below the address of the public port."""
    async with open_session(home) as session:
        emit(await session.call("convoy.code", CaseRequest(case=case)), as_json, _codes)


@convoy.command("seen")
@click.argument("id_", metavar="CONVOY")
@click.option("--place", required=True, help="Where it was; in threat mode not told.")
@click.option("--country", required=True, help="Its country, two letters.")
@click.option("--event", default="checkpoint", help="checkpoint, at-border, entry, hold, release or delayed.")
@click.option("--at", default="", help="When, ISO with offset; now by default.")
@verb
async def seen(as_json: bool, home: Path | None, id_: str, place: str, country: str, event: str, at: str) -> None:
    """Note that CONVOY was seen; the node tells the partner."""
    said = {"convoy": id_, "place": place, "country": country, "event": event, "at": moment(at) if at else 0}
    try:
        wanted = msgspec.convert(said, SeenRequest)
    except msgspec.ValidationError as error:
        raise Refusal("bad-passage", "a place, a country and an event", str(error), "see --help", 2) from None
    async with open_session(home) as session:
        emit(await session.call("convoy.seen", wanted), as_json, _passage)


@convoy.command("doubtful")
@verb
async def doubtful(as_json: bool, home: Path | None) -> None:
    """Passages that a person has to confirm or dismiss: look-alike letters, or a camera that was not sure."""
    async with open_session(home) as session:
        emit(await session.call("convoy.doubtful"), as_json, _doubtful)


@convoy.command("confirm")
@click.argument("id_", metavar="ID")
@verb
async def confirm(as_json: bool, home: Path | None, id_: str) -> None:
    """It was our convoy: the passage ID is told to the partner."""
    async with open_session(home) as session:
        emit(await session.call("convoy.confirm", PassageId(id=id_)), as_json, _passage)


@convoy.command("dismiss")
@click.argument("id_", metavar="ID")
@click.option("--reason", default="", help="Why; it stays with the passage.")
@verb
async def dismiss(as_json: bool, home: Path | None, id_: str, reason: str) -> None:
    """It was another vehicle: nothing is told of the passage ID."""
    async with open_session(home) as session:
        emit(await session.call("convoy.dismiss", PassageId(id=id_, reason=reason)), as_json, _passage)


def _board(found: list[ConvoyView]) -> str:
    rows = [
        (
            one.id,
            marked(one.case, one.exercise),
            one.consignment,
            one.other,
            one.stand,
            one.arrival,
            one.late_since,
            _mode(one),
            one.doubtful or "",
            one.passed[-1] if one.passed else "",
        )
        for one in found
    ]
    titles = (
        "convoy", "operation", "consignment", "node", "stand", "arrival", "late since", "mode", "doubtful", "last seen",
    )  # fmt: skip
    return table(titles, rows) if rows else words("convoy.none", "no convoy is announced or under way")


def _mode(one: ConvoyView) -> str:
    parts = [words("convoy.threat", "THREAT: late and coarse")] if one.threat else []
    parts += [words("convoy.closed", "curfew or air alert now")] if one.closed else []
    parts += [words("convoy.curfew", "curfew {hours}", hours=", ".join(one.curfew))] if one.curfew else []
    return "; ".join(parts)


def _declared(found: Declaration) -> str:
    return pairs(
        [
            ("file", found.file),
            ("corridor", found.corridor),
            ("from", found.begins),
            ("to", found.ends),
            ("convoys", found.convoys),
            ("plates", found.plates),
            ("without a plate", ", ".join(found.without)),
            ("digits", found.digits),
        ]
    )


def _codes(found: list[CodeView]) -> str:
    rows = [(marked(one.consignment, one.exercise), one.convoy, one.path) for one in found]
    return table(("consignment", "convoy", "address"), rows) if rows else words("convoy.none", "no convoy")


def _doubtful(found: list[PassageView]) -> str:
    rows = [(one.id, one.case, one.consignment, one.place, one.event, one.at, ", ".join(one.sources)) for one in found]
    titles = ("id", "operation", "consignment", "place", "event", "at", "by")
    return table(titles, rows) if rows else words("convoy.sure", "nothing is doubtful")


def _passage(found: PassageView) -> str:
    return pairs([("id", found.id), ("operation", found.case), ("place", found.place), ("state", found.state)])
