"""Messages of each make of camera, written after what its maker documents."""

import json

MAKES = ("hikvision", "plate-recognizer", "openalpr", "frigate")


def message(make: str, plate: str, sure: bool = True) -> bytes:
    """One reading of a plate, by a camera that is sure or not."""
    return {"hikvision": _hikvision, "plate-recognizer": _stream, "openalpr": _openalpr, "frigate": _frigate}[make](
        plate, sure
    )


def _hikvision(plate: str, sure: bool) -> bytes:
    level = 98 if sure else 70
    return (
        '<?xml version="1.0"?><EventNotificationAlert xmlns="http://www.isapi.org/ver20/XMLSchema"><dateTime>'
        f"2027-03-29T09:30:00+03:00</dateTime><ANPR><licensePlate>{plate}</licensePlate><confidenceLevel>{level}"
        "</confidenceLevel></ANPR></EventNotificationAlert>"
    ).encode()


def _stream(plate: str, sure: bool) -> bytes:
    results = [{"plate": plate.lower(), "score": 0.95 if sure else 0.5}]
    return json.dumps({"data": {"timestamp": "2027-03-29T06:30:00Z", "results": results}}).encode()


def _openalpr(plate: str, sure: bool) -> bytes:
    said = {"data_type": "alpr_group", "epoch_end": 1806301800000, "best_plate_number": plate}
    return json.dumps(said | {"best_confidence": 95.0 if sure else 40.0}).encode()


def _frigate(plate: str, sure: bool) -> bytes:
    after = {"frame_time": 1806301800.25, "recognized_license_plate": [plate, 0.96 if sure else 0.3]}
    return json.dumps({"type": "update", "before": {}, "after": after}).encode()
