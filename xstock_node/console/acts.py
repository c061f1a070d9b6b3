"""Acts that only ask a route: the fields of the form become its request, and the page says what was done."""

from collections.abc import Callable

from xstock_node.api.routes import BY_NAME
from xstock_node.console.form import Form
from xstock_node.console.page import Act, Go, Told
from xstock_node.console.visit import Visit


def routed(route: str, to: str | Callable[[Form], str], done: str = "done") -> Act:
    """Ask a route with the fields of the form, then go to a page."""

    async def act(visit: Visit, form: Form) -> Go:
        request = BY_NAME[route].request
        await visit.do(route, form.as_request(request) if request else None, form)
        return Go(to(form) if callable(to) else to, done)

    return act


def told(route: str) -> Act:
    """Ask a route with the fields of the form, and show its answer on the same page this once."""

    async def act(visit: Visit, form: Form) -> Told:
        request = BY_NAME[route].request
        return Told(await visit.do(route, form.as_request(request) if request else None, form))

    return act
