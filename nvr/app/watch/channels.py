"""The channels of the configuration: how each is given a message. Secrets are read anew for every message."""

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol

from config.alarm import Alarm, Apprise, Command, Mail
from config.alarm_secrets import AlarmSecrets
from config.alarm_secrets import load as load_secrets
from nvr.app.watch.letter import Letter, letter_json
from nvr.app.watch.sending import Outcome, run_sender
from nvr.app.watch.wording import Written
from nvr.base.errors import ConfigError
from nvr.base.jcs import Json
from nvr.base.modules import module_command

_SESSION: Final = 3
"""A mail session waits for its server several times: so many time-outs in all, then it is killed."""


class Channel(Protocol):
    """One way to people."""

    async def send(self, letter: Letter, written: Written) -> Outcome:
        """Tell it; never raises for what the other side does."""
        ...


def channels_of(alarm: Alarm) -> Mapping[str, Channel]:
    """Those that the configuration names, by name."""
    channels: dict[str, Channel] = {}
    if alarm.mail is not None:
        channels["mail"] = MailChannel(alarm.mail, alarm)
    if alarm.command is not None:
        channels["command"] = CommandChannel(alarm.command)
    if alarm.apprise is not None:
        channels["apprise"] = AppriseChannel(alarm.apprise, alarm)
    return channels


class MailChannel:
    """A mail to every recipient."""

    def __init__(self, mail: Mail, alarm: Alarm) -> None:
        self._mail = mail
        self._alarm = alarm

    async def send(self, _: Letter, written: Written) -> Outcome:
        """By a process of `nvr.app.watch.mail`."""
        mail = self._mail
        secrets = await _secrets(self._alarm)
        if isinstance(secrets, Outcome):
            return secrets
        if mail.user is not None and secrets.mail is None:
            return Outcome("no-secret", "mail")
        order: dict[str, Json] = {
            "host": mail.host,
            "port": mail.port_used,
            "security": mail.security.value,
            "ca_file": None if mail.ca_file is None else str(mail.ca_file),
            "user": mail.user,
            "password": secrets.mail,
            "sender": mail.sender,
            "recipients": list(mail.recipients),
            "timeout_s": mail.timeout_seconds,
            "subject": written.subject,
            "body": written.body,
        }
        return await run_sender(module_command("nvr.app.watch.mail"), order, timeout_s=_SESSION * mail.timeout_seconds)


class CommandChannel:
    """A program of the town's own."""

    def __init__(self, command: Command) -> None:
        self._command = command

    async def send(self, letter: Letter, written: Written) -> Outcome:
        """The message is JSON on its standard input (docs/design/alarms.md "The command's message")."""
        message = letter_json(letter, written.subject, written.body)
        return await run_sender(self._command.argv, message, timeout_s=self._command.timeout_seconds)


class AppriseChannel:
    """Whatever Apprise reaches."""

    def __init__(self, apprise: Apprise, alarm: Alarm) -> None:
        self._apprise = apprise
        self._alarm = alarm

    async def send(self, _: Letter, written: Written) -> Outcome:
        """By a process of `nvr.app.watch.by_apprise`."""
        secrets = await _secrets(self._alarm)
        if isinstance(secrets, Outcome):
            return secrets
        if not secrets.apprise:
            return Outcome("no-secret", "apprise")
        order: dict[str, Json] = {"urls": list(secrets.apprise), "subject": written.subject, "body": written.body}
        command = module_command("nvr.app.watch.by_apprise")
        return await run_sender(command, order, timeout_s=self._apprise.timeout_seconds)


async def _secrets(alarm: Alarm) -> AlarmSecrets | Outcome:
    try:
        return await asyncio.to_thread(load_secrets, alarm.secrets)
    except ConfigError as error:
        return Outcome("no-secret", str(error.fields.get("why")))
