"""`xstock network`: who belongs: charters, applications, vouches, members."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, get_args

import click
import msgspec

from xstock_node.cli.assembly import read_identity
from xstock_node.cli.keyfiles import KEYS, ROOT_KEY, read_root, write_file
from xstock_node.cli.network_towns import VERBS as TOWN_VERBS
from xstock_node.cli.output import emit, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.config import home_folder, load
from xstock_node.protocol import charter as charters
from xstock_node.protocol import identity, limits, notes
from xstock_node.protocol.charter import Governor, Needed, Strike
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.keys import Signer, to_base64
from xstock_node.protocol.recordtypes import Tier
from xstock_node.services import enrolment, governing
from xstock_node.services.errors import Refusal

T = TypeVar("T")
NETWORK = click.option("--network", default="", help="The network; the home network by default.")
ROOT = click.option("--root-key", type=click.Path(path_type=Path), help="File with the root key; keys/root.key else.")


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A charter on its way: who signed it so far, and who is still wanted."""

    file: str
    network: str
    version: int
    hash: str
    signed: list[str]
    needed: int
    complete: bool


@click.group("network")
def network() -> None:
    """Who belongs: charters, applications, vouches, members."""


for town_verb in TOWN_VERBS:
    network.add_command(town_verb)


@network.command("list")
@verb
async def list_(as_json: bool, home: Path | None) -> None:
    """The networks of this node."""
    async with open_session(home) as session:
        found = await session.call("network.list")
    rows = [(n.network, n.log, n.charter, n.members, n.own_state, n.own_tier) for n in found]
    emit(found, as_json, lambda _: table(("network", "log", "charter", "members", "own state", "own tier"), rows))


@network.command("found")
@click.argument("name")
@click.option(
    "--governor",
    "governors",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    help="Identity note of a first governor, this node's own among them; two at least.",
)
@click.option("--need", nargs=3, type=int, help="Governors for a charter, for a member, and to expel one.")
@click.option("--out", type=click.Path(path_type=Path), help="File of the draft; charter-NAME-1.note by default.")
@ROOT
@verb
async def found(
    as_json: bool,
    home: Path | None,
    name: str,
    governors: tuple[Path, ...],
    need: tuple[int, int, int] | None,
    out: Path | None,
    root_key: Path | None,
) -> None:
    """Draft charter 1 of a new network, with the identities of its first governors, and sign it."""
    listed = [_governor(path) for path in governors]
    wanted = Needed(charter=need[0], vouch=need[1], revoke=need[2]) if need else None
    text = _checked(lambda: governing.draft(name, 1, "", governing.first_terms(listed, int(time.time()), wanted)))
    emit(_signed(text, b"", _root(home, root_key), out or Path(f"charter-{name}-1.note")), as_json, _draft)


@network.group("charter")
def charter() -> None:
    """Show, draft, sign and take charters."""


@charter.command("show")
@NETWORK
@verb
async def show(as_json: bool, home: Path | None, network: str) -> None:
    """The newest charter held: governors, thresholds, hash."""
    async with open_session(home) as session:
        held = await session.call("network.charter", governing.NetworkName(network=network))
    emit(held, as_json, _charter)


@charter.command("propose")
@click.option("--add", multiple=True, type=click.Path(path_type=Path), help="Identity of a new governor.")
@click.option("--remove", multiple=True, help="Name of a governor that goes.")
@click.option("--strike", multiple=True, nargs=2, type=(str, int), help="NAME INDEX: its statements from there on.")
@click.option("--need", nargs=3, type=int, help="Governors for a charter, for a member, and to expel one.")
@click.option("--out", type=click.Path(path_type=Path), help="File of the draft.")
@ROOT
@NETWORK
@verb
async def propose(
    as_json: bool,
    home: Path | None,
    network: str,
    add: tuple[Path, ...],
    remove: tuple[str, ...],
    strike: tuple[tuple[str, int], ...],
    need: tuple[int, int, int] | None,
    out: Path | None,
    root_key: Path | None,
) -> None:
    """Draft the next charter and sign it: governors come and go, statements are struck."""
    async with open_session(home) as session:
        view = await session.call("network.charter", governing.NetworkName(network=network))
    held = charters.parse(view.text.encode())
    wanted = Needed(charter=need[0], vouch=need[1], revoke=need[2]) if need else None
    struck = [Strike(governor=name, start=index) for name, index in strike]
    added = [_governor(path) for path in add]
    terms = governing.next_terms(held, int(time.time()), added, list(remove), struck, wanted)
    text = _checked(lambda: governing.draft(held.network, held.version + 1, held.hash(), terms))
    file = out or Path(f"charter-{held.network}-{held.version + 1}.note")
    emit(_signed(text, b"", _root(home, root_key), file), as_json, _draft)


