"""What every record begins with: an id and a salt that nobody can guess."""

from random import Random

from xstock_node.protocol.keys import to_base64
from xstock_node.protocol.names import record_id


def fresh(random: Random) -> tuple[str, str]:
    """A record id and a salt in base64; `random` is the system's, or a seeded one in a simulation."""
    return record_id(random.randbytes(10)), to_base64(random.randbytes(12))
