"""What cameras say, as readings: a plate, how sure the camera is, and when. A picture is never looked at.

Shapes: Hikvision ISAPI `EventNotificationAlert` (XML), Plate Recognizer Stream webhooks (JSON), `alpr_results` and
`alpr_group` of the OpenALPR agent (JSON), `events` and `tracked_object_update` of Frigate (JSON).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from xstock_node.plugins.markup import BadMarkup, parse_json, parse_xml

MOST: Final = 20
"""Readings of one message that are looked at."""
LONGEST: Final = 64
NAMESPACE: Final = "{http://www.isapi.org/ver20/XMLSchema}"


class Reading(NamedTuple):
    """A plate as it was read. `confidence` 0 to 1, 0 where the camera says none; `at` unix seconds, 0 where unknown."""

    plate: str
    confidence: float
    at: int


def read(make: str, raw: bytes) -> list[Reading]:
    """The readings of one message; raises `BadMarkup` for what is none of that make."""
    found = [one for one in READERS[make](raw) if one.plate.strip()]
    return found[:MOST]


def _hikvision(raw: bytes) -> Iterator[Reading]:
    root = parse_xml(raw)
    space = NAMESPACE if root.tag.startswith("{") else ""
    if root.tag != f"{space}EventNotificationAlert":
        raise BadMarkup("bad-shape", "EventNotificationAlert", str(root.tag)[:80])
    at = _moment(root.findtext(f"{space}dateTime"))
    for one in root.iter(f"{space}ANPR"):
        letters = [_share(text, 100) for text in (one.findtext(f"{space}plateCharBelieve") or "").split(",") if text]
        whole = _share(one.findtext(f"{space}confidenceLevel"), 100)
        yield Reading(_plate(one.findtext(f"{space}licensePlate")), min([whole, *letters]), at)


def _plate_recognizer(raw: bytes) -> Iterator[Reading]:
    data = _object(_object(parse_json(raw), "an object").get("data"), "data")
    at = _moment(data.get("timestamp"))
    for one in _list(data.get("results")):
        yield Reading(_plate(one.get("plate")), _share(one.get("score"), 1), at)


def _openalpr(raw: bytes) -> Iterator[Reading]:
    data = _object(parse_json(raw), "an object")
    if data.get("data_type") == "alpr_group":
        at = _milliseconds(data.get("epoch_end") or data.get("epoch_start"))
        yield Reading(_plate(data.get("best_plate_number")), _share(data.get("best_confidence"), 100), at)
        return
    if data.get("data_type") != "alpr_results":
        raise BadMarkup("bad-shape", "data_type alpr_results or alpr_group", str(data.get("data_type"))[:80])
    at = _milliseconds(data.get("epoch_time"))
    for one in _list(data.get("results")):
        yield Reading(_plate(one.get("plate")), _share(one.get("confidence"), 100), at)


def _frigate(raw: bytes) -> Iterator[Reading]:
    data = _object(parse_json(raw), "an object")
    if data.get("type") == "lpr":
        yield Reading(_plate(data.get("plate")), _share(data.get("score"), 1), _seconds(data.get("timestamp")))
        return
    after = _object(data.get("after"), "after")
    said = after.get("recognized_license_plate")
    plate, score = (said[0], said[1]) if isinstance(said, list) and len(said) == 2 else (said, None)
    if score is None:
        score = after.get("recognized_license_plate_score")
    yield Reading(_plate(plate), _share(score, 1), _seconds(after.get("frame_time") or after.get("start_time")))


READERS: Final[Mapping[str, Callable[[bytes], Iterator[Reading]]]] = {
    "hikvision": _hikvision,
    "plate-recognizer": _plate_recognizer,
    "openalpr": _openalpr,
    "frigate": _frigate,
}


def _plate(value: object) -> str:
    return value[:LONGEST] if isinstance(value, str) else ""


def _share(value: object, whole: int) -> float:
    """A confidence out of `whole` as 0 to 1; 0 for what is none."""
    try:
        found = float(value) / whole if isinstance(value, str | int | float) and not isinstance(value, bool) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return found if 0 <= found <= 1 else 0.0


def _moment(value: object) -> int:
    """Unix seconds of an ISO time with its offset; 0 for what is none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        return int(found.astimezone(UTC).timestamp()) if found is not None and found.tzinfo is not None else 0
    except (ValueError, OverflowError):
        return 0


def _seconds(value: object) -> int:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 2**40
    return int(value) if fits and isinstance(value, int | float) else 0


def _milliseconds(value: object) -> int:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 2**50
    return int(value / 1000) if fits and isinstance(value, int | float) else 0


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadMarkup("bad-shape", f"{what} as an object", type(value).__name__)
    return value


def _list(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise BadMarkup("bad-shape", "results as a list", type(value).__name__)
    return [one for one in value if isinstance(one, dict)]
