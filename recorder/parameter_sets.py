"""Parameter sets: how a stream says how it is decoded. What H.264 and H.265 have in common."""

from abc import ABC, abstractmethod
from typing import Final

from nvr.base.errors import NvrError
from storage.records import CodecConfig

MAX_SET: Final = 4096
MAX_SIDE: Final = 16_384
"""Pixels; no level of either standard allows more."""
_MAX_SETS: Final = 31
"""Of one kind: the avcC counts SPS in five bits."""
_MAX_GOLOMB_ZEROS: Final = 31


class BadParameterSet(NvrError):
    """The bytes are no parameter set that the standard allows; the stream may bring a good one."""

    message_id = "bad-parameter-set"


class Bits:
    """Bits of a NAL unit's payload, emulation prevention bytes removed."""

    def __init__(self, payload: bytes) -> None:
        rbsp = payload.replace(b"\0\0\3", b"\0\0")
        self._value = int.from_bytes(rbsp, "big")
        self._left = len(rbsp) * 8

    def read(self, count: int) -> int:
        """An unsigned number of `count` bits."""
        if count > self._left:
            raise BadParameterSet(why="too short")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def unsigned(self) -> int:
        """ue(v), section 9.1."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > _MAX_GOLOMB_ZEROS:
                raise BadParameterSet(why="code too long")
        return (1 << zeros) - 1 + self.read(zeros)

    def signed(self) -> int:
        """se(v), section 9.1.1."""
        code = self.unsigned()
        return (code + 1) // 2 if code % 2 else -(code // 2)


class ParameterSets(ABC):
    """The parameter sets in force, by kind and id; the newest of each counts (H.264 section 7.4.1.2.1).

    Zero bytes behind a NAL unit are not part of it (Annex B, trailing_zero_8bits); some cameras put them into their
    SDP and not into the stream, which must not look like a change.
    """

    def __init__(self) -> None:
        self._kept: dict[int, dict[int, bytes]] = {}

    def offer(self, nal: bytes) -> bool:
        """Take a parameter set; whether anything changed.

        Raises:
            BadParameterSet: the bytes are none; what was in force stays.
        """
        nal = nal.rstrip(b"\0")
        if any(nal in sets.values() for sets in self._kept.values()):
            return False
        if not 2 <= len(nal) <= MAX_SET:  # noqa: PLR2004 -- a header and at least one byte
            raise BadParameterSet(why="length")
        kind, set_id = self._identify(nal)
        sets = self._kept.setdefault(kind, {})
        if set_id not in sets and len(sets) >= _MAX_SETS:
            raise BadParameterSet(why="too many sets")
        sets[set_id] = nal
        self._changed(kind)
        return True

    @abstractmethod
    def config(self) -> CodecConfig | None:
        """How to decode with the sets in force; None until there is one of each kind."""

    @abstractmethod
    def _identify(self, nal: bytes) -> tuple[int, int]:
        """Kind and id of a set; raises BadParameterSet if it is none."""

    @abstractmethod
    def _changed(self, kind: int) -> None:
        """A set of this kind was taken."""

    def _of(self, kind: int) -> list[bytes]:
        """The sets of this kind, the first known first."""
        return list(self._kept.get(kind, {}).values())


def counted(sets: list[bytes]) -> bytes:
    """Each set behind its length in two bytes, as decoder configuration records hold them."""
    return b"".join(len(nal).to_bytes(2, "big") + nal for nal in sets)
