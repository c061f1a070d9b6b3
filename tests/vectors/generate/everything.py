"""All files of vectors."""

from tests.vectors.generate import heads, records, small, statements, streams, trees
from tests.vectors.generate.form import Subject


def subjects() -> list[Subject]:
    """Every file, made anew."""
    return [
        *(trees.roots(), trees.frontiers(), trees.inclusion(), trees.consistency()),
        *(small.names(), small.paths(), small.coding()),
        *(heads.signatures(), heads.signed_notes(), heads.all_heads(), records.records()),
        *(streams.streams(), streams.replicas()),
        *(statements.fork_statements(), statements.portable_offers(), statements.witnesses(), statements.bundles()),
    ]
