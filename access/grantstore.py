"""What access keeps of a grant on disk: the release key and the answers, until the grant ends. Blocking.

`<grants>/<grant>/release.key` (32 bytes, 0600), `<grants>/<grant>/<seat>-<kid>.answer`, and for all grants
`<grants>/seen.json`: the checkpoint size that each custodian's tool saw last.
"""

import json
from pathlib import Path
from typing import Final

from nvr.base.errors import EvidenceAtRisk, Refused
from nvr.base.ids import GrantId
from nvr.base.jcs import canonical
from storage.durable import create_file, make_directory, overwrite, remove_tree, replace_file
from storage.vault.answer import Answer, parse_answer
from storage.vault.hpke import KeyPair

KEY: Final = "release.key"
SEEN: Final = "seen.json"
ANSWER: Final = ".answer"
MODE: Final = 0o600


class GrantWiped(Refused):
    """The grant's release key is gone: its validity ended."""

    message_id = "grant-wiped"


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

    def keep_answer(self, grant: GrantId, answer: Answer) -> None:
        """Store an answer durably; a second one of the same key takes the first one's place. Raises GrantWiped."""
        directory = self._directory / grant
        if not directory.is_dir():
            raise GrantWiped(grant=grant)
        replace_file(directory / f"{answer.seat}-{answer.kid}{ANSWER}", answer.pack(), MODE)
        seen = self.seen()
        if answer.size > seen.get(answer.kid, 0):
            replace_file(self._directory / SEEN, canonical({**seen, answer.kid: answer.size}), MODE)

    def answers(self, grant: GrantId) -> tuple[Answer, ...]:
        """The answers that came, by seat."""
        paths = sorted((self._directory / grant).glob(f"*{ANSWER}"))
        return tuple(sorted((parse_answer(path.read_bytes()) for path in paths), key=lambda one: (one.seat, one.kid)))

    def seen(self) -> dict[str, int]:
        """By key id, the checkpoint size that the custodian's tool saw last.

        A lost or broken file costs a custodian a question, not more: the tool names the size that it needs.
        """
        try:
            content = json.loads((self._directory / SEEN).read_bytes())
            return {str(kid): int(size) for kid, size in content.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, AttributeError, TypeError) as error:
            raise EvidenceAtRisk("file-damaged", file=SEEN) from error

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
