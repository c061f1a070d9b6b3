"""Digests, buckets and transcripts of gossip, told from outside: what one node is asked and must answer."""

import hashlib
from typing import Any

from tests.vectors.generate import naive
from tests.vectors.generate.form import Subject, b64
from tests.vectors.generate.heads import LINES
from tests.vectors.generate.people import AT, BG, HR, NOW, RS, SECOND, SIGNER, head, identity_of, signed
from tests.vectors.generate.streams import frame
from xstock_node.protocol import forks, heads, notes
from xstock_node.protocol.heads import Head

GOSSIP, BUCKETS, PULL, PUSH = (f"/xs/1/{word}" for word in ("gossip", "buckets", "pull", "push"))
NODE = {
    "identity": identity_of(HR).decode(),
    "seed": "02" * 32,
    "pins": [identity_of(BG).decode(), identity_of(RS).decode()],
    "log": "see.pub",
    "now": NOW,
}
OWN = head([], name=HR, log=head([]).log._replace(node=HR, epoch=NOW))
ONE, TWO = head(LINES[:1], time=NOW - 9), head(LINES[:2])
FIRST_NOTES = [identity_of(HR).decode(), signed(OWN).decode()]
Step = tuple[dict[str, Any], Any]


def line_of(found: Head) -> str:
    """A log's line, without its newline."""
    return f"{found.log} {found.size} {b64(found.root)}"


def all_of(*held: Head) -> str:
    """The digest of these logs, by its definition."""
    return hashlib.sha256("".join(sorted(f"{line_of(one)}\n" for one in held)).encode()).hexdigest()


def ask(caller: str, path: str, send: Any, answer: Any, method: str = "POST") -> Step:
    """A step and its answer."""
    return {"caller": caller, "method": method, "path": path, "send": send}, answer


def round_of(caller: str, cursor: str, *held: Head, **more: Any) -> Step:
    """A round: what is sent (`notes`, `frames`, `was` the cursor given, `knows` its digest) and what comes back."""
    send: dict[str, Any] = {"network": "see"}
    if "was" in more:
        send["cursor"] = more.pop("was")
    if "knows" in more:
        send["all"] = more.pop("knows")
    for word in ("notes", "frames"):
        if word in more:
            send[word] = more.pop(word)
    answer = {"cursor": cursor, "all": all_of(*held)}
    if "gives" in more:
        answer["notes"] = more.pop("gives")
    return ask(caller, GOSSIP, send, answer | more)


def gossip() -> Subject:
    """Gossip."""
    about = "Requests to `node`, started empty at `now`, and its answers in order. `$1`, `$2` stand for cursors."
    found = Subject("gossip-transcripts", about)
    _digests(found)
    want = [{"log": str(ONE.log), "start": 0}]
    carried = frame(LINES[:1]).decode()
    one, two = signed(ONE).decode(), signed(TWO).decode()
    first = round_of(BG, "$1", OWN, gives=FIRST_NOTES)
    _tell(
        found, "idle: nothing new on either side", "11.5", first, round_of(BG, "$1", OWN, was="$1", knows=all_of(OWN))
    )
    _tell(
        *(found, "one change: a head with its record, then a third node asks", "11.6", first),
        round_of(BG, "$2", OWN, ONE, was="$1", notes=[one], frames=carried),
        round_of(RS, "$2", OWN, ONE, gives=[*FIRST_NOTES, one]),
    )
    _tell(
        *(found, "unknown cursor: everything from the start", "11.3", first),
        round_of(BG, "$1", OWN, was="another.1", gives=FIRST_NOTES),
    )
    _tell(
        found,
        "unknown cursor, but the digests agree: nothing",
        "11.4",
        round_of(BG, "$1", OWN, was="x.9", knows=all_of(OWN)),
    )
    _tell(
        *(found, "undiallable initiator: it is asked to push, and the records go on", "11.7"),
        round_of(BG, "$1", OWN, notes=[one], gives=FIRST_NOTES, want=want),
        ask(BG, PUSH, one + carried, {"taken": 1}),
        round_of(RS, "$2", OWN, ONE, gives=[*FIRST_NOTES, one]),
        ask(RS, PULL, {"ranges": [{"log": str(ONE.log), "start": 0, "count": 9}]}, carried),
    )
    _tell(
        *(found, "a prefix is taken and the rest asked for", "11.7", first),
        round_of(BG, "$2", OWN, ONE, was="$1", notes=[one], frames=carried),
        round_of(BG, "$2", OWN, ONE, was="$2", notes=[two], want=[{"log": str(ONE.log), "start": 1}]),
        ask(BG, PUSH, two + frame(LINES[1:2], 1).decode(), {"taken": 1}),
    )
    _tell(
        *(found, "walk: few logs are listed line by line", "11.12", first),
        round_of(BG, "$2", OWN, ONE, was="$1", notes=[one], frames=carried),
        ask(RS, BUCKETS, {"network": "see"}, {"logs": sorted([line_of(OWN), line_of(ONE)])}),
        ask(RS, f"/xs/1/log/{BG}/see.pub/{ONE.log.epoch}/head", "", one, "GET"),
    )
    bucket = hashlib.sha256(str(ONE.log).encode()).digest()[0]
    _tell(
        *(found, "walk: the lines of one bucket", "11.12", first),
        round_of(BG, "$2", OWN, ONE, was="$1", notes=[one], frames=carried),
        ask(RS, BUCKETS, {"network": "see", "bucket": bucket}, {"logs": [line_of(ONE)]}),
        ask(RS, BUCKETS, {"network": "see", "bucket": (bucket + 1) % 256}, {}),
    )
    _mail(found)
    _forks(found)
    _refused(found)
    return found


