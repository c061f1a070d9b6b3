"""Testing a partner before the disaster: each line says what was found, and what to type where it is not well."""

from collections.abc import Awaitable, Callable

import msgspec

from xstock_node.protocol import limits
from xstock_node.protocol.decode import decode, strict_json
from xstock_node.protocol.errors import NotFound, ProtocolError, Unsigned
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.peer import Peer
from xstock_node.services.calling_back import CallbackAnswer
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.outside import Look
from xstock_node.services.overview import PeerName

CLOCK_FINE, CERTIFICATE_FINE = 60, 21
DAY = 86_400


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at: `ok`, `warning` or `error`, what was found, and what to type."""

    check: str
    state: str
    found: str
    do: str = ""


async def peer_test(office: Office, actor: Actor, request: PeerName) -> list[Line]:
    """Everything that has to work between this node and one peer."""
    node = office.node
    known = node.directory.get(request.name)
    if known is None:
        raise Refusal("no-peer", "the name of a known peer", request.name, "see `xstock peer list`")
    peer = next((n.gossip.peers[known.name] for n in node.networks.values() if known.name in n.gossip.peers), None)
    lines = [_name(office, known), _standing(office, known)]
    look = await _look(office, known, lines)
    if look is not None:
        lines += [_answer(known, look), _clock(office, look), _certificate(known, look), _latency(look)]
    if peer is None:
        do = "start the node; look at dial in config.toml and at the URL in its identity"
        lines.append(Line(check="signature", state="error", found="it is not dialled from here", do=do))
        return lines
    lines.append(await _signature(office, peer))
    lines.append(await _way_back(peer))
    return lines


def _name(office: Office, known: Identity) -> Line:
    days = (known.statement.expires - office.node.clock.now()) // DAY
    found = f"{known.title()}, version {known.version}, digits {known.digits()}, valid for {days} days"
    if days < 30:
        return Line(check="name", state="warning", found=found, do="ask them to run `xstock key rotate`")
    return Line(check="name", state="ok", found=found)


def _standing(office: Office, known: Identity) -> Line:
    found = []
    for network in office.node.networks.values():
        standing = network.membership.standing(known.name)
        if standing is not None:
            found.append((network.name, standing.tier, standing.state))
    words = ", ".join(f"{tier} of {name} ({state})" for name, tier, state in found)
    if not any(state in ("live", "review") for _, _, state in found):
        do = "governors: `xstock network vouch` it"
        return Line(check="tier", state="error", found=words or "no member of a shared network", do=do)
    return Line(check="tier", state="ok", found=words)


async def _look(office: Office, known: Identity, lines: list[Line]) -> Look | None:
    if not known.url():
        do = "it has to call here; a relay keeps its mail meanwhile"
        lines.append(Line(check="connection", state="warning", found="its identity names no URL", do=do))
        return None
    try:
        look = await office.node.outside.look(f"{known.url()}/.well-known/xstock")
    except ProtocolError as error:
        do = f"try `curl {known.url()}/.well-known/xstock`; look at firewall, DNS and TLS"
        lines.append(Line(check="connection", state="error", found=error.sentence(), do=do))
        return None
    lines.append(Line(check="connection", state="ok", found=known.url()))
    return look


def _answer(known: Identity, look: Look) -> Line:
    """Name, versions and limits as the peer tells them."""
    try:
        told = strict_json(look.body)
    except ProtocolError as error:
        return Line(check="versions", state="error", found=error.sentence(), do="is it an X-Stock node?")
    if not isinstance(told, dict) or told.get("name") != known.name:
        came = told.get("name") if isinstance(told, dict) else "no object"
        return Line(
            check="versions", state="error", found=f"another node answers: {came}", do="check the URL with them"
        )
    versions, told_limits = told.get("versions"), told.get("limits")
    if not isinstance(versions, list) or "xs1" not in versions:
        return Line(check="versions", state="error", found=f"versions {versions}", do="one side has to upgrade")
    return Line(check="versions", state="ok", found=f"{', '.join(map(str, versions))}; limits {told_limits}")


def _clock(office: Office, look: Look) -> Line:
    if look.date is None:
        return Line(check="clock", state="warning", found="it tells no date", do="compare clocks by telephone")
    skew = look.date - office.node.clock.now()
    if abs(skew) > limits.CLOCK_WINDOW:
        do = "set the clock that is wrong (NTP): signed requests are refused"
        return Line(check="clock", state="error", found=f"{skew} s apart", do=do)
    if abs(skew) > CLOCK_FINE:
        return Line(check="clock", state="warning", found=f"{skew} s apart", do="look at NTP on both sides")
    return Line(check="clock", state="ok", found=f"{skew} s apart")


def _certificate(known: Identity, look: Look) -> Line:
    if look.certificate_days is None:
        return Line(check="certificate", state="warning", found="plain http", do="use https outside of tests")
    state = "ok" if look.certificate_days >= CERTIFICATE_FINE else "warning"
    do = "" if state == "ok" else "ask them to renew it"
    return Line(check="certificate", state=state, found=f"{look.certificate_days} days left", do=do)


def _latency(look: Look) -> Line:
    state = "ok" if look.seconds < 5 else "warning"
    return Line(check="latency", state=state, found=f"{look.seconds * 1000:.0f} ms with connecting")


async def _signature(office: Office, peer: Peer) -> Line:
    own = office.node.identity.name

    async def ask() -> Line:
        raw = await peer.ask("GET", f"/xs/1/identity/{own}", most=limits.IDENTITY_NOTE)
        if raw != office.node.identity.raw:
            found = "it takes our signature, and holds another version of our identity"
            return Line(check="signature", state="warning", found=found, do=f"`xstock peer sync {peer.name}`")
        return Line(check="signature", state="ok", found="it takes our signature and holds our identity")

    return await _asked("signature", ask, "have them pin or vouch for this node; compare clocks")


async def _way_back(peer: Peer) -> Line:
    async def ask() -> Line:
        answer = decode(await peer.ask("POST", "/xs/1/callback"), CallbackAnswer, limits.SMALL_BODY)
        if not answer.reached:
            do = "look at this node's URL, firewall and proxy; without a way back it still works, more slowly"
            return Line(check="way back", state="warning", found=answer.why, do=do)
        return Line(check="way back", state="ok", found=f"it reaches {answer.saw}")

    return await _asked("way back", ask, "try again in a minute")


async def _asked(check: str, ask: Callable[[], Awaitable[Line]], do: str) -> Line:
    try:
        return await ask()
    except (NotFound, Unsigned) as error:
        return Line(check=check, state="error", found=f"it does not know this node: {error.sentence()}", do=do)
    except ProtocolError as error:
        return Line(check=check, state="error", found=error.sentence(), do=do)
