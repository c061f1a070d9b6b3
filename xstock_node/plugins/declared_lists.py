"""The file with a list of declared plates: the node's identity and the list, both signed notes."""

from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.domain.declared import BYTES, DeclaredList
from xstock_node.protocol import identity, notes
from xstock_node.protocol.errors import ProtocolError


class ListFile(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the file."""

    identity: Annotated[str, Meta(max_length=BYTES)]
    list: Annotated[str, Meta(max_length=BYTES)]


class BadList(Exception):
    """The text says what was expected, what came and what to do."""


def open_list(raw: bytes, digits: str, now: int) -> DeclaredList:
    """The list of a file, if the node with these 24 digits signed it and it has not ended (`now` unix seconds).

    Raises `BadList`. One that has not begun yet is taken: it finds nothing before.
    """
    if len(raw) > 3 * BYTES:
        raise BadList(f"expected a file of at most {3 * BYTES} bytes; came {len(raw)}")
    try:
        file = msgspec.json.decode(raw, type=ListFile)
        signer = identity.parse(file.identity.encode())
        note = notes.parse(file.list.encode(), BYTES)
        _check(signer, digits, note)
        found = msgspec.json.decode(note.text, type=DeclaredList)
    except (msgspec.MsgspecError, ProtocolError, UnicodeError, RecursionError) as error:
        raise BadList(f"expected a list that its node signed; came {error}; ask the node's operator for it") from None
    if found.node != signer.name:
        raise BadList(f"expected a list of {signer.name}; came one that names {found.node[:80]}; ask for another")
    if found.ends <= now:
        raise BadList(f"expected a list that runs; came one that ended {now - found.ends} s ago; ask for a new one")
    return found


def _check(signer: identity.Identity, digits: str, note: notes.Note) -> None:
    if "".join(digits.split()) != "".join(signer.digits().split()):
        raise BadList(f"expected the digits {digits}; came {signer.digits()}; compare them by voice with the operator")
    for line in note.signatures:
        key = signer.key_by_id(line.key_id)
        if line.name == signer.name and key is not None:
            note.verify(signer.name, key)
            return
    raise BadList(f"expected a signature of {signer.name}; came none; ask the node's operator for the list")
