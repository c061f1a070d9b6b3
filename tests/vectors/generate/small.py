"""Names, numbers, base64, log ids, paths and content codings."""

import hashlib
import zlib

from tests.vectors.generate.form import Subject
from tests.vectors.generate.people import BG, HR
from xstock_node.protocol.names import LogId

HASH = hashlib.sha256(b"blob").hexdigest()


def names() -> Subject:
    """Spellings."""
    found = Subject("names", "Base64, numbers, JSON and names as signed text and paths spell them.")
    for name, text, expect in (("no bytes", "", ""), ("one byte", "YQ==", "61"), ("two bytes", "YWI=", "6162")):
        found.ok(f"base64 of {name}", "1.2", "base64", {"hex": expect}, sent=text.encode())
    for name, text in (
        ("without padding", "YQ"),
        ("with trailing bits that are not zero", "YR=="),
        ("of the URL alphabet", "_-8="),
        ("with a newline", "YQ==\n"),
        ("with a space inside", "YW I="),
        ("with padding in the middle", "YQ==YQ=="),
    ):
        found.bad(f"base64 {name}", "1.2", "base64", "malformed", sent=text.encode())
    found.ok("number 0", "1.3", "number", {"number": 0}, sent=b"0")
    found.ok("the largest number", "1.3", "number", {"number": 2**53 - 1}, sent=b"9007199254740991")
    for name, text in (
        ("2^53", "9007199254740992"),
        ("with a leading zero", "01"),
        ("with a sign", "+1"),
        ("below zero", "-1"),
        ("with digits of another script", "٣"),
        ("with an exponent", "1e3"),
        ("of no digits", ""),
    ):
        found.bad(f"number {name}", "1.3", "number", "malformed", sent=text.encode())
    _json(found)
    _node_names(found)
    _log_ids(found)
    return found


def _json(found: Subject) -> None:
    deep = b"[" * 16 + b"]" * 16
    found.ok("JSON 16 deep", "1.4", "json", "holds", sent=deep)
    found.ok("JSON with brackets in a text", "1.4", "json", "holds", sent=b'{"a":"' + b"[" * 40 + b'"}')
    found.ok("JSON with the smallest integer", "1.4", "json", "holds", sent=b'{"a":-9007199254740991}')
    for name, sent in (
        ("17 deep", b"[" * 17 + b"]" * 17),
        ("with a duplicate key", b'{"a":1,"a":1}'),
        ("with a duplicate key spelt otherwise", b'{"a":1,"\\u0061":2}'),
        ("with a fraction", b'{"a":1.0}'),
        ("with an exponent", b'{"a":1e2}'),
        ("with -0", b'{"a":-0}'),
        ("with 2^53", b'{"a":9007199254740992}'),
        ("with NaN", b'{"a":NaN}'),
        ("with a lone surrogate", b'{"a":"\\ud800"}'),
        ("with bad UTF-8", b'{"a":"\xc3\x28"}'),
        ("with a byte order mark", b"\xef\xbb\xbf{}"),
        ("with something after it", b"{} {}"),
    ):
        found.bad(f"JSON {name}", "1.4", "json", "malformed", sent=sent)


def _node_names(found: Subject) -> None:
    for name, text in (("a country's society", BG), ("100 characters", "a" * 60 + "." + "b" * 39)):
        found.ok(f"node name: {name}", "2.1", "node-name", {"name": text}, sent=text.encode())
    for name, text in (
        ("no dot", "redcross"),
        ("upper case", "Redcross.bg"),
        ("101 characters", "a" * 60 + "." + "b" * 40),
        ("a part of 64", "a" * 64 + ".bg"),
        ("an empty part", "redcross..bg"),
        ("a final dot", "redcross.bg."),
        ("a newline after it", "redcross.bg\n"),
        ("letters that look alike", "redcrоss.bg"),
        ("an underscore", "red_cross.bg"),
    ):
        found.bad(f"node name: {name}", "2.1", "node-name", "malformed", sent=text.encode())
    found.bad("label of 33 characters", "2.2", "label", "malformed", sent=b"a" * 33)
    found.bad("label with a dot", "2.2", "label", "malformed", sent=b"see.pub")


def _log_ids(found: Subject) -> None:
    for text, clause, values in (
        ("redcross.bg/xs1/see.pub/1790000000", "2.3", ("see", "pub", False, True)),
        ("redcross.bg/xs1/see.x-flood27/7", "2.8", ("see", "x-flood27", True, True)),
        ("redcross.bg/xs1/see.sava/7", "2.9", ("see", "sava", False, False)),
        ("redcross.bg/xs1/see.xsava/7", "2.9", ("see", "xsava", True, False)),
        ("redcross.bg/xs1/see.audit/7", "2.6", ("see", "audit", False, True)),
    ):
        network, label, exercise, is_for_all = values
        expect = {"node": BG, "network": network, "label": label, "epoch": int(text.rpartition("/")[2])}
        expect |= {"exercise": exercise, "for_all": is_for_all}
        found.ok(f"log id {text}", clause, "log-id", expect, sent=text.encode())
    for name, text in (
        ("of another protocol", f"{BG}/xs2/see.pub/1"),
        ("with an epoch that begins with 0", f"{BG}/xs1/see.pub/01"),
        ("without epoch", f"{BG}/xs1/see.pub"),
        ("with three labels", f"{BG}/xs1/a.b.c/1"),
        ("with an escape", f"{BG}/xs1/see%2Epub/1"),
    ):
        found.bad(f"log id {name}", "2.3", "log-id", "malformed", sent=text.encode())


