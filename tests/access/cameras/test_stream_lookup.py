import pytest

from access.cameras.stream_lookup import NoStream
from access.policy import Denied
from access.ports import Asked
from config.secrets import Login
from nvr.base.errors import InvalidValue
from nvr.base.jcs import Json
from tests.access.world import CHOICE, World

SUB: dict[str, Json] = {"name": "sub", "coding": "H264", "width": 640, "height": 360, "fps_milli": 25_000}


def url_of(town: World, camera: str) -> str | None:
    return next((str(each.url) for each in town.keeper.published[-1] if each.camera == camera), None)


async def test_camera_with_an_address_alone_is_recorded_by_the_stream_that_it_names(town: World) -> None:
    answer = await town.act(
        "root", "camera.add", camera="cam-2", host="192.0.2.7", channel=2, user="u", password="p", point="p12"
    )
    assert answer["stream"] == {"url": "rtsp://192.0.2.7/main", **CHOICE}
    assert town.finder.asked == [Asked("192.0.2.7", 2, Login("u", "p"))]
    assert url_of(town, "cam-2") == "rtsp://192.0.2.7/main"


async def test_replacement_and_edit_find_their_stream_too(town: World) -> None:
    await town.act("root", "camera.replace", camera="cam-1", by="cam-1b", host="192.0.2.8", transport="udp")
    assert url_of(town, "cam-1b") == "rtspu://192.0.2.8/main"
    await town.act("root", "camera.edit", camera="cam-1b", host="192.0.2.9")
    assert url_of(town, "cam-1b") == "rtsp://192.0.2.9/main"


async def test_camera_that_is_known_is_asked_with_its_own_login(town: World) -> None:
    await town.act("root", "camera.add", camera="cam-2", url="rtsp://192.0.2.2/x", user="u", password="p")
    await town.act("root", "camera.edit", camera="cam-2", host="192.0.2.2")
    await town.act("root", "camera.import", cameras=[{"camera": "cam-2", "host": "192.0.2.9"}], dry_run=True)
    await town.act("root", "camera.edit", camera="cam-2", host="192.0.2.2", user="v", password="q")
    await town.act("root", "camera.edit", camera="cam-2", host="192.0.2.2", no_login=True)
    logins = [asked.login for asked in town.finder.asked]
    assert logins == [Login("u", "p"), Login("u", "p"), Login("v", "q"), None]


@pytest.mark.parametrize("host", ["192.0.2.1", "192.0.2.1:8000", "http://192.0.2.1:8000/onvif/device_service"])
async def test_camera_that_is_known_at_that_host_is_not_asked_again(town: World, host: str) -> None:
    answer = await town.act("root", "camera.import", cameras=[{"camera": "cam-1", "host": host}])
    assert (answer["unchanged"], town.finder.asked) == (["cam-1"], [])


async def test_camera_with_a_url_is_not_asked(town: World) -> None:
    answer = await town.act("root", "camera.add", camera="cam-2", url="rtsp://192.0.2.2/")
    assert "stream" not in answer
    assert town.finder.asked == []


@pytest.mark.parametrize(
    ("cause", "reason", "why"),
    [
        ("timeout", None, "lookup-silent"),
        ("unauthorized", None, "lookup-unauthorized"),
        ("untrusted", None, "lookup-untrusted"),
        ("garbage", None, "lookup-garbled"),
        (None, "larger-is-other", "lookup-larger-is-other"),
        (None, "login-in-path", "lookup-login-in-path"),
    ],
)
async def test_camera_without_a_stream_is_not_added_and_says_why(
    town: World, cause: str | None, reason: str | None, why: str
) -> None:
    choice: Json = None if reason is None else {"profile": None, "reason": reason, "others": [SUB], "channels": 1}
    town.finder.streams["192.0.2.7"] = {"url": None, "cause": cause, "choice": choice}
    before = await town.keeper.types()
    with pytest.raises(NoStream) as refused:
        await town.act("root", "camera.add", camera="cam-2", host="192.0.2.7", user="u", password="s3cret")
    assert refused.value.message_id == why
    assert refused.value.fields["offered"] == ("-" if reason is None else "sub 640x360 H264")
    assert "s3cret" not in str(refused.value)
    assert await town.keeper.types() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "192.0.2.7", "url": "rtsp://192.0.2.7/"},
        {"host": "u:p@192.0.2.7"},
        {"host": "192.0.2.7", "channel": 65},
        {"host": "x" * 256},
        {"channel": 1, "url": "rtsp://192.0.2.7/"},
    ],
)
async def test_address_that_is_none_is_refused_before_a_camera_is_asked(town: World, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        await town.act("root", "camera.add", camera="cam-2", **wrong)
    assert town.finder.asked == []


async def test_who_may_not_add_cameras_has_none_asked(town: World) -> None:
    with pytest.raises(Denied):
        await town.act("g.fix", "camera.add", camera="cam-2", host="192.0.2.7")
    assert town.finder.asked == []


async def test_rows_of_a_list_find_their_streams_all_at_once(town: World) -> None:
    rows = [
        {
            "row": 2,
            "camera": "cam-2",
            "host": "192.0.2.2",
            "user": "u",
            "password": "p",
            "point": "p20",
            "number": "20",
            "address": "1 rue Haute",
        },
        {"row": 3, "camera": "cam-3", "url": "rtsp://192.0.2.3/x"},
    ]
    answer = await town.act("root", "camera.import", cameras=rows)
    assert (answer["added"], answer["done"], list(answer["streams"])) == (["cam-2", "cam-3"], True, ["cam-2"])
    assert url_of(town, "cam-2") == "rtsp://192.0.2.2/main"
    again = await town.act("root", "camera.import", cameras=rows)
    assert (again["unchanged"], again["differing"]) == (["cam-2", "cam-3"], [])
    assert len(town.finder.asked) == 1


async def test_row_without_a_stream_is_a_fault_and_nothing_is_entered(town: World) -> None:
    town.finder.streams["192.0.2.2"] = {"url": None, "cause": "refused", "choice": None}
    rows = [
        {"row": 2, "camera": "cam-2", "host": "192.0.2.2", "retention_days": 99},
        {"row": 3, "camera": "cam-3", "host": "192.0.2.3"},
        {"row": 4, "camera": "cam-4", "host": "a@b"},
    ]
    answer = await town.act("root", "camera.import", cameras=rows)
    assert answer["done"] is False
    assert [(fault["row"], fault["field"], fault["why"]) for fault in answer["faults"]] == [
        (2, "host", "lookup-silent"),
        (2, "retention_days", "value"),
        (4, "host", "value"),
    ]
    assert answer["faults"][-1]["value"] is None
    assert url_of(town, "cam-3") is None
