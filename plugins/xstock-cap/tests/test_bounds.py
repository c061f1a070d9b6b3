"""What we think the node takes is no more than it takes."""

from xstock_cap import bounds

from xstock_node.plugins.interchange import limits


def test_bounds_are_within_those_of_the_node() -> None:
    assert bounds.MANY <= limits.MESSAGE_MANY and bounds.POINTS <= limits.POLYGON
    assert (
        bounds.FULL < bounds.SIZE
        and bounds.SIZE + 2 * bounds.NOTES * (4 * bounds.NOTES + 20) < limits.PLUGIN_FRAME // 2
    )
    assert bounds.VALUES >= limits.MARKUP_ELEMENTS
