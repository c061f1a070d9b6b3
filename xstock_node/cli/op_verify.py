"""What an evidence file says and proves: read on any machine, without node and without network."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from xstock_node.cli.op_pdf import MOST, PDF, paper_of
from xstock_node.cli.output import pairs, table, words
from xstock_node.config import home_folder
from xstock_node.domain import operation, steps
from xstock_node.domain.documents import statement
from xstock_node.domain.operation import Event
from xstock_node.domain.operations import Side
from xstock_node.protocol import evidence, identity
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.evidence import Evidence
from xstock_node.protocol.messages import Message
from xstock_node.services.errors import Refusal
from xstock_node.services.times import iso

UNKNOWN_KEY = 6


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who took part: the 24 digits of the root key, and whether this machine knows that key."""

    name: str
    side: str
    digits: str
    known: bool


class SignedStep(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed what when, by which key; whether the other side's receipt is there, and the place in the audit log."""

    time: str
    by: str
    step: str
    n: int
    key: str
    hash: str
    receipt: bool
    leaf: int | None


class AttachmentName(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment that a signed step names; its bytes are not in the file: compare their SHA-256."""

    sha256: str
    kind: str
    by: str
    step: str


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """Which node saw the audit log when, and whether this machine knows its root key."""

    by: str
    time: str
    known: bool


class PaperProof(msgspec.Struct, frozen=True, kw_only=True):
    """What the statement of a paper says: which document, by whom; `root` stands at its foot, for the eye."""

    document: str
    node: str
    key: str
    sheet: str
    root: str


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What an evidence file proves; `missing` says what it does not."""

    holds: bool
    case: str
    network: str
    exercise: bool
    state: str
    parties: list[Party]
    steps: list[SignedStep]
    witnesses: list[Witness]
    missing: list[str]
    attachments: list[AttachmentName] = []
    paper: PaperProof | None = None


def verified(file: Path, home: Path | None, keys: Sequence[Path]) -> Verified:
    """Check a file against the identities of `keys` and of the data folder."""
    try:
        data = _whole(file)
    except OSError as error:
        raise Refusal("no-file", f"an evidence file at {file}", error.strerror or "", "check the path", 2) from None
    paper = paper_of(data) if data.startswith(PDF) else None
    found = evidence.verify(paper.evidence if paper else data)
    roots = _known_roots(home, keys)
    sides = {found.requester: "requester", found.supplier: "supplier"}
    parties = [
        Party(name=i.name, side=sides[i.name], digits=i.digits(), known=roots.get(i.name) == i.root)
        for i in found.identities
        if i.name in sides
    ]
    return Verified(
        holds=True,
        case=found.case,
        network=found.network,
        exercise=found.case.startswith("x"),
        state=_state(found),
        parties=parties,
        steps=[_step(proven) for proven in found.messages],
        witnesses=_witnesses(found, roots),
        missing=_missing(found),
        attachments=[one for proven in found.messages for one in _attachments(proven.message)],
        paper=_proven(paper.statement, found) if paper else None,
    )


def _witnesses(found: Evidence, roots: dict[str, bytes]) -> list[Witness]:
    """Who saw the audit log; a witness whose root key nobody here knows proves nothing yet."""
    held = {one.name: one.root for one in found.identities}
    seen = found.witnessed.by if found.witnessed else ()
    return [Witness(by=by, time=iso(at), known=by in roots and roots[by] == held.get(by)) for by, at in seen]


def shown(found: Verified) -> str:
    """In words."""
    rows = [("operation", found.case), ("network", found.network), ("state", found.state)]
    if found.paper is not None:
        compare = words("op.compare", "{root} (compare with the foot of the paper)", root=found.paper.root)
        rows += [("paper", found.paper.document), ("stated by", found.paper.key), ("hash", compare)]
    head = pairs(rows)
    parties = table(
        ("party", "side", "24 digits", ""),
        [(p.name, p.side, p.digits, words("op.known", "known here") if p.known else "?") for p in found.parties],
    )
    steps_ = table(
        ("time", "signed by", "step", "receipt", "audit"),
        [(s.time, s.by, s.step, "yes" if s.receipt else "no", "" if s.leaf is None else s.leaf) for s in found.steps],
    )
    seen = [words("op.seen", "{node} saw the audit log at {time}", node=w.by, time=w.time) for w in found.witnesses]
    exercise = [words("exercise.banner", "EXERCISE: nothing here is real")] if found.exercise else []
    rows_ = [(one.sha256, one.kind, one.by, one.step) for one in found.attachments]
    named = [table(("attachment (sha-256)", "kind", "of", "named by"), rows_)] if rows_ else []
    return "\n\n".join([*exercise, head, parties, steps_, *named, "\n".join([*seen, *found.missing])]).rstrip()


def _state(found: Evidence) -> str:
    events = []
    for proven in sorted(found.messages, key=lambda p: (p.message.sender, p.message.link.n)):
        message = proven.message
        side: Side = "supplier" if message.sender == found.supplier else "requester"
        verb, hash_ = message.step.step, message.link.hash
        try:
            body = steps.body_of(verb, message.body)
        except msgspec.ValidationError as error:
            raise ProtocolError(f"the fields of {verb} as in schemas/steps.json", str(error)) from None
        events.append(Event(side, verb, body, message.link.n, message.seen.n, message.time, hash_))
    return operation.read(events).state or ""


def _attachments(message: Message) -> list[AttachmentName]:
    verb = message.step.step
    kinds = {one.sha256: one.kind for one in steps.body_of(verb, message.body).attached}
    return [
        AttachmentName(sha256=digest, kind=kinds.get(digest, ""), by=message.sender, step=verb)
        for digest in message.step.blobs
    ]


def _proven(line: str, found: Evidence) -> PaperProof:
    """A statement that holds: signed by a party of the evidence, about this operation and no other steps than these."""
    signed = statement.read(line)
    said = signed.statement
    keys = [i.key_by_id(signed.key_id) for i in found.identities if i.name == signed.node]
    statement.check(signed, next((key for key in keys if key), None))
    if (said.case, said.supplier, said.requester) != (found.case, found.supplier, found.requester):
        raise ProtocolError(f"a statement about {found.case}", said.case)
    sides = {found.supplier: "supplier", found.requester: "requester"}
    steps_ = [(sides[p.message.sender], p.message.link.n, p.message.link.hash) for p in found.messages]
    if statement.root_of(steps_) != said.root:
        raise ProtocolError("a statement about the steps of the evidence", f"another root: {said.root}")
    key = f"{signed.node}#{signed.key_id.hex()}"
    return PaperProof(document=said.document, node=signed.node, key=key, sheet=said.sheet, root=said.root)


def _step(proven: evidence.Proven) -> SignedStep:
    message = proven.message
    return SignedStep(
        time=iso(message.time),
        by=message.sender,
        step=message.step.step,
        n=message.link.n,
        key=proven.key,
        hash=message.link.hash,
        receipt=proven.receipt is not None,
        leaf=proven.leaf,
    )


def _missing(found: Evidence) -> list[str]:
    """What the file does not prove, in words."""
    missing = []
    bare = sum(proven.receipt is None for proven in found.messages)
    if bare:
        missing.append(words("op.no-receipt", "{count} messages without the other side's receipt", count=bare))
    if found.witnessed is None or not found.witnessed.by:
        missing.append(words("op.no-witness", "not yet witnessed by another node"))
    late = sum(proven.leaf is None for proven in found.messages)
    if late:
        missing.append(words("op.no-leaf", "{count} messages not yet in a witnessed audit log", count=late))
    return missing


def _whole(file: Path) -> bytes:
    with file.open("rb") as opened:
        data = opened.read(MOST + 1)
    if len(data) > MOST:
        raise Refusal("too-large", f"a file of at most {MOST} bytes", "a longer one", "ask for one operation a file", 2)
    return data


def _known_roots(home: Path | None, keys: Sequence[Path]) -> dict[str, bytes]:
    """Root keys by name: of the given files, and of a data folder where there is one."""
    folder = home_folder(str(home) if home else None)
    paths = [*keys, folder / "identity.note", *sorted((folder / "peers").glob("*.identity"))]
    roots: dict[str, bytes] = {}
    for path in paths:
        try:
            found = identity.parse(path.read_bytes())
        except (OSError, ProtocolError):
            if path in keys:
                raise Refusal("no-file", f"an identity note at {path}", "none", "check the path", 2) from None
            continue
        roots.setdefault(found.name, found.root)
    return roots
