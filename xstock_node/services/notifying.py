"""Notifying: calls people for what waits, through the notifiers of plugins, from an outbox that survives a restart.

What is told and the notices that tell it are written in one transaction; a notice stays until its notifier took it,
or until nobody needs it any more because the thing was taken or waits no longer. A notifier that fails, hangs or
raises anything harms nobody: its notices wait, at longer and longer intervals, and `doctor` says why.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from xstock_node.domain import escalation
from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.escalation import Call, Told, Waiting
from xstock_node.domain.rights import DAY
from xstock_node.plugins.adapters import NotCarried, Notice, Undeliverable
from xstock_node.plugins.plugin import Plugin
from xstock_node.services import branches
from xstock_node.services.duty_desk import TOLD, holders, roster_of, things, unmanned
from xstock_node.services.looked import Finding
from xstock_node.services.notices import notice_of
from xstock_node.services.office import Actor, Office
from xstock_node.services.people import PEOPLE, RESERVED
from xstock_node.services.shelf import Shelf
from xstock_node.services.typed import clean
from xstock_node.storage.interfaces import Transaction

EVERY: Final = 15.0
GATHER: Final = 0.5
"""Seconds in which changes that come together are gathered into one look."""
FIRST_WAIT, LONGEST_WAIT = 30, 1800
LIVES, REMEMBERED, MOST = 3 * DAY, 7 * DAY, 500
FOLDER = "plugins"
_NODE: Final = Actor("node", "itself")


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """A notice on its way through a notifier; `given_up` is kept for a while, so that `doctor` can tell of it."""

    id: str
    notifier: str
    notice: Notice
    next_at: int
    tries: int = 0
    error: str = ""
    given_up: bool = False


OUTBOX: Shelf[Posted] = Shelf("notice", Posted)


class Ready(NamedTuple):
    """A notifier whose settings are in order."""

    plugin: Plugin
    name: str


class Plan(NamedTuple):
    """What a look came to: calls to write, what was told before and after, and the notices that are over."""

    calls: list[Call]
    before: dict[str, Told]
    after: dict[str, Told]
    over: list[Posted]

    @property
    def is_new(self) -> bool:
        """Whether there is anything to write; that a thing was seen, and nobody told, is nothing."""
        same = all(self.after.get(id_) == told for id_, told in self.before.items())
        fresh = any(id_ not in self.before for id_ in self.after)
        return bool(self.calls or self.over or fresh or not same)


class Notifying:
    """The node's calls to its people."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._ready: list[Ready] = []
        self._wrong: dict[str, str] = {}
        self._prepared = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look at what waits."""
        self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """End; what is not sent yet is sent after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _prepare(self) -> None:
        """Find the notifiers that are on, once."""
        self._prepared = True
        self._ready, self._wrong = await notifiers(self._office)
        for name, why in self._wrong.items():
            self._office.node.trace.error("notifier-off", notifier=name, why=why)

    async def look(self) -> int:
        """Call whom it is time to call, and send what is due; how many notices went out."""
        if not self._prepared:
            await self._prepare()
        await self._plan()
        sent = await asyncio.gather(*(self._send(ready) for ready in self._ready))
        return sum(sent)

    async def _run(self) -> None:
        position = self._office.changes.last
        while True:
            try:
                await self.look()
            except Exception as error:  # looked at again at the next turn
                self._office.node.trace.error("not-notified", why=f"{type(error).__name__}: {error}")
            try:
                async with asyncio.timeout(EVERY):
                    await self._office.changes.after(position)
                await asyncio.sleep(GATHER)
            except TimeoutError:
                pass
            position = self._office.changes.last

    async def _plan(self) -> None:
        """Work out calls, and write them with their notices where there is anything new."""
        engine, catalogue = self._office.node.engine, await self._office.catalogue()
        if (await engine.read(lambda tx: self._worked_out(tx, catalogue))).is_new:
            await engine.write(lambda tx: self._write(tx, self._worked_out(tx, catalogue)), durable=True)

    def _worked_out(self, tx: Transaction, catalogue: Catalogue) -> Plan:
        now = self._office.node.clock.now()
        here = {person.name for person in PEOPLE.list(tx)} | RESERVED
        told = {one.id: one if one.taken_by in here else _free(one) for one in TOLD.list(tx)}
        posted = OUTBOX.list(tx)
        waiting = things(self._office, tx, catalogue, told)
        calls: list[Call] = []
        after = {thing.id: told.get(thing.id) or Told(id=thing.id, first=now) for thing in waiting}
        if self._ready and sum(not one.given_up for one in posted) < MOST:
            for site, group in _by_site(tx, waiting).items():
                found = self._due(tx, site, group, told, now)
                calls, after = calls + found[0], after | found[1]
        return Plan(calls, told, after, [one for one in posted if _is_over(one, after, now)])

    def _due(
        self, tx: Transaction, site: str, waiting: list[Waiting], told: dict[str, Told], now: int
    ) -> tuple[list[Call], dict[str, Told]]:
        """Calls for what belongs to one site, to those whose grants hold there."""
        people, roster = holders(PEOPLE.list(tx), now, site), roster_of(tx)
        here = {name for names in people.values() for name in names}
        minutes = self._office.settings.escalate_minutes
        return escalation.due(waiting, roster and roster.among(here), people, told, minutes, now)

    def _write(self, tx: Transaction, plan: Plan) -> None:
        now, node = self._office.node.clock.now(), self._office.node.identity.name
        roster, default = roster_of(tx), self._office.settings.languages[0]
        for one in plan.over:
            OUTBOX.drop(tx, one.id)
            if one.notice.at + LIVES < now and not one.given_up:
                self._office.node.trace.error("notice-lost", notice=one.id, why=one.error)
        for id_ in plan.before.keys() - plan.after.keys():
            TOLD.drop(tx, id_)
        for id_, one_told in plan.after.items():
            if plan.before.get(id_) != one_told:
                TOLD.put(tx, id_, one_told, now)
        for call in plan.calls:
            language = roster.languages.get(call.person, default) if roster else default
            notice = notice_of(call, node, language, now)
            for ready in self._ready:
                name = ready.name
                OUTBOX.put(tx, f"{call.id}-{name}", _posted(call.id, name, notice, now), now)

    async def _send(self, ready: Ready) -> int:
        """Send what is due through one notifier; after a failure the rest waits as well."""
        sent, name = 0, ready.name
        while (one := await self._office.node.engine.read(lambda tx: self._first(tx, name))) is not None:
            error = await _hand_over(ready, one.notice)
            if isinstance(error, NotCarried):
                await self._office.node.engine.write(lambda tx, id_=one.id: OUTBOX.drop(tx, id_), durable=True)  # type: ignore[misc]
                continue
            if error is not None:
                await self._failed(one, error)
                if not isinstance(error, Undeliverable):
                    return sent
                continue
            await self._office.node.engine.write(lambda tx, one=one: self._sent(tx, one), durable=True)  # type: ignore[misc]
            sent += 1
        return sent

    def _first(self, tx: Transaction, name: str) -> Posted | None:
        """The notice that is tried next: due, not taken meanwhile, the least tried first."""
        now = self._office.node.clock.now()
        taken = {one.id for one in TOLD.list(tx) if one.taken_by}
        due = [
            one
            for one in OUTBOX.list(tx)
            if one.notifier == name and not one.given_up and one.next_at <= now and one.notice.thing not in taken
        ]
        return min(due, key=lambda one: (one.tries, one.notice.at, one.id), default=None)

    def _sent(self, tx: Transaction, one: Posted) -> None:
        OUTBOX.drop(tx, one.id)
        notice = one.notice
        about = notice.operation or notice.thing
        self._office.record(tx, _NODE, "duty.told", about, f"{notice.to} of {notice.kind} by {one.notifier}")

    async def _failed(self, one: Posted, error: BaseException) -> None:
        now, why = self._office.node.clock.now(), clean(f"{type(error).__name__}: {error}")[:200]
        self._office.node.trace.warning("not-sent", notifier=one.notifier, notice=one.notice.id, why=why)
        wait = min(FIRST_WAIT * 2 ** min(one.tries, 10), LONGEST_WAIT)

        def work(tx: Transaction) -> None:
            for other in OUTBOX.list(tx):
                if other.id == one.id:
                    failed = msgspec.structs.replace(
                        other, tries=other.tries + 1, next_at=now + wait, error=why, given_up=_for_good(error)
                    )
                    OUTBOX.put(tx, other.id, failed, now)
                elif other.notifier == one.notifier and not _for_good(error) and not other.given_up:
                    later = msgspec.structs.replace(other, next_at=max(other.next_at, now + wait))
                    OUTBOX.put(tx, other.id, later, now)

        await self._office.node.engine.write(work, durable=True)


