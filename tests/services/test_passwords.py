"""What a password must be, and codes that change."""

from random import Random

import pyotp
import pytest

from xstock_node.protocol import limits
from xstock_node.services import totp
from xstock_node.services.errors import Refusal
from xstock_node.services.passwords import expect_strong, normal

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # noqa: S105 - of RFC 6238, appendix B


@pytest.mark.parametrize(
    "weak",
    [
        "short",
        "elevenchars",
        "password1234",
        "Passw0rd1234!",
        "P@ssw0rdP@ssw0rd",
        "qwertyuiop12",
        "123456789012",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "administrator",
        "ana123456789",
        "redcross2026!",
        "iloveyou1234",
        "1qaz2wsx3edc",
        "x" * (limits.PASSWORD + 1),
    ],
)
def test_what_is_short_or_tried_first_is_refused(weak: str) -> None:
    with pytest.raises(Refusal) as refused:
        expect_strong(weak, "ana")
    assert refused.value.code == "bad-password" and weak not in str(refused.value)


@pytest.mark.parametrize(
    "good",
    [
        "correct horse battery staple",
        "четири думи на стена",
        "Xp7#kQ9!mZ2$",
        "şase cuvinte pe perete",
        "fjalëkalim i gjatë këtu",
        "төрт сөз қабырғада",
        "b" + "àéîõü ç" * 36,
    ],
)
def test_long_ones_of_any_script_are_taken_whole(good: str) -> None:
    assert expect_strong(good, "ana") == normal(good)


def test_a_password_is_the_same_however_a_keyboard_composed_it() -> None:
    assert normal("e\u0301te\u0301") == normal("\u00e9t\u00e9")


@pytest.mark.parametrize(("now", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_codes_are_those_of_rfc_6238(now: int, code: str) -> None:
    assert totp.step_of(RFC_SECRET, code, now, 0) == now // 30
    assert totp.step_of(RFC_SECRET, f"{code[:3]} {code[3:]}", now, 0) == now // 30


def test_a_code_is_good_one_step_around_and_never_again() -> None:
    code, now = pyotp.TOTP(RFC_SECRET).at(1_800_000_000), 1_800_000_000
    assert [totp.step_of(RFC_SECRET, code, now + 30 * off, 0) is not None for off in range(-2, 3)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    step = totp.step_of(RFC_SECRET, code, now, 0)
    assert step is not None and totp.step_of(RFC_SECRET, code, now + 30, step) is None


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "٢٨٧٠٨٢", "28708２", "abcdef", "287082\n287082"])
def test_what_is_not_six_digits_is_no_code(typed: str) -> None:
    assert totp.step_of(RFC_SECRET, typed, 59, 0) is None


def test_the_secret_is_new_each_time_and_its_picture_has_no_script() -> None:
    random = Random(1)
    first, second = totp.new_secret(random), totp.new_secret(random)
    assert first != second and len(first) == 32
    address = totp.address(first, "ana", "redcross.bg")
    assert address.startswith("otpauth://totp/redcross.bg:ana?secret=") and "issuer=redcross.bg" in address
    drawn = totp.picture(address)
    assert drawn.startswith("<svg") and not any(word in drawn for word in ("style=", "<script", "href", "<!"))
