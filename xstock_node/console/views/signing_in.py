"""Sign-in: by a passkey, by name, password and code, by a code of a paper or a one-time code; and sign-out."""

import secrets

import msgspec

from xstock_node.console import guard
from xstock_node.console.form import Form
from xstock_node.console.page import Go, Page
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.rights import OPEN
from xstock_node.services import accounts, sessions, signing_in
from xstock_node.services.accounts import Provider
from xstock_node.services.passkeys import Place
from xstock_node.services.session_desk import WaysView
from xstock_node.services.ways import OfWhom

COOKIE = "xstock_session"
ATTEMPT = "xstock_attempt"


class SignInQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go afterwards; `passkey`: with a question to a passkey; `code` and `name` as a link brings them."""

    next: str = ""
    passkey: bool = False
    code: str = ""
    name: str = ""


class SignInView(msgspec.Struct, frozen=True, kw_only=True):
    """The sign-in. `next` is a path of this console. `token` and `options` are the question to a passkey, where one was
    wanted. `elsewhere`: where the same page can take passkeys, which are bound to a name; empty where it does here.
    `providers` know people by accounts elsewhere.
    """

    next: str
    name: str
    code: str
    token: str
    options: str
    elsewhere: str
    providers: list[Provider]


async def _view(visit: Visit, asked: SignInQuery) -> SignInView:
    token, options = "", ""
    place = Place(visit.site.origin)
    if asked.passkey and place.takes_passkeys:
        _mark_browser(visit)
        token, options = signing_in.ask_for_passkey(visit.office, visit.caller, place)
    return SignInView(
        next=local(asked.next),
        name=asked.name[:40],
        code=asked.code[:64],
        token=token,
        options=options,
        elsewhere=elsewhere(visit, "/sign-in"),
        providers=await accounts.providers(visit.office),
    )


def elsewhere(visit: Visit, path: str) -> str:
    """Where a page takes passkeys, on this machine; empty where it does so here, or nowhere that is known."""
    if Place(visit.site.origin).takes_passkeys or not visit.site.local:
        return ""
    return f"{visit.site.origin.replace(visit.site.host, 'localhost')}{path}"


async def _passkey(visit: Visit, form: Form) -> Go:
    answer = form.text("answer").encode()
    place = Place(visit.site.origin)
    secret = await signing_in.by_passkey(visit.office, visit.caller, place, form.text("token"), answer)
    return await go_in(visit, form.text("next"), secret)


async def _password(visit: Visit, form: Form) -> Go:
    password = form.fields.get("password", "")
    name, code = form.text("name"), form.text("code")
    return await go_in(
        visit, form.text("next"), await signing_in.by_password(visit.office, visit.caller, name, password, code)
    )


async def _code(visit: Visit, form: Form) -> Go:
    secret = await signing_in.by_code(visit.office, visit.caller, form.text("name"), form.text("code"))
    return await go_in(visit, form.text("next"), secret)


async def go_in(visit: Visit, onward: str, secret: str) -> Go:
    """A new session in the place of the one that was there; who has no way in of their own makes one first."""
    if visit.session:
        await sessions.end(visit.office, visit.session)
    visit.cookies[COOKIE] = secret
    held = await sessions.actor_of(visit.office, secret)
    to = local(onward)
    if held is None:
        return Go("/sign-in")
    if held.how == sessions.CODE:
        return Go(to, "sign-in.code")
    visit.actor = held.actor
    if held.how == sessions.LINK and held.actor.fresh and not held.actor.scope:
        ways: WaysView = await visit.ask("user.ways", OfWhom())
        if not ways.passkeys and not ways.password and not ways.accounts:
            return Go("/account", "sign-in.link")
    return Go(to)


async def _leave(visit: Visit, form: Form) -> Go:
    if visit.session:
        await sessions.end(visit.office, visit.session)
    visit.cookies[COOKIE] = ""
    return Go("/sign-in", "sign-out")


def _mark_browser(visit: Visit) -> None:
    """Give a browser what it alone brings back with the answer to a question."""
    if not visit.caller.attempt:
        visit.caller = visit.caller._replace(attempt=secrets.token_hex(16))
        visit.cookies[ATTEMPT] = visit.caller.attempt


def local(path: str) -> str:
    """A path of this console that is none of the sign-in; the desk in the place of every other."""
    is_back = path.partition("?")[0] in ("/sign-in", "/sign-in/code", "/sign-in/with", "/sign-out")
    return path if guard.is_local_path(path) and not is_back else "/desk"


SIGN_IN = Page(
    "sign-in",
    "/sign-in",
    mark("Sign in"),
    OPEN,
    _view,
    asks=SignInQuery,
    acts={"passkey": _passkey, "password": _password},
    open=True,
)
SIGN_IN_CODE = Page(
    "sign-in-code",
    "/sign-in/code",
    mark("Sign in with a code"),
    OPEN,
    _view,
    asks=SignInQuery,
    acts={"code": _code},
    open=True,
)
SIGN_OUT = Page(
    "sign-out", "/sign-out", mark("Sign out"), OPEN, _view, asks=SignInQuery, acts={"leave": _leave}, open=True
)
