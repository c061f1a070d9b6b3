"""Passkeys (WebAuthn level 3): the questions to a browser and the judgement of its answers, without memory.

A passkey belongs to the host of the console's address; the person shows face, finger or PIN each time, and the browser
finds the passkey without a name being typed.
"""

from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from xstock_node.protocol import limits
from xstock_node.services.credentials import Passkey

TIMEOUT_MS: Final = limits.SIGN_IN_SECONDS * 1000
_ID_MAX: Final = 1023  # WebAuthn 3, 4: Credential ID
_KEY_MAX: Final = 4096


class Place(NamedTuple):
    """Where a console is, as a browser writes it: `https://console.example.org`, `http://localhost:8440`."""

    origin: str

    @property
    def host(self) -> str:
        """What passkeys made there are bound to."""
        return urlsplit(self.origin).hostname or ""

    @property
    def takes_passkeys(self) -> bool:
        """Whether a passkey can be made there: by https under a name, or on this machine as `localhost`."""
        parts = urlsplit(self.origin)
        is_name = any(c.isalpha() for c in self.host) and ":" not in self.host
        return is_name and (parts.scheme == "https" or self.host == "localhost")


class Made(NamedTuple):
    """A passkey that a browser made: its id, its public key (COSE), how often it says that it signed."""

    id: bytes
    key: bytes
    signed: int


class _Answer(msgspec.Struct, frozen=True):
    id: str


def options_to_make(
    place: Place, node: str, person: str, handle: bytes, known: tuple[Passkey, ...], asks: bytes
) -> str:
    """What a browser needs to make a passkey for a person, as JSON; those that the person has are not made twice."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    return options_to_json(
        generate_registration_options(
            rp_id=place.host,
            rp_name=node,
            user_name=person,
            user_id=handle,
            challenge=asks,
            timeout=TIMEOUT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=key.id) for key in known],
        )
    )


def options_to_show(place: Place, asks: bytes) -> str:
    """What a browser needs to show a passkey of whoever sits there, as JSON."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=place.host, challenge=asks, timeout=TIMEOUT_MS, user_verification=UserVerificationRequirement.REQUIRED
    )
    return options_to_json(options)


def id_of(answer: bytes) -> bytes | None:
    """Which passkey an answer says it is of; None where it says nothing that could be one."""
    from webauthn import base64url_to_bytes

    if len(answer) > limits.PASSKEY_ANSWER:
        return None
    try:
        found = base64url_to_bytes(msgspec.json.decode(answer, type=_Answer).id)
    except (msgspec.MsgspecError, UnicodeError, ValueError):
        return None
    return found if 0 < len(found) <= _ID_MAX else None


def made(answer: bytes, place: Place, asked: bytes) -> Made | None:
    """The passkey that a browser made for a question; None where the answer does not hold."""
    from webauthn import verify_registration_response

    if id_of(answer) is None:
        return None
    try:
        found = verify_registration_response(
            credential=answer.decode(),
            expected_challenge=asked,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except Exception:  # what a stranger sends makes the library and its parsers raise whatever they like
        return None
    if not 0 < len(found.credential_id) <= _ID_MAX or len(found.credential_public_key) > _KEY_MAX:
        return None
    return Made(found.credential_id, found.credential_public_key, found.sign_count)


def shown(answer: bytes, place: Place, asked: bytes, key: Passkey) -> int | None:
    """How often a passkey says that it signed, where its answer to a question holds; else None.

    A count that does not rise is that of a copy (WebAuthn 3, 6.1.1) and does not hold.
    """
    from webauthn import verify_authentication_response

    if id_of(answer) != key.id:
        return None
    try:
        found = verify_authentication_response(
            credential=answer.decode(),
            expected_challenge=asked,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=key.key,
            credential_current_sign_count=key.count,
            require_user_verification=True,
        )
    except Exception:  # as above
        return None
    return found.new_sign_count
