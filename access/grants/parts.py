"""Grant files on their way out and answers on their way in: staged beside the grant's keys, carried in parts.

Both outgrow a frame of access's socket (docs/design/processes.md "Sockets"): a camera's day has 86,400 records.
What is staged is wrapped or signed, never in clear. It goes with the grant, and when access starts.
"""

import asyncio
import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from access.grants.store import GrantStore, GrantWiped
from access.parts import PART_BYTES, part_as_json, read_part
from nvr.base.errors import InvalidValue, Refused
from nvr.base.ids import AccountId, GrantId
from nvr.base.jcs import Json
from storage.durable import create_file, remove_file

MOST_ANSWER_BYTES: Final = 128 * 2**20
SUFFIX: Final = ".part"
MODE: Final = 0o600


class GrantPartUnknown(Refused):
    """Nothing is staged for this token, or no more: the grant ended, or access started anew."""

    message_id = "grant-part-unknown"


About: TypeAlias = GrantId | frozenset[GrantId]
"""What a staged file is about: one grant, or all those of a sitting. An answer to a sitting names none yet."""


@dataclass(slots=True)
class _Staged:
    about: About
    account: AccountId
    path: Path
    size: int
    incoming: bool
    received: int = 0
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)


class GrantParts:
    """What is staged, by token: for each account one file out and one answer in at most, of each grant and of sittings.

    What is about one grant lies beside its keys, and goes with them; what is about several goes with the first that
    ends.
    """

    def __init__(self, store: GrantStore) -> None:
        self._store = store
        self._staged: dict[str, _Staged] = {}

    async def stage(self, about: About, account: AccountId, content: bytes) -> dict[str, Json]:
        """Stage a file for custodians to be read: token and size. Raises GrantWiped."""
        return await self._add(about, account, content, size=len(content), incoming=False)

    async def expect(self, about: About, account: AccountId, size: int) -> dict[str, Json]:
        """Stage an answer of so many bytes that is to be written: token and size. Raises GrantWiped."""
        return await self._add(about, account, b"", size=size, incoming=True)

    async def drop(self, grant: GrantId) -> None:
        """Remove what is about this grant, alone or with others: it ended."""
        for token, staged in list(self._staged.items()):
            about = staged.about
            if grant in about if isinstance(about, frozenset) else grant == about:
                await self._drop(token)

    async def read(self, args: dict[str, Any]) -> dict[str, Json]:
        """A part of a staged grant file, from `offset` on. Raises GrantPartUnknown."""
        staged, offset = self._of(args, incoming=False), args.get("offset")
        if type(offset) is not int or not 0 <= offset <= staged.size:
            raise InvalidValue(field="offset", value=offset, expected=f"0 to {staged.size}")
        data = await asyncio.to_thread(_read, staged.path, offset, PART_BYTES)
        return part_as_json(data, offset=offset, size=staged.size)

    async def write(self, args: dict[str, Any]) -> dict[str, Json]:
        """The next part of a staged answer; how many bytes are there.

        Raises:
            GrantPartUnknown: nothing is expected for this token.
            InvalidValue: it is not the next part, or too long.
        """
        staged, offset = self._of(args, incoming=True), args.get("offset")
        data = _data(args.get("data"))
        async with staged.writing:
            if type(offset) is not int or offset != staged.received:
                raise InvalidValue(field="offset", value=offset, expected=str(staged.received))
            if len(data) > min(PART_BYTES, staged.size - staged.received):
                raise InvalidValue(field="data", value=len(data), expected="no more than was said, in parts of 4 MiB")
            await asyncio.to_thread(_write, staged.path, offset, data)
            staged.received += len(data)
        return {"received": staged.received}

    async def take(self, token: str, about: About, account: AccountId) -> bytes:
        """The whole of a staged answer, which is thereby gone from here.

        Raises:
            GrantPartUnknown: it is not this person's for this.
            InvalidValue: parts of it are missing.
        """
        staged = self._of({"token": token}, incoming=True)
        if (staged.about, staged.account) != (about, account):
            raise GrantPartUnknown
        if staged.received != staged.size:
            raise InvalidValue(field="token", value=staged.received, expected=f"all {staged.size} bytes of the answer")
        content = await asyncio.to_thread(_read, staged.path, 0, staged.size)
        await self._drop(token)
        return content

    async def housekeep(self) -> None:
        """Remove what has no token: a process before staged it; forget what was wiped with its grant."""
        for token, staged in list(self._staged.items()):
            if not await asyncio.to_thread(staged.path.parent.exists):
                self._staged.pop(token, None)
        for path in await asyncio.to_thread(self._store.staged, SUFFIX):
            if not any(path == staged.path for staged in self._staged.values()):
                await asyncio.to_thread(remove_file, path)

    async def _add(
        self, about: About, account: AccountId, content: bytes, *, size: int, incoming: bool
    ) -> dict[str, Json]:
        token = secrets.token_urlsafe(24)
        directory = await asyncio.to_thread(self._directory_of, about)
        path = directory / f"{secrets.token_hex(16)}{SUFFIX}"  # not the token: names of files are seen by more people
        before = [
            other
            for other, staged in self._staged.items()
            if (_place(staged.about), staged.account, staged.incoming) == (_place(about), account, incoming)
        ]
        # Nothing is awaited before the newest has taken the place of the others: of many at once one is left.
        replaced = [self._staged.pop(other).path for other in before]
        self._staged[token] = _Staged(about, account, path, size, incoming)
        try:
            await asyncio.to_thread(_replace, replaced, path, content)
        except BaseException:
            self._staged.pop(token, None)
            raise
        return {"token": token, "size": size}

    def _directory_of(self, about: About) -> Path:
        grant = _place(about)
        return self._store.directory_of_sittings() if grant is None else self._store.directory_of(grant)

    async def _drop(self, token: str) -> None:
        staged = self._staged.pop(token, None)
        if staged is not None:
            await asyncio.to_thread(remove_file, staged.path)

    def _of(self, args: dict[str, Any], *, incoming: bool) -> _Staged:
        staged = self._staged.get(str(args.get("token")))
        if staged is None or staged.incoming is not incoming:
            raise GrantPartUnknown
        return staged


def _place(about: About) -> GrantId | None:
    """The grant beside which it lies; None: it is of a sitting."""
    return None if isinstance(about, frozenset) else about


def _replace(before: Sequence[Path], path: Path, content: bytes) -> None:
    for old in before:
        remove_file(old)
    try:
        create_file(path, content, MODE)
    except FileNotFoundError as error:
        raise GrantWiped(grant=path.parent.name) from error


def _data(given: object) -> bytes:
    try:
        return base64.b64decode(given if isinstance(given, str) else "?", validate=True)
    except ValueError as error:
        raise InvalidValue(field="data", value=None, expected="base64") from error


def _read(path: Path, offset: int, most: int) -> bytes:
    try:
        return read_part(path, offset, most)
    except FileNotFoundError as error:
        raise GrantPartUnknown from error


def _write(path: Path, offset: int, data: bytes) -> None:
    try:
        with path.open("r+b") as file:
            file.seek(offset)
            file.write(data)
    except FileNotFoundError as error:
        raise GrantPartUnknown from error
