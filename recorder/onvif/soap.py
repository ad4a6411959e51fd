"""SOAP 1.2 as ONVIF uses it: envelopes, the token of WS-Security with a password digest, faults. Pure."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from recorder.errors import CameraUnreachable, Cause, garbage
from recorder.onvif.document import child, text
from recorder.rtsp.auth import Credentials

DEVICE: Final = "http://www.onvif.org/ver10/device/wsdl"
MEDIA: Final = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2: Final = "http://www.onvif.org/ver20/media/wsdl"
PTZ: Final = "http://www.onvif.org/ver20/ptz/wsdl"
SCHEMA: Final = "http://www.onvif.org/ver10/schema"

_ENVELOPE: Final = "http://www.w3.org/2003/05/soap-envelope"
_WSS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_DIGEST: Final = f"{_WSS}username-token-profile-1.0#PasswordDigest"
_BASE64: Final = f"{_WSS}soap-message-security-1.0#Base64Binary"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CODE_CHARS: Final = 64
_NOT_AUTHORIZED: Final = ("notauthorized", "failedauthentication", "invalidsecurity")


def leaf(name: str, value: str, namespace: str | None = None) -> str:
    """One element with text, in the namespace around it unless another is named."""
    place = "" if namespace is None else f" xmlns={quoteattr(namespace)}"
    return f"<{name}{place}>{escape(value)}</{name}>"


def envelope(namespace: str, operation: str, content: str = "", token: str = "") -> bytes:
    """The request for this operation; `content` is XML, in the namespace of the operation unless it says otherwise."""
    header = f"<s:Header>{token}</s:Header>" if token else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_ENVELOPE}">{header}'
        f'<s:Body><{operation} xmlns="{namespace}">{content}</{operation}></s:Body></s:Envelope>'
    ).encode()


def username_token(credentials: Credentials, created_utc_us: int, nonce: bytes) -> str:
    """The header that proves the password (Web Services Security UsernameToken Profile 1.0, section 3.1).

    `created_utc_us` is the time by the camera's own clock: it refuses what looks old, or as if from the future.
    """
    created = (_EPOCH + timedelta(microseconds=created_utc_us)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    digest = password_digest(nonce, created, credentials.password)
    return (
        f'<Security s:mustUnderstand="1" xmlns="{_WSS}wssecurity-secext-1.0.xsd"><UsernameToken>'
        f"<Username>{escape(credentials.user)}</Username>"
        f'<Password Type="{_DIGEST}">{base64.b64encode(digest).decode()}</Password>'
        f'<Nonce EncodingType="{_BASE64}">{base64.b64encode(nonce).decode()}</Nonce>'
        f'<Created xmlns="{_WSS}wssecurity-utility-1.0.xsd">{created}</Created>'
        "</UsernameToken></Security>"
    )


def password_digest(nonce: bytes, created: str, password: str) -> bytes:
    """What proves the password, for once."""
    return hashlib.sha1(nonce + created.encode() + password.encode(), usedforsecurity=False).digest()


def answer_of(root: Element, operation: str) -> Element:
    """The answer to this operation.

    Raises:
        CameraUnreachable: the camera answers with a fault, or with something else.
    """
    body = child(root, "Body")
    if body is None:
        raise garbage("soap")
    fault = child(body, "Fault")
    if fault is not None:
        raise _refusal(fault)
    answer = child(body, f"{operation}Response")
    if answer is None:
        raise garbage("soap", operation=operation)
    return answer


def _refusal(fault: Element) -> CameraUnreachable:
    """What a fault says. Its codes are shown, its texts are not: some cameras repeat the request in them."""
    codes = [*_codes(child(fault, "Code")), text(fault, "faultcode")]
    plain = [code.rpartition(":")[2] for code in codes if code]
    told = "".join([*plain, text(fault, "Reason", "Text"), text(fault, "faultstring")]).lower().replace(" ", "")
    if any(each in told for each in _NOT_AUTHORIZED):
        return CameraUnreachable(Cause.UNAUTHORIZED)
    shown = plain[-1][:_CODE_CHARS] if plain and plain[-1].isidentifier() else "fault"
    return CameraUnreachable(Cause.REJECTED, status=shown)


def _codes(code: Element | None) -> list[str]:
    codes = []
    while code is not None:
        codes.append(text(code, "Value"))
        code = child(code, "Subcode")
    return codes
