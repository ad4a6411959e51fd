"""`nvr-custodian`: for a custodian, on any machine; it needs no server, no network and no decoder."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from nvr.app.cli.answers import write_json
from nvr.app.cli.common import JsonOption, abort_on_no, new_app, run, secret
from nvr.app.cli.custodian_scope import scope_fields
from nvr.app.cli.files import read_file, write_new_file
from nvr.app.messages import say
from nvr.app.pins import pins_beside, read_pins
from nvr.base.clock import SystemClock
from storage.vault.grantfile import GrantFile, parse_grant_file
from storage.vault.keyfile import CustodianKeys, lock, public_part, unlock
from storage.vault.share import SeatKeys, answer
from storage.vault.verification import verify_grant_file

app = new_app("The custodian's tool: make a key, look at a grant, answer it.")

PassphraseFileOption = Annotated[
    Path | None, typer.Option("--passphrase-file", metavar="FILE", help="Its first line is the passphrase.")
]
_KEY_MODE = 0o600


@app.command("new")
def new(
    out: Annotated[Path, typer.Option(metavar="KEYFILE", help="The key file to make; it must not exist")],
    name: Annotated[str, typer.Option(help="Your name, as the custodian set shows it")],
    passphrase_file: PassphraseFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make your key, protected by a passphrase; give the administrator the public part that is printed.

    Example: nvr-custodian new --name "Jeanne Martin" --out martin.key
    """
    passphrase = secret("ask-new-passphrase", passphrase_file, confirm=True)
    data = lock(CustodianKeys.generate(name), passphrase)
    write_new_file(out, data, _KEY_MODE)
    public = public_part(data)
    if as_json:
        write_json(public.as_json())
    else:
        sys.stdout.write(f"{say('key-made', kid=public.kid, file=out)}\n{public.public.text}\n")


@app.command("open")
def open_(
    grant_file: Annotated[Path, typer.Argument(metavar="GRANT_FILE")],
    key: Annotated[Path, typer.Option(metavar="KEYFILE", help="Your key file; its pins lie beside it")],
    out: Annotated[Path, typer.Option(metavar="ANSWER", help="The answer to make; it must not exist")],
    passphrase_file: PassphraseFileOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether to answer.")] = False,
    continued: Annotated[
        bool, typer.Option("--continued", help="You were told that the ledger was restored from a backup.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check a grant file, show what it asks for, and answer it.

    Example: nvr-custodian open grant.json --key martin.key --out answer-martin.json
    """
    file = parse_grant_file(read_file(grant_file))
    pins_file = pins_beside(key)
    pins = read_pins(read_file(pins_file))
    verified = verify_grant_file(file, replace(pins.pins(), continued=continued), now_utc_us=SystemClock().utc_us())
    # What the ledger proves, never a text that the server sent; beside the JSON answer it goes to the person's screen.
    (sys.stderr if as_json else sys.stdout).write(f"{say('grant-scope', **scope_fields(verified))}\n")
    if not yes:
        abort_on_no("ask-answer-grant")
    made = answer(verified, _seat_keys(file, unlock(read_file(key), secret("ask-passphrase", passphrase_file))))
    for seat in sorted({other.seat for other in file.answers if other.digest in made.bad}):
        sys.stderr.write(f"{say('shares-bad', seat=seat)}\n")
    write_new_file(out, made.pack())
    pins.having_seen(verified.checkpoint).write(pins_file)
    if as_json:
        write_json({"grant": verified.grant.grant, "seat": made.seat, "kind": made.kind.value, "answer": str(out)})
    else:
        sys.stdout.write(f"{say('answer-made-' + made.kind.value, file=out)}\n")


def main() -> int:
    """The installed command."""
    return run(app)


def _seat_keys(file: GrantFile, keys: CustodianKeys) -> SeatKeys:
    """The private keys; an envelope's answers carry no signature, since the set names no signing key for it."""
    kid = keys.pair.public.kid
    seat = file.custodians.seat_of(kid)
    signs = seat is not None and any(key.kid == kid and key.sign is not None for key in seat.keys)
    return SeatKeys(keys.pair, keys.sign if signs else None)


if __name__ == "__main__":
    raise SystemExit(main())
