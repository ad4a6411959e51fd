"""Errors, split by who acts on them.

    NvrError
      Retryable        a camera or a peer does not answer       the supervisor waits and tries again
      RunEnded         the stream can not go on as it was       a new run begins, with a gap
      FellBehind       a bounded queue is full                  the segment closes, with a gap
      EvidenceAtRisk   bytes on disk are not what was sealed    alarm, ledger, the volume leaves service
      Refused          a person asked for what may not be       the person is told which rule; ledger if about video
        InvalidValue   a value that a person gave is wrong      the field is named, nothing was changed
      ConfigError      the configuration can not be used        exit 78 before anything starts

Anything else is a fault of the program: it ends the process with a traceback, and systemd restarts it.
Subclasses live beside the code that raises them, and exist because someone catches them.
"""

from collections.abc import Mapping


class NvrError(Exception):
    """Base of every error that somebody is meant to handle.

    `message_id` names the message in the catalogues of texts (French, English); `fields` holds the values
    that the message needs. Neither may hold a password, a key or a picture.
    """

    message_id = "error"

    def __init__(self, message_id: str | None = None, **fields: object) -> None:
        if message_id is not None:
            self.message_id = message_id
        self.fields: Mapping[str, object] = fields
        super().__init__(self.message_id)

    def __str__(self) -> str:
        details = ", ".join(f"{key}={value}" for key, value in self.fields.items())
        return f"{self.message_id}: {details}" if details else self.message_id


class Retryable(NvrError):
    """A peer did not answer as needed now; the same attempt may succeed later."""

    message_id = "retryable"


class RunEnded(NvrError):
    """An unbroken session is over: what comes next belongs to a new run."""

    message_id = "run-ended"


class FellBehind(NvrError):
    """A bounded queue is full: the producer must give up something and say so."""

    message_id = "fell-behind"


class EvidenceAtRisk(NvrError):
    """What lies on the disk is not, or may not be, what was sealed."""

    message_id = "evidence-at-risk"


class Refused(NvrError):
    """A person asked for something that a rule forbids or that does not exist; nothing was changed."""

    message_id = "refused"


class InvalidValue(Refused):
    """A value is not acceptable; `field` names it, `expected` says what would be."""

    message_id = "invalid-value"

    def __init__(self, *, field: str, value: object, expected: str) -> None:
        super().__init__(field=field, value=value, expected=expected)
        self.field = field


class ConfigError(NvrError):
    """The configuration can not be used. Exit code 78 (EX_CONFIG of sysexits.h)."""

    message_id = "config"

    def __init__(self, *, file: str, why: str, line: int | None = None, key: str | None = None) -> None:
        super().__init__(file=file, line=line, key=key, why=why)
