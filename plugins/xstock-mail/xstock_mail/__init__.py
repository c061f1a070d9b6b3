"""Two notifiers: `mail` (SMTP) and `webhook` (a signed POST)."""

from xstock_mail.mail import Mail
from xstock_mail.webhook import Webhook
from xstock_node.plugins import Registry, hookimpl


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer both; each is on where its file of settings exists."""
    registry.notifier(Mail())
    registry.notifier(Webhook())
