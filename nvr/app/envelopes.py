"""The provisional set's envelopes: a page to print and a key file per seat, made once and then forgotten."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from nvr.app.founding import Envelope
from nvr.app.messages import say
from nvr.app.pins import PinFile, pins_beside
from storage.durable import create_file, make_directory
from storage.vault.keyfile import CustodianKeys, lock

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no I, L, O, U, which a reader confuses."""

_GROUPS: Final = 5
_GROUP_LETTERS: Final = 5
_FILE_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700


def write_envelopes(folder: Path, envelopes: Sequence[Envelope], pins: PinFile) -> list[Path]:
    """For each seat `seat-N.key`, `seat-N.pins.json`, and the page `seat-N.txt` with the passphrase; the pages.

    Raises:
        FileExistsError: an envelope is there already.
    """
    make_directory(folder, _FOLDER_MODE)
    return [_write(folder, envelope, pins) for envelope in envelopes]


def new_passphrase() -> str:
    """25 letters and digits in groups: 125 random bits, more than any guessing reaches."""
    letters = ["".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LETTERS)) for _ in range(_GROUPS)]
    return "-".join(letters)


def _write(folder: Path, envelope: Envelope, pins: PinFile) -> Path:
    passphrase = new_passphrase()
    # The format holds a signing seed as well; the set names none for an envelope, so that one signs nothing.
    keys = CustodianKeys(f"envelope {envelope.seat}", envelope.key, secrets.token_bytes(32))
    key_file = folder / f"seat-{envelope.seat}.key"
    create_file(key_file, lock(keys, passphrase), _FILE_MODE)
    pins.write(pins_beside(key_file))
    page = key_file.with_suffix(".txt")
    text = say(
        "envelope-page",
        seat=envelope.seat,
        origin=pins.origin,
        kid=envelope.key.public.kid,
        set=pins.sets[0].hex(),
        passphrase=passphrase,
        key_file=key_file.name,
    )
    create_file(page, f"{text}\n".encode(), _FILE_MODE)
    return page
