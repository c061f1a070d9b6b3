"""Hostile inputs from valid ones: bytes flipped, tokens replaced by boundary values, lines moved, samples spliced.

Stateless: an input follows from the random source alone, so that seed and number replay it.
"""

import re
from collections.abc import Callable, Sequence
from random import Random

TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*"|-?[0-9]+|[A-Za-z0-9+/]{8,}={0,2}|[A-Za-z_.-]+|[^\n -~]+|[\[\]{}:,/#@ \n]')
NUMBERS = [
    *(b"0", b"1", b"-1", b"-0", b"00", b"01", b"+1", b"1.0", b"1e3", b"1E400", b"NaN", b"-Infinity", b"0x10", b"1_0"),
    *(str(2**power + more).encode() for power in (7, 8, 15, 16, 31, 32, 53, 63, 64) for more in (-1, 0, 1)),
    *(b"253402300799", b"253402300800", b"9" * 16, b"9" * 17, b"9" * 5000, b"-" + b"9" * 400, "٣".encode()),
]
TEXTS = [
    *(b'""', b'"a"', b'"\\u0000"', b'"\\ud800"', b'"\\ud83d\\ude00"', b'"\\n"', b'"\xff"', b'"\xed\xa0\x80"'),
    *('"\u202e"'.encode(), '"\u2028"'.encode(), '"\ufeff"'.encode(), b'"\\u', b'"\\', b'"' + b"a" * 300 + b'"'),
    *(b'"t"', b'"id"', b'"crit"', b"null", b"true", b"[]", b"{}", b"[[]]", b'{"a":1,"a":2}', b'"offer"', b"1e9"),
]
MARKS = [
    *(b"\n", b"\n\n", b"\r\n", b"\r", b"\0", b"\x7f", b"\t", b" ", b"  ", b"=", b"==", b"/", b"/xs1/", b"..", b"\xff"),
    *("— ".encode(), b"\xe2\x80", b"@ ", b"#", b"# ", b" roots", b"min ", b"time ", b"base ", b"base - 0 -", b"index "),
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", "Ⅷ".encode(), "ſ".encode(), b"\xef\xbb\xbf", b"\xc0\xaf"),
]
RUNS = (2, 15, 16, 17, 63, 64, 65, 100, 255, 256, 257, 1000, 4096, 8191, 8192, 8193)
Change = Callable[[Random, bytes, "Mutator"], bytes]


class Mutator:
    """Makes inputs of at most `most` bytes from `samples`."""

    def __init__(self, samples: Sequence[bytes], most: int) -> None:
        self.samples, self.most = tuple(samples), most
        self._spans = [[match.span() for match in TOKEN.finditer(sample)] for sample in self.samples]

    def make(self, random: Random) -> bytes:
        """The next input."""
        kind = random.random()
        if kind < 0.01:
            return random.randbytes(random.choice((0, 1, 2, 4, 32, 64, 300)))
        number = random.randrange(len(self.samples))
        data = self.samples[number]
        if kind < 0.02:
            return data
        if kind < 0.6:
            data = self._change_token(random, data, self._spans[number])
        while True:
            if kind >= 0.3:
                data = CHANGES[int(random.random() * len(CHANGES))](random, data, self)
            if random.random() < 0.6:
                return data[: self.most]
            kind = 1.0

    def token(self, random: Random) -> bytes:
        """Any token of any sample."""
        number = random.randrange(len(self.samples))
        if not self._spans[number]:
            return b""
        start, end = random.choice(self._spans[number])
        return self.samples[number][start:end]

    def _change_token(self, random: Random, data: bytes, spans: list[tuple[int, int]]) -> bytes:
        if not spans:
            return data
        start, end = spans[int(random.random() * len(spans))]
        token = data[start:end]
        act = random.random()
        if act < 0.5:
            new = random.choice(TEXTS if token[:1] == b'"' else NUMBERS if token[-1:].isdigit() else MARKS)
        elif act < 0.65:
            new = self.token(random)
        elif act < 0.75:
            new = b""
        elif act < 0.85:
            new = token + token
        else:
            new = random.choice(random.choice((TEXTS, NUMBERS, MARKS)))
        return data[:start] + new + data[end:]


