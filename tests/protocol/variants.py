"""A thousand hand-made ways to write JSON that two readers may understand differently."""

import json
from collections.abc import Iterator

NUMBERS = (
    *("1.0", "1e0", "1E+2", "-0", "01", "+1", "0x1", ".5", "1.", "NaN", "Infinity", "-Infinity"),
    *("9007199254740992", "-9007199254740992", "1e400", "1" + "0" * 400, "1_000", "١"),
)
TEXTS = {
    "raw NUL": b'"a\x00b"',
    "raw control": b'"a\x01b"',
    "raw CR": b'"a\rb"',
    "raw newline": b'"a\nb"',
    "raw tab": b'"a\tb"',
    "lone high surrogate": b'"a\\ud800b"',
    "lone low surrogate": b'"\\udc00"',
    "surrogates in the wrong order": b'"\\ude00\\ud83d"',
    "encoded surrogate": b'"\xed\xa0\x80"',
    "bad UTF-8": b'"\xff"',
    "overlong UTF-8": b'"\xc0\xaf"',
    "half a character": b'"\xe2\x82"',
    "an escape that is none": b'"a\\x41"',
    "half an escape": b'"\\u00"',
    "single quotes": b"'a'",
}
# What looks like a letter and is none, what turns text round, what is not seen at all.
STRANGERS = {
    "Cyrillic": "а",
    "Greek": "ο",
    "fullwidth": "ａ",
    "mathematical": "𝐚",
    "dotless": "ı",
    "combining": "a\u0301",
    "zero width": "\u200b",
    "joiner": "\u200d",
    "soft hyphen": "\u00ad",
    "right to left": "\u202e",
    "isolate": "\u2066",
    "Arabic mark": "\u061c",
    "BOM": "\ufeff",
    "line separator": "\u2028",
    "NUL": "\x00",
    "C1": "\x85",
    "newline": "\n",
}


def escaped(key: str) -> bytes:
    """The same key, its first letter by escape."""
    return f'"\\u{ord(key[0]):04x}{key[1:]}"'.encode()


def of_form(line: bytes) -> Iterator[tuple[str, bytes]]:
    """Variants of a JSON object that no reader may take, whatever its fields mean."""
    value = json.loads(line)
    pairs = [(k, json.dumps(k).encode(), json.dumps(v, ensure_ascii=False).encode()) for k, v in value.items()]
    for place, (key, name, right) in enumerate(pairs):

        def written(*instead: bytes, place: int = place) -> bytes:
            fields = [name + b":" + value for _, name, value in pairs]
            return b"{" + b",".join([*fields[:place], *instead, *fields[place + 1 :]]) + b"}"

        own = name + b":" + right
        yield f"{key}: twice", written(own, own)
        yield f"{key}: twice, apart", written(own)[:-1] + b"," + own + b"}"
        yield f"{key}: twice, by escape", written(escaped(key) + b":0", own)
        yield f"{key}: twice, by escape behind", written(own, escaped(key) + b":0")
        for number in NUMBERS:
            yield f"{key}: {number[:20]}", written(name + b":" + number.encode())
        for kind, text in TEXTS.items():
            yield f"{key}: {kind}", written(name + b":" + text)
        for depth in (17, 3_000):
            yield f"{key}: {depth} deep", written(name + b":" + b"[" * depth + b"]" * depth)
        yield f"{key}: twice inside", written(name + b':{"a":1,"\\u0061":2}')
    yield from {
        "BOM": b"\xef\xbb\xbf" + line,
        "UTF-16": line.decode().encode("utf-16"),
        "two values": line + line,
        "a comma at the end": line[:-1] + b",}",
        "a comment": line[:-1] + b"/**/}",
        "cut": line[:-1],
        "a list": b"[" + line + b"]",
    }.items()


def of_names(line: bytes, *fields: str) -> Iterator[tuple[str, bytes]]:
    """Variants in which a name, id, code or hash holds a stranger, as it is and by escape."""
    value = json.loads(line)
    for field in fields:
        text = value[field][0] if isinstance(value[field], list) else value[field]
        for kind, stranger in STRANGERS.items():
            for where, odd in (
                ("behind", text + stranger),
                ("first", stranger + text),
                ("for one", stranger + text[1:]),
            ):
                changed = value | {field: [odd] if isinstance(value[field], list) else odd}
                yield f"{field}: {kind} {where}, by escape", json.dumps(changed).encode()
                if ord(stranger[0]) >= 0x20:
                    yield f"{field}: {kind} {where}", json.dumps(changed, ensure_ascii=False).encode()
