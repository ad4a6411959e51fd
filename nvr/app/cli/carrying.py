"""Files for custodians and their answers, carried in parts: they outgrow a frame of access's socket."""

import base64

from access.parts import PART_BYTES
from nvr.base.wire import Client


async def fetch(access: Client, token: str) -> bytes:
    """The file that was staged for this token."""
    content, eof = bytearray(), False
    while not eof:
        part = await access.call("grant_read", {"token": token, "offset": len(content)})
        content += base64.b64decode(part["data"])
        eof = part["eof"]
    return bytes(content)


async def send(access: Client, token: str, content: bytes) -> None:
    """The content, for which room was made under this token."""
    for offset in range(0, len(content), PART_BYTES):
        data = base64.b64encode(content[offset : offset + PART_BYTES]).decode()
        await access.call("grant_write", {"token": token, "offset": offset, "data": data})
