"""The interface to accounts that people have elsewhere: a provider says who somebody is. Since API level 7.

The node makes the question, its one-time `state` and its `secret`, and decides whom an account belongs to: only
somebody who is signed in connects one. The provider never makes people, and gives no roles.
"""

from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from xstock_node.plugins.context import Context
from xstock_node.protocol import limits

Short = Annotated[str, Meta(max_length=200)]
Address = Annotated[
    str, Meta(pattern=r"^https?://[^\s\x00-\x1f\x7f\"'<>\\]+(?!\n)$", max_length=limits.SIGN_IN_ADDRESS)
]
Secret = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?!\n)$")]


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What people call the provider: the `label` stands on the button."""

    label: Annotated[str, Meta(min_length=1, max_length=80)]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Who is it? The browser comes back to the address `back` with the `state`.

    `secret` (256 bits, hexadecimal) belongs to this question alone and comes again with the answer: what a standard
    needs to keep between the two (a nonce, a verifier) is made of it. It never goes out as it is.
    """

    back: Address
    state: Annotated[str, Meta(max_length=limits.SIGN_IN_STATE)]
    secret: Secret


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """Where the browser goes to be asked."""

    url: Address


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """With what the browser came back to `back`, whoever wrote it, and the `secret` of the question."""

    back: Address
    query: dict[Short, Annotated[str, Meta(max_length=limits.SIGN_IN_ADDRESS)]]
    secret: Secret


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who it is: the `subject` that the `issuer` gives to nobody else, ever, and the `name` that people know it by."""

    issuer: Annotated[str, Meta(min_length=1, max_length=500)]
    subject: Annotated[str, Meta(min_length=1, max_length=255)]
    name: Short = ""


class IdentityProvider(Protocol):
    """A provider of accounts. On where its file of settings exists. Since API level 7."""

    name: str
    title: str

    @property
    def settings(self) -> type[msgspec.Struct]:
        """The type of its settings."""
        ...

    async def describe(self, context: Context) -> Described:
        """What people call it; asks nobody."""
        ...

    async def begin(self, context: Context, question: Question) -> Way:
        """Where the browser goes."""
        ...

    async def finish(self, context: Context, answer: Answer) -> Account:
        """Whose the answer is; raises `Declined` for one that is no proof."""
        ...