def paths() -> Subject:
    """Paths and error answers."""
    found = Subject("paths-and-errors", "What a method and a target mean; what an error looks like as an answer.")
    log = LogId(BG, "see.pub", 7)
    for method, target, name, clause, args in (
        ("GET", "/xs/1/charter/see/latest", "charter", "10.3", {"network": "see", "version": "latest"}),
        ("POST", "/xs/1/apply", "apply", "10.4", {}),
        ("POST", "/xs/1/callback", "callback", "10.5", {}),
        ("GET", f"/xs/1/identity/{HR}", "identity", "10.2", {"name": HR}),
        ("GET", f"/xs/1/log/{log.node}/{log.log}/7/head", "head", "10.9", {"node": BG, "log": "see.pub", "epoch": "7"}),
        (
            "GET",
            f"/xs/1/log/{log.node}/{log.log}/7/proof/3?size=9",
            "proof",
            "10.9",
            {"node": BG, "log": "see.pub", "epoch": "7", "index": "3", "size": "9"},
        ),
        ("POST", "/xs/1/inbox", "inbox", "10.10", {}),
        ("GET", f"/xs/1/cases?with={BG}", "cases", "10.10", {"with": BG}),
        ("GET", f"/xs/1/blob/{HASH}", "blob", "10.10", {"hash": HASH}),
        ("PUT", f"/xs/1/relay/{HR}/{HASH}", "relay.put", "10.11", {"name": HR, "hash": HASH}),
        ("GET", f"/xs/1/relay/{HR}", "relay.list", "10.11", {"name": HR}),
        ("DELETE", f"/xs/1/relay/{HR}/{HASH}", "relay.delete", "10.11", {"name": HR, "hash": HASH}),
        ("POST", "/xs/1/witness", "witness", "10.12", {}),
    ):
        given = {"method": method, "target": target}
        found.ok(f"{method} {target}", clause, "path", {"path": name, "parts": args}, given)
    for name, clause, method, target in (
        ("an escape in a log id", "2.4", "GET", f"/xs/1/log/{BG}/see%2Epub/7/head"),
        ("another method", "10.10", "GET", "/xs/1/inbox"),
        ("a version that is not spoken", "10.1", "GET", f"/xs/2/identity/{HR}"),
        ("a part too many", "10.9", "GET", f"/xs/1/log/{BG}/see.pub/7/head/x"),
    ):
        found.bad(name, clause, "path", "not-found", {"method": method, "target": target})
    for code, status in (
        *(("malformed", 400), ("unsigned", 401), ("bad-signature", 401), ("clock", 401), ("not-found", 404)),
        *(("gap", 409), ("fork", 409), ("mismatch", 409), ("rollback", 409), ("held", 202), ("too-large", 413)),
        *(("coding", 415), ("quota", 429), ("full", 507)),
    ):
        found.ok(f"status of {code}", "9.5", "problem", {"type": f"urn:xs1:{code}", "status": status}, {"code": code})
    found.ok("status of step", "16.13", "problem", {"type": "urn:xs1:step", "status": 409}, {"code": "step"})
    return found


def _stored(data: bytes) -> bytes:
    """A gzip member of stored blocks: the same bytes with every compressor."""
    packer = zlib.compressobj(0, zlib.DEFLATED, -15)
    raw = packer.compress(data) + packer.flush()
    tail = zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + raw + tail


def _zeros(count: int) -> bytes:
    """A gzip member of `count` zero bytes in one block of fixed codes, `count` = 1 + 258 * n."""
    repeats, rest = divmod(count - 1, 258)
    assert not rest
    # Block header (final, fixed codes), literal 0, then n times length 258 with distance 1, then the end.
    bits = "1" + "10" + "00110000" + ("11000101" + "00000") * repeats + "0000000"
    bits += "0" * (-len(bits) % 8)
    raw = bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))
    data = bytes(count)
    assert zlib.decompress(raw, -15) == data
    tail = zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + raw + tail


def coding() -> Subject:
    """Content codings."""
    found = Subject("gzip", "What a body is after its content coding; `most` is the bound of its path.")
    text = b'{"network":"see"}'
    whole = {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}
    given = {"coding": "gzip", "most": 262144}
    found.ok("one member", "9.7", "coding", whole, given, _stored(text))
    found.ok("no coding", "9.7", "coding", whole, {"coding": "", "most": 262144}, text)
    small = 1 + 258 * 7
    expect = {"bytes": small, "sha256": hashlib.sha256(bytes(small)).hexdigest()}
    found.ok("1,807 zeros within 32 times of 64 bytes", "9.7", "coding", expect, given, _zeros(small))
    found.bad("a bomb: 99,847 zeros out of few bytes", "9.7", "coding", "too-large", given, _zeros(1 + 258 * 387))
    found.bad("more than the path takes", "21.1", "coding", "too-large", given | {"most": 16}, _stored(text))
    found.bad("more than the path takes, not packed", "21.1", "coding", "too-large", {"coding": "", "most": 16}, text)
    found.bad("a member cut short", "9.7", "coding", "malformed", given, _stored(text)[:-3])
    found.bad("two members", "9.7", "coding", "malformed", given, _stored(text) + _stored(text))
    altered = bytearray(_stored(text))
    altered[-8] ^= 1
    found.bad("a wrong check sum", "9.7", "coding", "malformed", given, bytes(altered))
    found.bad("no gzip at all", "9.7", "coding", "malformed", given, text)
    for other in ("br", "deflate", "gzip, gzip", "zstd"):
        found.bad(f"coding {other}", "9.7", "coding", "coding", {"coding": other, "most": 262144}, text)
    return found
