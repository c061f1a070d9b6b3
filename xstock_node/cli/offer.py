"""`xstock offer`: what this node offers; publishing, ending, renewing; portable offers and their proof."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from xstock_node.cli.output import emit, marked, pairs, say, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.config import home_folder, load
from xstock_node.services.errors import Refusal
from xstock_node.services.typed import clean

if TYPE_CHECKING:
    from xstock_node.protocol.records import Offer

UNKNOWN_KEY = 6


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What a portable offer proves. `signed_by` is null while its key is not known on this machine.

    `expired`: its own lease has ended; a later renewal or withdrawal is not in the file. `exercise`: no real stock.
    """

    holds: bool
    signed_by: str | None
    node: str
    log: str
    index: int
    head_time: int
    expired: bool
    exercise: bool
    offer: Any


@click.group("offer")
def offer() -> None:
    """Own offers: publish, withdraw, renew, export, verify."""


@offer.command("list")
@verb
async def list_(as_json: bool, home: Path | None) -> None:
    """Own live offers."""
    async with open_session(home) as session:
        emit(await session.call("offer.list"), as_json, _offers)


@offer.command("show")
@click.argument("id_")
@click.option("--node", default="", help="Whose offer it is.")
@verb
async def show(as_json: bool, home: Path | None, id_: str, node: str) -> None:
    """One offer, own or another node's."""
    from xstock_node.services.offer_views import OfferId

    async with open_session(home) as session:
        hit = await session.call("offer.show", OfferId(id=id_, node=node))
    emit(hit, as_json, lambda h: pairs((name, value) for name, value in msgspec.structs.asdict(h).items()))


@offer.command("places")
@click.option("--item", default="", help="Only this item of the catalogue, with its quantity.")
@click.option("--exercise", is_flag=True, help="Also what is offered in exercises.")
@verb
async def places(as_json: bool, home: Path | None, item: str, exercise: bool) -> None:
    """Where the offers of all nodes are: how many, or how much of one item."""
    from xstock_node.services.offer_sums import PlacesAsked

    async with open_session(home) as session:
        emit(await session.call("offer.places", PlacesAsked(item=item, exercise=exercise)), as_json, _places)


@offer.command("countries")
@click.option("--most", default=12, type=click.IntRange(1, 40), help="So many items, those that the most nodes offer.")
@click.option("--exercise", is_flag=True, help="Also what is offered in exercises.")
@verb
async def countries(as_json: bool, home: Path | None, most: int, exercise: bool) -> None:
    """How much of the most offered items the nodes of each country offer."""
    from xstock_node.services.offer_sums import CountriesAsked

    async with open_session(home) as session:
        emit(await session.call("offer.countries", CountriesAsked(most=most, exercise=exercise)), as_json, _countries)


@offer.command("publish")
@click.argument("codes", nargs=-1)
@click.option("--release", is_flag=True, help="Also release what a person has to release: new items, larger figures.")
@verb
async def publish(as_json: bool, home: Path | None, codes: tuple[str, ...], release: bool) -> None:
    """Sign offers for the catalogue CODES (all by default), as the share rules allow."""
    from xstock_node.services.offer_views import PublishRequest

    async with open_session(home) as session:
        result = await session.call("offer.publish", PublishRequest(codes=list(codes), release=release))
        if result.held and not as_json and not release and os.isatty(0):
            click.echo(_held(result.held), err=True)
            if click.confirm(f"Release these {len(result.held)}?", err=True):
                result = await session.call("offer.publish", PublishRequest(codes=list(codes), release=True))
    emit(result, as_json, _published)


@offer.command("withdraw")
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All own offers.")
@click.option("--why", default="", help="Said in the log; no names of persons.")
@verb
async def withdraw(as_json: bool, home: Path | None, ids: tuple[str, ...], everything: bool, why: str) -> None:
    """End offers IDS."""
    await _change("offer.withdraw", as_json, home, ids, everything, why)


@offer.command("renew")
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All own offers.")
@verb
async def renew(as_json: bool, home: Path | None, ids: tuple[str, ...], everything: bool) -> None:
    """Say that the stock behind offers IDS was checked now: a new date and a new lease for them alone."""
    await _change("offer.renew", as_json, home, ids, everything, "")


@offer.command("export")
@click.argument("id_")
@click.option("--node", default="", help="Whose offer it is; this node's by default.")
@click.option("--out", type=click.Path(path_type=Path), help="File to write; <node>-<id>.xsoffer by default.")
@verb
async def export(as_json: bool, home: Path | None, id_: str, node: str, out: Path | None) -> None:
    """Write offer ID with its proof to a file that verifies anywhere, without network."""
    from xstock_node.services.offer_views import OfferId

    async with open_session(home) as session:
        result = await session.call("offer.export", OfferId(id=id_, node=node))
    path = out or Path(result.file)
    try:
        path.write_bytes(result.content)
    except OSError as error:
        came = f"{path}: {error.strerror or error}"
        raise Refusal("no-file", "a file that can be written", came, "give --out in a folder of yours", 2) from None
    emit(
        {"file": str(path), "bytes": len(result.content)},
        as_json,
        lambda r: words("offer.wrote", "wrote {file}, {bytes} bytes", **r),
    )


