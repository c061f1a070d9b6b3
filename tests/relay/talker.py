"""A node process that says one thing in a case and then serves: `talker HOME open NAME BODY [SIDE]`, `send CASE BODY`.

No verb opens cases yet; this is `xstock serve` with that one act behind it.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path

from xstock_node.cli.assembly import open_office
from xstock_node.cli.serve import Running
from xstock_node.cli.session import take_lock
from xstock_node.config import load


async def main(home: Path, verb: str, about: str, body: str, *side: str) -> None:
    """Serve; the case is printed once the message is stored."""
    config, lock = load(home), take_lock(home)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    office = await open_office(home, config)
    running = Running(office, config, home)
    try:
        await running.start()
        casework = office.node.correspondence.of().casework
        say = casework.open if verb == "open" else casework.send
        sent = await say(about, json.loads(body), [line.encode() for line in side])
        print(sent.case, flush=True)
        await stop.wait()
    finally:
        await running.stop()
        del lock


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
