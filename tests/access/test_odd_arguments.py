"""Whatever a person sends as arguments of an act is done, or refused in words: nothing else ends with it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access.arguments import LATEST_UTC_US
from nvr.base.errors import InvalidValue, NvrError
from tests.access.opened import Opened
from tests.access.world import DAY_US, HOUR_US, NOW_UTC_US, World, open_world
from tests.storage.sealed import CAMERA

NUMBER: Final = "R-2026-000001"
SCOPE: Final = {"cameras": ["cam-1"], "from_utc_us": NOW_UTC_US - HOUR_US, "to_utc_us": NOW_UTC_US, "asked_by": "OPJ"}
REASONED: Final = {"requisition": NUMBER, "reason": "aucune"}
DECIDED: Final = {"authority_number": "PV 7", "basis": "60-1", "checked": "rappel"}
ALSO: Final = ("place", "basis", "authority", "authority_number", "document_sha256")

ACTS: Final[Mapping[str, tuple[str, Mapping[str, object], tuple[str, ...]]]] = MappingProxyType(
    {
        # by act: who does it, arguments that are right, the names of the others
        "account.add": ("root", {"account": "z", "roles": ["auditor"], "password": "x" * 12, "person": "Z"}, ()),
        "account.end": ("root", {"account": "g.fix"}, ()),
        "camera.add": (
            "root",
            {"camera": "cam-9", "url": "rtsp://192.0.2.1/"},
            ("user", "password", "point", "transport", "kind", "without_order", "until_utc_us"),
        ),
        "camera.absent": ("root", {"camera": "cam-8", "reason": "aucune"}, ()),
        "camera.present": ("root", {"camera": "cam-8"}, ("point",)),
        "camera.commission": ("root", {"camera": "cam-1", "minutes": 30, "reason": "mât tourné"}, ()),
        "camera.commission_end": ("root", {"camera": "cam-1"}, ()),
        "camera.retire": ("root", {"camera": "cam-8"}, ()),
        "point.add": ("root", {"point": "p1", "number": "1"}, ("address", "streets", "view", "lat_e7", "lon_e7")),
        "authorisation.add": (
            "root",
            {"number": "7", "from_utc_us": 0, "to_utc_us": NOW_UTC_US, "retention_days": 9},
            ("minimum_days", "cameras"),
        ),
        "hold.place": ("a.martin", SCOPE, ("place",)),
        "hold.confirm": ("b.petit", {"hold": "0" * 32}, ()),
        "hold.end": ("b.petit", {"hold": "0" * 32, "reason": "aucune"}, ()),
        "requisition.new": ("a.martin", SCOPE, ALSO),
        "requisition.show": ("a.martin", {"requisition": NUMBER}, ()),
        "requisition.refuse": ("b.petit", REASONED, ()),
        "requisition.close": ("b.petit", REASONED, ()),
        "requisition.validate": (
            "b.petit",
            {**DECIDED, "requisition": NUMBER},
            ("cameras", "from_utc_us", "to_utc_us", "valid_days"),
        ),
        "grant.file": ("a.martin", {}, ("from_sizes",)),
        "grant.upload": ("a.martin", {"size": 9}, ()),
        "grant.answer": ("a.martin", {"answer": {"v": 1}}, ("token",)),
    }
)

texts = st.text(st.characters(), max_size=6) | st.sampled_from(
    [
        "\ud800",
        "\0",
        "\n",
        "cam-1\n",
        "é" * 1000,
        "a" * 1001,
        "R-2026-000001\n",
        NUMBER,
        "rtsp://[::1",
        "rtsp://h:99999",
    ]
)
numbers = st.integers() | st.sampled_from(
    [-1, 0, NOW_UTC_US, NOW_UTC_US + DAY_US, LATEST_UTC_US, 2**53 - 1, 2**53, 2**63, 2**64]
)
scalars = texts | numbers | st.floats() | st.booleans() | st.none()
values = scalars | st.lists(scalars, max_size=3) | st.dictionaries(texts, scalars, max_size=2)


async def with_world(directory: Path, work: Callable[[World, str], Awaitable[None]]) -> None:
    """A town with footage, a second camera, and a grant of it: its id goes to the work."""
    async with open_world(directory) as world:
        opened = await Opened.begin(world)
        await world.act("root", "camera.add", camera="cam-1", url="rtsp://192.0.2.1/live")
        interval = {"from_utc_us": opened.starts[0].start_utc_us, "to_utc_us": opened.starts[1].start_utc_us}
        asked = await world.act("a.martin", "requisition.new", cameras=[CAMERA], asked_by="OPJ", **interval)
        grant = await world.act("b.petit", "requisition.validate", requisition=asked["requisition"], **DECIDED)
        await work(world, grant["grant"])


def change_of(name: str) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """The act, and one or two arguments that are not right."""
    _, right, others = ACTS[name]
    names = st.sampled_from([*right, *others])
    return st.tuples(st.just(name), st.dictionaries(names, values, min_size=1, max_size=2))


@settings(max_examples=5)
@given(changes=st.lists(st.sampled_from(sorted(ACTS)).flatmap(change_of), min_size=100, max_size=100))
def test_odd_arguments_are_refused_in_words(
    changes: list[tuple[str, dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def act(world: World, grant: str) -> None:
        for name, change in changes:
            account, right, _ = ACTS[name]
            about = {"grant": grant} if name.startswith("grant.") else {}
            with suppress(NvrError):
                await world.act(account, name, **{**about, **right, **change})

    asyncio.run(with_world(tmp_path_factory.mktemp("odd"), act))


async def test_hold_whose_end_can_not_be_written_down_is_refused_by_its_field(town: World) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await town.act("a.martin", "hold.place", **{**SCOPE, "to_utc_us": 2**53 - 1})
    assert refusal.value.field == "to_utc_us"
