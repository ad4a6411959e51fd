"""How often a disturbed picture is found within five looks, and how often an undisturbed one is called disturbed.

Real footage, disturbed here, coded by H.264 as a camera would, and taken through the real decoding, scoring and states.
The recordings last minutes: a look a minute is played by pictures of one recording in an order drawn by lot, so that
what passes by differs from look to look, and the light does not change but where a disturbance changes it.
"""

import io
import random
from collections import Counter
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from benchmarks.table import Row
from recorder.health.decoding import planes_of
from recorder.health.looks import Task
from recorder.health.scoring import look_at
from recorder.health.states import Thresholds, Watched

FOOTAGE: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "footage"
FILMS: Final[Mapping[str, int]] = MappingProxyType({"car-detection.mp4": 9, "one-by-one-person-detection.mp4": 33})
"""The recordings, and of how many pictures one is taken: 42 of each, 0.7 s and 3.3 s apart."""

LEARNING: Final = 20
WITHIN: Final = 5
"""Looks: at one a minute, five minutes."""
_QUIET_LOOKS: Final = 300
_SEED: Final = 20_260_101

Picture: TypeAlias = NDArray[np.uint8]
Disturb: TypeAlias = Callable[[Picture, np.random.Generator], Picture]


def _clipped(values: NDArray[Any]) -> Picture:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def _turned(across: float = 0.0, down: float = 0.0, *, degrees: float = 0.0, zoom: float = 1.0) -> Disturb:
    def disturb(picture: Picture, _: np.random.Generator) -> Picture:
        height, width = picture.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, zoom)
        matrix[:, 2] += (across * width, down * height)
        return np.asarray(cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)

    return disturb


def _blurred(sigma: float) -> Disturb:
    return lambda picture, _: np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)


def _noisy(picture: NDArray[Any], rng: np.random.Generator, deviation: float) -> Picture:
    return _clipped(picture + rng.normal(0, deviation, picture.shape))


def _night(picture: Picture, rng: np.random.Generator) -> Picture:
    return _noisy(picture * 0.3 + 16, rng, 5)


def _dark(picture: Picture, rng: np.random.Generator) -> Picture:
    return _noisy(picture * 0.03 + 16, rng, 2)


def _covered(picture: Picture, rng: np.random.Generator) -> Picture:
    """A bright cloth or spray: light comes through, and no shapes."""
    return _noisy(cv2.GaussianBlur(picture, (0, 0), picture.shape[1] / 12) * 0.3 + 60, rng, 2)


def _half_covered(picture: Picture, rng: np.random.Generator) -> Picture:
    half = picture.shape[1] // 2
    mixed = picture.copy()
    mixed[:, :half] = _covered(picture, rng)[:, :half]
    return mixed


def _rain(picture: Picture, rng: np.random.Generator) -> Picture:
    streaks = picture.copy()
    height, width = picture.shape
    for _ in range(500):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        cv2.line(streaks, (x, y), (x + 3, y + 25), (200,), 1)
    return np.asarray(cv2.addWeighted(picture, 0.7, streaks, 0.3, 0), np.uint8)


def _fog(picture: Picture, rng: np.random.Generator) -> Picture:
    return _noisy(picture * 0.45 + 90, rng, 1)


def _swaying(picture: Picture, rng: np.random.Generator) -> Picture:
    across, down = (rng.random(2) - 0.5) * 0.02
    return _turned(float(across), float(down))(picture, rng)


DISTURBED: Final[Mapping[str, tuple[str, Disturb]]] = MappingProxyType(
    {
        # what is done to the picture: the fault that it is, and how
        "covered": ("covered", _covered),
        "half covered": ("covered", _half_covered),
        "dark": ("dark", _dark),
        "blurred, 3 pixels of 768": ("blurred", _blurred(3)),
        "blurred, 6 pixels": ("blurred", _blurred(6)),
        "shifted 3 %": ("moved", _turned(0.03)),
        "shifted 5 %": ("moved", _turned(0.05)),
        "shifted 10 % and 5 %": ("moved", _turned(0.10, 0.05)),
        "shifted 20 %": ("moved", _turned(0.20)),
        "turned 5 degrees": ("moved", _turned(degrees=5)),
        "zoom 1.1": ("moved", _turned(zoom=1.1)),
        "zoom 1.5": ("moved", _turned(zoom=1.5)),
        "frozen": ("frozen", lambda picture, _: picture),
        "frozen, coded otherwise": ("frozen", lambda picture, _: picture),
    }
)
"""What is to be found; a frozen camera sends one picture for all looks."""

BORNE: Final[Mapping[str, Disturb]] = MappingProxyType(
    {"as it is": lambda picture, _: picture, "night": _night, "rain": _rain, "fog": _fog, "swaying 1 %": _swaying}
)
"""What is no fault."""


