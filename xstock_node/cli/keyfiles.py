"""Key files of a data folder: signing, sealing and root key; plain or under a passphrase; never readable by others."""

import os
import stat
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from xstock_node.protocol.keys import Signer
from xstock_node.protocol.sealing import SealingKey
from xstock_node.services.errors import Refusal
from xstock_node.storage.to_disk import synchronise

KEYS = "keys"
SIGNING_KEY = "signing.key"
SEALING_KEY = "seal.key"
ROOT_KEY = "root.key"
PEM = b"-----BEGIN"
CREDENTIAL = "xstock-passphrase"
REFUSED = 3


def read_signer(home: Path, name: str, passphrase_file: str = "") -> Signer:
    """The signing key of a data folder."""
    return Signer(name, read_seed(home / KEYS / SIGNING_KEY, passphrase_file))


def read_root(path: Path, name: str, passphrase_file: str = "") -> Signer:
    """A root key, wherever it is kept."""
    return Signer(name, read_seed(path, passphrase_file))


def read_sealing_keys(home: Path) -> list[SealingKey]:
    """The keys that open sealed mail, the newest first; none where there is no file."""
    path = home / KEYS / SEALING_KEY
    if not path.exists():
        return []
    _check_mode(path)
    try:
        return [SealingKey.from_seed(bytes.fromhex(line)) for line in path.read_text("ascii").split()]
    except ValueError:
        raise Refusal("bad-key", f"hexadecimal lines in {path}", "something else", "restore the key", REFUSED) from None


def read_seed(path: Path, passphrase_file: str = "") -> bytes:
    """The 32 secret bytes of a key file, plain or encrypted; refused where others may read it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        do = "check the path, or run `xstock init`"
        raise Refusal("no-file", f"a key in {path}", error.strerror or str(error), do, REFUSED) from None
    _check_mode(path)
    if data.startswith(PEM):
        return _decrypt(data, passphrase(passphrase_file, path), path)
    try:
        seed = bytes.fromhex(data.decode("ascii").strip())
    except ValueError:
        seed = b""
    if len(seed) != 32:
        do = "restore the key"
        raise Refusal("bad-key", f"64 hexadecimal digits in {path}", "something else", do, REFUSED)
    return seed


def encrypted(seed: bytes, secret: bytes) -> bytes:
    """A key file under a passphrase (PKCS #8, PBES2)."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(secret))


def passphrase(file: str, what: Path) -> bytes:
    """The passphrase of a key: from the file named, a systemd credential, or a person; never from a variable."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(file) if file else Path(folder) / CREDENTIAL if folder else None
    if path is not None and path.exists():
        if file:
            _check_mode(path)
        return path.read_bytes().rstrip(b"\n")
    if file:
        raise Refusal("no-passphrase", f"a passphrase in {file}", "no such file", "set keys.passphrase_file", REFUSED)
    if not os.isatty(0):
        do = "set keys.passphrase_file, or give the systemd credential " + CREDENTIAL
        raise Refusal("no-passphrase", f"the passphrase of {what}", "nobody to ask", do, REFUSED)
    return str(click.prompt(f"Passphrase of {what}", hide_input=True, err=True)).encode()


def read_secret(path: Path, what: str) -> str:
    """The text of a file that only its owner may read."""
    try:
        _check_mode(path)
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        came = getattr(error, "strerror", "") or str(error)
        raise Refusal("no-file", f"{what} in {path}", came, "check the path and the file", REFUSED) from None


def write_secret(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, never over an existing one."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_file(path: Path, data: bytes) -> None:
    """Write a file that anybody may read."""
    path.write_bytes(data)


def replace_secret(path: Path, data: bytes) -> None:
    """Replace a secret file at once: there is always a whole one."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    write_secret(beside, data)
    beside.replace(path)
    synchronise(path.parent)


def _decrypt(data: bytes, secret: bytes, path: Path) -> bytes:
    try:
        key = load_pem_private_key(data, secret)
    except (ValueError, TypeError) as error:
        came = "a passphrase that does not open it" if secret else str(error)
        raise Refusal("bad-passphrase", f"the passphrase of {path}", came, "try again", REFUSED) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise Refusal("bad-key", f"an Ed25519 key in {path}", type(key).__name__, "restore the key", REFUSED)
    return key.private_bytes_raw()


def _check_mode(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        expected = f"{path} readable by its owner alone"
        raise Refusal("key-too-open", expected, f"mode {mode:o}", f"chmod 600 {path}", REFUSED)
