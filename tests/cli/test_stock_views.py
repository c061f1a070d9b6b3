"""What verbs of stock tell of lines that could not be taken."""

import pytest

from xstock_node.cli.stock_views import synced
from xstock_node.plugins.adapters import RejectedLine
from xstock_node.services.syncing import SyncResult


@pytest.mark.parametrize("state", ["held", "taken"])
def test_each_line_of_a_system_that_makes_no_sense_is_told_with_its_reason(state: str) -> None:
    rejected = [RejectedLine(line=3, reason="bad_quantity", text="BAD"), RejectedLine(line=0, reason="no_key")]
    result = SyncResult(
        source="sql",
        system="SQLite",
        state=state,
        stored=2,
        added=2,
        changed=0,
        removed=0,
        to_match=0,
        rejections=2,
        rejected=rejected,
        why="2 of 4 lines make no sense",
    )
    told = synced(result).splitlines()
    assert told[1:] == ["line 3: not taken (bad_quantity) BAD", "line ?: not taken (no_key) "]
    assert ("accept-changes" in told[0]) == (state == "held")
