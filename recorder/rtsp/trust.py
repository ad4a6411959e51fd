"""Whose certificates are accepted from cameras: those of an authority, or one pinned by its fingerprint."""

import asyncio
import hashlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from recorder.errors import CameraUnreachable, Cause


class Peer(Protocol):
    """Whom a connection is for: host and port, and whether it is encrypted."""

    @property
    def host(self) -> str:
        """A name or an address; IPv6 without brackets."""
        ...

    @property
    def port(self) -> int:
        """Of TCP."""
        ...

    @property
    def tls(self) -> bool:
        """Whether a certificate is asked for."""
        ...


@dataclass(slots=True)
class Trust:
    """What stands in the configuration's section `camera_tls`. Whoever connects asks it each time: it may be renewed.

    `authority` verifies chain and host name; None trusts what the system trusts. `pins` are SHA-256 fingerprints of
    the certificate (DER) in small hexadecimal digits, by host or `host:port` in small letters, an IPv6 host in
    brackets: a camera that is pinned must show this very certificate, whoever signed it and whatever it is called.
    """

    authority: ssl.SSLContext | None = None
    pins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def renew(self, other: "Trust") -> None:
        """Trust whom the other one trusts, from the next connection on."""
        self.authority, self.pins = other.authority, other.pins

    async def context(self, peer: Peer) -> ssl.SSLContext | None:
        """For the handshake with this camera; None where it is not encrypted."""
        if peer.tls and self.authority is None:
            return await asyncio.to_thread(self.blocking_context, peer)
        return self.blocking_context(peer)

    def blocking_context(self, peer: Peer) -> ssl.SSLContext | None:
        """The same, from a thread that may wait: the system's authorities are read from files."""
        if not peer.tls:
            return None
        if self._pin(peer) is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE  # `admit` looks at the certificate, before anything is sent
            return context
        return self.authority or ssl.create_default_context()

    def admit(self, peer: Peer, connection: ssl.SSLObject | ssl.SSLSocket | None) -> None:
        """Let a camera pass after the handshake.

        Raises:
            CameraUnreachable: cause `untrusted`: it is pinned, and this is another certificate; `found` is its
                fingerprint, which is no secret.
        """
        pin = self._pin(peer)
        if not peer.tls or pin is None:
            return
        certificate = connection.getpeercert(binary_form=True) if connection is not None else None
        found = hashlib.sha256(certificate or b"").hexdigest()
        if found != pin:
            raise CameraUnreachable(Cause.UNTRUSTED, setting="camera_tls.pins", found=found)

    def _pin(self, peer: Peer) -> str | None:
        host = f"[{peer.host}]" if ":" in peer.host else peer.host
        return self.pins.get(f"{host}:{peer.port}".lower(), self.pins.get(host.lower()))
