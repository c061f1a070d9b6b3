"""Charters: who governs a network, and how many of them it takes (the root rule of TUF).

- version 1 is signed by more than half of its own governors;
- version N by the thresholds of N-1 and of N, and names the hash of the text of N-1 (xs1 13.3);
- each governor counts once; signatures are of root keys;
- two texts of one version: the first is kept, both are shown (xs1 13.6).
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from xstock_node.protocol import keys, limits, notes
from xstock_node.protocol.decode import decode
from xstock_node.protocol.errors import BadSignature, Fork, Gap, ProtocolError, Rollback
from xstock_node.protocol.names import label
from xstock_node.protocol.recordtypes import Index, NodeName, Time
from xstock_node.protocol.signedtext import Lines, hash_or_none

FIRST_LINE = "xs1/charter"
Threshold = Annotated[int, Meta(ge=1, le=limits.GOVERNORS)]
Days = Annotated[int, Meta(ge=1, le=400)]


class Governor(msgspec.Struct, frozen=True):
    """A governor: its node name and its root key in base64."""

    name: NodeName
    root: Annotated[str, Meta(min_length=44, max_length=44)]


class Needed(msgspec.Struct, frozen=True, kw_only=True):
    """How many governors it takes for a charter, for a member, and to expel one."""

    charter: Threshold
    vouch: Annotated[int, Meta(ge=2, le=limits.GOVERNORS)]
    revoke: Threshold


class Strike(msgspec.Struct, frozen=True, kw_only=True):
    """The statements of a governor's `net` log from index `start` on count no longer."""

    governor: NodeName
    start: Index


class Terms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a charter says. `expires` at most 400 days after `issued`; `heartbeat` seconds; `erase_days` days."""

    issued: Time
    expires: Time
    governors: Annotated[tuple[Governor, ...], Meta(min_length=2, max_length=limits.GOVERNORS)]
    need: Needed
    heartbeat: Annotated[int, Meta(ge=60, le=86_400)] = limits.HEARTBEAT
    erase_days: Days = 30
    records: Annotated[int, Meta(ge=1, le=limits.LIVE_RECORDS)] = limits.LIVE_RECORDS  # xs1 21.5
    strikes: Annotated[tuple[Strike, ...], Meta(max_length=limits.GOVERNORS)] = ()


class Charter(NamedTuple):
    """A charter whose own signatures hold; whether it follows another is `check_successor`'s question."""

    network: str
    version: int
    previous: str
    terms: Terms
    note: notes.Note

    @property
    def raw(self) -> bytes:
        """The note as received."""
        return self.note.raw

    def hash(self) -> str:
        """The hash that the next version names, and invitations carry."""
        return text_hash(self.note.text)

    def governor(self, name: str) -> Governor | None:
        """The governor of that name."""
        return next((g for g in self.terms.governors if g.name == name), None)

    def signed_by(self, governors: Sequence[Governor]) -> set[str]:
        """Which of `governors` signed; a signature of one of them that fails refuses the note."""
        signers = set()
        for governor in governors:
            key = keys.from_base64(governor.root, 32)
            if any(s.name == governor.name and s.key_id == keys.key_id(s.name, key) for s in self.note.signatures):
                self.note.verify(governor.name, key)
                signers.add(governor.name)
        return signers


def text_hash(text: str) -> str:
    """Hex SHA-256 of a note's text without its signatures."""
    return hashlib.sha256(text.encode()).hexdigest()


def text(network: str, version: int, previous: str, terms: Terms) -> str:
    """The text that governors sign."""
    body = msgspec.json.encode(terms).decode()
    return f"{FIRST_LINE}\n{label(network)}\nversion {version}\nprevious {previous or '-'}\n{body}\n"


def parse(raw: bytes) -> Charter:
    """A charter signed by its own threshold; unsigned or half-signed ones are drafts (`parse_draft`)."""
    charter = parse_draft(raw)
    _want(charter.terms.need.charter, charter.signed_by(charter.terms.governors), "its own governors")
    return charter


def parse_draft(raw: bytes) -> Charter:
    """A well-formed charter, whoever signed it so far (xs1 13.1)."""
    note = notes.parse(raw, limits.CHARTER_NOTE)
    lines = Lines(note.text, FIRST_LINE, 5)
    network, version = label(lines.whole()), lines.number("version")
    previous = hash_or_none(lines.value("previous"))
    terms = decode(lines.whole().encode(), Terms, limits.CHARTER_NOTE)
    if version < 1 or (version == 1) != (previous == ""):
        raise ProtocolError("version 1 without, later ones with the hash of the one before", f"version {version}")
    check_terms(terms)
    return Charter(network, version, previous, terms, note)


def check_terms(terms: Terms) -> None:
    """Raise unless thresholds, names, keys and dates fit together (xs1 13.2)."""
    names = [g.name for g in terms.governors]
    if len(set(names)) != len(names) or len({g.root for g in terms.governors}) != len(names):
        raise ProtocolError("each governor and each root key once", ", ".join(names))
    for governor in terms.governors:
        keys.check_public(keys.from_base64(governor.root, 32))
    need, count = terms.need, len(names)
    if not count < 2 * need.charter <= 2 * count:
        raise ProtocolError(f"more than half of {count} governors for a charter", need.charter)
    if max(need.vouch, need.revoke) > count:
        raise ProtocolError(f"thresholds of at most {count}", f"vouch {need.vouch}, revoke {need.revoke}")
    if not 0 < terms.expires - terms.issued <= limits.GOVERNANCE_MAX:
        raise ProtocolError("a charter that expires within 400 days", f"{terms.expires - terms.issued} s")


def check_successor(held: Charter, new: Charter) -> None:
    """Raise unless `new` may follow `held`: next version, hash of the held text, both thresholds."""
    if new.network != held.network:
        raise ProtocolError(f"a charter of {held.network}", new.network)
    if new.version < held.version:
        raise Rollback(f"version {held.version} or newer", new.version)
    if new.version == held.version and new.note.text != held.note.text:
        raise Fork("one text a version", f"two of version {new.version}", "the first is kept; telephone the governors")
    if new.version == held.version:
        return
    if new.version > held.version + 1:
        raise Gap(f"version {held.version + 1}", new.version, "every version is needed")  # xs1 13.4
    if new.previous != held.hash():
        raise BadSignature(f"the hash of version {held.version}", new.previous)
    _want(held.terms.need.charter, new.signed_by(held.terms.governors), f"the governors of version {held.version}")


def _want(threshold: int, signers: set[str], whose: str) -> None:
    if len(signers) < threshold:
        came = f"{len(signers)}: {', '.join(sorted(signers)) or 'nobody'}"
        raise BadSignature(f"signatures of {threshold} of {whose}", came, "have more of them sign")
