"""`nvr-custodian`: for a custodian, on any machine; it needs no server, no network and no decoder."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from nvr.app.cli.answering import KeyAtHand, sit
from nvr.app.cli.answers import write_json
from nvr.app.cli.common import EXIT_REFUSED, JsonOption, new_app, run, secret
from nvr.app.cli.files import read_file, write_new_file
from nvr.app.messages import say
from nvr.base.clock import SystemClock
from storage.vault.keyfile import CustodianKeys, lock, public_part
from storage.vault.sitting import is_sitting, pack_answers

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
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A grant file, or the file of a sitting")],
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
    """Check what came, show what each grant in it asks for, and answer those that you agree to, in one file.

    A grant that does not hold is named and left out; the exit code is then 1, and the others are answered.

    Example: nvr-custodian open sitting.json --key martin.key --out answer-martin.json
    """
    content = read_file(file)
    # Beside the JSON answer, what is asked for goes to the person's screen.
    shown_on = sys.stderr if as_json else sys.stdout
    at_hand = KeyAtHand(key, passphrase_file, SystemClock(), yes, continued, shown_on)
    if is_sitting(content):
        _answer_sitting(content, at_hand, out, as_json=as_json)
    else:
        _answer_one(content, at_hand, out, as_json=as_json)


def _answer_one(content: bytes, key: KeyAtHand, out: Path, *, as_json: bool) -> None:
    verified = key.verify(content)
    if not key.agrees(verified):
        raise typer.Exit(EXIT_REFUSED)
    made = key.answer(verified)
    write_new_file(out, made.pack())
    key.having_seen(verified.checkpoint)
    if as_json:
        write_json({"grant": verified.grant.grant, "seat": made.seat, "kind": made.kind.value, "answer": str(out)})
    else:
        sys.stdout.write(f"{say('answer-made-' + made.kind.value, file=out)}\n")


def _answer_sitting(content: bytes, key: KeyAtHand, out: Path, *, as_json: bool) -> None:
    sat = sit(content, key)
    if sat.answers and sat.checkpoint is not None:
        write_new_file(out, pack_answers(sat.answers))
        key.having_seen(sat.checkpoint)
    if as_json:
        answers = [{"grant": named.grant, "seat": made.seat, "kind": made.kind.value} for named, made in sat.answers]
        refused = [{"grant": named.grant, "why": error.message_id} for named, error in sat.refused]
        write_json({"answers": answers, "refused": refused, "answer": str(out) if answers else None})
    else:
        made = say("answers-made", answered=len(sat.answers), number=sat.number, file=out)
        sys.stdout.write(f"{made if sat.answers else say('sitting-none')}\n")
    if sat.refused or not sat.answers:
        raise typer.Exit(EXIT_REFUSED)


def main() -> int:
    """The installed command."""
    return run(app)


if __name__ == "__main__":
    raise SystemExit(main())
