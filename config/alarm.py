"""Section `[alarm]`: whom the watch tells, over which channels, and what counts as too long (docs/design/alarms.md)."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from config.section import AbsolutePath, Section

_ADDRESS: Final = r"^[^@\s<>,;:\"\\]+@[^@\s<>,;:\"\\]+$"
"""One bare address: a name beside it, a list or a line end would become headers."""

MailAddress = Annotated[str, Field(pattern=_ADDRESS, max_length=254)]
Seconds = Annotated[int, Field(strict=True, ge=1, le=300)]


class MailSecurity(StrEnum):
    """How the connection to the mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


_PORTS: Final = {MailSecurity.STARTTLS: 587, MailSecurity.TLS: 465, MailSecurity.NONE: 25}


class Mail(Section):
    """`[alarm.mail]`: a mail server that takes messages for the town."""

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]+$", max_length=253)]
    """Name or address of the server; its certificate must be of this name."""

    port: Annotated[int, Field(strict=True, ge=1, le=65_535)] | None = None
    """Without it 587 for `starttls`, 465 for `tls`, 25 for `none`."""

    security: MailSecurity = MailSecurity.STARTTLS
    """`none` sends names of cameras and places in clear, and no password: `user` is refused with it."""

    ca_file: AbsolutePath | None = None
    """The town's own certification authority, in PEM; without it, those that the system trusts."""

    user: str | None = None
    """For the login; its password is `mail` in the file of `alarm.secrets`."""

    sender: MailAddress
    """Address from which the messages come."""

    recipients: Annotated[tuple[MailAddress, ...], Field(min_length=1, max_length=50)]
    """Addresses to which they go."""

    timeout_seconds: Seconds = 30
    """For each answer of the server."""

    @property
    def port_used(self) -> int:
        """The port to connect to."""
        return self.port if self.port is not None else _PORTS[self.security]

    @model_validator(mode="after")
    def _no_password_in_clear(self) -> "Mail":
        if self.user is not None and self.security is MailSecurity.NONE:
            raise ValueError("a login without encryption would tell the password: set security, or leave user out")
        return self


class Command(Section):
    """`[alarm.command]`: a program that is given each message as JSON on its standard input."""

    argv: Annotated[tuple[str, ...], Field(min_length=1, max_length=64)]
    """The program, by absolute path, and its arguments; no shell reads them."""

    timeout_seconds: Seconds = 30
    """It is ended after so long, and counts as failed."""

    @model_validator(mode="after")
    def _program_is_absolute(self) -> "Command":
        if not Path(self.argv[0]).is_absolute():
            raise ValueError("argv: the program's path must be absolute: it begins with /")
        return self


class Apprise(Section):
    """`[alarm.apprise]`: whatever the library Apprise reaches; its URLs are `apprise` in `alarm.secrets`."""

    timeout_seconds: Seconds = 60
    """All URLs together have so long."""


class Alarm(Section):
    """Who is told when something is wrong. Without a channel nobody is: `nvr status` alone shows it."""

    language: Literal["fr", "en"] = "fr"
    """Of the messages."""

    daily_hour: Annotated[int, Field(strict=True, ge=0, le=23)] = 7
    """Local hour of the daily report; its absence is the only sign when nobody can send any more."""

    camera_minutes: Annotated[int, Field(strict=True, ge=1, le=1440)] = 10
    """A camera that has not been recorded for so long is an alarm; a nomadic one that is absent is none."""

    messages_per_hour: Annotated[int, Field(strict=True, ge=1, le=1000)] = 12
    """More than so many wait, and come as one; what is critical never waits."""

    secrets: AbsolutePath = Path("/etc/scelle/alarm.json")
    """Password and URLs of the channels, mode 0600: `{"mail": "...", "apprise": ["..."]}`. The systemd credential
    `alarm-secrets` wins over it."""

    mail: Mail | None = None
    command: Command | None = None
    apprise: Apprise | None = None
