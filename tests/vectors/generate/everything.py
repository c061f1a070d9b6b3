"""All files of vectors."""

from tests.vectors.generate import (
    cases,
    heads,
    members,
    people_notes,
    records,
    sealing,
    small,
    statements,
    steps,
    streams,
    talks,
    trees,
)
from tests.vectors.generate.form import Subject


def subjects() -> list[Subject]:
    """Every file, made anew."""
    return [
        *(trees.roots(), trees.frontiers(), trees.inclusion(), trees.consistency()),
        *(small.names(), small.paths(), small.coding()),
        *(heads.signatures(), heads.signed_notes(), heads.all_heads(), records.records()),
        *(streams.streams(), streams.replicas()),
        *(people_notes.identities(), people_notes.charters(), people_notes.signed_requests()),
        *(members.memberships(), cases.written(), cases.receipts(), steps.steps(), sealing.sealed()),
        *(statements.fork_statements(), statements.portable_offers(), statements.witnesses(), statements.bundles()),
        talks.gossip(),
    ]
