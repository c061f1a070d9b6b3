"""A public warning of an exercise as CAP 1.2, as a weather service would send it for one."""

from datetime import UTC, datetime
from html import escape

from xstock_node.testing.exercise.third_hour import HOUR, Alarm

SENDER = "warnings@exercise.example"
LASTS_HOURS = 36


def cap_of(alarm: Alarm, earlier: Alarm | None, event: str, now: int) -> bytes:
    """The document of a warning, of status Exercise; `earlier` is the one that it replaces, `now` unix seconds."""
    kind = "Update" if earlier else "Alert"
    said = f"{SENDER},{earlier.identifier},{_sent(earlier, now)}" if earlier else ""
    codes = "".join(
        f"<geocode><valueName>EMMA_ID</valueName><value>{escape(code)}</value></geocode>"
        for code in alarm.areas or [f"{alarm.country}001"]
    )
    until = _time(now + LASTS_HOURS * 3600)
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{escape(alarm.identifier)}</identifier>
<sender>{SENDER}</sender><sent>{_sent(alarm, now)}</sent><status>Exercise</status><msgType>{kind}</msgType>
<scope>Public</scope><note>EXERCISE</note>{f"<references>{said}</references>" if said else ""}
<incidents>{escape(event)}</incidents>
<info><language>{escape(alarm.language)}</language><category>Met</category><event>{escape(alarm.headline)}</event>
<urgency>Immediate</urgency><severity>{escape(alarm.severity)}</severity><certainty>Observed</certainty>
<expires>{until}</expires><senderName>EXERCISE</senderName><headline>{escape(alarm.headline)}</headline>
<area><areaDesc>{escape(alarm.area)}</areaDesc>{codes}</area></info></alert>"""
    return text.encode()


def _sent(alarm: Alarm, now: int) -> str:
    return _time(now + round((alarm.hour - HOUR) * 3600))


def _time(unix: int) -> str:
    return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%dT%H:%M:%S}+00:00"
