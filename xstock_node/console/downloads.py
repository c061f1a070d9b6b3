"""Files that people save: what a route answers with content and a name, and a bundle to carry where no line is."""

from typing import Any, Final, NamedTuple

from aiohttp import web

from xstock_node.api import files
from xstock_node.api.routes import BY_NAME
from xstock_node.console.form import converted
from xstock_node.console.visit import Visit
from xstock_node.console.worlds import of_exercise
from xstock_node.services.errors import Refusal

SAVED: Final = frozenset(
    {
        "op.evidence",
        "op.document",
        "op.labels",
        "op.attachment",
        "offer.export",
        "event.csv",
        "stock.export",
        "arrival.export",
        "impact.export",
        "bundle.export",
        "form.make",
    }
)
"""Routes whose answer is a file; none of them changes anything but the list of acts."""
BUNDLE: Final = "application/vnd.xstock.bundle"


class Saved(NamedTuple):
    """A file to save."""

    file: str
    media_type: str
    content: bytes


async def download(visit: Visit, name: str, query: dict[str, str]) -> web.Response:
    """The file that a route answers; raises Refusal `not-found` for a route that answers none."""
    if name not in SAVED:
        raise Refusal("not-found", f"a file: {', '.join(sorted(SAVED))}", name[:40], "follow a link of a page")
    route = BY_NAME[name]
    known = set(route.request.__struct_fields__)
    request = converted({key: value for key, value in query.items() if key in known}, route.request)
    return files.saved(_saved(name, await visit.ask(name, request), query))


def _saved(name: str, answer: Any, query: dict[str, str]) -> Saved:
    file = getattr(answer, "file", "") or f"{query.get('to') or 'all'}.xsbundle"
    drills = getattr(answer, "exercise", False) is True or of_exercise(query.get("case", query.get("about", "")))
    file = f"EXERCISE-{file}" if drills and not file.startswith("EXERCISE") else file
    media = getattr(answer, "media_type", "") or (BUNDLE if name == "bundle.export" else "")
    return Saved(file, media, answer.content)
