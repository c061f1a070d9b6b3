"""The node looks at itself from time to time; what turned bad since is told in the log, once."""

from xstock_node.services.checks import CHECKS, look
from xstock_node.services.office import Office

EVERY = 600.0  # seconds
QUICK = tuple(check for check in CHECKS if not check.is_long)


async def look_at_self(office: Office) -> None:
    """Look at all that is quick to look at, and keep what was found."""
    before = {(one.check, one.state) for one in office.looked.findings}
    office.looked.findings = await look(office, QUICK)
    for one in office.looked.findings:
        if one.state == "error" and (one.check, one.state) not in before:
            office.node.trace.error("finding", code=one.code, check=one.check, found=one.found, do=one.do)