def _flip(random: Random, data: bytes, mutator: Mutator) -> bytes:
    if not data:
        return b"\x01"
    position = int(random.random() * len(data))
    changed = bytes([data[position] ^ (1 << int(random.random() * 8))])
    return data[:position] + changed + data[position + 1 :]


def _set(random: Random, data: bytes, mutator: Mutator) -> bytes:
    position = int(random.random() * (len(data) + 1))
    return data[:position] + bytes([int(random.random() * 256)]) + data[position + 1 :]


def _insert(random: Random, data: bytes, mutator: Mutator) -> bytes:
    position = int(random.random() * (len(data) + 1))
    return data[:position] + random.choice(random.choice((MARKS, TEXTS, NUMBERS))) + data[position:]


def _delete(random: Random, data: bytes, mutator: Mutator) -> bytes:
    position = int(random.random() * (len(data) + 1))
    return data[:position] + data[position + random.choice((1, 1, 2, 4, 16, 64)) :]


def _cut(random: Random, data: bytes, mutator: Mutator) -> bytes:
    return data[: int(random.random() * (len(data) + 1))]


def _duplicate(random: Random, data: bytes, mutator: Mutator) -> bytes:
    start = int(random.random() * (len(data) + 1))
    piece = data[start : start + random.choice((1, 4, 45, 200))]
    return data[:start] + piece * random.choice((2, 2, 3, 17)) + data[start + len(piece) :]


def _splice(random: Random, data: bytes, mutator: Mutator) -> bytes:
    other = random.choice(mutator.samples)
    return data[: int(random.random() * (len(data) + 1))] + other[int(random.random() * (len(other) + 1)) :]


def _lines(random: Random, data: bytes, mutator: Mutator) -> bytes:
    """A line twice, gone, moved, or taken from another sample."""
    lines = data.split(b"\n")
    first, second = int(random.random() * len(lines)), int(random.random() * len(lines))
    act = int(random.random() * 4)
    if act == 0:
        lines.insert(second, lines[first])
    elif act == 1:
        del lines[first]
    elif act == 2:
        lines[first], lines[second] = lines[second], lines[first]
    else:
        lines[first] = random.choice(random.choice(mutator.samples).split(b"\n"))
    return b"\n".join(lines)


def _run(random: Random, data: bytes, mutator: Mutator) -> bytes:
    """A long run of one byte or mark, or deep nesting, closed or not."""
    position = int(random.random() * (len(data) + 1))
    count = random.choice(RUNS)
    if random.random() < 0.3:
        opens, closes = random.choice(((b"[", b"]"), (b'{"a":', b"}")))
        run = opens * count + random.choice((b"", b"1", closes * count))
    else:
        run = random.choice(MARKS) * count
    return data[:position] + run + data[position:]


CHANGES: tuple[Change, ...] = (
    *(_flip, _flip, _flip, _set, _set, _insert, _insert, _delete, _delete),
    *(_cut, _duplicate, _splice, _lines, _lines),
    _run,
)
EXTREME_PIECES = (
    *(
        b"\0",
        b"\xff",
        b" ",
        b"\n",
        b"\n\n",
        b"a",
        b"a\n",
        b"/",
        b".",
        b"0",
        b"9",
        b"[",
        b"{",
        b'{"a":',
        b"[],",
        b'"',
        b"\\",
    ),
    *(b'"\\', b"#", b"#\n", b"@ ", b"{}\n", "— ".encode(), "— a AAAAAAA=\n".encode(), "é".encode(), b"a/", b"0,"),
)


def extremes(samples: Sequence[bytes], most: int) -> list[bytes]:
    """Inputs as long as the decoder takes: one piece for ever, alone, behind a sample's beginning, and in a list."""
    found = []
    for piece in EXTREME_PIECES:
        run = piece * (most // len(piece))
        found.append(run)
        for sample in samples[:2]:
            for share in (3, 2):
                begin = sample[: len(sample) // share]
                found.append((begin + run)[:most])
    found.append(b"[" + b"0," * ((most - 3) // 2) + b"0]")
    found.append(b'{"a":"' + b"a" * (most - 8) + b'"}')
    found.append(b"[" + b'"\\u0061",' * ((most - 12) // 9) + b"0]")
    found += [(sample + b"\n") * (most // (len(sample) + 1)) for sample in samples[:4] if len(sample) < most]
    return [data[:most] for data in found]
