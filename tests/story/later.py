"""A node whose clock stands so many seconds ahead as the file `ahead` beside its folder says; read at its start.

Run as `python -m tests.story.later FOLDER`: `xstock serve` and nothing else.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.processes import NodeProcess, pause


class LaterNode(NodeProcess):
    """A real node process that may be started again hours later."""

    program: Sequence[str] = ("-m", "tests.story.later")

    def starts_later(self, seconds: int) -> None:
        """Stop it, and start it again with its clock so far ahead of the machine's."""
        self.stop()
        (self.home.parent / "ahead").write_text(str(seconds), "utf-8")
        self.start()

    def wait_until_up(self, seconds: float = 30.0) -> None:
        """Wait until its socket and its ports answer."""
        super().wait_until_up(seconds)
        for _ in range(int(seconds / 0.05)):
            with (self.home / "serve.log").open("rb") as log:
                log.seek(self._begins)
                if b'"serving"' in log.read():
                    return
            pause(0.05)
        raise AssertionError(self.words())


def main() -> None:
    """Move the clock, and serve."""
    from xstock_node.cli.main import run
    from xstock_node.services.clock import SystemClock

    folder, now = Path(sys.argv[1]), SystemClock.now
    path = folder.parent / "ahead"
    ahead = int(path.read_text("utf-8")) if path.exists() else 0
    SystemClock.now = lambda self: now(self) + ahead  # type: ignore[method-assign]
    sys.argv = ["xstock", "serve", "--home", str(folder)]
    run()


if __name__ == "__main__":
    main()
