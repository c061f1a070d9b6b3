"""Accounts that people have elsewhere as a way in: who is asked, what comes back, whom an account belongs to.

A provider only says whose account it is. Somebody who signed in just now connects it; nobody is let in by a name or an
address that a provider says. The state of a question holds for five minutes, once, in the browser that asked.
"""

import asyncio
import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from xstock_node.plugins.calls import Defect
from xstock_node.plugins.errors import AdapterError, Declined
from xstock_node.plugins.host import Adapter
from xstock_node.plugins.identity import Account as Told
from xstock_node.plugins.identity import Answer, Described, Question, Way
from xstock_node.protocol import limits
from xstock_node.services import sessions
from xstock_node.services.credentials import ACCOUNT_OWNERS, CREDENTIALS, Account, KeyOwner, ways_of
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Office
from xstock_node.services.own_ways import end_others, expect_may
from xstock_node.services.sessions import SessionActor
from xstock_node.services.signing_in import Caller
from xstock_node.services.typed import clean
from xstock_node.storage.interfaces import Transaction

KIND: Final = "identity-provider"
QUERY: Final = 20
_ENTER, _OWN = "in", "own"


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A provider that can be asked, by the name that its button has."""

    name: str
    label: str


class Asked(NamedTuple):
    """What a state says: the token of the question, what it was for (`in`, `own`), the provider, where to go then, and
    the `seal` by which this node knows that it is its own.
    """

    token: str
    purpose: str
    provider: str
    next: str
    seal: str = ""

    @property
    def connects(self) -> bool:
        """Whether it was asked to connect an account."""
        return self.purpose == _OWN

    @property
    def state(self) -> str:
        """The same as one word for an address."""
        onward = urlsafe_b64encode(self.next.encode()).decode().rstrip("=")
        return f"{self.token}.{self.purpose}.{self.provider}.{onward}.{self.seal}"

    def sealed(self, secret: bytes) -> "Asked":
        """The same with its seal, made of the secret of the question."""
        whole = b"\n".join((b"state", secret, self.next.encode()))
        return self._replace(seal=hashlib.sha256(whole).hexdigest()[:32])


async def providers(office: Office) -> list[Provider]:
    """Those that are set up and answer; what is broken is told by `doctor`, and keeps nobody from the other ways in."""

    async def one(adapter: Adapter) -> Provider | None:
        try:
            said: Described = await adapter.plugin.call(KIND, adapter.name, "describe")
        except (AdapterError, Defect):
            return None
        return Provider(name=adapter.name, label=clean(said.label))

    asked = [one(adapter) for adapter in office.host.of_kind(KIND) if adapter.is_on]
    return [found for found in await asyncio.gather(*asked) if found]


async def ask(
    office: Office, caller: Caller, back: str, provider: str, onward: str, who: SessionActor | None = None
) -> str:
    """Where the browser goes to sign in, or with `who` to connect an account; `onward` is a page to see then."""
    adapter = _adapter(office, provider)
    purpose, now = (_OWN if who else _ENTER), office.node.clock.now()
    if who is not None:
        actor = who.actor
        await office.node.engine.read(lambda tx: expect_may(tx, actor, now))
    token, secret = office.door.ask(_about(purpose, provider, caller, who), now)
    asked = Asked(token, purpose, provider, onward).sealed(secret)
    if len(asked.state) > limits.SIGN_IN_STATE:
        asked = asked._replace(next="").sealed(secret)
    way: Way = await _call(office, adapter, "begin", Question(back=back, state=asked.state, secret=secret.hex()))
    return way.url


async def enter(office: Office, caller: Caller, back: str, query: Mapping[str, str]) -> str:
    """The secret of a new session for what a browser brought back. Raises Refusal for an account of nobody here."""
    account, asked = await _told(office, caller, back, query, None)
    secret, now = sessions.new_secret(office), office.node.clock.now()

    def work(tx: Transaction) -> None:
        owner = ACCOUNT_OWNERS.get(tx, account.id)
        _expect_unused(office, asked)
        if owner is None:
            do = "come in another way, then connect it on the page Account"
            raise Refusal("no-account", "an account that somebody of this node connected", account.label, do)
        ways = ways_of(tx, owner.person)
        kept = tuple(_used(one, account.label, now) if one.id == account.id else one for one in ways.accounts)
        CREDENTIALS.put(tx, owner.person, msgspec.structs.replace(ways, accounts=kept), now)
        by = next((one.by for one in ways.accounts if one.id == account.id), "")
        sessions.open_(office, tx, secret, owner.person, sessions.ACCOUNT, caller.device, by=by)

    await office.node.engine.write(work, durable=True)
    return secret


async def connect(office: Office, caller: Caller, back: str, query: Mapping[str, str], who: SessionActor) -> None:
    """Keep the account that a browser brought back as a way in of who is signed in."""
    account, asked = await _told(office, caller, back, query, who)
    actor, name, now = who.actor, who.actor.name, office.node.clock.now()

    def work(tx: Transaction) -> None:
        expect_may(tx, actor, now)
        _expect_unused(office, asked)
        owner, ways = ACCOUNT_OWNERS.get(tx, account.id), ways_of(tx, name)
        if owner is not None:
            whose = "it is yours already" if owner.person == name else "somebody else has it"
            raise Refusal("account-taken", "an account that nobody here connected", whose, "choose another account")
        if len(ways.accounts) >= limits.ACCOUNTS:
            raise Refusal("full", f"at most {limits.ACCOUNTS} accounts", "one more", "take one away first")
        new = msgspec.structs.replace(account, made=now, by=actor.by)
        CREDENTIALS.put(tx, name, msgspec.structs.replace(ways, accounts=(*ways.accounts, new)), now)
        ACCOUNT_OWNERS.put(tx, new.id, KeyOwner(person=name), now)
        office.record(tx, actor, "user.account", name, f"{new.label} at {new.issuer}")

    await office.node.engine.write(work, durable=True)


async def end_account(office: Office, who: SessionActor, secret: str, id_: str) -> None:
    """Take an account away; the other sessions that accounts began end."""
    name, now = who.actor.name, office.node.clock.now()

    def work(tx: Transaction) -> None:
        expect_may(tx, who.actor, now)
        ways = ways_of(tx, name)
        account = next((one for one in ways.accounts if one.id == id_), None)
        if account is None:
            raise Refusal("no-account", "an account of one's own", id_[:40], "see the list")
        kept = tuple(one for one in ways.accounts if one.id != id_)
        CREDENTIALS.put(tx, name, msgspec.structs.replace(ways, accounts=kept), now)
        ACCOUNT_OWNERS.drop(tx, id_)
        end_others(tx, name, sessions.ACCOUNT, secret)
        office.record(tx, who.actor, "user.account.end", name, account.label)

    await office.node.engine.write(work, durable=True)


def read_state(state: str) -> Asked:
    """What a state says, whoever wrote it; raises Refusal for what is none."""
    parts = state.split(".")
    try:
        end, rest, purpose, provider, onward, seal = parts if len(state) <= limits.SIGN_IN_STATE else []
        text = urlsafe_b64decode(onward + "=" * (-len(onward) % 4)).decode()
    except ValueError:
        raise _stale() from None
    return Asked(f"{end}.{rest}", purpose, provider, text, seal)


async def _told(
    office: Office, caller: Caller, back: str, query: Mapping[str, str], who: SessionActor | None
) -> tuple[Account, Asked]:
    """The account that a provider vouches for, and the question that it answers."""
    asked, now = read_state(query.get("state", "")), office.node.clock.now()
    about = _about(_OWN if who else _ENTER, asked.provider, caller, who)
    secret = office.door.asked(about, asked.token, now)
    if secret is None or not hmac.compare_digest(asked.sealed(secret).seal.encode(), asked.seal.encode()):
        raise _stale()
    if not office.door.is_unused(asked.token):
        raise _stale()
    adapter = _adapter(office, asked.provider)
    if len(query) > QUERY or any(len(text) > limits.SIGN_IN_ADDRESS for item in query.items() for text in item):
        raise Refusal("bad-request", f"at most {QUERY} short values from the provider", "more", "try again")
    told: Told = await _call(office, adapter, "finish", Answer(back=back, query=dict(query), secret=secret.hex()))
    label = clean(told.name).strip() or clean(told.subject)
    return Account(provider=adapter.name, issuer=told.issuer, subject=told.subject, label=label, made=now), asked


def _about(purpose: str, provider: str, caller: Caller, who: SessionActor | None) -> str:
    person = f" for {who.actor.name} in {who.id}" if who else ""
    return f"account {purpose} of {provider}{person} from {caller.attempt}"


def _expect_unused(office: Office, asked: Asked) -> None:
    if not office.door.use(asked.token):
        raise _stale()


def _stale() -> Refusal:
    expected = "the answer to a question of this browser, once and within five minutes"
    return Refusal("stale-sign-in", expected, "another", "begin again at the sign-in")


def _used(account: Account, label: str, now: int) -> Account:
    return msgspec.structs.replace(account, used=now, label=label)


def _adapter(office: Office, name: str) -> Adapter:
    found = next((one for one in office.host.of_kind(KIND) if one.name == name), None)
    if found is None:
        raise Refusal("no-provider", "a provider that this node has", name[:40], "come in another way")
    return found


async def _call(office: Office, adapter: Adapter, method: str, value: Any) -> Any:
    try:
        return await office.door.outside(adapter.plugin.call(KIND, adapter.name, method, value))
    except Declined as error:
        raise Refusal(
            "not-signed-in", f"an answer of {adapter.name} that proves who it is", str(error), "try again"
        ) from None
    except (AdapterError, Defect) as error:
        office.node.trace.warning("sign-in.provider", provider=adapter.name, why=str(error)[:500])
        expected = f"an answer of {adapter.name}"
        raise Refusal("no-answer", expected, "none", "come in another way, and tell the operator") from None
