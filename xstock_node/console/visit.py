"""One look of a person at the node: who, in which language, over which road; what is asked is asked of the routes."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from xstock_node.api import doing
from xstock_node.api.idempotency import Idempotency
from xstock_node.api.routes import BY_NAME
from xstock_node.console.form import Form
from xstock_node.console.words import Words
from xstock_node.services import people
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.once import Once
from xstock_node.services.signing_in import Caller


class Site(NamedTuple):
    """Where a console stands: `origin` as its reader sees it, whether over TLS, and whether on this machine alone."""

    origin: str
    host: str
    secure: bool
    local: bool


class Visit:
    """A person at a page. `problem` is what the last act refused, `typed` the form that was sent and not done;
    `answer` what the last act shows this once. `caller` is the browser, as far as it is known.
    """

    def __init__(
        self,
        office: Office,
        keys: Idempotency,
        actor: Actor,
        words: Words,
        site: Site,
        session: str = "",
        theme: str = "",
    ) -> None:
        self.office, self.actor, self.words, self.site = office, actor, words, site
        self.session, self.theme = session, theme
        self._keys = keys
        self.problem: Refusal | None = None
        self.typed: Form | None = None
        self.answer: Any = None
        self.query: Mapping[str, str] = {}
        self.cookies: dict[str, str] = {}
        self.caller = Caller("", "")

    @property
    def now(self) -> int:
        """Unix seconds of this look."""
        return self.words.now

    def may(self, right: str) -> bool:
        """Whether the person holds a right at one site at least."""
        return people.somewhere(self.actor, right, self.now)

    async def ask(self, name: str, request: Any = None) -> Any:
        """The answer of a route that only looks; raises Refusal for who may not."""
        return await doing.look(self.office, self.actor, BY_NAME[name], request)

    async def do(self, name: str, request: Any, form: Form) -> Any:
        """The answer of a route that changes something, once for each form that was handed out."""
        route = BY_NAME[name]
        key, asker = form.text("once"), self.actor
        if key and not route.secret:
            # The form as it was sent: sent again it is the same, also where it says "within a day" from now.
            asker = asker._replace(once=Once.of(key, name, form.content()))
        answer = await doing.do(self.office, self._keys, asker, route, request)
        return msgspec.json.decode(answer, type=route.response)


def zone_of(name: str, country: str) -> ZoneInfo:
    """A reader's time zone: the one that was chosen, else that of the node's country, else UTC."""
    for wanted in (name, _of_country(country)):
        try:
            if wanted:
                return ZoneInfo(wanted)
        except (KeyError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


def _of_country(country: str) -> str:
    from babel.core import get_global

    return next(
        (zone for zone, territory in sorted(get_global("zone_territories").items()) if territory == country), ""
    )
