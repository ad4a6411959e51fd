from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from recorder.demux.inputs import Datagrams
from tests.recorder.demux.test_transport import VIDEO, packet


class _Messages(Datagrams):
    def __init__(self, messages: Sequence[bytes]) -> None:
        super().__init__()
        self._messages = iter(messages)

    def receive(self) -> bytes:
        return next(self._messages)


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=10), st.integers(1, 60))
def test_no_read_gives_more_than_was_asked_for_and_nothing_is_lost(messages: list[bytes], size: int) -> None:
    messages_in = _Messages(messages)
    read = bytearray()
    while len(read) < sum(map(len, messages)):
        piece = messages_in.read(size)
        assert 0 < len(piece) <= size
        read += piece
    assert bytes(read) == b"".join(messages)


def test_what_is_missing_is_told_once_however_the_messages_are_read() -> None:
    messages = _Messages([packet(VIDEO, 0), packet(VIDEO, 3)])
    for _ in range(4):
        messages.read(94)
    assert (messages.missing(VIDEO), messages.missing(VIDEO)) == (2, 0)
