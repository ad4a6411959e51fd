from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.vault.shamir import MAX_SHARES, SECRET_BYTES, SharesUnusable, join, split

secrets = st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES)
sizes = st.integers(1, MAX_SHARES).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n)))


@given(secret=secrets, size=sizes, data=st.data())
def test_any_m_shares_give_the_secret_back(secret: bytes, size: tuple[int, int], data: st.DataObject) -> None:
    m, n = size
    shares = split(secret, m, n)
    chosen = data.draw(st.lists(st.integers(1, n), min_size=m, max_size=n, unique=True))
    assert join({x: shares[x - 1] for x in chosen}, m) == secret


@given(secret=secrets, other=secrets)
def test_fewer_than_m_shares_fit_every_secret(secret: bytes, other: bytes) -> None:
    # For the shares 1 and 2 of a 3-of-3 split there is a third that makes any other secret of them.
    shares = dict(enumerate(split(secret, 3, 3), start=1))
    wanted = bytes(a ^ b ^ c for a, b, c in zip(secret, other, join(shares, 3), strict=True))
    assert wanted == other
    third = bytearray(shares[3])
    weight_of_third = join({1: b"\x01" + bytes(32), 2: b"\x02" + bytes(32), 3: b"\x03" + b"\x01" * 32}, 3)
    inverse = next(x for x in range(1, 256) if _times(weight_of_third[0], x) == 1)
    for at in range(SECRET_BYTES):
        third[1 + at] ^= _times(inverse, secret[at] ^ other[at])
    assert join({1: shares[1], 2: shares[2], 3: bytes(third)}, 3) == other


def _times(a: int, b: int) -> int:
    """Multiplication in the field by the book (FIPS 197 section 4.2), to check the tables against."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def test_share_is_the_value_of_the_polynomial_at_the_seats_number() -> None:
    secret, coefficients = bytes(range(32)), bytes(range(100, 164))
    for x, share in enumerate(split(secret, 3, 16, random=lambda size: coefficients[:size]), start=1):
        assert share[0] == x
        for at in range(SECRET_BYTES):
            linear, square = coefficients[at], coefficients[at + SECRET_BYTES]
            assert share[1 + at] == secret[at] ^ _times(linear, x) ^ _times(square, _times(x, x))


def test_with_m_one_every_share_is_the_secret() -> None:
    secret = bytes(range(32))
    assert [share[1:] for share in split(secret, 1, 3)] == [secret] * 3


def test_wrong_share_gives_another_secret() -> None:
    secret = bytes(32)
    shares = dict(enumerate(split(secret, 2, 3), start=1))
    bad = shares[1][:1] + bytes([shares[1][1] ^ 1]) + shares[1][2:]
    for x, y in combinations((1, 2, 3), 2):
        used = {x: bad if x == 1 else shares[x], y: shares[y]}
        assert (join(used, 2) == secret) is (x != 1)


@pytest.mark.parametrize("m_n", [(0, 3), (4, 3), (1, 17), (17, 17)])
def test_impossible_split_is_refused(m_n: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="split"):
        split(bytes(32), *m_n)


@pytest.mark.parametrize(
    "shares",
    [
        {1: b"\x01" + bytes(32)},  # too few
        {1: b"\x01" + bytes(32), 2: b"\x01" + bytes(32)},  # one seat's under another's number
        {1: b"\x01" + bytes(32), 2: b"\x02" + bytes(31)},  # short
        {0: b"\x00" + bytes(32), 1: b"\x01" + bytes(32)},  # x = 0 would be the secret itself
        {1: b"\x01" + bytes(32), 2: b""},
    ],
)
def test_unusable_shares_are_refused(shares: dict[int, bytes]) -> None:
    with pytest.raises(SharesUnusable):
        join(shares, 2)
