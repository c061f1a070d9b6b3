"""A known peer lies: what it says is refused, written down and charged, and the honest nodes go on."""

import asyncio
from collections.abc import Sequence

import pytest

from xstock_node.protocol import frames, limits, merkle, notes, records
from xstock_node.protocol.errors import BadSignature, Gap, NotFound, ProtocolError, Quota, Unreachable
from xstock_node.protocol.gossip import GossipRequest, GossipResponse, PullRequest, Want
from xstock_node.protocol.heads import Base, Head
from xstock_node.protocol.keys import Signer
from xstock_node.protocol.names import LogId
from xstock_node.services.answering import NodeAnswers
from xstock_node.testing import make_offer
from xstock_node.testing.clock import START
from xstock_node.testing.nodes import make_signer

A, B, LIAR = "redcross.at", "redcross.bg", "liar.example"
EPOCH = START - 100
LINES = [records.encode(make_offer(n, START)) for n in range(3)]
OTHERS = [records.encode(make_offer(n + 50, START)) for n in range(3)]


def head_of(lines: Sequence[bytes], name: str = LIAR, epoch: int = EPOCH, **changes: object) -> Head:
    root = merkle.tree_root([merkle.leaf_hash(line) for line in lines])
    head = Head(LogId(name, "see.pub", epoch), len(lines), root, START, 0)
    return head._replace(**changes)  # type: ignore[arg-type]


def signed(head: Head, signer: Signer | None = None) -> str:
    return notes.sign(head.text(), signer or make_signer(head.log.node)).decode()


def framed(head: Head, lines: Sequence[bytes], start: int = 0) -> str:
    return frames.encode(head.log, start, lines, len(lines)).decode()


class Scripted:
    """The liar as A dials it: it answers pulls with what the story put there."""

    name = LIAR

    def __init__(self) -> None:
        self.body = b""
        self.answer: GossipResponse | None = None

    async def gossip(self, request: GossipRequest, wait: float = 0.0) -> GossipResponse:
        if self.answer is not None:
            return self.answer
        raise Unreachable(f"an answer of {self.name}")

    async def pull(self, request: PullRequest) -> bytes:
        return self.body

    async def push(self, frames: bytes) -> int:
        return 0

    async def identity(self) -> bytes:
        return b""


class Scene:
    """A knows B and the liar; whatever the liar says, A and B hold the same in the end."""

    def __init__(self, world) -> None:  # type: ignore[no-untyped-def]
        self.world, self.peer, self.cursor = world, Scripted(), ""

    async def begin(self) -> None:
        self.world.net.wrap = lambda caller, name, peer: self.peer if name == LIAR else peer
        await self.world.start(B, [A])
        await self.world.start(A, [B, LIAR])
        self.node, self.answers = self.world.nodes[A], NodeAnswers(self.world.nodes[A])
        await self.world.publish(B, make_offer(900, START))
        await self.world.settle()

    async def say(self, *said: str, carried: str = "") -> GossipResponse:
        request = GossipRequest(network="see", notes=said, frames=carried, cursor=self.cursor)
        answer = await self.answers.gossip(LIAR, request, 0.0)
        self.cursor = answer.cursor
        return answer

    def held(self, name: str = LIAR) -> Head | None:
        return next((head for log, head in self.node.replicas.heads.items() if log.node == name), None)

    async def refused(self, code: str, capsys: pytest.CaptureFixture[str], times: int = 1) -> None:
        state = await self.node.peering.state(LIAR)
        shown = [line for line in capsys.readouterr().err.splitlines() if '"event": "refused"' in line]
        assert state.refusals == times
        assert state.last_refusal
        assert len(shown) == times
        assert all(f'"peer": "{LIAR}"' in line and f'"code": "{code}"' in line for line in shown)
        assert (await self.node.peering.state(B)).refusals == 0

    async def honest_go_on(self) -> None:
        offer = make_offer(901, START)
        await self.world.publish(B, offer)
        await self.world.until(lambda: self.held(B) == self.world.nodes[B].own.head)
        assert offer.id in await self.world.live(A)
        assert not self.node.own.halted


def told(in_memory, play) -> None:  # type: ignore[no-untyped-def]
    async def story(world) -> None:  # type: ignore[no-untyped-def]
        scene = Scene(world)
        await scene.begin()
        await play(scene)
        await scene.honest_go_on()

    in_memory.tell(story)


