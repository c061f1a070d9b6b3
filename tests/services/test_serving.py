"""Serving: what a pull is answered with stays within what the other side takes."""

from pathlib import Path

import pytest

from xstock_node.protocol import frames, limits
from xstock_node.protocol.gossip import PullRequest, Range
from xstock_node.protocol.names import LogName
from xstock_node.services.serving import serve_pull
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing.storing import store_lines

LOG = LogName("redcross.bg", "see.pub")


# xs1 8.3, 10.7
async def test_an_answer_of_short_lines_has_no_more_of_them_than_a_stream_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = SqliteEngine(tmp_path / "node.db", threads=False)
    poison = [b"%d" % number for number in range(600)]
    await engine.write(lambda tx: store_lines(tx, LOG, poison), durable=False)
    monkeypatch.setattr(limits, "STREAM_LINES", 400)
    whole = Range(log=str(LOG.epoch(1)), start=0, count=600)
    roots = Range(log=str(LOG.epoch(1)), start=0, count=2, roots=True)
    answer = await engine.read(lambda tx: serve_pull(tx, PullRequest((roots, whole, roots))))
    found = list(frames.parse(answer))
    assert answer.count(b"\n") <= 400
    assert [len(frame.lines) for frame in found] == [2, 395]
    assert found[1].lines == poison[:395]
    await engine.close()
