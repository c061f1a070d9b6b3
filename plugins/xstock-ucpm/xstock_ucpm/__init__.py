"""Forms of the EU Civil Protection Mechanism: request, offers, transport support, resilience goals."""

from xstock_node.plugins import Registry, hookimpl
from xstock_ucpm.offers import OffersOfAssistance
from xstock_ucpm.request import AssistanceRequest
from xstock_ucpm.resilience import Resilience
from xstock_ucpm.transport import TransportSupport


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer the forms, which need no settings."""
    for form in (AssistanceRequest(), OffersOfAssistance(), TransportSupport(), Resilience()):
        registry.form(form)
