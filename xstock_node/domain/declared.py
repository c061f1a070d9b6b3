"""Lists of declared plates: what the operator of a camera holds, for one corridor and some hours, to tell hits alone.

A list has no plate in it: each is a slow hash (scrypt) under the list's own salt, once as it is written and once with
look-alike letters made one. **That is no secrecy against who holds the list**: plates are few enough to be tried one by
one. It keeps them out of sight, out of searches, and useless once the list has ended. Sources: RFC 7914 (scrypt);
Vienna Convention on Road Traffic 1968, annex 2 (plates in international traffic are in capital Latin letters).
"""

import hashlib
import unicodedata
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

KIND: Final = "xstock.declared-plates.v1"
LONGEST: Final = 48 * 3600
MOST: Final = 200
BYTES: Final = 256 * 1024
SURE: Final = 0.9
"""The least confidence of a reading that needs no person."""

_CYRILLIC: Final = str.maketrans("АВЕІКМНОРСТХУЈЅЗ", "ABEIKMHOPCTXYJS3")
_GREEK: Final = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX")
_ALIKE: Final = str.maketrans("OQDILZSGB", "000112568")

Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?!\n)$")]
Id = Annotated[str, Meta(pattern=r"^[a-z2-7]{26}(?!\n)$")]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One plate: its hash, the hash of its look-alikes, and the convoy that it belongs to."""

    exact: Hash
    alike: Hash
    convoy: Id


class DeclaredList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the signed note says; times unix seconds."""

    kind: Literal["xstock.declared-plates.v1"] = KIND
    node: str
    corridor: Annotated[str, Meta(max_length=64)]
    begins: int
    ends: int
    salt: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}(?!\n)$")]
    entries: Annotated[tuple[Entry, ...], Meta(max_length=MOST)]

    def __post_init__(self) -> None:
        if not 0 < self.ends - self.begins <= LONGEST:
            raise ValueError(f"expected an end at most {LONGEST // 3600} hours after the beginning")

    def find(self, read: str) -> tuple[tuple[str, ...], bool]:
        """The convoys of a plate as a camera read it, and whether it surely is theirs; none where it is on no list."""
        plain = written(read)
        if not plain:
            return (), False
        exact, alike = hashed(plain, self.salt), hashed(skeleton(plain), self.salt)
        sure = tuple(dict.fromkeys(one.convoy for one in self.entries if one.exact == exact))
        return (
            (sure, True)
            if sure
            else (tuple(dict.fromkeys(one.convoy for one in self.entries if one.alike == alike)), False)
        )


def written(plate: str) -> str:
    """A plate without spaces, hyphens and case, its letters as they came: 'ca 1234-bb' is 'CA1234BB'."""
    folded = unicodedata.normalize("NFKC", plate[:64]).upper()
    return "".join(one for one in folded if one.isalnum())[:16]


def declared(plate: str) -> str:
    """A plate as a person wrote it, as it stands in international traffic: Cyrillic and Greek letters are Latin."""
    return written(plate).translate(_CYRILLIC).translate(_GREEK)


def skeleton(plain: str) -> str:
    """A written plate with look-alikes made one, also those of other alphabets: O and 0, I and 1, B and 8."""
    return plain.translate(_CYRILLIC).translate(_GREEK).translate(_ALIKE)


def hashed(text: str, salt: str) -> str:
    """The slow hash of a plate, in hex."""
    return hashlib.scrypt(text.encode(), salt=bytes.fromhex(salt), n=4096, r=8, p=1, dklen=32).hex()


def entry(plate: str, salt: str, convoy: str) -> Entry | None:
    """The entry of a plate; None where it has no letter or digit."""
    plain = declared(plate)
    if not plain:
        return None
    return Entry(exact=hashed(plain, salt), alike=hashed(skeleton(plain), salt), convoy=convoy)
