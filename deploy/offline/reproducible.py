"""`make reproducible`: the wheel and the sdist of the node and of every plugin, built twice, are the same to the byte.

The two builds differ in folder, umask, zone, language, the order in which files were made, and the clock of the files.
With npm the console's assets are built twice too. A line for each file, then a JSON line; ends with 1 on a difference.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools import CACHE, ROOT, VENDOR, build, digest, epoch, export, projects, tools

WORLDS = (
    {"folder": "one", "umask": "022", "TZ": "UTC", "LC_ALL": "C.UTF-8", "touched": "2001-02-03T04:05:06"},
    {
        "folder": "another/much/deeper",
        "umask": "077",
        "TZ": "Asia/Tokyo",
        "LC_ALL": "C",
        "touched": "2031-07-08T09:10:11",
    },
)


def main() -> None:
    """Build in both worlds, compare."""
    python, when = tools(), epoch()
    made = [_built(world, python, when) for world in WORLDS]
    names = sorted({*made[0], *made[1]})
    different = [name for name in names if made[0].get(name) != made[1].get(name)]
    for name in names:
        print(f"{made[0].get(name, 'missing')}  {name}{'  DIFFERS' if name in different else ''}", file=sys.stderr)
    print(json.dumps({"epoch": int(when), "files": len(names), "different": different, "digests": made[0]}))
    sys.exit(1 if different or not names else 0)


def _built(world: dict[str, str], python: Path, when: str) -> dict[str, str]:
    """The digests of what one world makes."""
    place = CACHE / "reproducible" / world["folder"]
    shutil.rmtree(place, ignore_errors=True)
    before = os.umask(int(world["umask"], 8))
    os.environ.update(TZ=world["TZ"], LC_ALL=world["LC_ALL"])
    try:
        source, out = export(place / "source"), place / "out"
        out.mkdir()
        assets = _assets(source)
        subprocess.run(["find", source, "-exec", "touch", "-d", world["touched"], "{}", "+"], check=True)
        for project in projects(source):
            build(project.folder, out, python, when, "wheel", "sdist")
        return {path.name: digest(path) for path in sorted(out.iterdir())} | assets
    finally:
        os.umask(before)
        shutil.rmtree(place, ignore_errors=True)


def _assets(source: Path) -> dict[str, str]:
    """The console's assets, built from the npm lock where npm is there; else those that are there are taken along."""
    vendor = source / VENDOR.relative_to(ROOT)
    if shutil.which("npm"):
        shutil.rmtree(vendor, ignore_errors=True)
        folder = source / "xstock_node" / "console" / "frontend"
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(["npm", "ci", *quiet], cwd=folder, check=True, stdout=sys.stderr)
        subprocess.run(["node", "build.mjs"], cwd=folder, check=True, stdout=sys.stderr)
        shutil.rmtree(folder / "node_modules")
    return {f"vendor/{path.name}": digest(path) for path in sorted(vendor.iterdir())} if vendor.is_dir() else {}


if __name__ == "__main__":
    main()
