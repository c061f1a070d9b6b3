"""Signed things: notes, heads, forks, identities, charters, requests, portable offers, witnesses, bundles."""

import hashlib
from typing import Any

from tests.vectors.checks.form import Check, Given, b64, data, unb64
from tests.vectors.generate.people import base_text
from xstock_node.protocol import bundle, charter, forks, heads, identity, keys, notes, proof, requests, sealing, witness
from xstock_node.protocol.errors import BadSignature
from xstock_node.protocol.notes import Note
from xstock_node.services.directory import Directory


def signature(sent: bytes, given: Given) -> Any:
    keys.verify(unb64(given["key"]), unb64(given["signature"]), sent)
    return "holds"


def key_id(sent: bytes, given: Given) -> Any:
    return {"hex": keys.key_id(given["name"], unb64(given["key"])).hex()}


def digits(sent: bytes, given: Given) -> Any:
    return {"digits": keys.digits(given["name"], unb64(given["key"]))}


def note(sent: bytes, given: Given) -> Any:
    found = notes.parse(sent, 65536)
    found.verify(given["name"], unb64(given["key"]))
    return {"text": found.text, "signatures": len(found.signatures)}


def verified(found: Note, name: str, given: Given) -> None:
    """Raise unless a key that is known of `name` signed, as `Directory.verify` does."""
    for key in given["keys"].get(name, ()):
        if any(s.name == name and s.key_id == keys.key_id(name, unb64(key)) for s in found.signatures):
            found.verify(name, unb64(key))
            return
    raise BadSignature(f"a key of {name}", "none")


def head_values(found: heads.Head) -> dict[str, Any]:
    """What a head says."""
    said = {"log": str(found.log), "size": found.size, "root": b64(found.root), "time": found.time}
    return said | {"min": found.minimum, "base": base_text(found.base)}


def head(sent: bytes, given: Given) -> Any:
    found, signed = heads.parse(sent)
    verified(signed, found.log.node, given)
    heads.check_time(found, given["now"])
    if "held" in given:
        heads.check_successor(heads.parse(data(given["held"]))[0], found)
    return head_values(found)


def fork(sent: bytes, given: Given) -> Any:
    found = forks.parse(sent)
    for one, signed in zip((found.shorter, found.longer), found.notes, strict=True):
        verified(signed, one.log.node, given)
    return {"log": str(found.log), "sizes": [found.shorter.size, found.longer.size]}


def identity_note(sent: bytes, given: Given) -> Any:
    found = identity.parse(sent)
    taken = True
    if "held" in given:
        reader = Directory(identity.parse(data(given["reader"])), [identity.parse(data(given["held"]))])
        taken = reader.renew(sent, given["now"])
    said = {"name": found.name, "version": found.version, "root": b64(found.root)}
    said |= {"keys": [b64(key) for key in found.signing_keys()], "digits": found.digits()}
    return said if taken else "not taken"


def charter_note(sent: bytes, given: Given) -> Any:
    found = charter.parse(sent)
    if "held" in given:
        charter.check_successor(charter.parse(data(given["held"])), found)
    governors = [g.name for g in found.terms.governors]
    return {"network": found.network, "version": found.version, "hash": found.hash(), "governors": governors}


def request(sent: bytes, given: Given) -> Any:
    headers, has_body = given["headers"], bool(sent)

    def find(name: str, wanted: bytes) -> bytes | None:
        known = [unb64(key) for key in given["keys"].get(name, ())]
        return next((key for key in known if keys.key_id(name, key) == wanted), None)

    target = given["base"].rstrip("/") + given["path"]
    caller = requests.verify(headers.get, given["method"], target, has_body, given["now"], find)
    if has_body:
        requests.check_digest(headers.get("Content-Digest"), sent)
    return {"caller": caller.name, "skew": caller.skew}


def portable(sent: bytes, given: Given) -> Any:
    known = {name: [unb64(key) for key in listed] for name, listed in given["keys"].items()}
    found = proof.verify(sent, known)
    said = {"log": str(found.head.log), "index": found.position, "size": found.head.size}
    return said | {"signed_by": found.signed_by}


def witness_request(sent: bytes, given: Given) -> Any:
    asked = witness.parse_request(sent)
    found, signed = heads.parse(asked.note)
    verified(signed, found.log.node, given)
    before = heads.parse(data(given["held"]))[0] if "held" in given else None
    witness.check_growth(before, found, asked)
    return {"log": str(found.log), "size": found.size}


def cosignature(sent: bytes, given: Given) -> Any:
    (line,) = witness.parse_lines(sent)
    found = witness.verify(given["text"], line, given["name"], unb64(given["key"]))
    return {"witness": found.witness, "time": found.time}


def bundled(sent: bytes, given: Given) -> Any:
    whole = given.get("whole", True)
    found = bundle.parse(sent) if whole else bundle.entries(sent)
    return [{"kind": e.kind, "bytes": len(e.data), "sha256": hashlib.sha256(e.data).hexdigest()} for e in found]


def unseal(sent: bytes, given: Given) -> Any:
    mine = [sealing.SealingKey.from_seed(bytes.fromhex(seed)) for seed in given["seeds"]]
    return {"plain": sealing.unseal(sent, mine, given["from"], given["to"]).decode()}


def seal_key_id(sent: bytes, given: Given) -> Any:
    return {"hex": sealing.key_id(unb64(given["key"])).hex()}


def choose_key(sent: bytes, given: Given) -> Any:
    theirs, ours = ([unb64(key) for key in given[side]] for side in ("theirs", "ours"))
    return {"key": b64(sealing.choose(theirs, ours))}


CHECKS: dict[str, Check] = {
    "signature": signature,
    "key-id": key_id,
    "digits": digits,
    "note": note,
    "head": head,
    "fork": fork,
    "identity": identity_note,
    "charter": charter_note,
    "request": request,
    "portable-offer": portable,
    "witness": witness_request,
    "cosignature": cosignature,
    "bundle": bundled,
    "unseal": unseal,
    "seal-key-id": seal_key_id,
    "choose-key": choose_key,
}
