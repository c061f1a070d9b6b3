"""A feed whose entries are CAP documents: those that are new are fetched, a bounded number at a poll.

Which were read, and when, is kept in the store for as long as the feed lists them. While some wait for the next poll,
the feed itself is not taken as known.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import Final
from urllib.parse import urlsplit

import msgspec

from xstock_cap import bounds
from xstock_cap.cap import alert_of, is_cap
from xstock_cap.harvest import Harvest
from xstock_cap.links import Entry, entries, is_feed
from xstock_cap.notes import Notes, Refused
from xstock_cap.polling import FRESH, SECONDS, fetch, key_of
from xstock_node.plugins import AdapterError, Context, HttpAnswer, NotAllowed, Unavailable
from xstock_node.plugins.interchange import Alert
from xstock_node.plugins.markup import BadMarkup, parse_xml

AT_A_POLL: Final = 100
AT_ONCE: Final = 4

Read = dict[str, tuple[str, int]]
"""When a document was read, by its address: the feed's word on when it changed, and unix seconds."""


async def read_feed(context: Context, adapter: str, url: str, harvest: Harvest, country: str = "") -> None:
    """Take in what a feed has that is new. Raises `BadMarkup` for what is no feed, and what `fetch` raises."""
    fetched = await fetch(context, adapter, url)
    if fetched is None:
        return
    root = parse_xml(fetched.body)
    if not is_feed(root):
        raise BadMarkup("not-feed", "a feed of Atom or RSS", f"<{root.tag[:60]}>")
    key, now = key_of(adapter, "read", url), context.now()
    before = _known(await context.store.get(key))
    listed: dict[str, Entry] = {}
    for one in islice(entries(root, url), bounds.MANY):
        if one.inside is not None:
            harvest.add(partial(alert_of, one.inside, country=country), one.id)
        elif one.link:
            listed.setdefault(one.link, one)
        else:
            harvest.notes.skip("no-document", one.id)
    wanted = sorted(
        (one for one in listed.values() if not _is_known(one, before, now)),
        key=lambda one: before.get(one.link, ("", 0))[1],
    )
    done = await _fetch_all(context, wanted[:AT_A_POLL], harvest, country)
    after: Read = {link: before[link] for link in listed if link in before}
    after |= {link: (listed[link].updated, now) for link in done}
    whole = len(done) == len(wanted)
    kept = {key: msgspec.msgpack.encode(after)}
    await context.store.write({**fetched.kept, **kept} if whole else kept)


def _known(raw: bytes | None) -> Read:
    try:
        return msgspec.msgpack.decode(raw, type=Read) if raw else {}
    except msgspec.MsgspecError:
        return {}


def _is_known(one: Entry, before: Read, now: int) -> bool:
    updated, at = before.get(one.link, ("", 0))
    return updated == one.updated and 0 <= now - at < FRESH


async def _fetch_all(context: Context, wanted: Sequence[Entry], harvest: Harvest, country: str) -> list[str]:
    """Fetch documents, a few at once; the links that are done with, whether or not they gave a warning.

    A server that is busy or gone ends it: the rest waits. Raises `Unavailable` where that is the first thing it says.
    """
    done: list[str] = []
    for start in range(0, len(wanted), AT_ONCE):
        if harvest.full:
            break
        some = wanted[start : start + AT_ONCE]
        answers = await asyncio.gather(*(_ask(context, one.link) for one in some))
        busy = next((one for one in answers if isinstance(one, Unavailable)), None)
        for one, answer in zip(some, answers, strict=True):
            if isinstance(answer, Unavailable):
                continue
            _take(one, answer, harvest, country)
            done.append(one.link)
        if busy is not None:
            if not done:
                raise busy
            harvest.notes.flag(f"documents-wait: {busy}")
            break
    return done


async def _ask(context: Context, link: str) -> HttpAnswer | AdapterError:
    try:
        answer = await context.http.request("GET", link, headers={"User-Agent": "xstock-cap"}, timeout=SECONDS)
    except (NotAllowed, Unavailable) as error:
        return error
    if answer.status == 429 or answer.status >= 500:
        return Unavailable(f"expected a document of {urlsplit(link).hostname}; came {answer.status}")
    return answer


def _take(one: Entry, answer: HttpAnswer | AdapterError, harvest: Harvest, country: str) -> None:
    if isinstance(answer, NotAllowed):
        harvest.notes.skip("host-not-listed", f"{one.link}: add its host to `hosts` in the settings")
    elif isinstance(answer, AdapterError) or answer.status != 200:
        came = answer if isinstance(answer, AdapterError) else answer.status
        harvest.notes.skip("no-document", f"{one.link}: {came}")
    else:
        harvest.add(partial(_read, answer.body, country=country), one.link)


def _read(raw: bytes, notes: Notes, country: str) -> Alert:
    try:
        root = parse_xml(raw)
    except BadMarkup as error:
        raise Refused(error.word, str(error)) from None
    if not is_cap(root):
        raise Refused("not-cap", f"expected an alert of CAP; came <{root.tag[:60]}>")
    return alert_of(root, notes, country)