async def notifiers(office: Office) -> tuple[list[Ready], dict[str, str]]:
    """The notifiers that are switched on by a file of settings, and why some of those cannot work."""
    ready: list[Ready] = []
    wrong: dict[str, str] = {}
    for one in office.host.of_kind("notifier"):
        if not (office.home / FOLDER / f"{one.name}.toml").exists():
            continue
        why = await one.plugin.fits("notifier", one.name)
        if why:
            wrong[one.name] = clean(why)[:300]
        else:
            ready.append(Ready(one.plugin, one.name))
    return ready, wrong


async def duty_findings(office: Office) -> list[Finding]:
    """What `doctor` says of the roster and of notices."""
    now = office.node.clock.now()
    roster, empty, posted = await office.node.engine.read(
        lambda tx: (roster_of(tx), unmanned(tx, now), OUTBOX.list(tx))
    )
    ready, wrong = await notifiers(office)
    found = [
        Finding(check=f"notifier {name}", state="error", found=why, do=f"mend {FOLDER}/{name}.toml, restart the node")
        for name, why in wrong.items()
    ]
    if roster is not None:
        do = "`xstock duty show`, then `xstock duty set FILE`"
        if empty:
            found.append(Finding(check="duty", state="warning", found=f"nobody has duty: {'; '.join(empty)}", do=do))
        else:
            found.append(Finding(check="duty", state="ok", found="somebody has duty in the next 24 hours"))
        if not ready and not wrong:
            do = f"add xstock-mail to plugins.allow and write {FOLDER}/mail.toml"
            found.append(Finding(check="notices", state="warning", found="nobody is called: no notifier is on", do=do))
    return [*found, *_unsent(posted)]


