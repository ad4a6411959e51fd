"""Shamir's secret sharing over GF(2^8), byte by byte (docs/design/keys.md "Secret sharing"). Pure.

A. Shamir, "How to share a secret", 1979; the field is that of AES (FIPS 197 section 4.2). Not constant-time: a split
runs on fresh random values, a join on the custodian's own machine. A join of wrong shares gives a wrong secret; the
caller checks the result against a commitment.
"""

import os
from collections.abc import Callable, Mapping
from typing import Final

from nvr.base.errors import EvidenceAtRisk

SECRET_BYTES: Final = 32
SHARE_BYTES: Final = 33
"""x, then the 32 values."""
MAX_SHARES: Final = 16

_POLYNOMIAL: Final = 0x11B


class SharesUnusable(EvidenceAtRisk):
    """The shares can not be joined: malformed, too few, or two for one seat."""

    message_id = "shares-unusable"


def _tables() -> tuple[list[int], list[int]]:
    exponents, logarithms = [0] * 510, [0] * 256
    value = 1
    for power in range(255):
        exponents[power] = exponents[power + 255] = value
        logarithms[value] = power
        value ^= value << 1  # times 3, the generator
        if value & 0x100:
            value ^= _POLYNOMIAL
    return exponents, logarithms


_EXP, _LOG = _tables()


def split(secret: bytes, m: int, n: int, *, random: Callable[[int], bytes] = os.urandom) -> list[bytes]:
    """The shares for x = 1 to n, of which any m give the secret back and m - 1 tell nothing.

    Raises:
        ValueError: not 1 <= m <= n <= 16, or the secret is not 32 bytes.
    """
    if not 1 <= m <= n <= MAX_SHARES or len(secret) != SECRET_BYTES:
        raise ValueError("cannot split like this")
    coefficients = random(SECRET_BYTES * (m - 1))
    shares = []
    for x in range(1, n + 1):
        values = bytearray(SECRET_BYTES)
        for power in reversed(range(m - 1)):  # Horner, highest power first
            row = coefficients[power * SECRET_BYTES : (power + 1) * SECRET_BYTES]
            for at, coefficient in enumerate(row):
                values[at] = _times(values[at], x) ^ coefficient
        for at, byte in enumerate(secret):
            values[at] = _times(values[at], x) ^ byte
        shares.append(bytes([x]) + values)
    return shares


def join(shares: Mapping[int, bytes], m: int) -> bytearray:
    """The secret, from the shares of exactly or more than m seats (of which the m lowest are used).

    Raises:
        SharesUnusable: fewer than m shares, or one that is not a share of its seat.
    """
    if len(shares) < m:
        raise SharesUnusable(what="too few", have=len(shares), need=m)
    used = sorted(shares)[:m]
    for x in used:
        if len(shares[x]) != SHARE_BYTES or shares[x][0] != x or not 1 <= x <= MAX_SHARES:
            raise SharesUnusable(what="malformed", seat=x)
    secret = bytearray(SECRET_BYTES)
    for x in used:
        weight = 1
        for other in used:
            if other != x:
                weight = _times(weight, _over(other, other ^ x))
        for at, value in enumerate(shares[x][1:]):
            secret[at] ^= _times(value, weight)
    return secret


def _times(a: int, b: int) -> int:
    return 0 if a == 0 or b == 0 else _EXP[_LOG[a] + _LOG[b]]


def _over(a: int, b: int) -> int:
    return _EXP[_LOG[a] + 255 - _LOG[b]]
