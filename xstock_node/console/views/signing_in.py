"""Sign-in by a one-time code of the command line, and sign-out."""

import msgspec

from xstock_node.console import guard
from xstock_node.console.form import Form
from xstock_node.console.page import Go, Page
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.rights import OPEN
from xstock_node.services import sessions
from xstock_node.services.links import EnterRequest


class SignInQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go afterwards."""

    next: str = ""


class SignInView(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go afterwards: a path of this console."""

    next: str


async def _view(visit: Visit, asked: SignInQuery) -> SignInView:
    return SignInView(next=asked.next if guard.is_local_path(asked.next) else "/desk")


async def _enter(visit: Visit, form: Form) -> Go:
    found = await visit.do("user.enter", EnterRequest(code=form.text("code"), remark="console"), form)
    visit.cookies["xstock_session"] = await sessions.begin(visit.office, found.name, sessions.LINK, "console")
    to = form.text("next")
    return Go(to if guard.is_local_path(to) else "/desk")


async def _leave(visit: Visit, form: Form) -> Go:
    if visit.session:
        await sessions.end(visit.office, visit.session)
    visit.cookies["xstock_session"] = ""
    return Go("/sign-in", "sign-out")


SIGN_IN = Page("sign-in", "/sign-in", mark("Sign in"), OPEN, _view, asks=SignInQuery, acts={"enter": _enter}, open=True)
SIGN_OUT = Page(
    "sign-in", "/sign-out", mark("Sign out"), OPEN, _view, asks=SignInQuery, acts={"leave": _leave}, open=True
)
