"""Known members that lie: a real node whose messages are bent on their way out. Each lie is counted when it is told."""

import re
from collections.abc import Callable
from random import Random

import msgspec

from xstock_node.protocol import frames, limits, merkle
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.gossip import GossipRequest, GossipResponse
from xstock_node.protocol.keys import to_base64
from xstock_node.testing.nodes import make_signer

NOTES_KEPT = 400
_TIME = re.compile(r"\ntime (\d+)\n")


class Liar:
    """Bends what one node says. `kind` is one of `LIES`; `felt` is called at each lie."""

    def __init__(self, name: str, kind: str, random: Random, felt: Callable[[str], None]) -> None:
        self.name, self.kind = name, kind
        self._random, self._felt = random, felt
        self._notes: list[str] = []

    def bend(self, kind: str, body: bytes, answer: bool) -> bytes:
        """What goes out instead of a request or an answer."""
        if kind == "identity":
            return body
        bent = LIES[self.kind](self, kind, body, answer)
        if bent != body:
            self._felt(self.kind)
        return bent

    def old_heads(self, kind: str, body: bytes, answer: bool) -> bytes:
        """Says notes again that it said long ago, in place of the new ones."""
        if kind != "gossip":
            return body
        said = _gossip(body, answer)
        self._notes = [*self._notes, *(n for n in said.notes if n not in self._notes)][-NOTES_KEPT:]
        if len(self._notes) < 2:
            return body
        old = tuple(self._random.sample(self._notes, min(len(self._notes), 5)))
        return msgspec.json.encode(msgspec.structs.replace(said, notes=old))

    def damaged_frames(self, kind: str, body: bytes, answer: bool) -> bytes:
        """Changes a figure in a record, or cuts the end off."""
        if kind == "gossip":
            said = _gossip(body, answer)
            if not isinstance(said, GossipRequest) or not said.frames:
                return body
            changed = self._damage(said.frames.encode())
            return msgspec.json.encode(msgspec.structs.replace(said, frames=changed.decode("utf-8", "replace")))
        return body if kind == "push" and answer else self._damage(body)

    def hashes_for_records(self, kind: str, body: bytes, answer: bool) -> bytes:
        """Says of the records of others that it has their hashes alone."""
        if kind == "gossip":
            said = _gossip(body, answer)
            if not isinstance(said, GossipRequest) or not said.frames:
                return body
            return msgspec.json.encode(msgspec.structs.replace(said, frames=self._hide(said.frames.encode()).decode()))
        if kind == "push" and not answer:
            note, _, rest = body.partition(b"\n@ ")
            return note + b"\n" + self._hide(b"@ " + rest) if rest else body
        return self._hide(body) if kind == "pull" and answer else body

    def forged_heads(self, kind: str, body: bytes, answer: bool) -> bytes:
        """Signs heads in the name of others, with its own key or one that it made: newer ones, or other histories."""
        if kind != "gossip":
            return body
        said = _gossip(body, answer)
        named = [note for note in said.notes if "/xs1/" in note.partition("\n")[0] and _TIME.search(note)]
        others = [note for note in named if not note.startswith(f"{self.name}/")]
        if not others:
            return body
        text, _, _ = self._random.choice(others).partition("\n\n")
        lines = text.split("\n")
        origin = lines[0].partition("/")[0]
        if self._random.random() < 0.5:
            lines[3] = f"time {int(lines[3][5:]) + self._random.randint(1, 300)}"
        else:
            lines[1] = str(int(lines[1]) + self._random.choice((0, 1, 300)))
            lines[2] = to_base64(self._random.randbytes(32))
        signer = self._random.choice((make_signer(self.name), make_signer(origin, "stolen")))
        forged = to_base64(signer.key_id + signer.sign(("\n".join(lines) + "\n").encode()))
        note = "\n".join([*lines, "", f"— {signer.name} {forged}", ""])
        return msgspec.json.encode(msgspec.structs.replace(said, notes=(*said.notes[:200], note)))

    def bomb(self, kind: str, body: bytes, answer: bool) -> bytes:
        """Sends far more, deeper or odder bytes than anybody may."""
        if not answer and kind != "gossip":
            return body
        if kind == "pull":
            return b"x" * (limits.GZIP_BYTES + 1) if self._random.random() < 0.05 else b"@ a 0 99999999999\n{}\n"
        return self._random.choice(
            (
                b'{"cursor":"' + b"a" * (limits.GOSSIP_BODY + 10) + b'"}',
                b"[" * 100_000,
                b'{"network":"see","notes":[' + b",".join([b'"x\\n\\n"'] * 20_000) + b"]}",
                b'{"network":"see","network":"see"}',
                b'{"network":"see","cursor":"\\ud800"}',
                b"\xff\xfe\x00",
                msgspec.json.encode({"network": "see", "notes": ["y" * 3000 for _ in range(40)]}),
            )
        )

    def _damage(self, body: bytes) -> bytes:
        if self._random.random() < 0.3:
            return body[: len(body) // 2]
        lines = body.split(b"\n")
        chosen = [i for i, line in enumerate(lines) if line.startswith(b"{")]
        if not chosen:
            return body
        number = self._random.choice(chosen)
        lines[number] = re.sub(rb"\d", lambda m: b"%d" % ((int(m[0]) + 1) % 10), lines[number], count=1)
        return b"\n".join(lines)

    def _hide(self, body: bytes) -> bytes:
        try:
            found = list(frames.parse(body))
        except ProtocolError:
            return body
        return b"".join(self._hidden(frame) for frame in found)

    def _hidden(self, frame: frames.Frame) -> bytes:
        lines = frame.lines
        if not frame.roots and frame.log.node != self.name:
            lines = [frames.hash_line(merkle.leaf_hash(line)) if line.startswith(b"{") else line for line in lines]
        return frames.encode(frame.log, frame.start, lines, len(lines), frame.roots)


LIES: dict[str, Callable[[Liar, str, bytes, bool], bytes]] = {
    "liar: old heads": Liar.old_heads,
    "liar: damaged frames": Liar.damaged_frames,
    "liar: # for records": Liar.hashes_for_records,
    "liar: forged heads": Liar.forged_heads,
    "bomb": Liar.bomb,
}


def _gossip(body: bytes, answer: bool) -> GossipRequest | GossipResponse:
    if answer:
        return msgspec.json.decode(body, type=GossipResponse)
    return msgspec.json.decode(body, type=GossipRequest)
