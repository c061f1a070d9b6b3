"""Accounts that people have elsewhere as a way in: who is asked, what comes back, whom an account belongs to.

A provider only says whose account it is. Somebody who signed in just now connects it, in two steps: the account is
shown by its name before it is kept. Nobody is let in by a name or an address that a provider says. The state of a
question holds for five minutes, once, in the browser that asked.
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
from xstock_node.services.signing_in import Caller, note_miss
from xstock_node.services.tries import Lane
from xstock_node.services.typed import clean
from xstock_node.storage.interfaces import Transaction

KIND: Final = "identity-provider"
QUERY: Final = 20
MISSES: Final = frozenset({"no-account", "not-signed-in", "stale-sign-in"})
"""Refusals that count as a try that was wrong."""
_ENTER, _OWN = "in", "own"


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A provider that can be asked, by the name that its button has."""

    name: str
    label: str


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """An account that waits for its person's word: as people know it, at whom, and the `ticket` that keeps it."""

    label: str
    issuer: str
    ticket: str


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
    office.door.tries.expect_alone(_lane(caller), office.node.clock.steady())
    if who is not None:
        actor = who.actor
        await office.node.engine.read(lambda tx: expect_may(tx, actor, now))
    token, secret = office.door.ask(_about(purpose, provider, caller, who), now)
    asked = Asked(token, purpose, provider, onward).sealed(secret)
    if len(asked.state) > limits.SIGN_IN_STATE:
        asked = asked._replace(next="").sealed(secret)
    question = Question(back=back, state=asked.state, secret=secret.hex())
    way: Way = await _call(office, caller, adapter, "begin", question)
    return way.url


async def enter(office: Office, caller: Caller, back: str, query: Mapping[str, str]) -> str:
    """The secret of a new session for what a browser brought back. Raises Refusal for an account of nobody here."""
    lane, secret = _lane(caller), sessions.new_secret(office)
    office.door.tries.expect_alone(lane, office.node.clock.steady())
    try:
        account = await _told(office, caller, back, query, None)
        await _open(office, caller, account, secret)
    except Refusal as refused:
        if refused.code in MISSES:
            office.door.tries.missed(lane, office.node.clock.steady())
            await note_miss(office, lane)
        raise
    office.door.tries.passed(lane)
    return secret


async def _open(office: Office, caller: Caller, account: Account, secret: str) -> None:
    now = office.node.clock.now()

    def work(tx: Transaction) -> None:
        owner = ACCOUNT_OWNERS.get(tx, account.id)
        if owner is None:
            do = "come in another way, then connect it on the page Account"
            raise Refusal("no-account", "an account that somebody of this node connected", account.label, do)
        ways = ways_of(tx, owner.person)
        kept = tuple(_used(one, account.label, now) if one.id == account.id else one for one in ways.accounts)
        CREDENTIALS.put(tx, owner.person, msgspec.structs.replace(ways, accounts=kept), now)
        by = next((one.by for one in ways.accounts if one.id == account.id), "")
        sessions.open_(office, tx, secret, owner.person, sessions.ACCOUNT, caller.device, by=by)

    await office.node.engine.write(work, durable=True)


async def offered(office: Office, caller: Caller, back: str, query: Mapping[str, str], who: SessionActor) -> Offered:
    """The account that a browser brought back for who is signed in; nothing is kept before a person says so."""
    account, now = await _told(office, caller, back, query, who), office.node.clock.now()
    await office.node.engine.read(lambda tx: expect_may(tx, who.actor, now))
    raw = urlsafe_b64encode(msgspec.json.encode(account)).decode()
    token, secret = office.door.ask(_kept_for(raw, who), now)
    return Offered(label=account.label, issuer=account.issuer, ticket=f"{token}.{secret.hex()}.{raw}")


async def connect(office: Office, ticket: str, who: SessionActor) -> None:
    """Keep the account of a ticket as a way in of who is signed in."""
    token, account, now = *_of_ticket(office, ticket, who), office.node.clock.now()
    actor, name = who.actor, who.actor.name

    def work(tx: Transaction) -> None:
        expect_may(tx, actor, now)
        owner, ways = ACCOUNT_OWNERS.get(tx, account.id), ways_of(tx, name)
        if owner is not None:
            whose = "it is yours already" if owner.person == name else "somebody else has it"
            raise Refusal("account-taken", "an account that nobody here connected", whose, "choose another account")
        if len(ways.accounts) >= limits.ACCOUNTS:
            raise Refusal("full", f"at most {limits.ACCOUNTS} accounts", "one more", "take one away first")
        if not office.door.use(token):
            raise _stale()
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
) -> Account:
    """The account that a provider vouches for, in answer to a question of this browser; from now on it is answered."""
    asked, now = read_state(query.get("state", "")), office.node.clock.now()
    about = _about(_OWN if who else _ENTER, asked.provider, caller, who)
    secret = office.door.asked(about, asked.token, now)
    if secret is None or not hmac.compare_digest(asked.sealed(secret).seal.encode(), asked.seal.encode()):
        raise _stale()
    if len(query) > QUERY or any(len(text) > limits.SIGN_IN_ADDRESS for item in query.items() for text in item):
        raise Refusal("bad-request", f"at most {QUERY} short values from the provider", "more", "try again")
    adapter = _adapter(office, asked.provider)
    if not office.door.use(asked.token):
        raise _stale()
    answer = Answer(back=back, query=dict(query), secret=secret.hex())
    told: Told = await _call(office, caller, adapter, "finish", answer)
    label = clean(told.name).strip() or clean(told.subject)
    return Account(provider=adapter.name, issuer=told.issuer, subject=told.subject, label=label, made=now)


def _of_ticket(office: Office, ticket: str, who: SessionActor) -> tuple[str, Account]:
    """The token and the account of a ticket that this node made for this session; raises Refusal for any other."""
    try:
        end, rest, shown, raw = ticket.split(".") if len(ticket) <= limits.SIGN_IN_TICKET else []
        account = msgspec.json.decode(urlsafe_b64decode(raw), type=Account)
    except (ValueError, msgspec.MsgspecError):
        raise _stale() from None
    token = f"{end}.{rest}"
    secret = office.door.asked(_kept_for(raw, who), token, office.node.clock.now())
    if secret is None or not hmac.compare_digest(secret.hex().encode(), shown.encode()):
        raise _stale()
    return token, account


def _about(purpose: str, provider: str, caller: Caller, who: SessionActor | None) -> str:
    person = f" for {who.actor.name} in {who.id}" if who else ""
    return f"account {purpose} of {provider}{person} from {caller.question}"


def _kept_for(raw: str, who: SessionActor) -> str:
    return f"connect {hashlib.sha256(raw.encode()).hexdigest()} for {who.actor.name} in {who.id}"


def _lane(caller: Caller) -> Lane:
    return Lane("account", "", caller.origin)


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


async def _call(office: Office, caller: Caller, adapter: Adapter, method: str, value: Any) -> Any:
    try:
        return await office.door.outside(adapter.plugin.call(KIND, adapter.name, method, value), caller.origin)
    except Declined as error:
        expected = f"an answer of {adapter.name} that proves who it is"
        raise Refusal("not-signed-in", expected, str(error), "try again") from None
    except (AdapterError, Defect) as error:
        office.node.trace.warning("sign-in.provider", provider=adapter.name, why=str(error)[:500])
        expected = f"an answer of {adapter.name}"
        raise Refusal("no-answer", expected, "none", "come in another way, and tell the operator") from None
