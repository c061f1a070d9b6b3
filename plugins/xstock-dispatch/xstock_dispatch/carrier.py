"""The carrier: posts our answers to a dispatch centre, and reads its ACK or ERROR."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from xstock_dispatch.documents import read_answer
from xstock_node.plugins import Context, Document, Unauthorised, Unavailable, read_secret
from xstock_node.plugins.interchange import Carried

SECONDS: Final = 5.0
"""How long a centre may take to say ACK or ERROR."""
_SAID: Final = (200, 201, 202, 400, 409, 413, 415, 422)


class CarrierSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`url` is where the centre takes EMSI; `token_file` the file with its bearer token, where it wants one."""

    url: Annotated[str, Meta(pattern=r"^https?://\S+(?!\n)$", max_length=500)]
    token_file: str = ""


class Carrier:
    """The carrier `dispatch-answers`."""

    name = "dispatch-answers"
    title = "Answers to a dispatch centre by HTTP"
    settings = CarrierSettings

    async def carry(self, context: Context, document: Document) -> Carried:
        """ACK, or 2xx without a word, is taken; ERROR or a refusal of what was sent is not; all else is tried again."""
        settings: CarrierSettings = context.settings
        headers = {"Content-Type": document.media}
        if settings.token_file:
            headers["Authorization"] = f"Bearer {read_secret(context.folder, settings.token_file).strip()}"
        answer = await context.http.request(
            "POST", settings.url, headers=headers, body=document.content, timeout=SECONDS
        )
        if answer.status in (401, 403):
            raise Unauthorised(f"expected the token to be known; came {answer.status}; look at {settings.token_file}")
        if answer.status not in _SAID:
            raise Unavailable(f"expected ACK or ERROR; came {answer.status}", _wait(answer.headers.get("retry-after")))
        word, reason = read_answer(answer.body)
        if word == "ERROR" or answer.status >= 400:
            return Carried(taken=False, reason=(reason or f"{answer.status}")[:1000])
        return Carried(taken=True)


def _wait(text: str | None) -> float:
    return float(text) if text is not None and text.isascii() and text.isdigit() else 0.0
