"""Routes of messages of other systems: in, shown, out."""

from xstock_node.api.route import Route
from xstock_node.services import message_export, messaging

MESSAGE_ROUTES = (
    Route(
        "message.import",
        "POST",
        "/messages",
        "ask",
        messaging.MessageFile,
        messaging.MessagesTaken,
        messaging.import_message,
        "Take in a document of another system",
    ),
    Route(
        "message.list",
        "GET",
        "/messages",
        "see",
        None,
        list[messaging.MessageView],
        messaging.list_messages,
        "Messages of other systems",
    ),
    Route(
        "message.show",
        "GET",
        "/messages/message",
        "see",
        messaging.MessageRef,
        messaging.MessageView,
        messaging.show_message,
        "One message of another system",
    ),
    Route(
        "message.export",
        "POST",
        "/messages/export",
        "see",
        message_export.MessageExport,
        message_export.MessagesWritten,
        message_export.export_messages,
        "Write an operation, or a chain that came in, as messages of a format",
    ),
)
