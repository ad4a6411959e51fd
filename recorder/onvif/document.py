"""XML that a camera sent, read with bounds: no document type, so no entities; neither large nor deep. Pure.

Names lose their namespace: cameras put elements into the wrong one, and no two that we read differ in it alone.
"""

from typing import Final
from xml.etree.ElementTree import (
    Element,
    ParseError,
    TreeBuilder,
    XMLParser,
)

from recorder.errors import garbage

MAX_BYTES: Final = 1 << 20
"""A camera with four sensors and eight profiles each answers GetProfiles with some 200 kB."""
MAX_ELEMENTS: Final = 10_000
"""Twice what that camera has; measured, 30 ms of the recorder's event loop."""
MAX_DEPTH: Final = 64
_SHOWN_CHARS: Final = 64


class _RefusedXmlError(ValueError):
    """The document has what no SOAP message may have, or too much of it."""


class _Builder(TreeBuilder):
    def __init__(self) -> None:
        super().__init__()
        self._elements = 0
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._elements += 1
        self._depth += 1
        if self._elements > MAX_ELEMENTS or self._depth > MAX_DEPTH:
            raise _RefusedXmlError
        return super().start(_local(tag), {_local(name): value for name, value in attrs.items()} if attrs else attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(_local(tag))

    def doctype(self, *_: object) -> None:
        """SOAP has none (SOAP 1.2 part 1, section 5); entities that grow without bounds need one."""
        raise _RefusedXmlError


def document(data: bytes, what: str) -> Element:
    """The root of this XML.

    Raises:
        CameraUnreachable: cause `garbage`; `what` says what it was to be.
    """
    if len(data) > MAX_BYTES:
        raise garbage(what)
    parser = XMLParser(target=_Builder())  # noqa: S314 -- see `_Builder.doctype`
    try:
        parser.feed(data.strip())
        root = parser.close()
    except (ParseError, ValueError, LookupError):  # the latter two for encodings that are none
        raise garbage(what) from None
    if not isinstance(root, Element):
        raise garbage(what)
    return root


def child(element: Element | None, *names: str) -> Element | None:
    """The first child of that name, its first child of the next name, and so on."""
    for name in names:
        if element is None:
            return None
        element = element.find(name)
    return element


def text(element: Element | None, *names: str) -> str:
    """The text of that descendant, without space around it; empty where there is none."""
    found = child(element, *names)
    return "" if found is None else (found.text or "").strip()


def integer(element: Element | None, *names: str) -> int | None:
    """The whole number that stands there; None for anything else."""
    digits = text(element, *names)
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 9 else None  # noqa: PLR2004 -- below 2**31


def shown(told: str) -> str:
    """A text of a camera as a table may show it: short, and without control characters."""
    return "".join(each for each in told if each.isprintable())[:_SHOWN_CHARS].strip()


def _local(name: str) -> str:
    return name.rpartition("}")[2]
