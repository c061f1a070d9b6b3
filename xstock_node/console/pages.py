"""Every page, in the order of the menu."""

from xstock_node.console.views.account import ACCOUNT
from xstock_node.console.views.ask import ASK
from xstock_node.console.views.desk import DESK
from xstock_node.console.views.operations import OPERATION, OPERATIONS
from xstock_node.console.views.plain import ERROR, READS, RESENT
from xstock_node.console.views.requests import REQUEST, REQUESTS
from xstock_node.console.views.searching import OFFER, SEARCH
from xstock_node.console.views.signing_in import SIGN_IN, SIGN_IN_CODE, SIGN_OUT

__all__ = ["ERROR", "PAGES", "RESENT"]
PAGES = (
    DESK,
    ASK,
    REQUESTS,
    REQUEST,
    OPERATIONS,
    OPERATION,
    SEARCH,
    OFFER,
    READS,
    SIGN_IN,
    SIGN_IN_CODE,
    SIGN_OUT,
    ACCOUNT,
)
