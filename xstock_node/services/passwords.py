"""What a password must be: long, not common, not its person; the whole of it counts (NIST SP 800-63B 5.1.1.2).

Nothing is demanded of its characters, and it never ends by the calendar.
"""

import unicodedata
from typing import Final

from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal

LEAST: Final = 12
_DISTINCT: Final = 5
_RUNS: Final = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv")
_COMMON: Final = (
    "password", "passwort", "parola", "lozinka", "letmein", "welcome", "iloveyou", "administrator", "admin", "changeme",
    "xstock", "redcross", "croixrouge", "crvenikrst", "crvenikriz", "secret", "sunshine", "football", "monkey",
    "dragon", "princess", "superman", "trustno",
)  # fmt: skip
"""Words that the commonest passwords are built of; something must be left without them and without digits."""


def normal(typed: str) -> str:
    """A password in one form, however a keyboard composed it."""
    return unicodedata.normalize("NFKC", typed)


def expect_strong(typed: str, person: str) -> str:
    """The password in its one form; raises Refusal that says what is wrong with it."""
    password = normal(typed)
    expected = f"a password of {LEAST} to {limits.PASSWORD} characters, such as four words"
    if not LEAST <= len(password) <= limits.PASSWORD:
        raise Refusal("bad-password", expected, f"{len(password)} characters", "choose another", 2)
    if len(set(password.casefold())) < _DISTINCT or _is_common(password.casefold(), person):
        raise Refusal("bad-password", expected, "one of those that are tried first", "choose another", 2)
    return password


def _is_common(password: str, person: str) -> bool:
    """Whether hardly anything is left of a password without common words, rows of keys and the person's name."""
    left = password.translate(str.maketrans("@013457$", "aoieast$"))
    for word in (person.casefold(), *_COMMON):
        left, password = left.replace(word, ""), password.replace(word, "")
    for run in _RUNS:
        for row in (run, run[::-1]):
            for size in range(len(row), 3, -1):
                for at in range(len(row) - size + 1):
                    left, password = left.replace(row[at : at + size], ""), password.replace(row[at : at + size], "")
    return min(len(_letters(left)), len(_letters(password))) < 4


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalpha())
