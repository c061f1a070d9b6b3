"""Spellings, paths, error answers, content codings."""

import hashlib
from typing import Any

from tests.vectors.checks.form import Check, Given
from xstock_node.protocol import errors, keys, names, paths
from xstock_node.protocol.decode import strict_json
from xstock_node.transport.coding import inflate

KINDS = {
    kind.code: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.ProtocolError)
}


def base64(sent: bytes, given: Given) -> Any:
    return {"hex": keys.from_base64(sent.decode()).hex()}


def number(sent: bytes, given: Given) -> Any:
    return {"number": names.number(sent.decode())}


def json(sent: bytes, given: Given) -> Any:
    strict_json(sent)
    return "holds"


def node_name(sent: bytes, given: Given) -> Any:
    return {"name": names.node_name(sent.decode())}


def label(sent: bytes, given: Given) -> Any:
    return {"label": names.label(sent.decode())}


def log_id(sent: bytes, given: Given) -> Any:
    log = names.parse_log_id(sent.decode())
    found = {"node": log.node, "network": log.name.network, "label": log.name.label, "epoch": log.epoch}
    return found | {"exercise": log.name.is_exercise, "for_all": log.name.is_for_all}


def path(sent: bytes, given: Given) -> Any:
    found, args = paths.find(given["method"], given["target"])
    return {"path": found.name, "parts": args}


def problem(sent: bytes, given: Given) -> Any:
    kind = KINDS[given["code"]]
    return {"type": f"urn:xs1:{kind.code}", "status": kind.status}


def coding(sent: bytes, given: Given) -> Any:
    body = inflate(sent, given["coding"], given["most"])
    return {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}


CHECKS: dict[str, Check] = {
    "base64": base64,
    "number": number,
    "json": json,
    "node-name": node_name,
    "label": label,
    "log-id": log_id,
    "path": path,
    "problem": problem,
    "coding": coding,
}
