"""Convoys that are late, and passages that a person has to judge, for who has duty."""

from typing import Final

from xstock_node.domain import escalation
from xstock_node.domain.convoys import convoys_of
from xstock_node.domain.corridor_watch import coarse
from xstock_node.domain.escalation import Wait, Waiting
from xstock_node.domain.operation import Operation
from xstock_node.domain.rights import Role
from xstock_node.services.convoys import CORRIDORS
from xstock_node.services.office import Office
from xstock_node.services.passing import PASSAGES
from xstock_node.storage.interfaces import Transaction

ROLE: Final = Role.TRANSPORT_CUSTOMS


def late(
    office: Office, tx: Transaction, case: str, operation: Operation, other: str, now: int, exercise: bool
) -> list[Waiting]:
    """One alarm for each consignment of an operation that is late, gone when it arrives or word comes.

    Both sides work it out from the same signed steps, each by its own clock and corridors.
    """
    corridors = CORRIDORS.list(tx)
    found = []
    for one in convoys_of(operation, (office.settings.country,)):
        ways = [way for way in corridors if way.covers(one.countries, one.crossings)]
        since, arrival = one.late_since(ways, now), one.arrival
        if since and any(way.threat for way in ways):
            since, arrival = coarse(since), coarse(arrival)
        if since:
            found.append(
                Waiting(
                    id=escalation.id_of("convoy-late", case, one.consignment, str(one.arrival)),
                    kind=Wait.CONVOY_LATE,
                    role=ROLE,
                    since=since,
                    case=case,
                    other=other,
                    detail=one.consignment,
                    answer_by=arrival,
                    exercise=exercise,
                )
            )
    return found


def doubtful(tx: Transaction) -> list[Waiting]:
    """Passages of look-alike letters, or of a camera that was not sure."""
    return [
        Waiting(
            id=escalation.id_of("passage", one.id),
            kind=Wait.PASSAGE,
            role=ROLE,
            since=one.at if one.place else coarse(one.at),
            case=one.case,
            state=one.consignment,
            detail=one.id,
            exercise=one.exercise,
        )
        for one in PASSAGES.list(tx)
        if one.state == "doubtful"
    ]
