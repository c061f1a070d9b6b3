"""JSON-RPC in trytond's shapes: typed values both ways, what errors mean, and no secret or flood in a text."""

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xstock_tryton.reference import begun_as, kind_of, token
from xstock_tryton.settings import TrytonSettings
from xstock_tryton.wire import Expired, clean, decode, encode, result, retry_after

from xstock_node.plugins import Declined, HttpAnswer, OutcomeUnknown, Unauthorised, Unavailable

NOW = 1_800_000_000
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.datetimes()
    | st.times()
    | st.binary()
    | st.timedeltas(timedelta(0), timedelta(days=9999)).map(lambda d: timedelta(seconds=int(d.total_seconds()))),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda k: k != "__class__"), inner),
    max_leaves=20,
)


@given(VALUES)
def test_values_come_back_as_they_were(value: Any) -> None:
    assert decode(encode("m", [value])) == {"id": 1, "method": "m", "params": [value]}


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ({"__class__": "Decimal", "decimal": "12.50"}, Decimal("12.50")),
        ({"__class__": "date", "year": 2031, "month": 5, "day": 31}, date(2031, 5, 31)),
        (
            {"__class__": "datetime", "year": 2026, "month": 1, "day": 2, "hour": 3, "minute": 4, "second": 5}
            | {"microsecond": 6},
            datetime(2026, 1, 2, 3, 4, 5, 6),
        ),
        ({"__class__": "time", "hour": 3, "minute": 4, "second": 5, "microsecond": 0}, time(3, 4, 5)),
        ({"__class__": "timedelta", "seconds": 86400.0}, timedelta(days=1)),
        ({"__class__": "bytes", "base64": "aGFs\nbG8=\n"}, b"hallo"),
    ],
)
def test_the_shapes_of_trytond(typed: dict[str, Any], value: Any) -> None:
    assert decode(json.dumps(typed).encode()) == value


def test_a_call_is_exactly_what_trytond_puts_into_an_envelope() -> None:
    assert set(json.loads(encode("m", []))) == {"id", "method", "params"}


def test_a_figure_is_what_the_server_wrote_and_no_float() -> None:
    assert decode(b'{"quantity":0.1}')["quantity"] == Decimal("0.1")
    for body in (b'{"quantity":NaN}', b'{"__class__":"date","year":1}', b'{"__class__":"Decimal","decimal":"x"}'):
        with pytest.raises(ValueError):
            decode(body)


def answer(status: int, found: Any = None, **headers: str) -> HttpAnswer:
    body = found if isinstance(found, bytes) else json.dumps(found).encode()
    return HttpAnswer(status=status, headers=headers, body=body)


@pytest.mark.parametrize(
    ("came", "writes", "kind"),
    [
        (answer(401), False, Expired),
        (answer(403), True, Unauthorised),
        (answer(429), True, Unavailable),
        (answer(500), False, Unavailable),
        (answer(502), True, OutcomeUnknown),
        (answer(504), True, OutcomeUnknown),
        (answer(200, b"<html>"), False, Unavailable),
        (answer(200, b"<html>"), True, OutcomeUnknown),
        (answer(200, {"id": 1}), False, Unavailable),
        (answer(200, {"id": 1, "error": ["UserError", ["No.", "", None]]}), True, Declined),
        (answer(200, {"id": 1, "error": ["UserWarning", ["name", "Sure?", ""]]}), True, Declined),
        (answer(200, {"id": 1, "error": ["LoginException", ["sms_code", "Code", "char"]]}), False, Unauthorised),
        (answer(200, {"id": 1, "error": ["ConcurrencyException", "changed"]}), True, Unavailable),
        (answer(200, {"id": 1, "error": ["database is locked", "Traceback ..."]}), True, Unavailable),
        (answer(200, {"id": 1, "error": None}), False, Unavailable),
    ],
)
def test_what_an_answer_means(came: HttpAnswer, writes: bool, kind: type[Exception]) -> None:
    with pytest.raises(kind) as error:
        result(came, writes, NOW)
    assert type(error.value) is kind
    assert "Traceback" not in str(error.value)


def test_when_to_come_back() -> None:
    assert retry_after({"retry-after": "90"}, NOW) == 90
    assert retry_after({"retry-after": "Fri, 15 Jan 2027 08:01:00 GMT"}, NOW) == 60
    for text in ("", "soon", "-1", "²"):
        assert retry_after({"retry-after": text}, NOW) == 0
    with pytest.raises(Unavailable) as error:
        result(answer(429, **{"retry-after": "90"}), False, NOW)
    assert error.value.retry_after == 90


def test_words_of_the_server_are_one_bounded_line() -> None:
    assert clean("a\n\tb\x1b[31m" + "x" * 999).startswith("a b [31mxxx") and len(clean("x" * 999)) == 300


def test_a_reference_holds_the_keys_of_its_movements() -> None:
    held = f"{token('reserve', 'k-1')} {token('issue', 'k-12')}"
    assert [kind_of(held, key) for key in ("k-1", "k-12", "k", "12")] == ["reserve", "issue", None, None]
    assert begun_as(held) == "reserve" and begun_as("from the phone") is None and begun_as(None) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"url": "http://tryton.redcross.example"},
        {"url": "https://user:word@tryton.redcross.example"},
        {"url": "ftp://127.0.0.1"},
    ],
)
def test_settings_say_what_they_expect(changed: dict[str, Any]) -> None:
    good = {"url": "http://127.0.0.1:8000", "database": "db", "user": "u", "password_file": "p"}
    TrytonSettings(**good)
    with pytest.raises(ValueError, match="expected url"):
        TrytonSettings(**good | changed)
