"""SOAP as a simulated camera speaks it: requests read, answers and faults written."""

from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, ParseError, fromstring

ENVELOPE: Final = "http://www.w3.org/2003/05/soap-envelope"
DEVICE: Final = "http://www.onvif.org/ver10/device/wsdl"
MEDIA: Final = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2: Final = "http://www.onvif.org/ver20/media/wsdl"
PTZ: Final = "http://www.onvif.org/ver20/ptz/wsdl"
_NAMES: Final = (
    f'xmlns:s="{ENVELOPE}" xmlns:tds="{DEVICE}" xmlns:trt="{MEDIA}" xmlns:tr2="{MEDIA2}" xmlns:tptz="{PTZ}" '
    'xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:ter="http://www.onvif.org/ver10/error"'
)


class MalformedSoap(Exception):
    """The request is no SOAP."""


class Fault(Exception):
    """The camera refuses; `code` is one of ONVIF's (namespace ter)."""

    def __init__(self, code: str, reason: str, *, sender: bool = True) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason
        self.sender = sender


@dataclass(frozen=True, slots=True)
class Asked:
    """One operation that was asked for; `envelope` is the whole message."""

    namespace: str
    operation: str
    body: Element
    envelope: Element

    def text(self, name: str) -> str:
        """The text of the first descendant of this local name; empty for none."""
        found = self.find(name)
        return "" if found is None else (found.text or "").strip()

    def find(self, name: str) -> Element | None:
        """The first descendant of this local name."""
        return next((each for each in self.body.iter() if local(each.tag) == name), None)


def asked(data: bytes) -> Asked:
    """What this message asks. Raises MalformedSoap."""
    try:
        root = fromstring(data)  # noqa: S314 -- from our own tests
    except ParseError as error:
        raise MalformedSoap from error
    body = root.find(f"{{{ENVELOPE}}}Body")
    if body is None or len(body) != 1:
        raise MalformedSoap
    operation = body[0]
    namespace, _, name = operation.tag[1:].rpartition("}")
    return Asked(namespace, name, operation, root)


def answer(content: str) -> bytes:
    """A message with this body; prefixes tds, trt, tr2, tptz and tt are known in it."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope {_NAMES}><s:Body>{content}</s:Body></s:Envelope>'
    ).encode()


def fault(error: Fault) -> bytes:
    """The message that refuses."""
    side = "Sender" if error.sender else "Receiver"
    return answer(
        f"<s:Fault><s:Code><s:Value>s:{side}</s:Value><s:Subcode><s:Value>ter:{error.code}</s:Value></s:Subcode>"
        f'</s:Code><s:Reason><s:Text xml:lang="en">{error.reason}</s:Text></s:Reason></s:Fault>'
    )


def local(tag: str) -> str:
    """The name without its namespace."""
    return tag.rpartition("}")[2]
