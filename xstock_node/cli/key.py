"""`xstock key`: this node's keys: show, rotate after a theft or by habit, encrypt, recover from paper, export."""

import os
import secrets
import time
from pathlib import Path
from typing import TextIO

import click
import msgspec

from xstock_node.cli.assembly import IDENTITY, read_identity
from xstock_node.cli.keyfiles import (
    KEYS,
    ROOT_KEY,
    SEALING_KEY,
    SIGNING_KEY,
    encrypted,
    passphrase,
    read_root,
    read_sealing_keys,
    read_seed,
    replace_secret,
    write_file,
    write_secret,
)
from xstock_node.cli.output import emit, pairs, verb, words
from xstock_node.cli.session import take_lock
from xstock_node.config import home_folder, load
from xstock_node.protocol import identity, paper
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.keys import Signer, key_id, to_base64
from xstock_node.protocol.sealing import SealingKey
from xstock_node.services.errors import Refusal
from xstock_node.services.times import iso

VALID_DAYS = 730
OLD_SEALING_KEYS = 3


class KeysView(msgspec.Struct, frozen=True, kw_only=True):
    """This node's keys, public sides only."""

    node: str
    version: int
    digits: str
    root: str
    signing: list[str]
    sealing: int
    expires: str
    encrypted: bool
    root_key_here: bool


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    """A new version of the identity and its new keys."""

    node: str
    version: int
    signing: list[str]
    fixed_epoch: int
    next: list[str]


class Recovered(msgspec.Struct, frozen=True, kw_only=True):
    """A root key read back from paper."""

    node: str
    root_key: str
    digits: str


class PublicKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The identity note, which is all that others need."""

    node: str
    identity: str


@click.group("key")
def key() -> None:
    """This node's keys."""


@key.command("show")
@verb
async def show(as_json: bool, home: Path | None) -> None:
    """Public sides of the keys, the fingerprint, and how long they hold."""
    folder = home_folder(str(home) if home else None)
    emit(_view(folder, read_identity(folder)), as_json, lambda v: pairs(msgspec.structs.asdict(v).items()))


@key.command("rotate")
@click.option("--root-key", type=click.Path(path_type=Path), help="File with the root key, wherever it is kept.")
@click.option("--stolen", is_flag=True, help="The old key was stolen: what it signs from now on is void everywhere.")
@verb
async def rotate(as_json: bool, home: Path | None, root_key: Path | None, stolen: bool) -> None:
    """New signing and sealing keys under the same root key; the node must not run."""
    folder = home_folder(str(home) if home else None)
    config = load(folder)
    lock = take_lock(folder)
    try:
        held = read_identity(folder)
        root = _root(folder, root_key, held, config.keys.passphrase_file)
        made = rotate_keys(folder, held, root, int(time.time()), stolen)
    finally:
        os.close(lock)
    emit(made, as_json, lambda v: pairs(msgspec.structs.asdict(v).items()))


@key.command("encrypt")
@click.option("--passphrase-file", default="", help="File with the passphrase; a person is asked without it.")
@verb
async def encrypt(as_json: bool, home: Path | None, passphrase_file: str) -> None:
    """Put the signing key under a passphrase."""
    folder = home_folder(str(home) if home else None)
    path = folder / KEYS / SIGNING_KEY
    seed = read_seed(path, load(folder).keys.passphrase_file)
    replace_secret(path, encrypted(seed, passphrase(passphrase_file, path)))
    emit(_view(folder, read_identity(folder)), as_json, lambda v: pairs(msgspec.structs.asdict(v).items()))


