"""Register and ledger, copied while they are written to, so that the copies agree (docs/design/backup.md, K3, K4)."""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from config.database import Location
from nvr.base.errors import Retryable
from storage.backup.manifest import LedgerAt
from storage.backup.on_server import copy_from_server
from storage.backup.rows import RowsDiffer
from storage.databases import words_of
from storage.ledger.reader import LedgerReader
from storage.ledger.tables import connect, cut_copy
from storage.register import journal


class DatabaseNotCopied(Retryable):
    """A database does not give a copy of itself, or the disk takes none."""

    message_id = "backup-not-copied"


@dataclass(frozen=True, slots=True)
class RegisterState:
    """What a copy of the register knows of the ledger: how many entries it has seen, which acts it has proposed."""

    seen: int
    proposed: frozenset[str]


def copy_register(source: Location, target: Path) -> RegisterState:
    """Copy the register into a SQLite file, whichever database holds it.

    Raises:
        DatabaseNotCopied: it can not be read, or the copy not be written.
        RegisterAway, RegisterNotGranted, RegisterOtherVersion: its server does not give it.
    """
    if isinstance(source, Path):
        _copy_file(source, target)
    else:
        try:
            copy_from_server(source, target)
        except DBAPIError as error:
            raise DatabaseNotCopied(file=str(target), why=words_of(error)) from error
        except RowsDiffer as error:
            raise DatabaseNotCopied(file=str(target), why=f"{error.table}: not what was written") from error
    return _state_of(target)


def copy_ledger(source: Path, target: Path, public: Ed25519PublicKey, register: RegisterState) -> LedgerAt:
    """Copy the ledger up to the first act of a person that the register's copy does not have; what the copy holds.

    Raises:
        DatabaseNotCopied, LedgerUnavailable: it can not be read, or the copy not be written.
        LedgerDamaged, NoteInvalid: it is not what was signed.
    """
    try:
        connection = connect(source, read_only=True)
        try:
            _copy(connection, target)
        finally:
            connection.close()
        copy = sqlite3.connect(target)
        try:
            first = _first_unknown(copy, register.seen, register.proposed)
            if first is not None:
                cut_copy(copy, first)
        finally:
            copy.close()
    except sqlite3.Error as error:
        raise DatabaseNotCopied(file=str(source), why=str(error)) from error
    return ledger_at(target, public)


def ledger_at(path: Path, public: Ed25519PublicKey, *, whole: bool = False) -> LedgerAt:
    """What a ledger holds, checked: from its last checkpoint on, or every entry of it.

    Raises:
        LedgerUnavailable: it can not be read.
        LedgerDamaged, NoteInvalid: it is not what was signed by this key.
    """
    reader = LedgerReader(path)
    try:
        signed = reader.verify(public, after=reader.size())
        reader.verify(public, after=0 if whole or signed is None else signed.size)
        size = reader.size()
        return LedgerAt(size=size, root=reader.root(size).hex(), checkpoint=reader.checkpoint())
    finally:
        reader.close()


def _copy_file(source: Path, target: Path) -> None:
    try:
        connection = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
        try:
            _copy(connection, target)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise DatabaseNotCopied(file=str(source), why=str(error)) from error


def _copy(source: sqlite3.Connection, target: Path) -> None:
    into = sqlite3.connect(target)
    try:
        # All pages in one step: one read transaction, for which no writer waits.
        source.backup(into)
        into.execute("PRAGMA journal_mode = DELETE")
    finally:
        into.close()


def _state_of(register: Path) -> RegisterState:
    engine = create_engine(f"sqlite:///{register}")
    try:
        if not inspect(engine).has_table("act"):  # it was never opened
            return RegisterState(0, frozenset())
        with Session(engine) as session:
            waiting = [proposal.act for batch in journal.pending(session) for _, proposal in batch]
            return RegisterState(journal.ledger_size(session), frozenset(act for act in waiting if act is not None))
    finally:
        engine.dispose()


def _first_unknown(ledger: sqlite3.Connection, seen: int, proposed: Collection[str]) -> int | None:
    # By the unique index over acts, of which there are few; the entries of machines are millions.
    rows = ledger.execute("SELECT idx, act FROM entry WHERE act > '' AND idx >= ?", (seen,))
    return min((index for index, act in rows if act not in proposed), default=None)
