"""Pages without much of their own: what was refused, a form that came too late, how a reader wants to read."""

from typing import NamedTuple

import msgspec

from xstock_node.console import guard
from xstock_node.console.form import SECRET, Form
from xstock_node.console.languages import BY_CODE
from xstock_node.console.page import Go, Page
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.rights import OPEN
from xstock_node.services import sessions
from xstock_node.services.errors import Refusal


class ErrorView(msgspec.Struct, frozen=True, kw_only=True):
    """What was refused, for machines."""

    code: str
    expected: str
    came: str
    do: str


class Field(msgspec.Struct, frozen=True):
    """A field of a form as it was typed."""

    name: str
    value: str


class ResentView(msgspec.Struct, frozen=True, kw_only=True):
    """A form that came after its session had ended: where it goes and what was typed."""

    path: str
    fields: list[Field]


class Resent(NamedTuple):
    """The page of a form that came too late."""

    page: Page

    def view(self, path: str, form: Form) -> ResentView:
        """What is handed back."""
        return ResentView(path=path, fields=[Field(n, v) for n, v in form.fields.items() if n not in SECRET])


async def _error(visit: Visit, asked: None) -> ErrorView:
    problem = visit.problem or Refusal("not-found", "a page of the console")
    return ErrorView(code=problem.code, expected=problem.expected, came=problem.came, do=problem.do)


async def _nothing(visit: Visit, asked: None) -> msgspec.Struct:
    return ErrorView(code="", expected="", came="", do="")


async def _read(visit: Visit, form: Form) -> Go:
    """Keep how somebody reads: with the person where one is signed in, on the device in any case."""
    language, theme = form.text("language"), form.text("theme")
    if language not in BY_CODE or theme not in sessions.THEMES:
        raise Refusal("bad-field", "a language and a look of the lists", f"{language} {theme}"[:60], "choose again", 2)
    if visit.session:
        await sessions.prefer(visit.office, visit.session, language=language, theme=theme)
    visit.cookies |= {"xstock_language": language, "xstock_theme": theme}
    back = form.text("back")
    return Go(back if guard.is_local_path(back) else "/desk")


ERROR = Page("error", "/error", mark("Not shown"), OPEN, _error, open=True)
FILE = Page("error", "/file", mark("File"), "see", _error)
RESENT = Resent(Page("resent", "/resent", mark("Signed out"), OPEN, _nothing, open=True))
READS = Page("error", "/reads", mark("Language and look"), OPEN, _error, acts={"read": _read}, open=True)
