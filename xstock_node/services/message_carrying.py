"""Carrying answers: what becomes of a request of another system goes back to it, each message once and in order.

Only messages of our own are carried, in the chains of the senders whom the operator named. A message that the other
system did not take is kept with its reason; while it cannot be reached those behind wait.
"""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

import msgspec

from xstock_node.domain.message_chain import OWN_ID
from xstock_node.domain.messages import ResourceMessage
from xstock_node.plugins.calls import Defect
from xstock_node.plugins.errors import AdapterError, Declined
from xstock_node.plugins.host import Adapter
from xstock_node.plugins.interchange import Carried, Writing
from xstock_node.services.convoys import threats
from xstock_node.services.drafts import DRAFTS
from xstock_node.services.looked import Finding
from xstock_node.services.message_export import messages_of
from xstock_node.services.messages_held import SAID
from xstock_node.services.messaging import FORMAT
from xstock_node.services.office import Office
from xstock_node.services.request_views import REQUESTS
from xstock_node.services.shelf import Shelf
from xstock_node.services.typed import clean
from xstock_node.storage.interfaces import Transaction

KIND: Final = "message-carrier"
EVERY: Final = 15.0
MOVES: Final = frozenset({"dispatch", "passage"})
"""What tells when goods left and where they are."""


class CarriedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was handed over, or that the other system did not take, for a `reason`; `at` unix seconds."""

    carrier: str
    message: str
    at: int
    state: Literal["taken", "refused"]
    reason: str = ""


CARRIED: Shelf[CarriedMessage] = Shelf("message-carried", CarriedMessage)


class Way(NamedTuple):
    """A carrier that is on: the format that it is given, and whose requests it answers."""

    adapter: Adapter
    format: Adapter
    senders: frozenset[str]


async def carry(office: Office) -> int:
    """Carry what is due by every carrier; how many messages came to an end."""
    ended, catalogue = 0, await office.catalogue()
    names = {item.code: catalogue.name(item.code, "en") for item in catalogue.all()}
    for way in ways(office):
        due = await office.node.engine.read(lambda tx, way=way: _due(office, tx, way, names))  # type: ignore[misc]
        for chain in due:
            for message in chain:
                if not await _one(office, way, message):
                    break  # what comes after it waits for it
                ended += 1
    return ended


def ways(office: Office) -> Iterator[Way]:
    """The carriers that are on and know whom they answer in which format."""
    formats = {one.name: one for one in office.host.of_kind(FORMAT)}
    for one in office.host.of_kind(KIND):
        try:
            settings = one.plugin.settings_of(one.name)
        except (OSError, ValueError):
            continue  # named in `plugin list` and by `doctor`
        if settings is not None and settings.host.senders and settings.host.format in formats:
            yield Way(one, formats[settings.host.format], frozenset(settings.host.senders))


async def carrier_findings(office: Office) -> list[Finding]:
    """What `doctor` says of carriers whose settings lack something, and of messages that were not taken."""
    able = {way.adapter.name for way in ways(office)}
    on = {one.name for one in office.host.of_kind(KIND) if one.is_on}
    do = "name a `format` that is loaded and the `senders` that are answered in its table [host]"
    lacks = [
        Finding(check="answers to other systems", state="warning", found=f"{name} carries nothing", do=do)
        for name in sorted(on - able)
    ]
    found = [one for one in await office.node.engine.read(CARRIED.list) if one.state == "refused"]
    if not found:
        return lacks
    last = max(found, key=lambda one: one.at)
    do = "read the reason, mend it there or here, and telephone meanwhile"
    said = f"{len(found)} answers were not taken, the last by {last.carrier}: {last.reason[:200]}"
    return [*lacks, Finding(check="answers to other systems", state="warning", found=said, do=do)]


def _due(office: Office, tx: Transaction, way: Way, names: dict[str, str]) -> list[list[ResourceMessage]]:
    """Our messages in the chains of this carrier's senders that came to no end yet: a list for each operation.

    Where an operation goes over a corridor in threat mode nobody but its parties learns when it left and where it is.
    """
    found = []
    for draft in DRAFTS.list(tx):
        origin = SAID.get(tx, draft.about) if draft.request else None
        request = REQUESTS.get(tx, draft.request) if origin is not None and origin.sender in way.senders else None
        for case in request.cases.values() if request is not None else ():
            chain = [one for one in messages_of(office, tx, case, names) if one.id.startswith(OWN_ID)]
            due = [one for one in chain if CARRIED.get(tx, _key(way, one)) is None]
            if any(one.kind in MOVES for one in due) and threats(office, tx, case):
                due = [one for one in due if one.kind not in MOVES]
            found.append(due)
    return found


async def _one(office: Office, way: Way, message: ResourceMessage) -> bool:
    """Carry one message; whether it came to an end, taken or not."""
    now = office.node.clock.now()
    answer = Carried(taken=True)  # of what the format has no message for, nothing is said
    try:
        for document in await way.format.plugin.call(FORMAT, way.format.name, "write", Writing(messages=(message,))):
            answer = await way.adapter.plugin.call(KIND, way.adapter.name, "carry", document)
            if not answer.taken:
                break
    except Declined as error:  # the same again gives the same
        answer = Carried(taken=False, reason=clean(str(error))[:1000])
    except (AdapterError, Defect) as error:  # tried again; the plugin's own record says how it fares
        office.node.trace.info("not-carried-yet", carrier=way.adapter.name, why=str(error)[:300])
        return False
    return await _ended(office, way, message, answer, now)


async def _ended(office: Office, way: Way, message: ResourceMessage, answer: Carried, now: int) -> bool:
    done = CarriedMessage(
        carrier=way.adapter.name,
        message=message.id,
        at=now,
        state="taken" if answer.taken else "refused",
        reason=answer.reason,
    )
    await office.node.engine.write(lambda tx: CARRIED.put(tx, _key(way, message), done, now), durable=True)
    if not answer.taken:
        office.node.trace.warning("answer-refused", carrier=done.carrier, message=message.id, why=answer.reason[:300])
    return True


def _key(way: Way, message: ResourceMessage) -> str:
    return f"{way.adapter.name} {message.id}"
