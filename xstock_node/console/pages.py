"""Every page, in the order of the menu."""

from typing import Final

from xstock_node.console.views import agreements, alerts, catalogue, duty, peers, planning, stock
from xstock_node.console.views.account import ACCOUNT
from xstock_node.console.views.ask import ASK
from xstock_node.console.views.audit import AUDIT
from xstock_node.console.views.convoys import CONVOYS
from xstock_node.console.views.countries import COUNTRIES
from xstock_node.console.views.desk import DESK
from xstock_node.console.views.exercises import EXERCISES
from xstock_node.console.views.helping import HELP as HELP_PAGE
from xstock_node.console.views.importing import IMPORT
from xstock_node.console.views.jumping import JUMP
from xstock_node.console.views.map import MAP
from xstock_node.console.views.mapping import MATCH
from xstock_node.console.views.mobilisation import MOBILISATION
from xstock_node.console.views.operations import OPERATION, OPERATIONS
from xstock_node.console.views.people import USERS
from xstock_node.console.views.plain import ERROR, FILE, READS, RESENT
from xstock_node.console.views.plugins import PLUGINS
from xstock_node.console.views.programs import API
from xstock_node.console.views.repairs import REPAIRS
from xstock_node.console.views.reports import REPORTS
from xstock_node.console.views.requests import REQUEST, REQUESTS
from xstock_node.console.views.searching import OFFER, SEARCH
from xstock_node.console.views.settings import SETTINGS
from xstock_node.console.views.sharing import SHARE, SHARED
from xstock_node.console.views.signing_in import SIGN_IN, SIGN_IN_CODE, SIGN_OUT
from xstock_node.console.views.unneeded import UNNEEDED
from xstock_node.console.views.with_account import WITH_ACCOUNT
from xstock_node.console.views.without_line import WITHOUT_LINE

__all__ = ["ERROR", "FILE", "PAGES", "RESENT"]
HELP: Final = (
    DESK,
    ASK,
    REQUESTS,
    REQUEST,
    WITHOUT_LINE,
    OPERATIONS,
    OPERATION,
    planning.PLAN,
    SEARCH,
    OFFER,
    MAP,
    COUNTRIES,
    duty.DUTY,
)
STOCK: Final = (stock.STOCK, IMPORT, MATCH, SHARE, SHARED, stock.OFFERS, catalogue.CATALOGUE, catalogue.ITEM)
PARTNERS: Final = (peers.PEERS, peers.NETWORK, agreements.AGREEMENTS)
EVENTS: Final = (alerts.ALERTS, alerts.ALERT, MOBILISATION, CONVOYS, UNNEEDED, EXERCISES, REPORTS)
NODE: Final = (REPAIRS, PLUGINS, USERS, AUDIT, SETTINGS, API, HELP_PAGE)
PAGES: Final = (
    *HELP,
    *STOCK,
    *PARTNERS,
    *EVENTS,
    *NODE,
    JUMP,
    READS,
    ACCOUNT,
    SIGN_IN,
    SIGN_IN_CODE,
    WITH_ACCOUNT,
    SIGN_OUT,
)
