"""Mail over a real SMTP server: delivered as written, or refused with a cause that says what to do."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from nvr.app.watch.mail import send
from nvr.app.watch.sending import Outcome, run_sender
from nvr.base.modules import module_command
from tests.recorder.certificates import certificate

PASSWORD = "correct horse battery"


class Inbox:
    """What came in; `refuses` are recipients that it does not know."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self.refuses: set[str] = set()

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuses:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append((list(envelope.rcpt_tos), mail))
        return "250 OK"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@asynccontextmanager
async def serving(inbox: Inbox, *, ssl_context: ssl.SSLContext | None = None, **how: Any) -> AsyncIterator[int]:  # noqa: ANN401
    """A server on the loop; its port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(inbox, **how), "127.0.0.1", 0, ssl=ssl_context)
    async with server:
        yield server.sockets[0].getsockname()[1]


def tls(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A server's certificate, which is its own authority, and the context of the server."""
    file = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return file, context


async def sent(given: dict[str, Any]) -> Outcome:
    return await asyncio.to_thread(send, given)


def order(port: int, **more: object) -> dict[str, Any]:
    return {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "ca_file": None,
        "user": None,
        "password": None,
        "sender": "nvr@ville.example",
        "recipients": ["astreinte@ville.example", "maire@ville.example"],
        "timeout_s": 10,
        "subject": "[nvr] CRITIQUE : caméra\nBcc: x@y",
        "body": "Caméra « mairie-1 » non enregistrée\n",
        **more,
    }


def authenticator(_: SMTP, __: Session, ___: Envelope, ____: str, given: LoginPassword) -> AuthResult:
    return AuthResult(success=given.password == PASSWORD.encode(), handled=False)


async def test_mail_arrives_as_it_was_written_and_a_subject_makes_no_header(inbox: Inbox) -> None:
    async with serving(inbox) as port:
        assert await sent(order(port)) == Outcome("ok")
    ((recipients, mail),) = inbox.mails
    assert recipients == ["astreinte@ville.example", "maire@ville.example"]
    assert mail["Subject"] == "[nvr] CRITIQUE : caméra Bcc: x@y"
    assert mail["Bcc"] is None
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@ville.example>")
    assert mail.get_content().strip() == "Caméra « mairie-1 » non enregistrée"


async def test_login_goes_over_starttls_to_a_server_whose_authority_is_the_towns(inbox: Inbox, tmp_path: Path) -> None:
    file, context = tls(tmp_path)
    how: dict[str, Any] = {
        "tls_context": context,
        "require_starttls": True,
        "authenticator": authenticator,
        "auth_required": True,
    }
    async with serving(inbox, **how) as port:
        well = order(port, security="starttls", ca_file=str(file), user="nvr", password=PASSWORD)
        assert await sent(well) == Outcome("ok")
        assert len(inbox.mails) == 1
        wrong = await sent({**well, "password": "wrong horse"})
    assert wrong.cause == "login"
    assert "wrong horse" not in wrong.detail


async def test_certificate_that_nobody_trusts_is_refused_before_the_password_goes_out(
    inbox: Inbox, tmp_path: Path
) -> None:
    _, context = tls(tmp_path)
    seen: list[str] = []

    def noting(*args: Any) -> AuthResult:  # noqa: ANN401 -- aiosmtpd's arguments
        seen.append(str(args))
        return AuthResult(success=True)

    async with serving(inbox, tls_context=context, authenticator=noting) as port:
        outcome = await sent(order(port, security="starttls", user="nvr", password=PASSWORD))
    assert (outcome.cause, inbox.mails, seen) == ("tls", [], [])


async def test_server_without_starttls_gets_neither_password_nor_mail(inbox: Inbox) -> None:
    async with serving(inbox) as port:
        outcome = await sent(order(port, security="starttls", user="nvr", password=PASSWORD))
    assert (outcome.cause, inbox.mails) == ("tls", [])


async def test_tls_from_the_first_byte(inbox: Inbox, tmp_path: Path) -> None:
    file, context = tls(tmp_path)
    async with serving(inbox, ssl_context=context) as port:
        assert await sent(order(port, security="tls", ca_file=str(file))) == Outcome("ok")
    assert len(inbox.mails) == 1


async def test_recipient_that_is_refused_is_named_and_the_others_are_told_once(inbox: Inbox) -> None:
    inbox.refuses = {"maire@ville.example"}
    async with serving(inbox) as port:
        outcome = await sent(order(port))
        assert outcome.is_sent
        assert "maire@ville.example: 550" in outcome.detail
        inbox.refuses.add("astreinte@ville.example")
        assert (await sent(order(port))).cause == "refused"
    assert len(inbox.mails) == 1


async def test_server_that_is_not_there_is_unreachable(inbox: Inbox) -> None:
    async with serving(inbox) as port:
        pass
    assert (await sent(order(port))).cause == "unreachable"


async def test_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert (await sent(order(silent.getsockname()[1], timeout_s=0.1))).cause == "timeout"


async def test_process_of_its_own_takes_the_order_on_standard_input_and_tells_no_password(inbox: Inbox) -> None:
    async with serving(inbox) as port:
        command = module_command("nvr.app.watch.mail")
        assert await run_sender(command, order(port), timeout_s=30) == Outcome("ok")
        refused = order(port, security="starttls", user="nvr", password=PASSWORD)
        outcome = await run_sender(command, refused, timeout_s=30)
    assert len(inbox.mails) == 1
    assert outcome.cause == "tls"
    assert PASSWORD not in outcome.detail
