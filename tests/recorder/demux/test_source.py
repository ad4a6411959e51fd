import asyncio

import pytest

from nvr.base.stop import Stop
from recorder.demux import session
from recorder.demux.reader import Reader
from recorder.status import ShardSettings, State
from tests.recorder.demux.town import town


async def test_hanging_thread_is_left_to_itself_and_counted_and_no_more_than_three_are_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released = Stop()

    def hang(_reader: Reader) -> None:
        while not released.wait_in_thread(0.05):
            pass

    monkeypatch.setattr(Reader, "_read", hang)
    monkeypatch.setattr(session, "END_S", 0.01)
    settings = ShardSettings(connect_timeout_s=0, retry_first_s=0.01, retry_most_s=0.02)
    try:
        async with town("udp://127.0.0.1:9", settings=settings) as made:
            await made.until(lambda: made.source.abandoned == 3)
            await made.until(lambda: made.status.state is State.WAITING)
            assert made.status.cause == "timeout"
            await made.end()
            readers = list(made.source._abandoned.readers())
            assert len(readers) == 3
    finally:
        released.set()
    for reader in readers:
        await asyncio.to_thread(reader._thread.join, 10)
    assert made.source.abandoned == 0
