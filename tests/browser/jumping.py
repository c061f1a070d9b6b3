"""Nodes whose clock may jump while they run: so many seconds ahead as the file `ahead` beside their folders says.

Run as `python -m tests.browser.jumping FOLDER`: `xstock serve` and nothing else.
"""

import sys
import time
from collections.abc import Sequence
from email.utils import formatdate
from pathlib import Path

from tests.processes import NodeProcess


class JumpingNode(NodeProcess):
    """A real node process whose clock follows a file."""

    program: Sequence[str] = ("-m", "tests.browser.jumping")

    def _serves(self) -> bool:
        with (self.home / "serve.log").open("rb") as log:
            log.seek(self._begins)
            return b'"serving"' in log.read()


def jump(folder: Path, ahead: int) -> None:
    """Let the clocks of all nodes of a folder jump, between two of their looks."""
    new = folder / "ahead.new"
    new.write_text(str(ahead), "utf-8")
    new.replace(folder / "ahead")


def main() -> None:
    """Let the clock follow the file, with the time that answers are stamped with, and serve."""
    from aiohttp import web_response

    from xstock_node.cli.main import run
    from xstock_node.services.clock import SystemClock

    folder, now = Path(sys.argv[1]), SystemClock.now
    path = folder.parent / "ahead"
    SystemClock.now = lambda self: now(self) + int(path.read_text("utf-8"))  # type: ignore[method-assign]
    stamped = lambda: formatdate(time.time() + int(path.read_text("utf-8")), usegmt=True)  # noqa: E731
    web_response.rfc822_formatted_time = stamped
    sys.argv = ["xstock", "serve", "--home", str(folder)]
    run()


if __name__ == "__main__":
    main()