@charter.command("sign")
@click.argument("file", type=click.Path(path_type=Path))
@ROOT
@verb
async def sign(as_json: bool, home: Path | None, file: Path, root_key: Path | None) -> None:
    """Add this governor's signature to a draft, after reading what it says."""
    raw = _read(file)
    draft = _checked(lambda: charters.parse_draft(raw) if b"\n\n" in raw else None)
    if draft is None:
        raise Refusal("bad-draft", f"a draft of a charter in {file}", "something else", "ask for it again", 2)
    emit(_signed(draft.note.text, raw, _root(home, root_key), file), as_json, _draft)


@charter.command("take")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--hash", "told", default="", help="The hash as a governor read it out; for a network's first charter.")
@click.option("--identity", "known", multiple=True, type=click.Path(path_type=Path), help="Identity of a governor.")
@verb
async def take(as_json: bool, home: Path | None, file: Path, told: str, known: tuple[Path, ...]) -> None:
    """Take a charter that enough governors signed."""
    texts = [_read(path).decode("utf-8", "replace") for path in (file, *known)]
    request = governing.CharterText(text=texts[0], hash=told, identities=texts[1:])
    async with open_session(home) as session:
        emit(await session.call("network.charter.take", request), as_json, _charter)


@network.command("apply")
@click.option("--sponsor", required=True, help="The governor that shall sponsor this node.")
@click.option("--contact", default="duty officer", help="A function that answers the telephone, no person.")
@click.option("--out", type=click.Path(path_type=Path), help="File to carry to the sponsor.")
@click.option("--post", is_flag=True, help="Post it to the sponsor instead.")
@NETWORK
@verb
async def apply(
    as_json: bool, home: Path | None, network: str, sponsor: str, contact: str, out: Path | None, post: bool
) -> None:
    """Apply for membership, by wire or as a file."""
    request = enrolment.ApplyRequest(sponsor=sponsor, network=network, contact=contact, post=post)
    async with open_session(home) as session:
        made = await session.call("network.apply", request)
    if out is not None:
        write_file(out, made.text.encode())
    emit(made, as_json, lambda a: words("apply.state", "{state}", state=a.state) if post or out else a.text)


@network.command("applications")
@click.option("--take", "file", type=click.Path(path_type=Path), help="Take an application that came as a file.")
@click.option("--all", "every", is_flag=True, help="Also towns that were sponsored, refused, or left.")
@NETWORK
@verb
async def applications(as_json: bool, home: Path | None, network: str, file: Path | None, every: bool) -> None:
    """Who wants to join, nodes and towns; compare the digits by telephone before you vouch or sponsor."""
    async with open_session(home) as session:
        if file is not None:
            carried = enrolment.ApplicationFile(text=_read(file).decode("utf-8", "replace"))
            await session.call("network.application.take", carried)
        found = await session.call("network.applications", enrolment.ApplicationsAsked(network=network, all=every))
    rows = [(a.id, a.kind, a.name, a.organisation, a.country, a.state, a.at, a.contact, a.digits) for a in found]
    titles = ("id", "kind", "name", "organisation", "in", "state", "at", "contact", "digits")
    emit(found, as_json, lambda _: table(titles, rows))