def _tell(found: Subject, name: str, clause: str, *steps: Step) -> None:
    given = {"node": NODE, "steps": [step for step, _ in steps]}
    found.ok(name, clause, "transcript", [answer for _, answer in steps], given)


def _digests(found: Subject) -> None:
    lines = [line_of(one) for one in (OWN, TWO, head(LINES[:3], name=RS))]
    for name, some in (("nothing", []), ("one log", lines[:1]), ("three logs, sorted bytewise", lines)):
        digest = hashlib.sha256("".join(sorted(f"{one}\n" for one in some)).encode()).hexdigest()
        found.ok(f"digest of {name}", "11.4", "digest", {"all": digest}, {"lines": some})
    log = str(ONE.log)
    found.ok(
        "bucket of a log id", "11.12", "bucket", {"bucket": hashlib.sha256(log.encode()).digest()[0]}, sent=log.encode()
    )


def _mail(found: Subject) -> None:
    blob = "a sealed blob"
    path = f"/xs/1/relay/{RS}/{hashlib.sha256(blob.encode()).hexdigest()}"
    listed = f"{hashlib.sha256(blob.encode()).hexdigest()} {BG} {len(blob)} {NOW + 1}\n"
    _tell(
        *(found, "mail: a blob waits for a third node", "11.13"),
        ask(BG, path, blob, '{"kept":true}', "PUT"),
        round_of(RS, "$1", OWN, gives=FIRST_NOTES, mail=1),
        ask(RS, f"/xs/1/relay/{RS}", "", listed, "GET"),
        ask(RS, path, "", blob, "GET"),
        ask(RS, path, "", '{"deleted":true}', "DELETE"),
        round_of(RS, "$1", OWN, was="$1"),
    )
    _tell(
        *(found, "mail: nobody but the recipient finds it", "17.5"),
        ask(BG, path, blob, '{"kept":true}', "PUT"),
        ask(BG, path, "", {"error": "not-found"}, "GET"),
        ask(BG, f"/xs/1/relay/{RS}", "", {"error": "not-found"}, "GET"),
        ask(BG, path, "", {"error": "not-found"}, "DELETE"),
    )
    other = path.replace(path[-4:], "0000")
    _tell(found, "mail: a blob that is not of its hash", "17.4", ask(BG, other, blob, {"error": "malformed"}, "PUT"))


