"""Sign-in with an account elsewhere: the way there, the way back, and an account that is connected.

Nothing begins by a link: it takes a form of the console's own. On the way back a browser only carries what it was
given; an account is connected by a press, under its name.
"""

import secrets
from urllib.parse import urlsplit

import msgspec

from xstock_node.console.form import Form
from xstock_node.console.page import Go, Page, Told
from xstock_node.console.views import signing_in
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.rights import OPEN
from xstock_node.services import accounts, sessions

PATH = "/sign-in/with"
BACK = "back."
"""How the fields of the form begin that hold what the provider sent back."""
QUESTION = "xstock_question"


class WithQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a question; what a provider sends back is beside it."""

    state: str = ""


class WithView(msgspec.Struct, frozen=True, kw_only=True):
    """What was brought back, by fields; empty where nothing was. `connects`: it was asked to connect an account."""

    label: str
    returned: dict[str, str]
    connects: bool


class Onward(msgspec.Struct, frozen=True, kw_only=True):
    """Where the browser goes to be asked, and the name of that place."""

    url: str
    host: str


async def _view(visit: Visit, asked: WithQuery) -> WithView:
    if not asked.state or visit.problem or visit.answer:
        return WithView(label="", returned={}, connects=False)
    state = accounts.read_state(asked.state)
    known = {one.name: one.label for one in await accounts.providers(visit.office)}
    returned = {f"{BACK}{key}": text for key, text in visit.query.items()}
    return WithView(label=known.get(state.provider, state.provider), returned=returned, connects=state.connects)


async def _begin(visit: Visit, form: Form) -> Told:
    visit.caller = visit.caller._replace(question=secrets.token_hex(16))
    visit.cookies[QUESTION] = visit.caller.question
    who = await sessions.expect(visit.office, visit.session) if form.has("connect") else None
    onward = signing_in.local(form.text("next"))
    url = await accounts.ask(visit.office, visit.caller, _back(visit), form.text("provider"), onward, who)
    return Told(Onward(url=url, host=urlsplit(url).netloc))


async def _finish(visit: Visit, form: Form) -> Go | Told:
    query = {key.removeprefix(BACK): text for key, text in form.fields.items() if key.startswith(BACK)}
    asked = accounts.read_state(query.get("state", ""))
    if asked.connects:
        who = await sessions.expect(visit.office, visit.session)
        return Told(await accounts.offered(visit.office, visit.caller, _back(visit), query, who))
    secret = await accounts.enter(visit.office, visit.caller, _back(visit), query)
    visit.cookies[QUESTION] = ""
    return await signing_in.go_in(visit, asked.next, secret)


async def _connect(visit: Visit, form: Form) -> Go:
    who = await sessions.expect(visit.office, visit.session)
    await accounts.connect(visit.office, form.text("ticket"), who)
    visit.cookies[QUESTION] = ""
    return Go("/account", "user.account")


def _back(visit: Visit) -> str:
    return f"{visit.site.origin}{PATH}"


WITH_ACCOUNT = Page(
    "sign-in-with",
    PATH,
    mark("Sign in with an account"),
    OPEN,
    _view,
    asks=WithQuery,
    acts={"begin": _begin, "finish": _finish, "connect": _connect},
    open=True,
)