@offer.command("verify")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", type=click.Path(path_type=Path), help="Identity note of the node that signed.")
@verb
async def verify(as_json: bool, home: Path | None, file: Path, key: Path | None) -> None:
    """Check a portable offer. Ends with 0 when proof and signature hold, 6 when the key is not known here, else 1."""
    from xstock_node.protocol import proof

    try:
        data = file.read_bytes()  # noqa: ASYNC240 - a verb does one thing at a time
    except OSError as error:
        raise Refusal("no-file", f"a portable offer at {file}", error.strerror or "", "check the path", 2) from None
    found = proof.verify(data, _known_keys(home, key))
    offer = _offer_of(found.line)
    verified = Verified(
        holds=True,
        signed_by=found.signed_by,
        node=found.head.log.node,
        log=str(found.head.log),
        index=found.position,
        head_time=found.head.time,
        expired=offer.exp <= time.time(),
        exercise=found.head.log.name.is_exercise,
        offer=msgspec.Raw(found.line),
    )
    emit(verified, as_json, _verified)
    if found.signed_by is None:
        say(
            "offer.unknown-key",
            "the proof holds; key {key} is not known on this machine, so that the signature is unchecked:"
            " give --key FILE",
            key=", ".join(c for c in found.claimed if c.startswith(f"{found.head.log.node}#")),
        )
        raise click.exceptions.Exit(UNKNOWN_KEY)


def _offer_of(line: bytes) -> "Offer":
    """The offer that a proven record line is; any other record proves no offer."""
    from xstock_node.protocol.records import Defect, Foreign, Offer, interpret

    record = interpret(line)
    if isinstance(record, Offer):
        return record
    if isinstance(record, Defect):
        came = f"a line that is none: {record.why}"
    else:
        came = f"a record of the type {record.t if isinstance(record, Foreign) else type(record).__name__.lower()}"
    raise Refusal("no-offer", "the record of an offer", came, "ask its sender for the offer itself")


def _known_keys(home: Path | None, key: Path | None) -> dict[str, tuple[bytes, ...]]:
    """Keys of an identity file, of this node and of its pinned peers; no node is needed."""
    from xstock_node.cli.assembly import IDENTITY, pinned
    from xstock_node.protocol import identity

    found = []
    if key is not None:
        try:
            found.append(identity.parse(key.read_bytes()))
        except OSError as error:
            raise Refusal("no-file", f"an identity note at {key}", error.strerror or "", "check the path", 2) from None
    folder = home_folder(str(home) if home else None)
    if (folder / "config.toml").exists():
        found += [*pinned(folder, load(folder)), identity.parse((folder / IDENTITY).read_bytes())]
    known: dict[str, tuple[bytes, ...]] = {}
    for one in found:
        known[one.name] = (*known.get(one.name, ()), *one.signing_keys())
    return known


async def _change(
    route: str, as_json: bool, home: Path | None, ids: tuple[str, ...], everything: bool, why: str
) -> None:
    from xstock_node.services.offer_views import OfferIds

    async with open_session(home) as session:
        result = await session.call(route, OfferIds(ids=list(ids), all=everything, why=why))
    emit(result, as_json, lambda r: words("offer.count", "{count} offers", count=r.changed))


def _offers(views: Any) -> str:
    rows = [
        (marked(v.id, v.exercise), v.item, v.name, v.quantity, v.unit, v.place, v.as_of, v.valid_until) for v in views
    ]
    return table(("id", "item", "name", "quantity", "unit", "place", "as of", "valid until"), rows)


def _places(views: Any) -> str:
    rows = [
        (v.node, v.country, v.place, str(v.offers), v.quantity, v.unit, f"{v.ready_hours} h", _degrees(v))
        for v in views
    ]
    return table(("node", "in", "place", "offers", "quantity", "unit", "ready", "at"), rows)


def _degrees(view: Any) -> str:
    return "" if view.latitude is None else f"{view.latitude:.2f},{view.longitude:.2f}"


def _countries(views: Any) -> str:
    rows = [(v.item, v.country, v.quantity, v.unit, str(v.offers)) for v in views]
    return table(("item", "in", "quantity", "unit", "offers"), rows)


def _published(result: Any) -> str:
    head = words(
        "offer.published",
        "{published} published, {withdrawn} withdrawn, {unchanged} unchanged",
        published=len(result.published),
        withdrawn=len(result.withdrawn),
        unchanged=result.unchanged,
    )
    parts = [head]
    parts += [_offers(result.published)] if result.published else []
    parts += [_held(result.held)] if result.held else []
    parts += [_impossible(result.impossible)] if result.impossible else []
    parts += [words("offer.aged", "{name}: {why}", name=o.name, why=o.why) for o in result.aged]
    return "\n\n".join(parts)


def _held(held: Any) -> str:
    rows = [(o.code, o.name, o.quantity, o.unit, o.why) for o in held]
    head = words("offer.held", "waiting for a person's release (--release):")
    return head + "\n" + table(("item", "name", "quantity", "unit", "why"), rows)


def _impossible(views: Any) -> str:
    head = words("offer.impossible", "not offered, because no record can say it:")
    return head + "\n" + table(("item", "name", "why"), [(o.code, o.name, o.why) for o in views])


def _verified(found: Verified) -> str:
    signature = (
        words("offer.signed", "signed by {key}", key=found.signed_by)
        if found.signed_by
        else words("offer.unchecked", "signature unchecked")
    )
    line = msgspec.json.encode(found.offer).decode("utf-8", "replace")
    head = words(
        "offer.holds",
        "the proof holds: record {index} of {log}, {signature}",
        index=found.index,
        log=found.log,
        signature=signature,
    )
    marks = [("EXPIRED", found.expired), ("EXERCISE", found.exercise)]
    said = " ".join(words(f"mark.{word.lower()}", word) for word, true in marks if true)
    return "\n".join(part for part in (head, said, clean(line)) if part)
