"""UBL 2.4 despatch advices, receipt advices, transportation status and proof of re-exportation, out and in."""

from xstock_node.plugins import Context, Registry, hookimpl
from xstock_node.plugins.interchange import Document, Reading, Writing
from xstock_shipment.documents import read_document, write_documents


class Ubl:
    """Reads UBL 2.0 to 2.4, writes 2.4."""

    name = "ubl"
    title = "UBL 2.4 despatch and receipt"

    async def read(self, context: Context, document: Document) -> Reading | None:
        """The message of a document; None for one of another kind."""
        return read_document(document.content)

    async def write(self, context: Context, writing: Writing) -> tuple[Document, ...]:
        """A document for each dispatch, passage and receipt, and the proof that lent goods came home."""
        return write_documents(writing.messages)


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer the format, which needs no settings."""
    registry.message_format(Ubl())
