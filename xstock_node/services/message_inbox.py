"""The node's inbox for plugins: what was posted to their routes, from those senders that the operator lets in."""

from xstock_node.plugins.errors import Declined
from xstock_node.plugins.inbox import Document, Receipt
from xstock_node.services.errors import Refusal
from xstock_node.services.messaging import MessageFile, import_messages, read_document
from xstock_node.services.office import Actor, Office


class NodeInbox:
    """The `Inbox` of a plugin's context: what comes by it is taken in under the plugin's name.

    Public warnings do not come this way: whoever may post a request may not end another's warning.
    """

    def __init__(self, office: Office, plugin: str) -> None:
        self._office, self._plugin, self._actor = office, plugin, Actor("plugin", plugin)

    async def take(self, document: Document) -> tuple[Receipt, ...]:
        """See `Inbox.take`."""
        request = MessageFile(file=document.name, content=document.content, media=document.media)
        try:
            format_, reading = await read_document(self._office, request)
            if reading.alerts:
                raise Refusal(
                    "warnings", "messages of an operation", "public warnings", "they come by feeds or by hand"
                )
            self._known({message.sender for message in reading.messages})
            found = await import_messages(self._office, self._actor, format_, request.content, reading)
        except Refusal as error:
            raise Declined(f"expected {error.expected}; came {error.came}; {error.do}") from None
        return tuple(
            Receipt(
                id=one.id,
                foreign_id=one.foreign_id,
                kind=one.kind,
                state=one.state,
                reason=one.reason,
                known=not one.new,
            )
            for one in found.messages
        )

    def _known(self, senders: set[str]) -> None:
        """Refuse senders whom the settings of the plugin's routes do not name, where they name any."""
        listed: set[str] = set()
        for one in self._office.host.of_kind("route"):
            if one.plugin.name != self._plugin:
                continue
            try:
                settings = one.plugin.settings_of(one.name)
            except (OSError, ValueError):
                expected, came = f"settings in plugins/{one.name}.toml", "a file that cannot be read"
                raise Refusal("bad-settings", expected, came, "ask the node's operator") from None
            listed |= set(settings.host.senders) if settings is not None else set()
        strangers = sorted(senders - listed) if listed else []
        if strangers:
            came = ", ".join(one[:100] or "nobody" for one in strangers[:3])
            raise Refusal("unknown-sender", "a sender that the operator lets in", came, "ask the node's operator")
