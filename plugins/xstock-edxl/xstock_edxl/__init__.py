"""EDXL-RM 1.0 in EDXL-DE 1.0, both ways: a format of messages, and an endpoint that other systems post to."""

from xstock_edxl.documents import read_document, write_documents
from xstock_edxl.endpoint import Endpoint
from xstock_node.plugins import Context, Registry, hookimpl
from xstock_node.plugins.interchange import Document, Reading, Writing


class EdxlRm:
    """Reads and writes resource messages of OASIS EDXL-RM 1.0, alone or in distributions of EDXL-DE 1.0."""

    name = "edxl-rm"
    title = "EDXL-RM 1.0 in EDXL-DE 1.0"

    async def read(self, context: Context, document: Document) -> Reading | None:
        """The messages of a document; None for one without."""
        return read_document(document.content)

    async def write(self, context: Context, writing: Writing) -> tuple[Document, ...]:
        """A document for each message, none for alerts; raises `Declined` for what the standard cannot say."""
        return write_documents(writing.messages)


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer the format, which needs no settings, and the endpoint, which has a file of them where it is on."""
    registry.message_format(EdxlRm())
    registry.route(Endpoint())
