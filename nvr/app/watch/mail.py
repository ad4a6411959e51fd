"""Sends one message by SMTP: a process of its own, which is given all that it needs on standard input.

`{"host", "port", "security", "ca_file", "user", "password", "sender", "recipients", "timeout_s", "subject", "body"}`.
It ends with 0 when the server took the message for somebody, else with 1; the cause stands on its last line.
"""

import json
import smtplib
import ssl
import sys
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Final

from nvr.app.watch.sending import MARK, OK, Outcome

_NO_LOGIN: Final = (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError)


def message_of(order: dict[str, Any]) -> EmailMessage:
    """The mail: plain text in UTF-8, which no autoresponder answers (RFC 3834)."""
    mail = EmailMessage()
    mail["From"] = order["sender"]
    mail["To"] = ", ".join(order["recipients"])
    mail["Subject"] = " ".join(str(order["subject"]).split())
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain=order["sender"].partition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(order["body"])
    return mail


def send(order: dict[str, Any]) -> Outcome:
    """Hand it to the server; what fails is said by its cause, and never with the password."""
    try:
        with _connected(order) as server:
            if order["security"] == "starttls":
                server.starttls(context=_trust(order))
            if order["user"] is not None:
                server.login(order["user"], order["password"])
            refused = server.send_message(mail := message_of(order), mail["From"], order["recipients"])
    except ssl.SSLError as error:
        return Outcome("tls", str(error.reason or error))
    except _NO_LOGIN as error:
        code = getattr(error, "smtp_code", "")
        return Outcome("tls" if _lacks_starttls(error) else "login", str(code))
    except smtplib.SMTPRecipientsRefused as error:
        return Outcome("refused", _codes(error.recipients))
    except smtplib.SMTPResponseException as error:
        return Outcome("refused", f"{error.smtp_code} {_text(error.smtp_error)}")
    except TimeoutError:
        return Outcome("timeout")
    except (OSError, smtplib.SMTPException) as error:
        # smtplib makes a time-out while it waits for an answer a connection that was closed.
        cause = "timeout" if isinstance(error.__context__, TimeoutError) else "unreachable"
        return Outcome(cause, str(error) or type(error).__name__)
    # Some took it: sending it again would tell them twice, so those who did not are only named.
    return Outcome(OK, _codes(refused))


def _connected(order: dict[str, Any]) -> smtplib.SMTP:
    host, port, timeout_s = order["host"], order["port"], order["timeout_s"]
    if order["security"] == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=timeout_s, context=_trust(order))
    return smtplib.SMTP(host, port, timeout=timeout_s)


def _trust(order: dict[str, Any]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=order["ca_file"])


def _lacks_starttls(error: Exception) -> bool:
    return isinstance(error, smtplib.SMTPNotSupportedError) and "STARTTLS" in str(error)


def _codes(refused: dict[str, tuple[int, bytes]]) -> str:
    return ", ".join(f"{recipient}: {code} {_text(text)}" for recipient, (code, text) in refused.items())


def _text(told: bytes | str) -> str:
    text = told.decode(errors="replace") if isinstance(told, bytes) else told
    return " ".join(text.split())


def main() -> int:
    """Read the order, send, say what came of it."""
    outcome = send(json.load(sys.stdin))
    sys.stdout.write(f"{MARK}{outcome.cause} {outcome.detail}\n")
    return 0 if outcome.is_sent else 1


if __name__ == "__main__":
    raise SystemExit(main())