def test_an_honest_head_with_its_records_is_taken(in_memory) -> None:
    async def play(scene: Scene) -> None:
        await scene.say(signed(head_of(LINES)), carried=framed(head_of(LINES), LINES))
        assert scene.held() == head_of(LINES)
        assert len(await scene.world.live(A)) == 4
        assert (await scene.node.peering.state(LIAR)).refusals == 0

    told(in_memory, play)


def test_a_wrong_root_is_refused(in_memory, capsys) -> None:
    async def play(scene: Scene) -> None:
        head = head_of(LINES, root=bytes(32))
        await scene.say(signed(head), carried=framed(head, LINES))
        assert scene.held() is None
        await scene.refused("mismatch", capsys)

    told(in_memory, play)


def test_a_rewritten_record_of_another_node_is_refused(in_memory, capsys) -> None:
    async def play(scene: Scene) -> None:
        scene.world.cut(A)
        await scene.world.publish(B, make_offer(7, START))
        true = scene.world.nodes[B].own.head
        raw = scene.world.nodes[B].replicas.raw[true.log.name].decode()
        await scene.say(raw, carried=framed(true, [records.encode(make_offer(7, START, qty=(99, 0)))], true.size - 1))
        assert scene.held(B).size == true.size - 1
        await scene.refused("mismatch", capsys)
        scene.world.heal()
        await scene.world.settle()

    told(in_memory, play)


def test_a_replayed_old_head_is_refused(in_memory, capsys) -> None:
    async def play(scene: Scene) -> None:
        for lines in (LINES[:1], LINES):
            await scene.say(signed(head_of(lines)), carried=framed(head_of(lines), lines))
        await asyncio.sleep(limits.REORDERED + 1)
        await scene.say(signed(head_of(LINES[:1])))
        assert scene.held() == head_of(LINES)
        await scene.refused("rollback", capsys)

    told(in_memory, play)


def test_a_foreign_signature_is_refused(in_memory, capsys) -> None:
    async def play(scene: Scene) -> None:
        before = scene.held(B)
        head = head_of(LINES, B, epoch=START + 50)
        await scene.say(signed(head, make_signer(B, "stolen")), carried=framed(head, LINES))
        assert scene.held(B) == before
        await scene.refused("bad-signature", capsys)

    told(in_memory, play)


def test_a_head_for_somebody_elses_log_is_refused(in_memory, capsys) -> None:
    async def play(scene: Scene) -> None:
        before = scene.held(B)
        head = head_of(LINES, B, epoch=START + 50)
        await scene.say(signed(head, make_signer(LIAR)), carried=framed(head, LINES))
        assert scene.held(B) == before
        await scene.refused("bad-signature", capsys)

    told(in_memory, play)


@pytest.mark.parametrize("forger", [make_signer(LIAR), make_signer(A, "stolen")], ids=["own key", "stolen name"])
def test_a_forged_head_of_the_nodes_own_log_does_not_stop_it(in_memory, capsys, forger: Signer) -> None:
    async def play(scene: Scene) -> None:
        await scene.say(signed(head_of(LINES, A, epoch=START + 500), forger))
        assert not scene.node.own.halted
        await scene.refused("bad-signature", capsys)
        await scene.node.own.heartbeat()

    told(in_memory, play)


def test_a_false_erasure_is_refused_and_the_record_comes_from_another(in_memory, capsys) -> None:
    async def play(scene: Scene) -> None:
        scene.world.cut(A)
        await scene.world.publish(B, make_offer(7, START))
        true = scene.world.nodes[B].own.head
        raw = scene.world.nodes[B].replicas.raw[true.log.name].decode()
        hidden = frames.hash_line(merkle.leaf_hash(records.encode(make_offer(7, START))))
        await scene.say(raw, carried=framed(true, [hidden], true.size - 1))
        assert scene.held(B).size == true.size - 1
        await scene.refused("gap", capsys)
        scene.world.heal()
        await scene.world.settle()
        assert make_offer(7, START).id in await scene.world.live(A)

    told(in_memory, play)


def test_a_round_goes_on_after_a_want_that_names_no_log(in_memory, capsys) -> None:
    async def play(scene: Scene) -> None:
        answer = GossipResponse(cursor="", all="", notes=(signed(head_of(LINES)),), want=(Want("rubbish", 0),))
        scene.peer.answer = answer
        scene.peer.body = framed(head_of(LINES), LINES).encode()
        await scene.node.gossip.round(scene.peer, START)
        await scene.refused("malformed", capsys)
        assert scene.held() == head_of(LINES)
        scene.peer.answer = None

    told(in_memory, play)


