"""Sealed blobs. Sealing draws random numbers: the blobs were made once and stand in `sealed.json`."""

import base64
import json
from pathlib import Path
from typing import Any

from tests.vectors.generate.form import Subject, b64
from tests.vectors.generate.people import BG, HR, RS, SEALING
from xstock_node.protocol import sealing

PLAIN = b"= message 9\nxs1/msg\n.\n\n"
SEED, HYBRID_SEED = bytes([0x32]) * 32, bytes([0x40]) * 64 + bytes([0x41]) * 32
HYBRID_KEY = sealing.SealingKey.from_seed(HYBRID_SEED)
DATA = Path(__file__).parent / "sealed.json"


def sealed() -> Subject:
    """Sealed blobs."""
    about = (
        "A blob opened with private keys (`seeds` in hex: 32 bytes of X25519, or 64 of ML-KEM-768 and 32 of X25519)."
    )
    found = Subject("sealing", about)
    kept = {name: base64.b64decode(text) for name, text in json.loads(DATA.read_text("utf-8")).items()}
    given: dict[str, Any] = {"seeds": [SEED.hex(), HYBRID_SEED.hex()], "from": BG, "to": HR}
    classic, hybrid = kept["classic"], kept["hybrid"]
    found.ok("suite 1", "17.2", "unseal", {"plain": PLAIN.decode()}, given, classic)
    found.ok("suite 2, ML-KEM-768 and X25519", "17.2", "unseal", {"plain": PLAIN.decode()}, given, hybrid)
    flipped = classic[:-1] + bytes([classic[-1] ^ 1])
    wrong = b"\x01" + hybrid[1:5] + classic[5:]
    for name, clause, code, some, blob in (
        ("wrong info: another sender", "17.1", "bad-signature", given | {"from": RS}, classic),
        ("wrong info: another recipient", "17.1", "bad-signature", given | {"to": RS}, classic),
        (
            "wrong info: sender and recipient exchanged",
            "17.1",
            "bad-signature",
            given | {"from": HR, "to": BG},
            classic,
        ),
        ("wrong info in suite 2", "17.1", "bad-signature", given | {"from": RS}, hybrid),
        ("a bit of the ciphertext", "17.1", "bad-signature", given, flipped),
        (
            "a bit of the encapsulated key",
            "17.1",
            "bad-signature",
            given,
            classic[:9] + bytes([classic[9] ^ 1]) + classic[10:],
        ),
        ("a key that this node has not", "17.2", "malformed", given | {"seeds": ["33" * 32]}, classic),
        ("a key id of the other suite", "17.2", "malformed", given, wrong),
        ("a suite that nobody knows", "17.2", "malformed", given, b"\x03" + classic[1:]),
        ("five bytes", "17.1", "malformed", given, classic[:5]),
    ):
        found.bad(name, clause, "unseal", code, some, blob)
    for name, key in (("classic", SEALING[HR].public), ("hybrid", HYBRID_KEY.public)):
        found.ok(
            f"key id of a {name} key", "17.2", "seal-key-id", {"hex": sealing.key_id(key).hex()}, {"key": b64(key)}
        )
    _choices(found)
    return found


def _choices(found: Subject) -> None:
    classic, hybrid, own = b64(SEALING[HR].public), b64(HYBRID_KEY.public), b64(SEALING[BG].public)
    other = b64(HYBRID_KEY.public)
    for name, theirs, ours, chosen in (
        ("both list a hybrid key", [classic, hybrid], [own, other], hybrid),
        ("only the recipient lists a hybrid key", [hybrid, classic], [own], classic),
        ("the first classic key", [classic, own], [own], classic),
    ):
        found.ok(name, "17.2", "choose-key", {"key": chosen}, {"theirs": theirs, "ours": ours})
    found.bad("the recipient lists no key", "17.1", "choose-key", "malformed", {"theirs": [], "ours": [own]})
    found.bad(
        "the recipient lists a hybrid key alone", "17.2", "choose-key", "malformed", {"theirs": [hybrid], "ours": [own]}
    )
