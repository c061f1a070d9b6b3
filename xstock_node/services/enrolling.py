"""The sponsor's side of joining: applications that come in, by wire or as a file, and tokens of invitations."""

import hashlib
import hmac
from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.protocol import identity, limits
from xstock_node.protocol.decode import decode
from xstock_node.protocol.errors import BadSignature, NotFound, Quota
from xstock_node.protocol.recordtypes import NodeName, ShortText
from xstock_node.services.site import Site, Small
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Application


class ApplicationBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of `/xs/1/apply`, and of an application carried as a file (xs1 14.9)."""

    network: Annotated[str, Meta(max_length=32)]
    identity: Annotated[str, Meta(max_length=limits.IDENTITY_NOTE)]
    sponsor: NodeName
    contact: ShortText
    token: Annotated[str, Meta(max_length=64)] = ""


def desks(node: Site) -> dict[str, Small]:
    """The open path that takes applications (xs1 10.4)."""

    async def answer(caller: str, args: dict[str, str], body: bytes) -> bytes:
        found = decode(body, ApplicationBody, limits.APPLICATION)
        name = identity.parse(found.identity.encode()).name
        network = node.networks.get(found.network)
        if network is not None and network.membership.is_member(name):
            return msgspec.json.encode({"state": "vouched"})
        await take(node, found)
        return msgspec.json.encode({"state": "waiting"})

    return {"apply": answer}


async def take(node: Site, body: ApplicationBody) -> Application:
    """Keep an application; without a good token at most 100 wait (xs1 14.9)."""
    network, applicant = node.networks.get(body.network), identity.parse(body.identity.encode())
    if network is None or network.membership.charter is None:
        raise NotFound("a network of this node", body.network)
    now, name = node.clock.now(), network.name

    def work(tx: Transaction) -> Application:
        waiting = tx.governance.applications(name)
        invited = _use_token(tx, name, body.token, applicant.name, now)
        held = next((a for a in waiting if a.name == applicant.name), None)
        if held is not None:
            if identity.parse(held.identity).root != applicant.root and not invited:
                raise BadSignature(f"the root key by which {applicant.name} applied", "another", "ask its sponsor")
        elif not invited and sum(not a.invited for a in waiting) >= limits.APPLICATIONS_WAITING:
            raise Quota(f"at most {limits.APPLICATIONS_WAITING} waiting", "more", "ask for an invitation")
        row = Application(name, applicant.name, now, body.sponsor, body.contact, invited, applicant.raw)
        tx.governance.put_application(row)
        return row

    taken = await node.engine.write(work, durable=True)
    node.trace.info("application", network=name, name=applicant.name, invited=taken.invited)
    return taken


def _use_token(tx: Transaction, network: str, token: str, name: str, now: int) -> bool:
    """Whether a token is one of ours, still good, and not used by another name; it is used up by this."""
    wanted = token_hash(token)
    for row in tx.governance.invites(network):
        if token and hmac.compare_digest(row.hash, wanted) and row.exp >= now and row.used in ("", name):
            tx.governance.put_invite(row._replace(used=name))
            return True
    return False


def token_hash(token: str) -> str:
    """The hash by which a token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()
