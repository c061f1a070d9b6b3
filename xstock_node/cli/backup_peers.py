"""`xstock backup kept, send, fetch`: back-ups that peers keep for each other, encrypted."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import click
import msgspec

from xstock_node.cli.address_file import open_book
from xstock_node.cli.assembly import DATABASE, keeping_of, pinned
from xstock_node.cli.keyfiles import read_signer
from xstock_node.cli.output import emit, pairs, say, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.config import Config, home_folder, load
from xstock_node.protocol.backups import KeptFile
from xstock_node.protocol.errors import NotFound, ProtocolError
from xstock_node.services.backup.record import FOLDER, read_record, write_record
from xstock_node.services.backup.sending import Courier
from xstock_node.services.errors import Refusal
from xstock_node.services.overview import PeerName
from xstock_node.services.times import iso
from xstock_node.transport.client import HttpPeer
from xstock_node.transport.client import open_session as open_line

MIB = 1 << 20
TOLD_EVERY = 2.0  # seconds


class Told:
    """Tells on stderr how far long work came, every two seconds."""

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady, self._last = steady, steady()

    def __call__(self, done: int) -> None:
        """So many bytes are done."""
        if (now := self._steady()) - self._last >= TOLD_EVERY:
            self._last = now
            say("backup.progress", "  {mib} MiB", mib=done // MIB)


class KeptView(msgspec.Struct, frozen=True, kw_only=True):
    """A file that `keeper` keeps for `owner`; not `whole` while it is on its way."""

    owner: str
    keeper: str
    file: str
    size: int
    whole: bool
    at: str


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A back-up that a peer keeps now; `sent` bytes went just now, the others were there."""

    peer: str
    file: str
    size: int
    sent: int


class Got(msgspec.Struct, frozen=True, kw_only=True):
    """A back-up that came back, or was handed out."""

    peer: str
    file: str
    size: int


@click.command("send")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--at", "peer", required=True, help="The peer that keeps it.")
@verb
async def send(as_json: bool, home: Path | None, file: Path, peer: str) -> None:
    """Bring back-up FILE to a peer that keeps it, or what is missing of it after a broken line."""
    place = home_folder(str(home) if home else None)
    emit(await send_to(place, load(place), file, peer), as_json, lambda s: pairs(msgspec.structs.asdict(s).items()))


@click.command("kept")
@click.option("--at", "peer", help="What this peer keeps of ours; else what is kept here for others.")
@click.option("--export", nargs=2, metavar="NAME FILE", help="Write the newest that is kept here for NAME to FILE.")
@verb
async def kept(as_json: bool, home: Path | None, peer: str | None, export: tuple[str, str] | None) -> None:
    """What is kept here for others, what a peer keeps of ours, or one of them as a file for its society."""
    place = home_folder(str(home) if home else None)
    config = load(place)
    own = config.node.name
    if export:
        emit(_hand_out(place, config, *export), as_json, lambda got: pairs(msgspec.structs.asdict(got).items()))
        return
    if peer:
        async with _courier(place, config, peer) as courier:
            views = [_view(own, peer, one) for one in await _kept_at(courier, peer)]
    else:
        shelves = keeping_of(place, config, lambda: int(time.time())).shelves
        views = [_view(name, own, one) for name, shelf in shelves.items() for one in shelf.listed().files]
    emit(views, as_json, _listed)


@click.command("fetch")
@click.option("--at", "peer", required=True, help="The peer that keeps it.")
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Folder; else `backups` in the data folder.")
@click.option("--file", "name", help="Its name by `xstock backup kept --at`; else the newest.")
@verb
async def fetch(as_json: bool, home: Path | None, peer: str, folder: Path | None, name: str | None) -> None:
    """Get a back-up back from the peer that keeps it; a broken line is gone on with."""
    place = home_folder(str(home) if home else None)
    config, target = load(place), folder or place / FOLDER
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with _courier(place, config, peer) as courier:
        whole = [one for one in await _kept_at(courier, peer) if one.whole and name in (None, one.name)]
        if not whole:
            raise Refusal(
                "not-kept", f"a back-up of ours at {peer}", name or "none", "see `xstock backup kept --at`", 3
            )
        path = await courier.fetch(whole[-1], target, _sent_size(place, whole[-1].name))
    got = Got(peer=peer, file=str(path), size=path.stat().st_size)
    emit(got, as_json, lambda found: pairs(msgspec.structs.asdict(found).items()))


