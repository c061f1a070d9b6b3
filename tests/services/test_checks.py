"""What `doctor` says of the clock and of peers."""

import pytest

from xstock_node.services.checks import _clock, _peers
from xstock_node.services.overview import PeerView, StatusView


def view(clock_offset: int | None = None, *peers: PeerView) -> StatusView:
    return StatusView(
        node="a.example.org", organisation="A", version="0", network="see", log="see.pub", exercise=False, running=True,
        digits="", epoch=1, records=0, offers=0, offers_seen=0, digest="", halted="", database_bytes=0,
        clock_offset=clock_offset, exercises=[], peers=list(peers),
    )  # fmt: skip


def peer(refusals: int, last: str) -> PeerView:
    return PeerView(
        name="b.example.org", organisation="B", country="AT", url="", digits="", dialled=True, last_in=None,
        last_out="2026-01-01T00:00:00Z", epoch=1, records=1, offers=1, defects=0, frozen="", stale=False,
        refusals=refusals, last_refusal=last,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("offset", "state", "words"),
    [
        (None, "ok", "fewer than three"),
        (60, "ok", "60 s behind"),
        (61, "warning", "61 s behind"),
        (-300, "warning", "300 s ahead"),
        (301, "error", "301 s behind"),
    ],
)
def test_a_clock_that_is_off_is_named(offset: int | None, state: str, words: str) -> None:
    found = _clock(view(offset))
    assert found.state == state and words in found.found
    assert bool(found.do) == (state != "ok")


def test_doctor_names_what_was_refused_last() -> None:
    (found,) = _peers(view(None, peer(3, "expected at most 50000 live offers; came 50001")))
    assert "3 things" in found.found and "50000 live offers" in found.found
    (quiet,) = _peers(view(None, peer(0, "")))
    assert "refused" not in quiet.found
