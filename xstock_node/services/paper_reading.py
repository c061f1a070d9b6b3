"""Reading from storage what papers of an operation are made from, and the shelf of papers that were made."""

from collections.abc import Mapping

import msgspec

from xstock_node.domain.documents.facts import FiledPaper, Filing
from xstock_node.domain.items import Item
from xstock_node.protocol.messages import SideLine
from xstock_node.services import dossier, settling
from xstock_node.services.branches import row_of
from xstock_node.services.office import Office
from xstock_node.services.paper_sources import Side, Sources, destination_country
from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction

NOWHERE = "XX"


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A paper that was made here: its SHA-256, when and by whom; where it lies once it is filed. Times unix seconds."""

    case: str
    document: str
    consignment: str = ""
    sha256: str
    made_at: int
    made_by: str
    filing: Filing = Filing.ISSUED
    filed_at: int = 0
    filed_by: str = ""
    where: str = ""


PAPERS: Shelf[Paper] = Shelf("paper", Paper)


def paper_key(case: str, document: str, consignment: str) -> str:
    """Under what a paper is kept."""
    return f"{case} {document} {consignment}".strip()


async def read(office: Office, case: str) -> Sources:
    """The sources of one operation; raises Refusal where this node holds none of that id."""
    catalogue = await office.catalogue()
    items = {item.code: item for item in catalogue.all()}
    return await office.node.engine.read(lambda tx: _read(office, tx, case, items))


def _read(office: Office, tx: Transaction, case: str, items: Mapping[str, Item]) -> Sources:
    row = row_of(office, tx, case)
    settled = settling.agreements_between(tx, row.requester, row.supplier)
    operation = dossier.read(tx, row).operation()
    papers = [p for p in PAPERS.list(tx) if p.case == case]
    found = Sources(
        case=row,
        operation=operation,
        supplier=_side(office, row.supplier),
        requester=_side(office, row.requester),
        items=items,
        side={hash_: msgspec.json.decode(line, type=SideLine) for hash_, line in tx.cases.side_lines(case).items()},
        agreement=settled[0] if len(settled) == 1 else None,
        profile=None,
        stock=[line for _, _, line in tx.stock.lines()] if row.supplier == office.node.identity.name else [],
        papers=tuple(FiledPaper(code=p.document, hash=p.sha256, filing=p.filing) for p in papers),
    )
    return found._replace(profile=settling.profile_from(tx, destination_country(found), row.requester))


def _side(office: Office, node: str) -> Side:
    """A party by its identity; of the own node the settings say more."""
    known, own = office.node.directory.get(node), node == office.node.identity.name
    stated = known.statement if known else None
    country = stated.country if stated and stated.country != NOWHERE else ""
    languages = stated.languages if stated else ()
    if own:
        languages = office.settings.languages or languages
        country = country or (office.settings.country if office.settings.country != NOWHERE else "")
    return Side(node, stated.organisation if stated else {}, country, tuple(languages))
