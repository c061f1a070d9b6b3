"""A message that shows what this node lost makes it ask, also where writes run in a thread of their own."""

from pathlib import Path
from random import Random

import pytest

from xstock_node.protocol import messages
from xstock_node.protocol.errors import NotFound
from xstock_node.protocol.messages import NOTHING, Link
from xstock_node.services.casework import pack
from xstock_node.services.clock import SystemClock
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing import inside
from xstock_node.testing.nodes import make_identity
from xstock_node.trace import Trace

BG, HR = "redcross.bg", "redcross.hr"


async def test_a_second_message_of_an_unknown_case_is_refused_and_its_writer_asked(tmp_path: Path) -> None:
    own, signer = make_identity(HR)
    engine, clock = SqliteEngine(tmp_path / "node.db"), SystemClock()
    node = inside.build(own, signer, "see.pub", engine, [make_identity(BG)[0]], clock, Random(1), Trace(HR))
    await node.start({})
    asked: list[str] = []
    work = inside.casework(node)
    work.suspects = asked.append
    text = messages.write("see", BG, HR, "a" * 16, Link(5, 2, ""), "0" * 64, NOTHING, clock.now(), b'{"step":"cancel"}')
    with pytest.raises(NotFound):
        await work.take(BG, pack(messages.sign(text, make_identity(BG)[1])))
    assert asked == [BG]
    await node.stop()


async def test_only_what_this_node_wrote_is_signed_under_its_newest_key(tmp_path: Path) -> None:
    own, signer = make_identity(HR)
    clock = SystemClock()
    node = inside.build(own, signer, "see.pub", SqliteEngine(tmp_path / "n.db"), [], clock, Random(1), Trace(HR))
    await node.load()
    text = messages.write("see", BG, HR, "a" * 16, Link(5, 1, ""), "", NOTHING, clock.now(), b'{"step":"notify"}')
    raw = messages.sign(text, make_identity(BG)[1])
    line = messages.sign(text + "more\n", make_identity(HR)[1]).split(b"\n\n", 1)[1]
    assert inside.casework(node).under_newest_key(raw) == raw
    assert inside.casework(node).under_newest_key(raw + line) == raw + line
    await node.engine.close()
