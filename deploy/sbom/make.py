"""`make sbom`: what a release is made of, as CycloneDX 1.6 JSON, by the wheels that it carries and the console's lock.

Two runs over the same wheels give the same bytes. What is written has been validated against the standard's schema.
"""

import base64
import json
import sys
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from zipfile import ZipFile

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "offline"))
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.contact import OrganizationalEntity
from cyclonedx.model.license import LicenseAcknowledgement
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tools import EXTRAS, ROOT, VENDOR, digest, epoch

SPDX = {
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Python Software Foundation License": "PSF-2.0",
}
"""Older words for licences that say which one is meant; others stay as they were declared."""
NPM_LOCK = ROOT / "xstock_node" / "console" / "frontend" / "package-lock.json"


def main() -> None:
    """`make.py WHEELS OUT`."""
    wheels, out = Path(sys.argv[1]), Path(sys.argv[2])
    text = write(sorted(wheels.glob("*.whl")))
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        raise SystemExit(f"expected CycloneDX 1.6; came {problem.data}")
    out.write_text(text + "\n", "utf-8")
    print(f"{out.name}: {len(json.loads(text)['components'])} components, valid by the schema of CycloneDX 1.6")


def write(wheels: list[Path]) -> str:
    """The document."""
    moment = datetime.fromtimestamp(int(epoch()), UTC)
    heads = {wheel: head_of(wheel) for wheel in wheels}
    number = next(head["Version"] for head in heads.values() if head["Name"] == "xstock-node")
    root = Component(
        name="xstock-node-offline",
        version=number,
        type=ComponentType.APPLICATION,
        bom_ref=f"xstock-node-offline@{number}",
        supplier=OrganizationalEntity(name="X-Stock"),
    )
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_OID, " ".join(map(digest, wheels))))
    bom.metadata.component, bom.metadata.timestamp = root, moment
    parts = {str(canonicalize_name(head["Name"])): python_part(wheel, head) for wheel, head in heads.items()}
    vendored = list(console_parts())
    for part in (*parts.values(), *vendored):
        bom.components.add(part)
    bom.register_dependency(root, [part for name, part in parts.items() if name.startswith("xstock-")])
    for head in heads.values():
        name = str(canonicalize_name(head["Name"]))
        inner = vendored if name == "xstock-node" else []
        bom.register_dependency(parts[name], [*(parts[one] for one in needs(head, parts)), *inner])
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)


def head_of(wheel: Path) -> Message:
    """The metadata of a wheel."""
    with ZipFile(wheel) as packed:
        name = next(one for one in packed.namelist() if one.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(packed.read(name).decode("utf-8"))


def python_part(wheel: Path, head: Message) -> Component:
    """A distribution by the very file that is installed."""
    name, number = str(canonicalize_name(head["Name"])), head["Version"]
    text = head["License-Expression"] or classified(head) or (head["License"] or "").partition("\n")[0]
    text = SPDX.get(text, text)
    licence = LicenseFactory().make_from_string(text, license_acknowledgement=LicenseAcknowledgement.DECLARED)
    return Component(
        name=name,
        version=number,
        type=ComponentType.LIBRARY,
        bom_ref=f"{name}@{number}",
        purl=PackageURL("pypi", None, name, number),
        description=head["Summary"],
        licenses=[licence] if text else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest(wheel))],
    )


def classified(head: Message) -> str:
    """The licences that a distribution's classifiers name."""
    said = [one.rpartition(" :: ")[2] for one in head.get_all("Classifier", []) if one.startswith("License :: ")]
    return " AND ".join(SPDX.get(one, one) for one in said if one != "OSI Approved")


def needs(head: Message, parts: Iterable[str]) -> list[str]:
    """Which of the parts a distribution asks for here, with the extras of a release."""
    known, found = set(parts), set()
    for extra in ("", *EXTRAS.get(str(canonicalize_name(head["Name"])), ())):
        for text in head.get_all("Requires-Dist", []):
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                found.add(str(canonicalize_name(wanted.name)))
    return sorted(found & known)


def console_parts() -> Iterable[Component]:
    """What the console took from the npm registry, by its lock."""
    locked = json.loads(NPM_LOCK.read_text("utf-8"))["packages"]
    for package in json.loads((VENDOR / "manifest.json").read_text("utf-8"))["packages"]:
        name, number = package["name"], package["version"]
        kind, _, sum_ = locked[f"node_modules/{name}"]["integrity"].partition("-")
        assert kind == "sha512" and locked[f"node_modules/{name}"]["version"] == number
        yield Component(
            name=name,
            version=number,
            type=ComponentType.LIBRARY,
            bom_ref=f"{name}@{number}",
            purl=PackageURL("npm", None, name, number),
            licenses=[LicenseFactory().make_from_string(package["license"])],
            hashes=[HashType(alg=HashAlgorithm.SHA_512, content=base64.b64decode(sum_).hex())],
        )


if __name__ == "__main__":
    main()
