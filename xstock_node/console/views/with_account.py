"""Sign-in with an account elsewhere: the way there, the way back, and an account that is connected."""

from urllib.parse import urlsplit

import msgspec

from xstock_node.console.form import Form
from xstock_node.console.page import Go, Page
from xstock_node.console.views import signing_in
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.rights import OPEN
from xstock_node.services import accounts, sessions
from xstock_node.services.sessions import SessionActor

PATH = "/sign-in/with"
BACK = "back."
"""How the fields of the form begin that hold what the provider sent back."""


class WithQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which provider to ask, to sign in or to `connect` an account; what a provider sends back is beside it."""

    provider: str = ""
    connect: bool = False
    next: str = ""
    state: str = ""


class WithView(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go (`url`, at `host`), or what was brought back by fields; both empty where nothing was asked."""

    provider: str
    label: str
    url: str
    host: str
    returned: dict[str, str]
    connects: bool


async def _view(visit: Visit, asked: WithQuery) -> WithView:
    known = {one.name: one.label for one in await accounts.providers(visit.office)}
    if asked.state or visit.problem:
        state = accounts.read_state(asked.state) if asked.state else None
        name = state.provider if state else ""
        returned = {} if visit.problem else {f"{BACK}{key}": text for key, text in visit.query.items()}
        connects = state is not None and state.connects
        return WithView(
            provider=name, label=known.get(name, name), url="", host="", returned=returned, connects=connects
        )
    signing_in.mark_browser(visit)
    who = await _who(visit) if asked.connect else None
    onward = signing_in.local(asked.next)
    url = await accounts.ask(visit.office, visit.caller, _back(visit), asked.provider, onward, who)
    return WithView(
        provider=asked.provider,
        label=known.get(asked.provider, asked.provider),
        url=url,
        host=urlsplit(url).netloc,
        returned={},
        connects=asked.connect,
    )


async def _finish(visit: Visit, form: Form) -> Go:
    query = {key.removeprefix(BACK): text for key, text in form.fields.items() if key.startswith(BACK)}
    asked = accounts.read_state(query.get("state", ""))
    if asked.connects:
        await accounts.connect(visit.office, visit.caller, _back(visit), query, await _who(visit))
        return Go("/account", "user.account")
    secret = await accounts.enter(visit.office, visit.caller, _back(visit), query)
    return await signing_in.go_in(visit, asked.next, secret)


async def _who(visit: Visit) -> SessionActor:
    return await sessions.expect(visit.office, visit.session)


def _back(visit: Visit) -> str:
    return f"{visit.site.origin}{PATH}"


WITH_ACCOUNT = Page(
    "sign-in-with",
    PATH,
    mark("Sign in with an account"),
    OPEN,
    _view,
    asks=WithQuery,
    acts={"finish": _finish},
    open=True,
)