@dataclass(frozen=True, slots=True)
class Film:
    """Pictures of one recording, and coded ones by their number and what was done to them."""

    pictures: list[Picture]
    _coded: dict[tuple[str, int], tuple[bytes, bytes]] = field(default_factory=dict)

    @classmethod
    def of(cls, file: Path, every: int) -> "Film":
        """Each so-manieth picture, its brightness alone."""
        with av.open(str(file)) as container:
            frames = enumerate(container.decode(video=0))
            taken = (frame for number, frame in frames if number % every == 0)
            return cls([frame.to_ndarray(format="gray").astype(np.uint8, copy=False) for frame in taken])

    def look(self, watched: Watched, number: int, name: str, disturb: Disturb, *, quality: int = 27) -> None:
        """Take the disturbed picture through coding, decoding and scoring to the states."""
        key = (f"{name} {quality}", number)
        if key not in self._coded:
            rng = np.random.default_rng(_SEED + number)
            self._coded[key] = _encoded(disturb(self.pictures[number], rng), quality)
        extradata, unit = self._coded[key]
        compared = watched.compared()
        task = Task("avc1.64001f", extradata, unit, list(watched.recent), [profile for _, profile in compared])
        planes = planes_of(task)
        if planes is None:
            raise AssertionError("what was just coded can not be decoded")
        look = look_at(*planes, task.recent, task.references)
        lights = [light for light, _ in compared]
        watched.take(look, dict(zip(lights, look.matches, strict=True)))


def learnt(film: Film, lot: random.Random, thresholds: Thresholds) -> Watched:
    """A camera that has shown the undisturbed scene for a while."""
    watched = Watched(thresholds)
    for number in _drawn(film, lot, LEARNING):
        film.look(watched, number, "as it is", BORNE["as it is"])
    return watched


def found_within(film: Film, what: str, lot: random.Random, watched: Watched) -> set[str]:
    """The faults that are told at some time within so many looks at the disturbed scene; `watched` has learnt it."""
    _, disturb = DISTURBED[what]
    numbers = _drawn(film, lot, WITHIN)
    told: set[str] = set()
    for at, number in enumerate(numbers):
        shown = numbers[0] if what.startswith("frozen") else number
        quality = 27 + at % 2 if what == "frozen, coded otherwise" else 27
        film.look(watched, shown, what, disturb, quality=quality)
        told |= {fault.value for fault in watched.faults}
    return told


def told_over(film: Film, what: str, lot: random.Random, watched: Watched, *, looks: int) -> Counter[str]:
    """How often each fault begins over so many looks at what is no fault; `watched` has learnt the plain scene."""
    before: set[str] = set()
    begun: Counter[str] = Counter()
    for number in _drawn(film, lot, looks):
        film.look(watched, number, what, BORNE[what])
        now = {fault.value for fault in watched.faults}
        begun.update(now - before)
        before = now
    return begun


def rows(*, trials: int = 10) -> list[Row]:
    """Percent of trials in which a disturbance was found as what it is, or at all; false alarms over looks."""
    if not FOOTAGE.is_dir():
        print(f"no footage in {FOOTAGE}: nothing measured")
        return []
    thresholds = Thresholds()
    films = {name: Film.of(FOOTAGE / name, every) for name, every in FILMS.items()}
    found: list[Row] = []
    for name, film in films.items():
        lot = random.Random(_SEED)
        cameras = [learnt(film, lot, thresholds) for _ in range(trials)]
        for what, (fault, _) in DISTURBED.items():
            told = [found_within(film, what, lot, deepcopy(camera)) for camera in cameras]
            right = 100 * sum(fault in each for each in told) // trials
            any_fault = 100 * sum(bool(each) for each in told) // trials
            found.append(Row(f"{name}: {what}: told as {fault}", right, "% of trials", None, None))
            found.append(Row(f"{name}: {what}: told at all", any_fault, "% of trials", None, None))
        for what in BORNE:
            begun = told_over(film, what, lot, deepcopy(cameras[0]), looks=_QUIET_LOOKS)
            for fault, times in sorted(begun.items()) or [("none", 0)]:
                unit = f"times in {_QUIET_LOOKS} looks"
                found.append(Row(f"{name}: {what}: false {fault}", times, unit, 0, times == 0))
    return found


def _drawn(film: Film, lot: random.Random, looks: int) -> list[int]:
    """Numbers of pictures, never the same one twice in a row: a live camera does not show that."""
    drawn: list[int] = []
    while len(drawn) < looks:
        number = lot.randrange(len(film.pictures))
        if not drawn or drawn[-1] != number:
            drawn.append(number)
    return drawn


def _encoded(picture: Picture, quality: int) -> tuple[bytes, bytes]:
    """Decoder configuration and one key frame, as MP4 has them."""
    height, width = picture.shape
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10)
        if not isinstance(stream, VideoStream):
            raise TypeError(stream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": str(quality), "preset": "veryfast"}
        colour = np.full((height // 2, width), 140, np.uint8)
        frame = av.VideoFrame.from_ndarray(np.vstack([picture, colour]), format="yuv420p")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r") as written:
        coded = written.streams.video[0]
        return bytes(coded.codec_context.extradata or b""), bytes(next(written.demux(coded)))
