"""`make deb`: a Debian package that carries its own environment, made of the off-line bundle by dpkg-deb.

dist/xstock-node_VERSION-1_ARCHITECTURE.deb fits the Debian whose Python the bundle was made for.
"""

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from email.utils import formatdate
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "offline"))
from tools import CACHE, DIST, epoch, run

HERE = Path(__file__).resolve().parent
PLACE = Path("usr/lib/xstock-node")
ENVIRONMENT = "/opt/xstock-node/current"
UNITS = ("xstock-node.service", "xstock-backup.service", "xstock-backup.timer")
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
MAINTAINER = "X-Stock maintainers <maintainers@xstock.example>"


def main() -> None:
    """Unpack the bundle, let its installer make the environment, move that into the package, close it."""
    found = sorted(DIST.glob("xstock-node-*-offline.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise SystemExit("expected an off-line bundle; came none; run `make bundle` first")
    packed, when = found[-1], int(epoch())
    work = CACHE / "deb"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    with tarfile.open(packed) as tar:
        tar.extractall(work, filter="data")
    bundle = work / packed.name.removesuffix(".tar.gz")
    fits = json.loads((bundle / "BUNDLE.json").read_text("utf-8"))
    os.umask(0o022)
    run(sys.executable, bundle / "install.py", "--prefix", work / "prefix", "--json")
    root = work / "root"
    place = root / PLACE
    place.parent.mkdir(parents=True)
    (work / "prefix" / fits["version"]).rename(place)
    settle(place, work / "prefix" / fits["version"], fits["python"])
    units(root, bundle / "service")
    pages(root, place, when, fits["version"])
    control(root, fits)
    architecture = MACHINES[fits["machine"]]
    out = DIST / f"xstock-node_{fits['version']}-1_{architecture}.deb"
    run("dpkg-deb", "--build", "--root-owner-group", "-Zxz", root, out, more={"SOURCE_DATE_EPOCH": str(when)})
    shutil.rmtree(work)
    print(json.dumps({"package": str(out), "bytes": out.stat().st_size, "architecture": architecture}))


def settle(place: Path, before: Path, python: str) -> None:
    """Let an environment believe that it was made where it is installed, with Debian's own Python."""
    own = f"/{PLACE}/bin/python"
    for folder in place.rglob("__pycache__"):
        shutil.rmtree(folder)
    for path in (place / "bin").iterdir():
        if path.is_symlink():
            if path.name.startswith("python"):
                path.unlink()
        elif path.name.lower().startswith("activate"):
            path.unlink()
        else:
            text = path.read_text("utf-8")
            path.write_text(text.replace(str(before / "bin" / "python"), own), "utf-8")
    (place / "bin" / "python").symlink_to(f"../../../bin/python{python}")
    config = f"home = /usr/bin\ninclude-system-site-packages = false\nexecutable = /usr/bin/python{python}\n"
    (place / "pyvenv.cfg").write_text(config, "utf-8")
    (place / "bundle.sha256").unlink()
    for path in (place / "lib").glob("*/site-packages/pip*"):
        shutil.rmtree(path)  # the package is changed by packages alone
    shutil.rmtree(place / "include", ignore_errors=True)
    for path in (place / "bin").glob("pip*"):
        path.unlink()
    left = subprocess.run(["grep", "-rIl", str(before), place], capture_output=True, text=True, check=False).stdout
    for name in left.splitlines():
        if not name.endswith("/direct_url.json"):
            raise SystemExit(f"expected no word of {before}; came one in {name}")


def units(root: Path, service: Path) -> None:
    """The units, the user, the folders and the command, for this place."""
    places = {unit: Path("lib/systemd/system") / unit for unit in UNITS}
    places["xstock-node.sysusers"] = Path("usr/lib/sysusers.d/xstock-node.conf")
    places["xstock-node.tmpfiles"] = Path("usr/lib/tmpfiles.d/xstock-node.conf")
    places["xstock"] = Path("usr/bin/xstock")
    for name, path in places.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text((service / name).read_text("utf-8").replace(ENVIRONMENT, f"/{PLACE}"), "utf-8")
        (root / path).chmod(0o755 if name == "xstock" else 0o644)


def pages(root: Path, place: Path, when: int, number: str) -> None:
    """Manual, licence and changes where Debian looks for them."""
    shown = root / "usr/share/doc/xstock-node"
    shown.mkdir(parents=True)
    for name in ("README.md", "SECURITY.md", "sbom.cdx.json"):
        shutil.copy(place / "share/doc/xstock-node" / name, shown / name)
    shutil.copy(HERE / "copyright", shown / "copyright")
    changes = f"xstock-node ({number}-1) stable; urgency=medium\n\n  * Release {number}; see README.md.\n\n"
    changes += f" -- {MAINTAINER}  {formatdate(when)}\n"
    with gzip.GzipFile(shown / "changelog.Debian.gz", "wb", 9, mtime=when) as file:
        file.write(changes.encode())
    overrides = root / "usr/share/lintian/overrides"
    overrides.mkdir(parents=True)
    shutil.copy(HERE / "lintian-overrides", overrides / "xstock-node")


def control(root: Path, fits: dict[str, str]) -> None:
    """What dpkg has to know, and what it does around an installation."""
    size = sum(path.lstat().st_size for path in root.rglob("*") if not path.is_dir()) // 1024
    major, minor = fits["python"].split(".")
    python = f"python3 (>= {fits['python']}), python3 (<< {major}.{int(minor) + 1}~), python{fits['python']}"
    fields = {
        "Package": "xstock-node",
        "Version": f"{fits['version']}-1",
        "Architecture": MACHINES[fits["machine"]],
        "Maintainer": MAINTAINER,
        "Installed-Size": str(size),
        "Depends": f"{python}, libc6 (>= {fits['glibc']})",
        "Recommends": "systemd",
        "Section": "net",
        "Priority": "optional",
    }
    told = re.sub(r"^", " ", (HERE / "description").read_text("utf-8").rstrip(), flags=re.M).lstrip()
    folder = root / "DEBIAN"
    folder.mkdir()
    text = "".join(f"{name}: {value}\n" for name, value in fields.items()) + f"Description: {told}\n"
    (folder / "control").write_text(text, "utf-8")
    for name in ("postinst", "prerm", "postrm"):
        shutil.copy(HERE / name, folder / name)
        (folder / name).chmod(0o755)
    for path in root.rglob("*"):
        if not path.is_symlink() and not path.is_dir():
            runs = path.stat().st_mode & 0o100 and ".so" not in path.suffixes
            path.chmod(0o755 if runs else 0o644)
    lines = []
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and folder not in path.parents:
            said = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
            lines.append(f"{said}  {path.relative_to(root)}\n")
    (folder / "md5sums").write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main()
