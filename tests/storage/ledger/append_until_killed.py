"""Appends acts through the service and prints each index once it was answered; killed from outside."""

import asyncio
import sys
from pathlib import Path

from nvr.base.clock import SystemClock
from storage.ledger.service import Draft, LedgerService
from tests.storage.ledger.samples import OFFICER, hold, uuid


async def main(directory: Path, origin: str) -> None:
    service = LedgerService(directory, origin, SystemClock())
    await service.start()

    async def one(number: int) -> None:
        (appended,) = await service.append([Draft(hold(number), actor=OFFICER, act=uuid(number))])
        sys.stdout.write(f"{appended.index} {uuid(number)}\n")
        sys.stdout.flush()

    for first in range(1, 60_000, 8):
        await asyncio.gather(*(one(first + offset) for offset in range(8)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
