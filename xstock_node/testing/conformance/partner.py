"""A partner that says whatever a scenario wants: right, wrong, late or in the wrong name."""

import asyncio
import hashlib
import time
from typing import Any, NamedTuple

import aiohttp
import msgspec

from xstock_node.protocol import heads, identity, merkle, messages, requests
from xstock_node.protocol.heads import Base, Head
from xstock_node.protocol.identity import Identity, Statement
from xstock_node.protocol.keys import Signer, to_base64
from xstock_node.protocol.messages import NOTHING, Link
from xstock_node.protocol.names import LogId

SECONDS = 40.0
TRIES, PATIENCE = 5, 5  # how often and how many seconds a busy node is waited for
EXPIRES = 2_000_000_000  # fixed, so that a version has one text for ever


class Answer(NamedTuple):
    """What came back: status, headers in lower case, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.body)

    @property
    def problem(self) -> str:
        """The last part of the problem type, such as `fork`."""
        try:
            return str(self.json().get("type", "")).removeprefix("urn:xs1:")
        except (msgspec.DecodeError, AttributeError):
            return ""


class Partner:
    """One node of the kit: its keys, and signed calls to the node under test."""

    def __init__(self, session: aiohttp.ClientSession, name: str, base: str, network: str, url: str = "") -> None:
        self.name, self.base, self.network, self.url = name, base.rstrip("/"), network, url
        self.signer, self.root = signer_of(name), Signer(name, _seed("root", name))
        self._session = session
        self.start = int(time.time())

    async def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        signed_as: dict[str, Any] | None = None,
    ) -> Answer:
        """A request; `signed_as` replaces parts of what is signed: `signer`, `method`, `target`, `body`, `created`."""
        own = {"signer": self.signer, "method": method, "target": self.base + path, "body": body, "created": _now()}
        how: dict[str, Any] = own | (signed_as or {})
        digest = requests.content_digest(how["body"]) if how["body"] is not None else None
        signed = requests.sign(how["signer"], how["method"], how["target"], digest, how["created"])
        return await self.bare(method, path, body, signed | (headers or {}))

    async def bare(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        """A request with just these headers."""
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        for _ in range(TRIES):
            async with self._session.request(
                method, self.base + path, data=body, headers=headers, allow_redirects=False, timeout=timeout
            ) as response:
                known = {k.lower(): v for k, v in response.headers.items()}
                answer = Answer(response.status, known, await response.read())
            wait = known.get("retry-after", "")
            if answer.status != 429 or not wait.isdigit() or int(wait) > PATIENCE:
                break
            await asyncio.sleep(int(wait))
        return answer

    async def gossip(self, **fields: Any) -> Answer:
        """A round."""
        body = msgspec.json.encode({"network": self.network} | fields)
        return await self.call("POST", "/xs/1/gossip", body)

    def log(self, epoch: int, label: str = "pub") -> LogId:
        """A log of this partner."""
        return LogId(self.name, f"{self.network}.{label}", epoch)

    def head(
        self, log: LogId, lines: list[bytes], base: Base | None = None, signer: Signer | None = None, **changes: Any
    ) -> bytes:
        """A signed head over lines; `changes` replace its fields."""
        root = merkle.tree_root([merkle.leaf_hash(line) for line in lines])
        head = Head(log, len(lines), root, _now(), 0, base)._replace(**changes)
        return heads.sign(head, signer or self.signer)

    def message(self, to: str, case: str, n: int, previous: str, step: dict[str, Any], **how: Any) -> bytes:
        """A signed message of a case."""
        link, seen = Link(how.get("start", self.start), n, ""), how.get("seen", NOTHING)
        network, sender = how.get("network", self.network), how.get("sender", self.name)
        body = msgspec.json.encode(step)
        text = messages.write(network, sender, to, case, link, previous, seen, how.get("time", _now()), body)
        return messages.sign(text, how.get("signer", self.signer))


def make_identity(
    name: str, network: str, url: str = "", version: int = 1, root: Signer | None = None, **changes: Any
) -> Identity:
    """The identity of a partner; each version has a signing key of its own, the same at every run."""
    signer, root = signer_of(name, version), root or Signer(name, _seed("root", name))
    statement = Statement(
        expires=EXPIRES,
        keys=(to_base64(signer.public),),
        urls=(url,) if url else (),
        country="XX",
        networks=(network,),
    )
    statement = msgspec.structs.replace(statement, **changes)
    return identity.parse(identity.sign(name, version, statement, root, (signer,)))


def signer_of(name: str, version: int = 1) -> Signer:
    """The signing key of one version of a partner's identity."""
    return Signer(name, _seed("signing" if version == 1 else f"signing {version}", name))


def url_of(listen: str, name: str) -> str:
    """The URL of a partner that the node may dial, below the one at which the kit listens."""
    return f"{listen.rstrip('/')}/{name.removesuffix('.conformance.example')}" if listen else ""


def _seed(kind: str, name: str) -> bytes:
    """Keys of a kit are no secret: whoever pins them for a test unpins them after it."""
    return hashlib.sha256(f"conformance {kind} {name}".encode()).digest()


def _now() -> int:
    return int(time.time())
