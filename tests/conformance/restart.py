"""`python -m tests.conformance.restart HOME PIDFILE`: what `xstock conformance --restart` runs in our own CI.

kill -9 of the node whose process id stands in the file, and `xstock serve` of the same folder again.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path


def main(home: Path, pid_file: Path) -> None:
    os.kill(int(pid_file.read_text("ascii")), signal.SIGKILL)
    command = [sys.executable, "-m", "xstock_node", "serve", "--home", str(home)]
    with (home / "serve.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    pid_file.write_text(str(process.pid), "ascii")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
