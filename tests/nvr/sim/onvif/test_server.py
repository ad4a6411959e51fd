import asyncio

import httpx
import pytest

from nvr.sim.onvif.camera import Head, OnvifCamera
from nvr.sim.onvif.server import OnvifSimulator
from nvr.sim.onvif.words import answer


async def posted(simulator: OnvifSimulator, operation: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(simulator.url, content=answer(f"<{operation}/>"))


async def test_open_operation_is_answered_and_guarded_ones_are_refused() -> None:
    async with OnvifSimulator(OnvifCamera(login="digest")) as simulator:
        assert (await posted(simulator, "tds:GetSystemDateAndTime")).status_code == 200
        refused = await posted(simulator, "tds:GetDeviceInformation")
        assert (refused.status_code, refused.headers["www-authenticate"].split(" ")[0]) == (401, "Digest")
        assert (simulator.operations, simulator.refused) == (["GetSystemDateAndTime"], 0)
        async with httpx.AsyncClient(auth=httpx.DigestAuth("viewer", "pass"), trust_env=False) as client:
            assert (await client.post(simulator.url, content=answer("<tds:GetDeviceInformation/>"))).is_success
    assert simulator.operations[-1] == "GetDeviceInformation"


async def test_service_that_the_camera_lacks_is_a_fault_and_no_soap_is_refused() -> None:
    async with OnvifSimulator(OnvifCamera(login="none")) as simulator:
        assert "ActionNotSupported" in (await posted(simulator, "tptz:GetNodes")).text
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.post(simulator.url, content=b"<no soap")).status_code == 400
    async with OnvifSimulator(OnvifCamera(login="none", head=Head())) as simulator:
        assert (await posted(simulator, "tptz:GetNodes")).status_code == 200


@pytest.mark.parametrize(("oddity", "status"), [("html", 200), ("redirect", 302), ("busy", 503), ("fault", 500)])
async def test_odd_camera_is_odd(oddity: str, status: int) -> None:
    async with OnvifSimulator(OnvifCamera(oddity=oddity)) as simulator:  # type: ignore[arg-type]
        assert (await posted(simulator, "tds:GetDeviceInformation")).status_code == status
        assert (await posted(simulator, "tds:GetSystemDateAndTime")).status_code == 200


async def test_end_does_not_wait_for_a_client_that_waits() -> None:
    async with OnvifSimulator(OnvifCamera(oddity="silent")) as simulator:
        asking = asyncio.create_task(posted(simulator, "tds:GetDeviceInformation"))
        await asyncio.wait([asking], timeout=0.2)
    with pytest.raises(httpx.HTTPError):
        await asking