async def send_to(place: Path, config: Config, file: Path, peer: str) -> Sent:
    """Bring a file to a peer, and remember that it is there."""
    async with _courier(place, config, peer) as courier:
        try:
            sent = await courier.send(file)
        except NotFound:
            raise _nothing_agreed(peer, config.node.name) from None
        except ProtocolError:
            say("backup.again", "`xstock backup send {file} --at {peer}` goes on from here", file=file, peer=peer)
            raise
    write_record(place, msgspec.structs.replace(read_record(place), at_peer=int(time.time()), peer=peer))
    return Sent(peer=peer, file=file.name, size=sent.size, sent=sent.bytes)


def _sent_size(place: Path, name: str) -> int | None:
    """The size of a back-up that was made here, where it is the last."""
    made = read_record(place)
    return made.size if made.size and Path(made.file).name == name else None


@asynccontextmanager
async def _courier(place: Path, config: Config, name: str) -> AsyncIterator[Courier]:
    signer = read_signer(place, config.node.name, config.keys.passphrase_file)
    url, private = await _url_of(place, config, name), config.peers.allow_private
    async with open_line(private, open_book(place, lambda: int(time.time()))) as line:
        peer = HttpPeer(line, name, url, signer, lambda: int(time.time()), private)
        yield Courier(peer, asyncio.sleep, Told())


async def _url_of(place: Path, config: Config, name: str) -> str:
    """Where a peer is called: as the node knows it, or as it is pinned where there is no node any more."""
    if (place / DATABASE).exists():
        async with open_session(place) as session:
            found = [peer.url for peer in await session.call("peer.list", PeerName(name=name))]
    else:
        found = [one.url() for one in pinned(place, config) if one.name == name]
    if not found or not found[0]:
        raise Refusal("no-peer", f"{name} as a peer with an address", "none", "see `xstock peer list`", 3)
    return str(found[0])


async def _kept_at(courier: Courier, peer: str) -> list[KeptFile]:
    try:
        return (await courier.listed()).files
    except NotFound:
        raise _nothing_agreed(peer, "this node") from None


def _nothing_agreed(peer: str, own: str) -> Refusal:
    do = f"ask its operators for [[keep_backup]] with the name of {own}"
    return Refusal("not-agreed", f"a peer that keeps back-ups of {own}", peer, do, 3)


def _hand_out(place: Path, config: Config, name: str, file: str) -> Got:
    shelf = keeping_of(place, config, lambda: int(time.time())).shelves.get(name)
    newest = shelf.newest() if shelf else None
    if newest is None:
        raise Refusal("not-kept", f"a whole back-up of {name} kept here", "none", "see `xstock backup kept`", 3)
    target = Path(file)
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Refusal("no-file", f"a new file {target}", error.strerror or str(error), "give another name", 3) from None
    with newest.open("rb") as source, os.fdopen(descriptor, "wb") as written:
        shutil.copyfileobj(source, written)
    return Got(peer=name, file=str(target), size=target.stat().st_size)


def _view(owner: str, keeper: str, one: KeptFile) -> KeptView:
    return KeptView(owner=owner, keeper=keeper, file=one.name, size=one.size, whole=one.whole, at=iso(one.at))


def _listed(views: list[KeptView]) -> str:
    if not views:
        return words("backup.none-kept", "nothing is kept")
    rows = [(v.owner, v.keeper, v.file, v.size, "yes" if v.whole else "no", v.at) for v in views]
    return table(("owner", "keeper", "file", "bytes", "whole", "since"), rows)
