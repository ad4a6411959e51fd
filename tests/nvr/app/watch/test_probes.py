"""A disk that hangs holds up nobody, and is not asked again before it has answered."""

import threading

import pytest

from nvr.app.watch.probes import HangingError, Probes


async def test_look_that_hangs_is_given_up_and_not_begun_twice() -> None:
    probes, hang, begun = Probes(2), threading.Event(), list[int]()

    def look() -> str:
        begun.append(1)
        hang.wait()
        return "late"

    try:
        for _ in range(3):
            with pytest.raises(HangingError):
                await probes.ask("disk1", look, limit_s=0.01)
        assert await probes.ask("disk2", lambda: "well") == "well"
        assert len(begun) == 1
    finally:
        hang.set()
    probes._running["disk1"].result()
    assert await probes.ask("disk1", lambda: "back") == "back"
    probes.close()


async def test_error_of_a_look_is_its_callers() -> None:
    probes = Probes(1)

    def look() -> None:
        raise OSError("refused")

    with pytest.raises(OSError, match="refused"):
        await probes.ask("disk1", look)
    probes.close()
