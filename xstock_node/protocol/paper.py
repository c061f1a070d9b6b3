"""A secret on paper: 32 bytes as eight lines of letters, each with a check, so that a wrong line is named.

A line is four bytes in base32 (seven letters, grouped four and three) and two letters that check it together with its
number: a line that was misread or swapped is found at once.
"""

import base64
import hashlib

from xstock_node.protocol.errors import ProtocolError

LINES = 8
WIDTH = 4


def write(secret: bytes) -> list[str]:
    """Eight lines such as `1  MFRA-TCY  QW`."""
    if len(secret) != LINES * WIDTH:
        raise ValueError(f"a secret of {LINES * WIDTH} bytes")
    lines = []
    for number in range(LINES):
        part = secret[number * WIDTH : (number + 1) * WIDTH]
        letters = base64.b32encode(part).decode().rstrip("=")
        lines.append(f"{number + 1}  {letters[:4]}-{letters[4:]}  {_check(number, part)}")
    return lines


def read(text: str) -> bytes:
    """The secret of eight lines as somebody typed them; names the first line that does not fit."""
    lines = [line for line in text.upper().splitlines() if line.strip()]
    if len(lines) != LINES:
        raise ProtocolError(f"{LINES} lines", f"{len(lines)}", "type every line, with its number")
    secret = b""
    for number, line in enumerate(lines):
        words = line.replace("-", "").replace("0", "O").replace("8", "B").split()
        letters = "".join(words[1:])
        try:
            part = base64.b32decode(letters[:7] + "=")
        except ValueError:
            part = b""
        if len(part) != WIDTH or letters[7:] != _check(number, part):
            raise ProtocolError(f"line {number + 1} as it was printed", line, "look at that line again")
        secret += part
    return secret


def _check(number: int, part: bytes) -> str:
    digest = hashlib.sha256(b"xs1/paper\n" + bytes([number]) + part).digest()
    return base64.b32encode(digest[:5]).decode()[:2]