def test_an_erasure_at_the_origins_word_is_taken(in_memory) -> None:
    async def play(scene: Scene) -> None:
        hidden = [LINES[0], frames.hash_line(merkle.leaf_hash(LINES[1])), LINES[2]]
        await scene.say(signed(head_of(LINES)), carried=framed(head_of(LINES), hidden))
        assert scene.held() == head_of(LINES)
        assert make_offer(1, START).id not in await scene.world.live(A)

    told(in_memory, play)


# xs1 19.3
def test_two_histories_of_one_epoch_freeze_the_log_and_show_it(in_memory, capsys) -> None:
    async def play(scene: Scene) -> None:
        first, second = head_of(LINES), head_of(OTHERS)
        await scene.say(signed(first), carried=framed(first, LINES))
        digest = scene.node.replicas.digest()
        await scene.say(signed(second), carried=framed(second, OTHERS))
        await scene.refused("fork", capsys)
        assert scene.held() == first
        state = await scene.node.engine.read(lambda tx: tx.logs.state(first.log.name))
        assert "same root" in state.frozen
        assert first.log.name in scene.node.replicas.frozen
        assert scene.node.replicas.digest() != digest
        grown = head_of([*LINES, OTHERS[0]])
        await scene.say(signed(grown), carried=framed(grown, [OTHERS[0]], 3))
        assert scene.held() == first
        thawed = head_of([*LINES, OTHERS[0]], epoch=EPOCH + 1, base=Base(EPOCH, 3, first.root))
        await scene.say(signed(thawed), carried=framed(thawed, [OTHERS[0]], 3))
        assert scene.held() == thawed
        assert first.log.name not in scene.node.replicas.frozen

    told(in_memory, play)


def test_two_bases_of_one_epoch_freeze_the_log(in_memory, capsys) -> None:
    async def play(scene: Scene) -> None:
        await scene.say(signed(head_of(LINES)), carried=framed(head_of(LINES), LINES))
        other = head_of(LINES, base=Base(5, 0, merkle.EMPTY_ROOT), time=START + 1)
        await scene.say(signed(other))
        await scene.refused("fork", capsys)
        assert scene.node.replicas.frozen == {other.log.name}

    told(in_memory, play)


def test_a_rewritten_past_under_a_new_epoch_is_a_fork(in_memory, capsys) -> None:
    async def play(scene: Scene) -> None:
        await scene.say(signed(head_of(LINES)), carried=framed(head_of(LINES), LINES))
        false = head_of(OTHERS, epoch=EPOCH + 1, base=Base(EPOCH, 2, head_of(OTHERS[:2]).root))
        await scene.say(signed(false), carried=framed(false, OTHERS))
        assert scene.held() == head_of(LINES)
        await scene.refused("fork", capsys)

    told(in_memory, play)


BODIES = {
    "oversized records": (frames.encode(head_of(LINES).log, 0, [b"{" + b"a" * 9000 + b"}"] * 3, 3), "mismatch"),
    "a cut frame": (frames.encode(head_of(LINES).log, 0, LINES, 3)[:-9], "malformed"),
    "bytes": (b"\x1f\x8b\x08\x00" + bytes(500), "malformed"),
    "nothing": (b"", "gap"),
    "the frame of another log": (frames.encode(head_of(LINES, B).log, 0, LINES, 3), "malformed"),
    "other records": (frames.encode(head_of(LINES).log, 0, OTHERS, 3), "mismatch"),
}


@pytest.mark.parametrize(("body", "code"), BODIES.values(), ids=BODIES.keys())
def test_what_a_liar_serves_for_its_own_head_is_refused(in_memory, capsys, body: bytes, code: str) -> None:
    async def play(scene: Scene) -> None:
        scene.peer.body = body
        await scene.say(signed(head_of(LINES)))
        state = await scene.node.peering.state(LIAR)
        await scene.world.until(lambda: scene.node.peering._states[LIAR].refusals > state.refusals)
        assert scene.held() is None
        await scene.refused(code, capsys)

    told(in_memory, play)


def test_a_liar_that_hands_out_records_slowly_does_not_keep_them_from_the_others(in_memory) -> None:
    async def play(scene: Scene) -> None:
        import asyncio

        async def hang(request: PullRequest) -> bytes:
            await asyncio.sleep(limits.STREAM_SECONDS)
            raise Unreachable("records")

        scene.peer.pull = hang  # type: ignore[method-assign]
        scene.world.cut(A)
        await scene.world.publish(B, make_offer(7, START))
        true = scene.world.nodes[B].own.head
        await scene.say(scene.world.nodes[B].replicas.raw[true.log.name].decode())
        scene.world.heal()
        async with asyncio.timeout(120):
            await scene.world.settle()

    told(in_memory, play)


