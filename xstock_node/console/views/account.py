"""Account: a person's own ways in, sessions, tokens and paper codes. What is secret is shown once, after a form."""

import msgspec

from xstock_node.console.form import Form
from xstock_node.console.page import Again, Column, Go, Page, Table
from xstock_node.console.views.signing_in import elsewhere
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain import rights
from xstock_node.services import accounts, own_ways, sessions
from xstock_node.services.accounts import Provider
from xstock_node.services.own_ways import NewPassword
from xstock_node.services.passkeys import Place
from xstock_node.services.session_desk import AccountLine, PasskeyLine, SessionView, Some, WaysView
from xstock_node.services.tokens import TokenId, TokenLine, TokenRequest
from xstock_node.services.ways import OfWhom


class AccountQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`passkey`: with a question by which a browser makes a passkey."""

    passkey: bool = False


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """One's own account. `fresh`: signed in just now, so that ways in may be changed; `here` is this session's id,
    which `how` began and which ends at `until`. `off` says why some roles do not hold now. `scope` are the rights that
    a token may be narrowed to. `token` and `options`: the question by which a passkey is made, where one was wanted.
    """

    name: str
    roles: list[str]
    off: str
    here: str
    how: str
    until: int
    fresh: bool
    password: str
    passkeys: list[PasskeyLine]
    accounts: list[AccountLine]
    providers: list[Provider]
    codes_left: int
    codes_made: str
    tokens: list[TokenLine]
    sessions: list[SessionView]
    scope: list[str]
    token: str
    options: str
    elsewhere: str


async def _view(visit: Visit, asked: AccountQuery) -> AccountView:
    who = await sessions.expect(visit.office, visit.session)
    ways: WaysView = await visit.ask("user.ways", OfWhom())
    place, now = Place(visit.site.origin), visit.now
    fresh = who.actor.fresh and not who.actor.scope
    token, options = "", ""
    if asked.passkey and fresh and place.takes_passkeys:
        token, options = await own_ways.ask_for_new_passkey(visit.office, who, place)
    grants = [grant for grant in who.actor.grants or () if grant.holds(now)]
    held = sorted({right for grant in grants for right in rights.RIGHTS[grant.role]})
    return AccountView(
        name=who.actor.name,
        roles=sorted({str(grant.role) for grant in grants}),
        off=who.actor.off,
        here=who.id,
        how=who.how,
        until=who.until,
        fresh=fresh,
        password=ways.password,
        passkeys=ways.passkeys,
        accounts=ways.accounts,
        providers=await accounts.providers(visit.office),
        codes_left=ways.codes_left,
        codes_made=ways.codes_made,
        tokens=ways.tokens,
        sessions=await visit.ask("session.list", OfWhom()),
        scope=held,
        token=token,
        options=options,
        elsewhere=elsewhere(visit, "/account"),
    )


async def _passkey(visit: Visit, form: Form) -> Go:
    place, answer = Place(visit.site.origin), form.text("answer").encode()
    who = await sessions.expect(visit.office, visit.session)
    await own_ways.keep_passkey(visit.office, who, place, form.text("token"), answer, form.text("label"))
    return Go("/account", "user.passkey")


async def _end_passkey(visit: Visit, form: Form) -> Go:
    await own_ways.end_passkey(
        visit.office, await sessions.expect(visit.office, visit.session), visit.session, form.text("passkey")
    )
    return Go("/account", "user.passkey.end")


async def _end_account(visit: Visit, form: Form) -> Go:
    who = await sessions.expect(visit.office, visit.session)
    await accounts.end_account(visit.office, who, visit.session, form.text("account"))
    return Go("/account", "user.account.end")


async def _counter(visit: Visit, form: Form) -> Again:
    visit.answer = await own_ways.show_counter(visit.office, await sessions.expect(visit.office, visit.session))
    return Again(form)


async def _password(visit: Visit, form: Form) -> Go:
    who = await sessions.expect(visit.office, visit.session)
    if form.has("counter"):  # its secret stays on the page where something is wrong with the rest
        visit.answer = await own_ways.show_counter(visit.office, who)
    typed = NewPassword(
        password=form.fields.get("password", ""), again=form.fields.get("again", ""), code=form.text("code")[:40]
    )
    await own_ways.set_password(visit.office, who, visit.session, typed)
    return Go("/account", "user.password")


async def _end_password(visit: Visit, form: Form) -> Go:
    await own_ways.end_password(visit.office, await sessions.expect(visit.office, visit.session), visit.session)
    return Go("/account", "user.password.end")


async def _codes(visit: Visit, form: Form) -> Again:
    visit.answer = await visit.do("user.codes", OfWhom(), form)
    return Again(form)


async def _token(visit: Visit, form: Form) -> Again:
    request = form.changed(name=visit.actor.name).as_request(TokenRequest)
    visit.answer = await visit.do("user.token", request, form)
    return Again(form)


async def _end_token(visit: Visit, form: Form) -> Go:
    await visit.do("user.token.end", TokenId(id=form.text("key") or "-"), form)
    return Go("/account", "user.token.end")


async def _end_session(visit: Visit, form: Form) -> Go:
    await visit.do("session.end", Some(id=form.text("session") or "-"), form)
    return Go("/account", "session.end")


async def _end_all(visit: Visit, form: Form) -> Go:
    await visit.do("session.end", Some(), form)
    visit.cookies["xstock_session"] = ""
    return Go("/sign-in", "sign-out")


ACCOUNT = Page(
    "account",
    "/account",
    mark("Account"),
    "see",
    _view,
    asks=AccountQuery,
    acts={
        "passkey": _passkey,
        "passkey-end": _end_passkey,
        "account-end": _end_account,
        "counter": _counter,
        "password": _password,
        "password-end": _end_password,
        "codes": _codes,
        "token": _token,
        "token-end": _end_token,
        "session-end": _end_session,
        "sign-out-everywhere": _end_all,
    },
    tables={
        "passkeys": Table(
            mark("Passkeys"),
            (
                Column("label", mark("Device")),
                Column("made", mark("Since"), "when"),
                Column("used", mark("Last used"), "when"),
            ),
            lambda view: view.passkeys,
            mark("No passkey yet."),
        ),
        "accounts": Table(
            mark("Accounts elsewhere"),
            (
                Column("label", mark("Account")),
                Column("provider", mark("At")),
                Column("made", mark("Since"), "when"),
                Column("used", mark("Last used"), "when"),
            ),
            lambda view: view.accounts,
            mark("No account is connected."),
        ),
        "sessions": Table(
            mark("Where you are signed in"),
            (
                Column("device", mark("Device")),
                Column("how", mark("Signed in by"), "way"),
                Column("made", mark("Since"), "when"),
                Column("seen", mark("Last used"), "when"),
                Column("until", mark("Until"), "due"),
            ),
            lambda view: view.sessions,
            mark("Nowhere."),
        ),
        "tokens": Table(
            mark("Tokens of programs"),
            (
                Column("remark", mark("Purpose")),
                Column("scope", mark("Rights")),
                Column("made", mark("Since"), "when"),
                Column("until", mark("Until"), "due"),
                Column("by", mark("Made by")),
            ),
            lambda view: view.tokens,
            mark("No token."),
        ),
    },
    group="node",
)
