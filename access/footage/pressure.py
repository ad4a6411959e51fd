"""When the first disk will run short, as far as the keeper foresees it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from nvr.base.errors import NvrError
from nvr.base.jcs import Json
from nvr.base.units import UtcUs

PATIENCE_S: Final = 5.0
"""A countdown is told without the forecast rather than late."""

_log: Final = logging.getLogger(__name__)


async def pressure_utc_us(forecast: Callable[[], Awaitable[Json]]) -> UtcUs | None:
    """From when on the first disk destroys before its time (`storage.forecast.Forecast`).

    None where none does, or where the keeper does not answer: which disk has the footage is not asked.
    """
    try:
        async with asyncio.timeout(PATIENCE_S):
            found: Any = await forecast() or {}
    except (NvrError, TimeoutError) as error:
        _log.warning("a countdown is told without a look at the disks' room: %s", error)
        return None
    instants = [volume.get("pressure_utc_us") for volume in found.get("volumes", ())]
    return min((UtcUs(instant) for instant in instants if instant is not None), default=None)
