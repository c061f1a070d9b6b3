"""`make contract`: 50,000 generated requests to a real node by its OpenAPI document, or as many as are named."""

import sys
import tempfile
from pathlib import Path

from tests.contract.asking import ask
from tests.contract.standing import standing
from xstock_node.api.openapi import document


def main() -> int:
    """Ask, and print what was answered; 1 where an answer broke the document."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as folder, standing(Path(folder)) as door:
        found = ask(document(), door, count, number=2)
    for broken in found.broken:
        print(f"{broken.operation} ({broken.mode}): {broken.why}\n    {broken.curl[:600]}", file=sys.stderr)
    by_status = ", ".join(f"{status}: {n}" for status, n in sorted(found.statuses.items()))
    print(f"{found.requests} requests to {found.operations} operations in {found.seconds:.0f} s; {by_status}")
    print(f"{len(found.answered)} operations answered with 200 at least once; {len(found.broken)} broke the document")
    return int(bool(found.broken))


if __name__ == "__main__":
    sys.exit(main())
