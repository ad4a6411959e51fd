"""The secrets file as access writes it: logins of cameras, changed one act at a time.

A login that is changed gets a name of its own, so that recorders go on with the old one until the act is in the ledger;
the old one leaves the file then. A login that nothing refers to harms nobody.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from config import secrets
from config.secrets import Login
from nvr.base.ids import CameraId, uuid7
from nvr.base.units import UtcUs

_MARK = "/"
"""Between a camera's name, which never holds it, and what makes the login's name its own."""


def fresh_name(camera: CameraId, now_utc_us: UtcUs) -> str:
    """A name for a login of this camera that no login had before."""
    return f"{camera}{_MARK}{uuid7(now_utc_us)}"


class Logins:
    """Reads and writes the secrets file. Access is the only one that writes it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changing = asyncio.Lock()

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[None]:
        """One act at a time: of two cameras of one name the second is refused before its login takes a place."""
        async with self._changing:
            yield

    async def known(self) -> Mapping[str, Login]:
        """All logins, by name. Raises ConfigError: the file can not be used."""
        return await asyncio.to_thread(secrets.load, self._path)

    async def keep(self, logins: Mapping[str, Login]) -> None:
        """Add these, durably. Raises ConfigError, OSError."""
        if logins:
            await asyncio.to_thread(self._keep, logins)

    async def drop_others(self, camera: CameraId, name: str | None) -> None:
        """Forget every login of this camera but the one of this name. Raises ConfigError, OSError."""
        await asyncio.to_thread(self._drop_others, camera, name)

    def _keep(self, logins: Mapping[str, Login]) -> None:
        secrets.replace(self._path, {**secrets.load(self._path), **logins})

    def _drop_others(self, camera: CameraId, name: str | None) -> None:
        known = secrets.load(self._path)
        left = {key: login for key, login in known.items() if key == name or key.partition(_MARK)[0] != camera}
        if left.keys() != known.keys():
            secrets.replace(self._path, left)