@key.command("recover")
@click.option("--paper", "typed", type=click.File("r"), default="-", help="The eight lines as typed; stdin by default.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the root key; keys/root.key by default.")
@verb
async def recover(as_json: bool, home: Path | None, typed: TextIO, out: Path | None) -> None:
    """Read the root key back from its paper copy."""
    folder = home_folder(str(home) if home else None)
    held = read_identity(folder)
    try:
        seed = paper.read(typed.read())
    except ProtocolError as error:
        raise Refusal("bad-paper", error.expected, error.came, error.do, 2) from None
    if Signer(held.name, seed).public != held.root:
        raise Refusal("other-key", f"the root key of {held.name}", "another key", "find the right paper", 2)
    path = out or folder / KEYS / ROOT_KEY
    try:
        write_secret(path, seed.hex().encode() + b"\n")
    except FileExistsError:
        raise Refusal("exists", "a file that is not there yet", str(path), "give another with --out", 2) from None
    made = Recovered(node=held.name, root_key=str(path), digits=held.digits())
    emit(made, as_json, lambda v: pairs(msgspec.structs.asdict(v).items()))


@key.command("export-public")
@click.option("--out", type=click.Path(path_type=Path), help="File to write the note to; stdout by default.")
@verb
async def export_public(as_json: bool, home: Path | None, out: Path | None) -> None:
    """This node's identity note, for peers and governors."""
    folder = home_folder(str(home) if home else None)
    held = read_identity(folder)
    if out is not None:
        write_file(out, held.raw)
    found = PublicKeys(node=held.name, identity=held.raw.decode())
    emit(found, as_json, lambda v: v.identity.rstrip("\n") if out is None else words("key.written", "written"))


def rotate_keys(folder: Path, held: Identity, root: Signer, now: int, stolen: bool) -> Rotated:
    """Write new keys and the next identity; the old sealing keys stay for mail that is under way."""
    signing_seed, seal_seed = secrets.token_bytes(32), secrets.token_bytes(96)
    signing, sealing = Signer(held.name, signing_seed), SealingKey.from_seed(seal_seed)
    statement = msgspec.structs.replace(
        held.statement,
        expires=now + VALID_DAYS * 86_400,
        keys=(to_base64(signing.public),),
        seal=sealing_list(sealing, seal_seed),
        epoch=now if stolen else 0,
    )
    raw = identity.sign(held.name, held.version + 1, statement, root, (signing,))
    found = identity.parse(raw)
    old = (folder / KEYS / SEALING_KEY).read_text("ascii").split() if read_sealing_keys(folder) else []
    lines = [seal_seed.hex(), seal_seed[-32:].hex(), *old][: 2 * OLD_SEALING_KEYS]
    # The new key lies beside the old one until the identity that lists it is in place.
    replace_secret(folder / KEYS / SEALING_KEY, "".join(f"{line}\n" for line in lines).encode())
    replace_secret(folder / KEYS / SIGNING_KEY, signing_seed.hex().encode() + b"\n")
    replace_secret(folder / IDENTITY, raw)
    return Rotated(
        node=held.name,
        version=found.version,
        signing=[key_id(held.name, k).hex() for k in found.signing_keys()],
        fixed_epoch=statement.epoch,
        next=["xstock serve"],
    )


def sealing_list(sealing: SealingKey, seed: bytes) -> tuple[str, ...]:
    """What an identity lists of a hybrid sealing key: the hybrid one, and its classic half for who knows only that."""
    return to_base64(sealing.public), to_base64(SealingKey.from_seed(seed[-32:]).public)


def _root(folder: Path, given: Path | None, held: Identity, passphrase_file: str) -> Signer:
    root = read_root(given or folder / KEYS / ROOT_KEY, held.name, passphrase_file)
    if root.public != held.root:
        raise Refusal("other-key", f"the root key of {held.name}", "another key", "give it with --root-key", 2)
    return root


def _view(folder: Path, held: Identity) -> KeysView:
    path = folder / KEYS / SIGNING_KEY
    return KeysView(
        node=held.name,
        version=held.version,
        digits=held.digits(),
        root=to_base64(held.root),
        signing=[key_id(held.name, k).hex() for k in held.signing_keys()],
        sealing=len(held.statement.seal),
        expires=iso(held.statement.expires),
        encrypted=path.exists() and path.read_bytes().startswith(b"-----BEGIN"),
        root_key_here=(folder / KEYS / ROOT_KEY).exists(),
    )
