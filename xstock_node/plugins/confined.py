"""Run a module of this package held by Landlock: `python -P -m xstock_node.plugins.confined MODULE NETWORK PATH...`.

NETWORK is `net` or `none`; the module reads what is below the paths, and nothing else of this machine's files.
"""

import runpy
import sys
from pathlib import Path

from xstock_node.plugins.landlock import confine

WRITABLE = (Path("/dev/null"),)
READABLE = (Path("/proc"), Path("/dev/urandom"), Path("/dev/zero"))


def main() -> None:
    """Give up what is not wanted, then become the module."""
    module, network, *paths = sys.argv[1:]
    if not module.startswith("xstock_node.plugins."):
        raise SystemExit(f"expected a module of xstock_node.plugins; came {module}")
    confine([*map(Path, paths), *READABLE], WRITABLE, network == "net")
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
