"""What `doctor` says of where own stock comes from."""

from typing import Literal

from xstock_node.domain.ageing import Age
from xstock_node.services.looked import Finding
from xstock_node.services.office import Office
from xstock_node.services.sources import NODE, list_sources


async def source_findings(office: Office) -> list[Finding]:
    """What `doctor` says of sources that are not read, wait for a person, or have grown old."""
    found = []
    for view in await list_sources(office, NODE):
        check = f"source {view.name}"
        if view.state in ("held", "failing"):
            state: Literal["error", "warning"] = "error" if view.state == "held" else "warning"
            found.append(Finding(check=check, state=state, found=f"{view.state}: {view.why}", do=view.do))
        elif view.age == Age.OLD:
            do = view.do or f"`xstock stock sync {view.name}`"
            found.append(Finding(check=check, state="warning", found="too old: nothing new is offered from it", do=do))
    return found
