"""What goes to the looking process and what comes back: one coded key frame there, small integers back.

A frame of the pipe is a u32 big-endian length and JSON; that of a task is followed by the coded picture, whose length
it names. What comes back was worked out by a process that decodes hostile bytes: it is checked like a stranger's.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any, Final

LENGTH: Final = Struct(">I")
MOST_TASK: Final = 64 << 10
MOST_ANSWER: Final = 8 << 10

COLUMNS: Final = 160
ROWS: Final = 90
PROFILE_BYTES: Final = 2 * (COLUMNS + ROWS)
"""A profile: one u16 of this machine for each column and each row, the sum of edge strength along it, scaled."""

RECENT: Final = 2

MILLE: Final = 1000
_MOST_LUMA: Final = 255


class NotALook(Exception):
    """What came back is no answer to the task."""


@dataclass(frozen=True, slots=True)
class Task:
    """One key frame to look at, and the profiles to compare it with: at most some hundred bytes each.

    `codec` is the RFC 6381 string, `extradata` the decoder configuration record, `unit` one access unit as an MP4
    sample.
    """

    codec: str
    extradata: bytes
    unit: bytes
    recent: Sequence[bytes]
    """Of the looks before, the newest first: RECENT at most."""
    references: Sequence[bytes]

    def encode(self) -> bytes:
        """Both parts, for the pipe."""
        head = {
            "codec": self.codec,
            "extradata": b64encode(self.extradata).decode(),
            "size": len(self.unit),
            "recent": [b64encode(each).decode() for each in self.recent],
            "references": [b64encode(each).decode() for each in self.references],
        }
        text = json.dumps(head).encode()
        return LENGTH.pack(len(text)) + text + self.unit


def task_of(head: Mapping[str, Any], unit: bytes) -> Task:
    """The task of a head that `Task.encode` wrote."""
    return Task(
        codec=head["codec"],
        extradata=b64decode(head["extradata"]),
        unit=unit,
        recent=[b64decode(each) for each in head["recent"]],
        references=[b64decode(each) for each in head["references"]],
    )


@dataclass(frozen=True, slots=True)
class Look:
    """What is left of a picture: scores, none of which says what was in it.

    Shares are per mille. `matches` has one value per reference of the task: how well the median of this look and the
    recent ones agrees with it, so that what passes by once does not count. `change` compares with the look before; None
    when the task named none.
    """

    luma: int
    """Mean brightness, 0 to 255."""
    bright: int
    """Brightness that one pixel in fifty reaches."""
    colour: int
    """Mean distance of the colour planes from grey, 0 to 128."""
    sharpness: int
    """How much of the strongest edges a blur takes away."""
    detail: int
    """Share of small squares that are not flat."""
    profile: bytes
    matches: tuple[int, ...]
    change: int | None

    def encode(self) -> bytes:
        """For the pipe."""
        text = json.dumps(
            {
                "luma": self.luma,
                "bright": self.bright,
                "colour": self.colour,
                "sharpness": self.sharpness,
                "detail": self.detail,
                "profile": b64encode(self.profile).decode(),
                "matches": self.matches,
                "change": self.change,
            }
        ).encode()
        return LENGTH.pack(len(text)) + text


NO_PICTURE: Final = LENGTH.pack(4) + b"null"
"""The answer of the process when nothing could be decoded."""


def look_of(text: bytes, task: Task) -> Look | None:
    """The answer to this task; None: nothing could be decoded.

    Raises:
        NotALook: it is not one, or a value lies outside its range.
    """
    try:
        told = json.loads(text)
        if told is None:
            return None
        look = Look(
            luma=_integer(told["luma"], 0, _MOST_LUMA),
            bright=_integer(told["bright"], 0, _MOST_LUMA),
            colour=_integer(told["colour"], 0, _MOST_LUMA),
            sharpness=_integer(told["sharpness"], 0, MILLE),
            detail=_integer(told["detail"], 0, MILLE),
            profile=b64decode(told["profile"], validate=True),
            matches=tuple(_integer(each, -MILLE, MILLE) for each in told["matches"]),
            change=_integer(told["change"], 0, MILLE) if task.recent else None,
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotALook(type(error).__name__) from None
    if len(look.profile) != PROFILE_BYTES or len(look.matches) != len(task.references):
        raise NotALook("lengths")
    return look


def _integer(value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError
    return value