def _unsent(posted: Sequence[Posted]) -> list[Finding]:
    found = []
    for name in sorted({one.notifier for one in posted if one.error}):
        failed = [one for one in posted if one.notifier == name and one.error]
        people = ", ".join(sorted({one.notice.to for one in failed}))
        words = f"{len(failed)} could not be sent to {people}; last: {failed[-1].error}"
        do = f"mend {FOLDER}/{name}.toml or the line; `xstock duty queue` shows what waits"
        found.append(Finding(check=f"notices by {name}", state="warning", found=words, do=do))
    return found


async def _hand_over(ready: Ready, notice: Notice) -> BaseException | None:
    """Let a plugin send; what it raised, or that it took too long."""
    try:
        await ready.plugin.call("notifier", ready.name, "send", notice)
    except Exception as error:
        return error
    return None


def _posted(call: str, name: str, notice: Notice, now: int) -> Posted:
    return Posted(id=f"{call}-{name}", notifier=name, notice=notice, next_at=now)


def _is_over(one: Posted, told: dict[str, Told], now: int) -> bool:
    """Whether a notice is needed no more: what it is about was taken, waits no longer, or is too old to be told."""
    thing = told.get(one.notice.thing)
    if one.given_up:
        return one.notice.at + REMEMBERED < now
    return thing is None or bool(thing.taken_by) or one.notice.at + LIVES < now


def _for_good(error: BaseException) -> bool:
    return isinstance(error, Undeliverable)


def _free(one: Told) -> Told:
    """As if nobody had taken it: whoever did is no person of this node any more."""
    return msgspec.structs.replace(one, taken_by="", taken_at=0)


def _by_site(tx: Transaction, waiting: list[Waiting]) -> dict[str, list[Waiting]]:
    found: dict[str, list[Waiting]] = {}
    for thing in waiting:
        found.setdefault(branches.site_of(tx, thing.case or thing.request), []).append(thing)
    return found
