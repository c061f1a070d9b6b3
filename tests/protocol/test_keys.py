"""Keys: weak and malformed ones are refused, and a signature has one form only."""

import pytest

from xstock_node.protocol import keys
from xstock_node.protocol.errors import BadSignature, ProtocolError
from xstock_node.protocol.keys import Signer

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
TORSION = [
    "0100000000000000000000000000000000000000000000000000000000000000",  # order 1
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  # order 2
    "0000000000000000000000000000000000000000000000000000000000000000",  # order 4
    "0000000000000000000000000000000000000000000000000000000000000080",  # order 4
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",  # order 8
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",  # order 8
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",  # order 8
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",  # order 8
]
# The same points written with x = 0 and a sign, or with y + p where that fits into 255 bits.
OTHER_FORMS = [
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]
SIGNER = Signer("redcross.bg", bytes([7]) * 32)


def is_on_curve(y: int) -> bool:
    d = -121665 * pow(121666, -1, P) % P
    x2 = (y * y - 1) * pow(d * y * y + 1, -1, P) % P
    return x2 == 0 or pow(x2, (P - 1) // 2, P) == 1


@pytest.mark.parametrize("encoding", TORSION + OTHER_FORMS)
def test_a_key_of_small_order_is_refused_in_every_form(encoding: str) -> None:
    with pytest.raises(BadSignature):
        keys.check_public(bytes.fromhex(encoding))
    with pytest.raises(BadSignature):
        keys.verify(bytes.fromhex(encoding), bytes(64), b"message")


@pytest.mark.parametrize("sign", [0, 1 << 255])
@pytest.mark.parametrize("y", [P + n for n in range(19)])
def test_a_coordinate_not_below_the_prime_is_refused(y: int, sign: int) -> None:
    with pytest.raises(BadSignature):
        keys.check_public((y | sign).to_bytes(32, "little"))


def test_a_point_off_the_curve_is_refused_before_it_verifies_anything() -> None:
    off = next(y for y in range(2, 100) if not is_on_curve(y)).to_bytes(32, "little")
    with pytest.raises(BadSignature):
        keys.verify(off, SIGNER.sign(b"m"), b"m")


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(BadSignature):
        keys.check_public(bytes(size))


def test_a_true_key_signs_and_verifies() -> None:
    assert keys.check_public(SIGNER.public) == SIGNER.public
    keys.verify(SIGNER.public, SIGNER.sign(b"message"), b"message")


def test_s_not_below_the_group_order_is_refused() -> None:
    signature = SIGNER.sign(b"message")
    s = int.from_bytes(signature[32:], "little")
    for more in (L, 2 * L, 7 * L):
        malleated = signature[:32] + (s + more).to_bytes(32, "little")
        with pytest.raises(BadSignature):
            keys.verify(SIGNER.public, malleated, b"message")


def test_a_non_canonical_r_is_refused() -> None:
    for r in (P + 1, P + 1 + (1 << 255), P):
        with pytest.raises(BadSignature, match="canonical"):
            keys.verify(SIGNER.public, r.to_bytes(32, "little") + bytes(32), b"message")


@pytest.mark.parametrize("position", range(0, 64, 5))
def test_a_changed_byte_breaks_a_signature(position: int) -> None:
    signature = bytearray(SIGNER.sign(b"message"))
    signature[position] ^= 4
    with pytest.raises(BadSignature):
        keys.verify(SIGNER.public, bytes(signature), b"message")


@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_signature_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(BadSignature):
        keys.verify(SIGNER.public, bytes(size), b"message")


@pytest.mark.parametrize("text", ["YQ", "YQ=", "YR==", "YQ==\n", " YQ==", "Y-==", "YQ==YQ==", "Ü===", "Y Q="])
def test_base64_has_one_form(text: str) -> None:
    with pytest.raises(ProtocolError):
        keys.from_base64(text)


def test_base64_of_another_size_is_refused() -> None:
    assert keys.from_base64("YWI=", 2) == b"ab"
    with pytest.raises(ProtocolError):
        keys.from_base64("YWI=", 3)


def test_the_digits_are_twenty_four_in_six_groups_and_tell_names_and_keys_apart() -> None:
    digits = keys.digits("redcross.bg", SIGNER.public)
    assert [len(group) for group in digits.split(" ")] == [4] * 6
    assert digits.replace(" ", "").isdigit()
    assert len({digits, keys.digits("redcross.hr", SIGNER.public), keys.digits("redcross.bg", bytes(32))}) == 3
