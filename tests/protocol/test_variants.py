"""Each of the hand-made variants is refused in requests and notes, and never interpreted in a record."""

import json
from collections.abc import Callable, Iterator

import msgspec
import pytest

from tests.protocol import variants
from xstock_node.protocol import charter, identity, keys, limits, messages, notes, records
from xstock_node.protocol.charter import Governor, Needed, Terms
from xstock_node.protocol.decode import decode
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.gossip import BucketRequest, GossipRequest, GossipResponse, PullRequest, Range
from xstock_node.protocol.identity import Statement
from xstock_node.protocol.messages import NOTHING, Link
from xstock_node.protocol.records import Defect, Foreign, Still, Withdraw
from xstock_node.testing import make_offer
from xstock_node.testing.nodes import make_signer

BG, HR = "redcross.bg", "redcross.hr"
NOW = 1_790_000_000
SIGNER, ROOT = make_signer(BG), make_signer(BG, "root")
OFFER = make_offer(1, NOW, best="2027-12-31")
STATEMENT = Statement(
    expires=NOW + 9_000, keys=(keys.to_base64(SIGNER.public),), urls=("https://bg.example",), relays=(HR,), country="BG"
)
TERMS = Terms(
    issued=NOW,
    expires=NOW + 9_000,
    governors=tuple(Governor(name, keys.to_base64(make_signer(name, "root").public)) for name in (BG, HR)),
    need=Needed(charter=2, vouch=2, revoke=2),
)
Reader = Callable[[bytes], object]


def read_identity(line: bytes) -> object:
    """An identity note around the line, signed by the right keys."""
    text = f"{identity.FIRST_LINE}\n{BG}\nversion 1\nroot {keys.to_base64(ROOT.public)}\n"
    return identity.parse(signed(text.encode() + line + b"\n", ROOT, SIGNER))


def read_charter(line: bytes) -> object:
    """A charter note around the line, signed by both governors."""
    text = f"{charter.FIRST_LINE}\nsee\nversion 1\nprevious -\n".encode() + line + b"\n"
    return charter.parse(signed(text, ROOT, make_signer(HR, "root")))


def read_message(line: bytes) -> object:
    """A message note around the line, signed by its writer."""
    text = messages.write("see", BG, HR, "a" * 16, Link(NOW, 1, ""), "", NOTHING, NOW, b"{}").encode()
    return messages.parse(signed(text.replace(b"\n{}\n", b"\n" + line + b"\n"), SIGNER))


def signed(text: bytes, *signers: keys.Signer) -> bytes:
    """A note of any bytes, each signature true."""
    lines = [notes.SignatureLine(s.name, s.key_id, s.sign(text)).text() for s in signers]
    return text + b"\n" + "".join(lines).encode()


STEP = b'{"step":"request","tlp":"green","purpose":"flood","keep_until":9,"pd":false,"blobs":["%s"]}' % (b"0" * 64)
PULL = PullRequest((Range(log=f"{BG}/xs1/see.pub/1", start=0, count=9),))
REFUSED: dict[str, tuple[bytes, Reader, tuple[str, ...]]] = {
    "gossip": (
        msgspec.json.encode(GossipRequest(network="see", cursor="a.1", all="0" * 64, notes=("x",), frames="y")),
        lambda line: decode(line, GossipRequest, limits.GOSSIP_BODY),
        ("cursor", "all"),
    ),
    "answer": (
        msgspec.json.encode(GossipResponse(cursor="a.1", all="0" * 64, notes=("x",), more=True, mail=1)),
        lambda line: decode(line, GossipResponse, limits.GOSSIP_BODY),
        ("cursor", "all"),
    ),
    "pull": (msgspec.json.encode(PULL), lambda line: decode(line, PullRequest, limits.PULL_BODY), ()),
    "buckets": (b'{"network":"see","bucket":3}', lambda line: decode(line, BucketRequest, limits.SMALL_BODY), ()),
    "identity": (msgspec.json.encode(STATEMENT), read_identity, ("country", "relays", "keys", "urls")),
    "charter": (msgspec.json.encode(TERMS), read_charter, ()),
    "message": (STEP, read_message, ("step", "tlp", "blobs")),
}
RECORDS = {
    "offer": (
        records.encode(OFFER),
        ("id", "n", "item", "scheme", "lang", "cat", "unit", "terms", "cc", "best", "src"),
    ),
    "withdraw": (records.encode(Withdraw(id=OFFER.id, ts=NOW, exp=OFFER.exp, n=OFFER.n, why="gone")), ("id", "n")),
    "still": (records.encode(Still(id=OFFER.id, ts=NOW, exp=OFFER.exp, n=OFFER.n, src="stock")), ("id", "n", "src")),
}
TEXT_FIELDS = ("name", "place")
SEEN_THROUGH = ("right to left", "isolate", "Arabic mark", "BOM", "line separator", "NUL", "C1", "newline")


def bad(line: bytes, names: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    yield from variants.of_form(line)
    yield from variants.of_names(line, *names)


def bad_records() -> Iterator[tuple[str, bytes]]:
    """Every variant of a record, those of free text among them that hide or turn what people read."""
    for line, names in RECORDS.values():
        yield from bad(line, names)
    for label, line in variants.of_names(RECORDS["offer"][0], *TEXT_FIELDS):
        if any(f": {kind} " in label for kind in SEEN_THROUGH):
            yield label, line


@pytest.mark.parametrize("kind", REFUSED)
def test_a_variant_is_refused_in_requests_and_notes(kind: str) -> None:
    line, reader, names = REFUSED[kind]
    reader(line)
    count = 0
    for label, odd in bad(line, names):
        with pytest.raises(ProtocolError):
            raise AssertionError(f"{kind}, {label}: taken as {reader(odd)!r}")
        count += 1
    assert count > 40


def test_a_variant_is_never_interpreted_in_a_record() -> None:
    found = list(bad_records())
    assert len(found) >= 1_000
    taken = [label for label, line in found if not isinstance(records.interpret(line), Defect | Foreign)]
    assert taken == []


def test_honest_words_of_other_scripts_stay_words() -> None:
    for name in ("Шатор за семейство", "Σκηνή", "خيمة", "Čadırım", "🏕 tent"):
        line = json.dumps(json.loads(RECORDS["offer"][0]) | {"name": name}, ensure_ascii=False).encode()
        assert not isinstance(records.interpret(line), Defect | Foreign)
