"""Bounds that a reader may keep and need not: no vector asks for them, our own node keeps them."""

from tests.vectors.checks.transcripts import transcript
from tests.vectors.generate.heads import LINES
from tests.vectors.generate.people import BG, head, signed
from tests.vectors.generate.streams import frame
from tests.vectors.generate.talks import GOSSIP, NODE, OWN, all_of
from xstock_node.protocol import limits


def test_a_ninth_log_of_a_node_is_not_taken() -> None:
    """xs1 2.7."""
    one = head(LINES[:1])
    found = [one._replace(log=one.log._replace(log=f"see.x-{n}")) for n in range(limits.LOGS_A_MEMBER + 1)]
    steps = [
        {
            "caller": BG,
            "path": GOSSIP,
            "send": {"network": "see", "notes": [signed(h).decode()], "frames": frame(LINES[:1], 0, h.log).decode()},
        }
        for h in found
    ]
    answers = transcript(b"", {"node": NODE, "steps": steps})
    assert [answer["all"] for answer in answers[-2:]] == [all_of(OWN, *found[:-1])] * 2
