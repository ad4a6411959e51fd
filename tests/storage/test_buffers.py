"""Buffers go round between the recorder and the writers, and what is idle is bounded."""

from storage.buffers import MOST_IDLE, MOST_IDLE_BYTES, BufferPool, extend


def test_buffer_that_was_given_back_is_taken_again() -> None:
    pool = BufferPool()
    buffer = pool.take()
    pool.give(buffer)
    again = pool.take()
    assert again is buffer
    assert pool.take() is not again


def test_buffer_that_was_cut_off_grows_again_without_a_move() -> None:
    buffer = BufferPool().take()
    extend(buffer, 1_000_000)
    allocated = buffer.__alloc__()
    del buffer[700_000:]
    extend(buffer, 1_000_000)
    assert len(buffer) >= 1_000_000
    assert buffer.__alloc__() == allocated


def test_idle_memory_is_bounded_after_a_burst() -> None:
    pool = BufferPool()
    size = len(pool.take())
    for _ in range(2 * MOST_IDLE):
        pool.give(bytearray(size))
    pool.give(bytearray(MOST_IDLE_BYTES + 1))
    assert (len(pool._idle), max(map(len, pool._idle))) == (MOST_IDLE, size)
