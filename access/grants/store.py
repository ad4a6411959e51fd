"""What access keeps of a grant on disk: the release key and the answers, until the grant ends. Blocking.

`<grants>/<grant>/release.key` (32 bytes, 0600), `<grants>/<grant>/<set>-<seat>-<kid>-<digest>.answer` (16 digits of the
custodian set's hash), and for all grants `<grants>/seen.json`: the checkpoint size that each custodian's tool saw last;
`<grants>/sittings/` holds what is on its way for several of them.
"""

import json
import logging
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from nvr.base.errors import EvidenceAtRisk, Refused
from nvr.base.ids import GrantId
from nvr.base.jcs import canonical
from storage.durable import create_file, make_directory, overwrite, remove_file, remove_tree, replace_file
from storage.vault.answer import Answer, AnswerKind, parse_answer
from storage.vault.hpke import KeyPair

KEY: Final = "release.key"
SEEN: Final = "seen.json"
ANSWER: Final = ".answer"
SITTINGS: Final = "sittings"
MODE: Final = 0o600
MOST_ANSWERS: Final = 16
"""Answers of one key to one grant that are kept; a custodian gives two at most."""

_DIGEST_DIGITS: Final = 16
_log: Final = logging.getLogger(__name__)


class GrantWiped(Refused):
    """The grant's release key is gone: its validity ended."""

    message_id = "grant-wiped"


class TooManyAnswers(Refused):
    """So many answers under this seat's key are kept that another one is refused; `seat`, `most`."""

    message_id = "too-many-answers"


class GrantStore:
    """The directory of grants."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def new(self, grant: GrantId) -> KeyPair:
        """A fresh release key, durable before the grant is proposed to the ledger."""
        pair = KeyPair.generate()
        make_directory(self._directory / grant, 0o700)
        create_file(self._directory / grant / KEY, pair.seed, MODE)
        return pair

    def release_key(self, grant: GrantId) -> KeyPair:
        """The grant's release key. Raises GrantWiped."""
        try:
            return KeyPair((self._directory / grant / KEY).read_bytes())
        except FileNotFoundError as error:
            raise GrantWiped(grant=grant) from error

    def keep_answer(self, grant: GrantId, set_hash: str, answer: Answer) -> None:
        """Store an answer durably, as one for footage under this set (its hash in hex).

        It lies beside others of the same key: an envelope's garbage hides no genuine one.

        Raises:
            GrantWiped: the grant's keys are gone.
            TooManyAnswers: the key has MOST_ANSWERS others.
        """
        directory = self.directory_of(grant)
        name = f"{_prefix(set_hash)}{answer.seat}-{answer.kid}-"
        path = directory / f"{name}{answer.digest.hex()[:_DIGEST_DIGITS]}{ANSWER}"
        if not path.exists() and len(list(directory.glob(f"{name}*{ANSWER}"))) >= MOST_ANSWERS:
            raise TooManyAnswers(seat=answer.seat, most=MOST_ANSWERS)
        replace_file(path, answer.pack(), MODE)
        seen = self.seen()
        if answer.size > seen.get(answer.kid, 0):
            replace_file(self._directory / SEEN, canonical({**seen, answer.kid: answer.size}), MODE)

    def drop_answers(self, grant: GrantId, digests: Collection[bytes]) -> tuple[int, ...]:
        """Remove the answers with these digests, of which a tool said that their shares are bad; their seats."""
        seats = []
        for path, answer in self._answers(grant):
            if answer.kind is AnswerKind.SHARES and answer.digest in digests:
                remove_file(path)
                seats.append(answer.seat)
        return tuple(sorted(set(seats)))

    def answers(self, grant: GrantId, set_hash: str | None = None) -> tuple[Answer, ...]:
        """The answers that came, by seat, or those to this set; a file that is none any more is told and left out."""
        found = (answer for _, answer in self._answers(grant, set_hash))
        return tuple(sorted(found, key=lambda one: (one.seat, one.kid)))

    def sets_with_keys(self, grant: GrantId) -> int:
        """Of how many custodian sets an answer with record keys is kept."""
        return len({path.name.partition("-")[0] for path, one in self._answers(grant) if one.kind is AnswerKind.KEYS})

    def _answers(self, grant: GrantId, set_hash: str | None = None) -> Iterator[tuple[Path, Answer]]:
        prefix = "" if set_hash is None else _prefix(set_hash)
        for path in sorted((self._directory / grant).glob(f"{prefix}*{ANSWER}")):
            try:
                yield path, parse_answer(path.read_bytes())
            except EvidenceAtRisk as error:
                _log.error("the stored answer %s of %s is left out: %s", path.name, grant, error)

    def seen(self) -> dict[str, int]:
        """By key id, the checkpoint size that the custodian's tool saw last.

        A lost or broken file counts as empty, and is told: it costs a custodian a question, not more, since the tool
        names the size that it needs.
        """
        try:
            content = json.loads((self._directory / SEEN).read_bytes())
            return {str(kid): int(size) for kid, size in content.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            _log.error("%s is damaged and counts as empty: %s", SEEN, error)
            return {}

    def directory_of(self, grant: GrantId) -> Path:
        """Where everything of the grant lies. Raises GrantWiped."""
        directory = self._directory / grant
        if not directory.is_dir():
            raise GrantWiped(grant=grant)
        return directory

    def directory_of_sittings(self) -> Path:
        """Where files lie that are about several grants."""
        directory = self._directory / SITTINGS
        make_directory(directory, 0o700)
        return directory

    def staged(self, suffix: str) -> list[Path]:
        """The files of all grants whose names end so."""
        return sorted(self._directory.glob(f"*/*{suffix}"))

    def grants(self) -> list[GrantId]:
        """The grants of which something is kept."""
        if not self._directory.is_dir():
            return []
        return sorted(GrantId(path.name) for path in self._directory.iterdir() if path.is_dir())

    def wipe(self, grant: GrantId) -> bool:
        """Overwrite and remove everything of the grant; whether there was anything."""
        directory = self._directory / grant
        if not directory.is_dir():
            return False
        for path in sorted(directory.iterdir()):
            overwrite(path, 0, bytes(path.stat().st_size))
        remove_tree(directory)
        return True


def _prefix(set_hash: str) -> str:
    return f"{set_hash[:_DIGEST_DIGITS]}-"
