"""Evidencing: everything that proves one operation, as a file that any machine verifies without network."""

from contextlib import suppress
from functools import cache

import msgspec

from xstock_node.protocol import bundle, evidence, heads, identity, limits, merkle, notes
from xstock_node.protocol.bundle import Entry
from xstock_node.protocol.errors import BadSignature
from xstock_node.protocol.evidence import Leaf
from xstock_node.protocol.frames import hash_line
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.names import AUDIT, LogName
from xstock_node.services.auditing import WITNESSED
from xstock_node.services.branches import row_of
from xstock_node.services.casework import SIGNED_BY
from xstock_node.services.office import Actor, Office
from xstock_node.services.operating import CaseId
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import StoredMessage


class EvidenceFile(msgspec.Struct, frozen=True, kw_only=True):
    """The evidence of an operation, how many messages it holds and how many nodes have witnessed them."""

    file: str
    messages: int
    receipts: int
    witnesses: list[str]
    content: bytes


async def export_evidence(office: Office, actor: Actor, request: CaseId) -> EvidenceFile:
    """The evidence of an operation: witnesses are asked once more first, and never waited for."""
    case = await office.node.engine.read(lambda tx: row_of(office, tx, request.case))
    await office.node.correspondence.of(case.network).audit.show()
    audit = LogName(office.node.identity.name, f"{case.network}.{AUDIT}")

    def build(tx: Transaction) -> tuple[list[Entry], list[StoredMessage], list[str]]:
        found = sorted((m for m in tx.cases.messages(case.id) if not m.void), key=lambda m: (m.writer, m.link.n))
        texts = [m.raw for m in found] + [m.receipt for m in found if m.receipt]
        head, witnesses = _head(tx, audit)
        listed = _identities(office, tx, {case.requester, case.supplier, audit.node, *witnesses})
        head, witnesses = _provable(head, [identity.parse(raw) for raw in listed])
        entries = [Entry("identity", raw) for raw in listed]
        entries += [Entry("message", m.raw) for m in found]
        entries += [Entry("receipt", m.receipt) for m in found if m.receipt]
        if head:
            entries.append(Entry("head", head))
            entries += [evidence.leaf_entry(leaf) for leaf in _leaves(tx, audit, heads.parse(head)[0].size, texts)]
        return entries, found, witnesses

    entries, found, witnesses = await office.node.engine.read(build)
    content = b"".join(bundle.write(entries))
    evidence.verify(content)  # what is handed out holds
    receipts = sum(bool(m.receipt) for m in found)
    name = f"{case.id}.xsevidence"
    return EvidenceFile(file=name, messages=len(found), receipts=receipts, witnesses=witnesses, content=content)


def _identities(office: Office, tx: Transaction, names: set[str]) -> list[bytes]:
    """Each version by which something was signed, and the newest ones."""
    kept = [o.body for o in tx.objects.list(SIGNED_BY) if o.id.partition(" ")[0] in names]
    newest = [found.raw for found in office.node.directory if found.name in names]
    return list(dict.fromkeys([*kept, *newest]))


def _head(tx: Transaction, audit: LogName) -> tuple[bytes, list[str]]:
    """The newest audit head that others have witnessed, with their lines; else the newest one at all."""
    prefix = f"{audit} "
    kept = [o for o in tx.objects.list(WITNESSED) if o.id.startswith(prefix)]
    if not kept:
        state = tx.logs.state(audit)
        return (state.head if state else b""), []
    head, note = heads.parse(kept[-1].body)
    seen = [c for c in tx.witnesses.cosignatures(audit) if (c.epoch, c.size) == (head.log.epoch, head.size)]
    lines = [line for c in seen for line in notes.parse(b"x\n\n" + c.line.encode(), 4096).signatures]
    return notes.joined(note.text, (*note.signatures, *lines)), [c.witness for c in seen]


def _provable(head: bytes, identities: list[Identity]) -> tuple[bytes, list[str]]:
    """A head without the cosignatures of keys that no listed identity has any more, and who is left."""
    if not head:
        return head, []
    note, origin = notes.parse(head, limits.HEAD_NOTE), heads.parse(head)[0].log.node
    kept = []
    for line in note.signatures:
        with suppress(BadSignature):
            kept += [line] if line.name == origin or evidence.witness_key(line, identities) else []
    return notes.joined(note.text, kept), [line.name for line in kept if line.name != origin]


def _leaves(tx: Transaction, audit: LogName, size: int, texts: list[bytes]) -> list[Leaf]:
    """The places of texts in the tree of that size; those that came later have none yet."""
    wanted = {hash_line(merkle.leaf_hash(text)): merkle.leaf_hash(text) for text in texts}
    root = cache(lambda a, b: tx.logs.range_root(audit, a, b))  # the paths of one tree share most of it
    found = []
    for start in range(0, size, 4096):
        for offset, line in enumerate(tx.logs.lines(audit, start, min(4096, size - start))):
            leaf = wanted.get(line)
            if leaf is not None:
                index = start + offset
                path = merkle.inclusion_path(index, size, root)
                found.append(Leaf(leaf, index, tuple(path)))
    return found
