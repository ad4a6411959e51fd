"""To a host of several addresses by whichever answers first (RFC 8305, "happy eyeballs").

A name that has addresses of both families often works by one only: a camera that was given an IPv6 address which
nothing routes would otherwise use up the whole time of each attempt.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Any, Final

STAGGER_S: Final = 0.25
"""How long one address has before the next is tried beside it (RFC 8305 section 8)."""
MAX_ADDRESSES: Final = 8

Address = tuple[int, Any]
"""Family, and what `connect` takes."""


async def connected_socket(host: str, port: int) -> socket.socket:
    """A TCP connection to the first address of the host that answers. Cancelled, it leaves none behind.

    Raises:
        OSError: no address answers; `ConnectionRefusedError` where one refused, since then somebody was there.
        socket.gaierror: the name has no address.
        UnicodeError: the name has no form for the DNS.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return await race(alternating([(family, address) for family, _, _, _, address in found])[:MAX_ADDRESSES])


def alternating(addresses: Sequence[Address]) -> list[Address]:
    """The families by turns, the one that the system prefers first (RFC 8305 section 4)."""
    preferred = [each for each in addresses if each[0] == addresses[0][0]]
    others = [each for each in addresses if each[0] != addresses[0][0]]
    return [each for each in chain.from_iterable(zip_longest(preferred, others)) if each is not None]


async def race(addresses: Sequence[Address]) -> socket.socket:
    """Connect to each in turn, and wait for the one before no longer than STAGGER_S; the first one wins.

    Raises:
        OSError: see `connected_socket`.
    """
    left, tasks = deque(addresses), list[asyncio.Task[socket.socket]]()
    errors: list[OSError] = []
    winner: asyncio.Task[socket.socket] | None = None
    try:
        running: set[asyncio.Task[socket.socket]] = set()
        while winner is None and (left or running):
            if left:
                tasks.append(asyncio.create_task(_connected(left.popleft())))
                running.add(tasks[-1])
            done, running = await asyncio.wait(
                running, timeout=STAGGER_S if left else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                match task.exception():
                    case None:
                        winner = task
                    case OSError() as error:
                        errors.append(error)
                    case error:
                        raise error
    finally:
        for task in tasks:
            if task is not winner:
                task.add_done_callback(_close)
                task.cancel()
    if winner is None:
        raise next((error for error in errors if isinstance(error, ConnectionRefusedError)), errors[0])
    return winner.result()


def _close(task: asyncio.Task[socket.socket]) -> None:
    """What came second is not needed; an error of it neither."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()


async def _connected(address: Address) -> socket.socket:
    family, where = address
    endpoint = socket.socket(family, socket.SOCK_STREAM)
    try:
        endpoint.setblocking(False)
        await asyncio.get_running_loop().sock_connect(endpoint, where)
    except BaseException:
        endpoint.close()
        raise
    return endpoint
