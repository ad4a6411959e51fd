"""Waiting for something that another task or thread does, without waiting for time."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until the condition holds; the test's own timeout is the bound."""
    while not condition():  # noqa: ASYNC110 -- what is awaited here tells nobody when it happens
        await asyncio.sleep(0)
