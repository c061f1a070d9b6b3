"""`make bundle`: the node, all its plugins and all that they need, for machines without a package index.

dist/xstock-node-VERSION-offline.tar.gz fits one Python and one platform: those of the machine that makes it.
"""

import gzip
import json
import platform
import re
import shutil
import sys
import tarfile
from pathlib import Path

from tools import (
    CACHE,
    DIST,
    LOCK,
    ROOT,
    VENDOR,
    build,
    digest,
    epoch,
    export,
    projects,
    read_lock,
    run,
    tools,
    version,
)

PAGES = ("deploy/offline/install.py", "deploy/offline/sample.csv", "deploy/README.md", "SECURITY.md", "LICENSE")
PAGES += ("CHANGELOG.md",)
SERVICE = ("xstock", "xstock-node.service", "xstock-backup.service", "xstock-backup.timer", "xstock-node.sysusers")
SERVICE += ("xstock-node.tmpfiles",)


def main() -> None:
    """Build the wheels, fetch what is locked, write sums and SBOM, pack all of it."""
    if not (VENDOR / "manifest.json").exists():
        raise SystemExit("expected the console's assets; came none; run `make assets` first (it needs npm)")
    source, python, when = export(CACHE / "source"), tools(), epoch()
    number = version(source)
    name = f"xstock-node-{number}-offline"
    folder = CACHE / name
    shutil.rmtree(folder, ignore_errors=True)
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    for project in projects(source):
        build(project.folder, wheels, python, when, "wheel")
    own = sorted(wheels.iterdir())
    fixed = ("--require-hashes", "--only-binary", ":all:", "--no-deps", "--quiet")
    run(python, "-m", "pip", "download", *fixed, "-d", wheels, "-r", LOCK / "requirements.txt")
    _take_along(folder, own, source)
    print(_sbom(folder, python), file=sys.stderr)
    listed = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = "".join(f"{digest(path)}  {path.relative_to(folder)}\n" for path in listed)
    (folder / "SHA256SUMS").write_text(sums, "ascii")
    packed = _pack(folder, DIST / f"{name}.tar.gz", int(when))
    shutil.copy(folder / "sbom.cdx.json", DIST / f"xstock-node-{number}.cdx.json")
    (DIST / f"{name}.tar.gz.sha256").write_text(f"{digest(packed)}  {packed.name}\n", "ascii")
    told = {"bundle": str(packed), "sha256": digest(packed), "bytes": packed.stat().st_size}
    print(json.dumps({**told, "wheels": len([*wheels.iterdir()]), "own": len(own)}))


def _take_along(folder: Path, own: list[Path], root: Path) -> None:
    """What stands beside the wheels: the installer, its list with hashes, the units, the manual."""
    said = (LOCK / "requirements.txt").read_text("utf-8")
    for wheel in own:
        name, number = wheel.name.split("-")[:2]
        said += f"{name.replace('_', '-')}=={number} \\\n    --hash=sha256:{digest(wheel)}\n"
    (folder / "requirements.txt").write_text(said, "utf-8")
    for page in PAGES:
        shutil.copy(root / page, folder / Path(page).name)
    service = folder / "service"
    service.mkdir()
    for one in SERVICE:
        shutil.copy(root / "deploy" / "systemd" / one, service / one)
    fits = {
        "version": version(root),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "system": platform.system(),
        "machine": platform.machine(),
        "glibc": _glibc([path.name for path in (folder / "wheels").iterdir()]),
        "own": [wheel.name.split("-")[0].replace("_", "-") for wheel in own],
    }
    (folder / "BUNDLE.json").write_text(json.dumps(fits, indent=1) + "\n", "utf-8")
    pins = {pin.name for pin in read_lock(LOCK / "requirements.txt") if not pin.marker}
    there = {path.name.split("-")[0].replace("_", "-").lower() for path in (folder / "wheels").iterdir()}
    if missing := pins - there:
        raise SystemExit(f"expected a wheel of each locked package; came none of {', '.join(sorted(missing))}")


def _glibc(names: list[str]) -> str:
    """The oldest C library with which every wheel works: each names the one that it was built for, or several."""
    least = [min(map(int, found)) for name in names if (found := re.findall(r"manylinux_2_(\d+)_", name))]
    return f"2.{max(least, default=17)}"


def _sbom(folder: Path, python: Path) -> str:
    return run(python, ROOT / "deploy" / "sbom" / "make.py", folder / "wheels", folder / "sbom.cdx.json").strip()


def _pack(folder: Path, out: Path, when: int) -> Path:
    """The same files make the same archive: sorted, of nobody, of one moment."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        member.mtime = when
        member.mode = 0o755 if member.isdir() or member.name.endswith(("install.py", "service/xstock")) else 0o644
        return member

    out.parent.mkdir(exist_ok=True)
    part = out.with_suffix(".part")
    with (
        part.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, when) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in [folder, *sorted(folder.rglob("*"))]:
            tar.add(path, str(path.relative_to(folder.parent)), recursive=False, filter=plain)
    return part.replace(out)


if __name__ == "__main__":
    main()
