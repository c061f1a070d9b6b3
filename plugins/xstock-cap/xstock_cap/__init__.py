"""Public warnings: CAP 1.2 in and out, and the feeds of MeteoAlarm, GDACS and whoever links CAP from Atom or RSS."""

from xstock_cap.cap import Cap
from xstock_cap.feeds import CapFeed
from xstock_cap.gdacs import Gdacs
from xstock_cap.meteoalarm import MeteoAlarm
from xstock_cap.outgoing import Outgoing
from xstock_node.plugins import Registry, hookimpl


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer the format, which is always on, three feeds and a route, each on where its file of settings exists."""
    registry.message_format(Cap())
    registry.alert_source(MeteoAlarm())
    registry.alert_source(Gdacs())
    registry.alert_source(CapFeed())
    registry.route(Outgoing())