@network.command("vouch")
@click.argument("name")
@click.option("--tier", type=click.Choice(get_args(Tier)), default="member", help="What it may do.")
@click.option("--days", default=365, help="For how long, at most 400.")
@click.option("--digits", default="", help="The 24 digits as its people read them out by telephone.")
@click.option("--root", default="", help="Root key hash, where neither application nor identity is here.")
@NETWORK
@verb
async def vouch(
    as_json: bool, home: Path | None, network: str, name: str, tier: Tier, days: int, digits: str, root: str
) -> None:
    """As a governor: stand for NAME."""
    request = governing.VouchRequest(name=name, network=network, tier=tier, days=days, digits=digits, root=root)
    async with open_session(home) as session:
        emit(await session.call("network.vouch", request), as_json, _member)


@network.command("revoke")
@click.argument("name")
@click.option("--why", required=True, help="For all members to read; no person's name.")
@NETWORK
@verb
async def revoke(as_json: bool, home: Path | None, network: str, name: str, why: str) -> None:
    """As a governor: speak against NAME; enough governors expel it."""
    async with open_session(home) as session:
        request = governing.RevokeRequest(name=name, network=network, why=why)
        emit(await session.call("network.revoke", request), as_json, _member)


@network.command("members")
@NETWORK
@verb
async def members(as_json: bool, home: Path | None, network: str) -> None:
    """Everybody and where they stand."""
    async with open_session(home) as session:
        found = await session.call("network.members", governing.NetworkName(network=network))
    rows = [(m.name, m.organisation, m.tier, m.state, m.until or "", ", ".join(m.vouchers)) for m in found]
    emit(found, as_json, lambda _: table(("name", "organisation", "tier", "state", "until", "vouched by"), rows))


def _governor(path: Path) -> Governor:
    found = _checked(lambda: identity.parse(_read(path)))
    return Governor(name=found.name, root=to_base64(found.root))


def _root(home: Path | None, given: Path | None) -> Signer:
    folder = home_folder(str(home) if home else None)
    own = read_identity(folder)
    root = read_root(given or folder / KEYS / ROOT_KEY, own.name, load(folder).keys.passphrase_file)
    if root.public != own.root:
        raise Refusal("other-key", f"the root key of {own.name}", "another key", "give it with --root-key", 2)
    return root


def _signed(text: str, before: bytes, root: Signer, file: Path) -> Draft:
    """The draft with one more signature, written to its file."""
    held = notes.parse(before, limits.CHARTER_NOTE) if before else None
    mine = notes.parse(notes.sign(text, root), limits.CHARTER_NOTE).signatures
    others = [s for s in held.signatures if (s.name, s.key_id) != (root.name, root.key_id)] if held else []
    raw = notes.joined(text, [*others, *mine])
    draft = charters.parse_draft(raw)
    if draft.governor(root.name) is None and held is None and draft.version == 1:
        raise Refusal("no-governor", "this node among the first governors", root.name, "add its identity", 2)
    write_file(file, raw)
    signed = sorted(draft.signed_by(draft.terms.governors))
    needed = draft.terms.need.charter
    return Draft(
        file=str(file),
        network=draft.network,
        version=draft.version,
        hash=draft.hash(),
        signed=signed,
        needed=needed,
        complete=len(signed) >= needed,
    )


def _checked(work: Callable[[], T]) -> T:
    try:
        return work()
    except ProtocolError as error:
        raise Refusal(error.code, error.expected, error.came, error.do, 2) from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refusal("no-file", str(path), error.strerror or str(error), "check the path", 2) from None


def _draft(draft: Draft) -> str:
    lines = [pairs(msgspec.structs.asdict(draft).items())]
    if draft.complete:
        hint = (
            "next, on every governor: compare the hash by telephone, then\n"
            "  xstock network charter take {file} --hash {hash} --identity NOTE  (a note of each other governor)"
        )
        lines.append(words("draft.take", hint, file=draft.file, hash=draft.hash))
    else:
        lines.append(words("draft.sign", "next: carry it to another governor: xstock network charter sign FILE"))
    return "\n".join(lines)


def _charter(held: governing.CharterView) -> str:
    facts = {k: v for k, v in msgspec.structs.asdict(held).items() if k not in ("governors", "text")}
    return pairs(facts.items()) + "\n" + table(("governor", "digits"), held.governors.items())


def _member(member: governing.MemberView) -> str:
    return pairs(msgspec.structs.asdict(member).items())