def _forks(found: Subject) -> None:
    one, carried, other = signed(ONE).decode(), frame(LINES[:1]).decode(), head([b'{"i":"x"}'], time=NOW)
    fork = forks.write(signed(ONE), signed(other)).decode()
    told = round_of(BG, "$2", OWN, ONE, was="$1", notes=[one], frames=carried)
    first = round_of(BG, "$1", OWN, gives=FIRST_NOTES)
    _tell(
        *(found, "a true fork statement: the log leaves the digest, the statement goes on", "19.3", first, told),
        round_of(RS, "$3", OWN, notes=[fork], gives=[*FIRST_NOTES, one, fork]),
        round_of(BG, "$3", OWN, was="$2", gives=[fork]),
    )
    longer = head(LINES[:3], time=NOW)
    path = tuple(naive.proof(1, [naive.leaf(line) for line in LINES[:3]]))
    false = forks.write(signed(ONE), signed(longer), ONE.root, path).decode()
    _tell(
        *(found, "a false fork statement changes nothing", "19.4", first, told),
        round_of(RS, "$2", OWN, ONE, notes=[false], gives=[*FIRST_NOTES, one]),
    )
    witnessed = notes.sign(ONE.text(), SIGNER[BG], SIGNER[RS]).decode()
    _tell(
        *(found, "a note goes on byte by byte, unknown signatures with it", "3.6", first),
        round_of(BG, "$2", OWN, ONE, was="$1", notes=[witnessed], frames=carried),
        round_of(RS, "$2", OWN, ONE, gives=[*FIRST_NOTES, witnessed]),
    )


def _refused(found: Subject) -> None:
    one, carried = signed(ONE).decode(), frame(LINES[:1]).decode()
    forged = heads.sign(ONE, SECOND[BG]).decode()
    absent = {"error": "not-found"}
    first = round_of(BG, "$1", OWN, gives=FIRST_NOTES)
    _tell(
        found,
        "a stranger finds no network",
        "11.11",
        ask(AT, GOSSIP, {"network": "see"}, absent),
        ask(AT, BUCKETS, {"network": "see"}, absent),
    )
    _tell(found, "a network that the answerer has not", "11.11", ask(BG, GOSSIP, {"network": "alps"}, absent))
    pull = {"ranges": [{"log": f"{HR}/xs1/see.audit/{NOW}", "start": 0, "count": 1}]}
    _tell(found, "an audit log's records are never served", "18.1", ask(BG, PULL, pull, absent))
    _tell(
        found,
        "a log of another network is absent",
        "14.12",
        ask(BG, PULL, {"ranges": [{"log": f"{BG}/xs1/alps.pub/1", "start": 0, "count": 1}]}, absent),
    )
    _tell(
        found,
        "a head by a key that is not listed changes nothing",
        "12.5",
        first,
        round_of(BG, "$1", OWN, was="$1", notes=[forged], frames=carried),
    )
    _tell(
        *(found, "a push whose records do not fit changes nothing", "8.6", first),
        ask(BG, PUSH, one + frame([b'{"i":"x"}']).decode(), {"error": "mismatch"}),
        round_of(BG, "$1", OWN, was="$1"),
    )
    foreign = head(LINES[:1], name=HR, log=OWN.log)
    _tell(
        found,
        "nobody pushes into the answerer's own log",
        "10.8",
        ask(BG, PUSH, signed(foreign).decode() + frame(LINES[:1], 0, OWN.log).decode(), absent),
    )
    _tell(
        found,
        "17 hexadecimal digits are no digest",
        "11.1",
        ask(BG, GOSSIP, {"network": "see", "all": "0" * 17}, {"error": "malformed"}),
    )
    _tell(
        found,
        "a cursor of 65 characters",
        "11.3",
        ask(BG, GOSSIP, {"network": "see", "cursor": "a" * 65}, {"error": "malformed"}),
    )
    _tell(found, "257 notes", "11.2", ask(BG, GOSSIP, {"network": "see", "notes": ["x"] * 257}, {"error": "malformed"}))
    newer = head(LINES[:1], time=NOW - 4, log=ONE.log._replace(epoch=NOW - 5))
    _tell(
        *(found, "a newer epoch than the caller showed of its own log is told to the caller", "11.9", first),
        round_of(
            RS,
            "$2",
            OWN,
            newer,
            notes=[signed(newer).decode()],
            frames=frame(LINES[:1], 0, newer.log).decode(),
            gives=[*FIRST_NOTES, signed(newer).decode()],
        ),
        round_of(BG, "$2", OWN, newer, was="$1", gives=[signed(newer).decode()]),
        round_of(BG, "$2", OWN, newer, was="$2", notes=[one], gives=[signed(newer).decode()]),
    )
