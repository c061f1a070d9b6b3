"""Whether the node is ready for its peers and people: what a load balancer and an orchestrator ask."""

import asyncio

from xstock_node.services.office import Office

PATIENCE = 1.0  # seconds for one small read of the database


async def unready(office: Office) -> list[str]:
    """Why the node is not ready; empty while it is."""
    node = office.node
    if node.stands_by:
        return ["another process of this node leads"]
    if node.own.head is None:
        return ["the epoch of this start is not open yet"]
    found = [f"nothing is signed any more: {node.halted}"] if node.halted else []
    try:
        async with asyncio.timeout(PATIENCE):
            await node.engine.read(lambda tx: tx.journal.last())
    except TimeoutError:
        found.append(f"the database did not answer within {PATIENCE:.0f} s")
    except Exception as error:
        found.append(f"the database does not answer: {error}")
    return found
