from access.grants.facts import facts_of
from access.reading import grant_row
from tests.access.opened import Opened
from tests.access.world import HOUR_US
from tests.storage.sealed import CAMERA


async def test_facts_name_where_the_camera_stood_then(opened: Opened) -> None:
    world = opened.world
    await world.act("root", "point.add", point="p1", number="1", address="rue A", lat_e7=7)
    await world.act("root", "camera.add", camera="cam-9", url="rtsp://192.0.2.8/", point="p1")
    since = world.clock.utc_us()
    world.clock.advance(2 * HOUR_US)
    made = await world.act(
        "a.martin",
        "requisition.new",
        cameras=[CAMERA, "cam-9"],
        from_utc_us=since - HOUR_US,
        to_utc_us=since + HOUR_US,
        asked_by="OPJ",
    )
    grant = (await opened.validate(made["requisition"]))["grant"]
    facts = await world.register.read(lambda session: facts_of(session, grant_row(session, grant)))
    (place,) = facts.places[facts.cameras[0]]
    assert facts.cameras[0] == "cam-9"
    assert (place.text, place.from_utc_us, place.to_utc_us, place.lat_e7) == ("point 1, rue A", since, None, 7)
    assert facts.places[CAMERA] == ()
