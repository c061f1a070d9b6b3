"""Acts that only ask a route: the fields of the form become its request, and the page says what was done."""

from collections.abc import Callable

from xstock_node.api.routes import BY_NAME
from xstock_node.console.form import Form
from xstock_node.console.page import Go, Told
from xstock_node.console.visit import Visit


class Routed:
    """Ask a route with the fields of the form; then go to a page, or show the answer on the same page this once."""

    def __init__(self, route: str, to: str | Callable[[Form], str] = "", done: str = "done") -> None:
        self.route, self._to, self._done = route, to, done

    async def __call__(self, visit: Visit, form: Form) -> Go | Told:
        request = BY_NAME[self.route].request
        answer = await visit.do(self.route, form.as_request(request) if request else None, form)
        if not self._to:
            return Told(answer)
        return Go(self._to(form) if callable(self._to) else self._to, self._done)


def routed(route: str, to: str | Callable[[Form], str], done: str = "done") -> Routed:
    """Ask a route, then go to a page."""
    return Routed(route, to, done)


def told(route: str) -> Routed:
    """Ask a route, and show its answer on the same page this once."""
    return Routed(route)