def test_notes_of_strangers_leave_nothing_behind(in_memory) -> None:
    async def play(scene: Scene) -> None:
        await scene.say()
        await scene.say()  # with the cursor of the answer: what that told counts as arrived
        known, shown = set(scene.node.peering._known[LIAR]), set(scene.node.peering._shown[LIAR])
        strangers = [signed(head_of([], f"n{n}.example")) for n in range(limits.GOSSIP_NOTES)]
        other_logs = [signed(head_of([])._replace(log=LogId(LIAR, f"sea.x-{n}", EPOCH))) for n in range(50)]
        await scene.say(*strangers)
        await scene.say(*other_logs)
        assert (set(scene.node.peering._known[LIAR]), set(scene.node.peering._shown[LIAR])) == (known, shown)
        assert len(await scene.node.engine.read(lambda tx: tx.logs.states())) == 2

    told(in_memory, play)


def test_a_flood_of_refused_notes_exhausts_the_allowance_and_it_comes_back(in_memory, capsys) -> None:
    async def play(scene: Scene) -> None:
        import asyncio

        said = 0
        with pytest.raises(Quota) as caught:
            for said in range(100):
                await scene.say(f"note {said}\n")
        assert said == limits.REFUSALS_BURST
        await scene.refused("malformed", capsys, times=limits.REFUSALS_BURST)
        assert caught.value.retry_after > 0
        await asyncio.sleep(caught.value.retry_after + 1)
        await scene.say()

    told(in_memory, play)


def pushed(head: Head, lines: Sequence[bytes], signer: Signer | None = None, start: int = 0) -> bytes:
    return signed(head, signer).encode() + b"\n" + frames.encode(head.log, start, lines, len(lines))


FALSE_PUSHES: dict[str, tuple[bytes, type[ProtocolError]]] = {
    "an audience log that names none": (
        pushed(head_of(LINES)._replace(log=LogId(LIAR, "see.junk", EPOCH)), LINES),
        ProtocolError,
    ),
    "a log of another network": (pushed(head_of(LINES)._replace(log=LogId(LIAR, "sea.pub", EPOCH)), LINES), NotFound),
    "a stranger's log": (pushed(head_of(LINES, "stranger.example"), LINES), NotFound),
    "the node's own log": (pushed(head_of(LINES, A, epoch=START + 300), LINES, make_signer(A)), NotFound),
    "a forged head": (pushed(head_of(LINES, B, epoch=START + 300), LINES, make_signer(LIAR)), BadSignature),
    "records of a gap": (pushed(head_of(LINES), LINES[1:], start=1), Gap),
    "too few records": (pushed(head_of(LINES), LINES[:2]), Gap),
    "the frame of another log": (
        signed(head_of(LINES)).encode() + b"\n" + frames.encode(head_of(LINES, B).log, 0, LINES, 3),
        ProtocolError,
    ),
    "no frame": (signed(head_of(LINES)).encode(), ProtocolError),
    "nothing": (b"", ProtocolError),
}


@pytest.mark.parametrize(("body", "error"), FALSE_PUSHES.values(), ids=FALSE_PUSHES.keys())
def test_a_false_push_is_refused_and_changes_nothing(in_memory, body: bytes, error: type[ProtocolError]) -> None:
    async def play(scene: Scene) -> None:
        before = (scene.node.replicas.digest(), scene.node.own.head)
        states = await scene.node.engine.read(lambda tx: tx.logs.states())
        with pytest.raises(error):
            await scene.answers.push(LIAR, body)
        assert (scene.node.replicas.digest(), scene.node.own.head) == before
        assert await scene.node.engine.read(lambda tx: tx.logs.states()) == states

    told(in_memory, play)


def test_a_pushed_second_history_freezes_the_log_too(in_memory) -> None:
    async def play(scene: Scene) -> None:
        assert await scene.answers.push(LIAR, pushed(head_of(LINES), LINES)) == 3
        assert await scene.answers.push(LIAR, pushed(head_of(LINES), LINES)) == 0
        with pytest.raises(ProtocolError):
            await scene.answers.push(LIAR, pushed(head_of(OTHERS), OTHERS))
        assert scene.node.replicas.frozen == {head_of(LINES).log.name}

    told(in_memory, play)
