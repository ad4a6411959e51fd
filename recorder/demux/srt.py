"""SRT (draft-sharabayko-srt) by the machine's libsrt: the camera listens, and we call it.

The library's own threads receive, decrypt, ask again for what is missing and hold back until the latency is over.
Passphrase and stream id go to it by calls, and stand in no address.
"""

import ctypes
import functools
import socket
import struct
from typing import Final

from config.libsrt import load
from recorder.demux.inputs import Datagrams
from recorder.demux.resolving import Place, resolve
from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp.auth import Credentials

_RCVTIMEO: Final = 14
_PASSPHRASE: Final = 26
_CONNTIMEO: Final = 36
_RCVLATENCY: Final = 43
_STREAMID: Final = 46
"""SRTO_... of srt.h, the same numbers since version 1.3."""
_SECRETS: Final = frozenset({_PASSPHRASE, _STREAMID})
_LOG_CRITICAL: Final = 2
_FAILED: Final = -1
_NO_SERVER: Final = 1001
_REJECTED: Final = 1002
_TIMED_OUT: Final = 6003
_MESSAGE: Final = 2048
"""Bytes; no message of live mode is longer than a packet, 1456."""
_MS: Final = 1000

_REASONS: Final = {
    5: Cause.BUSY,  # backlog
    10: Cause.UNAUTHORIZED,  # bad secret
    11: Cause.UNAUTHORIZED,  # one side encrypts, the other does not
    16: Cause.TIMEOUT,
    1401: Cause.UNAUTHORIZED,
    1402: Cause.BUSY,  # overload
    1403: Cause.UNAUTHORIZED,
    1404: Cause.NOT_FOUND,
}
"""Why the other side refused: SRT_REJ_... of srt.h, and from 1000 on what access_control.h agrees on."""


@functools.cache
def _library() -> ctypes.CDLL:
    """The library, begun; it is never ended: the process ends with it.

    Raises:
        CameraUnreachable: cause `no-library`; the next call looks again.
    """
    library = load()
    if library is None:
        raise CameraUnreachable(Cause.NO_LIBRARY, library="libsrt")
    library.srt_setsockflag.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
    library.srt_getsockflag.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
    library.srt_connect.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
    library.srt_recvmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
    library.srt_getlasterror.argtypes = [ctypes.c_void_p]
    library.srt_setloglevel(_LOG_CRITICAL)
    library.srt_startup()
    return library


class SrtInput(Datagrams):
    """A connection to a camera that listens.

    `credentials` are stream id and passphrase, each left away where it is empty; `latency_ms` the least that both
    sides agree on.
    """

    def __init__(
        self, host: str, port: int, credentials: Credentials | None, latency_ms: int | None, *, timeout_s: float
    ) -> None:
        super().__init__()
        self._library = _library()
        self._buffer = ctypes.create_string_buffer(_MESSAGE)
        self._socket = self._library.srt_create_socket()
        try:
            self._set(_CONNTIMEO, round(timeout_s * _MS))
            if latency_ms is not None:
                self._set(_RCVLATENCY, latency_ms)
            if credentials is not None and credentials.user:
                self._set(_STREAMID, credentials.user.encode())
            if credentials is not None and credentials.password:
                self._set(_PASSPHRASE, credentials.password.encode())
            self._connect(_address(resolve(host, port)))
            self.wait_at_most(timeout_s)
        except BaseException:
            self.close()
            raise
        self.delay_us = self._latency_ms() * _MS

    def receive(self) -> bytes:
        """The next message, held back until its time has come."""
        size = self._library.srt_recvmsg(self._socket, self._buffer, _MESSAGE)
        if size > 0:
            return self._buffer.raw[:size]
        error = self._library.srt_getlasterror(None)
        if size == _FAILED and error == _TIMED_OUT:
            raise TimeoutError
        raise CameraUnreachable(Cause.CLOSED, srt=error)

    def wait_at_most(self, seconds: float) -> None:
        """See `Input`."""
        self._set(_RCVTIMEO, round(seconds * _MS))

    def close(self) -> None:
        """See `Input`."""
        self._library.srt_close(self._socket)

    def _set(self, option: int, value: int | bytes) -> None:
        data = value if isinstance(value, bytes) else struct.pack("@i", value)
        if self._library.srt_setsockflag(self._socket, option, data, len(data)) == _FAILED:
            cause = Cause.UNAUTHORIZED if option in _SECRETS else Cause.UNREACHABLE
            raise CameraUnreachable(cause, option=option, srt=self._library.srt_getlasterror(None))

    def _latency_ms(self) -> int:
        """What both sides agreed on."""
        value, size = ctypes.c_int(), ctypes.c_int(ctypes.sizeof(ctypes.c_int))
        self._library.srt_getsockflag(self._socket, _RCVLATENCY, ctypes.byref(value), ctypes.byref(size))
        return value.value

    def _connect(self, address: bytes) -> None:
        if self._library.srt_connect(self._socket, address, len(address)) != _FAILED:
            return
        error = self._library.srt_getlasterror(None)
        if error == _NO_SERVER:
            raise CameraUnreachable(Cause.TIMEOUT)
        reason = self._library.srt_getrejectreason(self._socket) if error == _REJECTED else None
        if reason is None:
            raise CameraUnreachable(Cause.UNREACHABLE, srt=error)
        raise CameraUnreachable(_REASONS.get(reason, Cause.REJECTED), status=reason)


def _address(place: Place) -> bytes:
    """The sockaddr, as Linux has it."""
    family = struct.pack("@H", place.family)
    if place.family is socket.AF_INET6:
        return family + struct.pack("!HI16s", place.port, 0, place.address.packed) + struct.pack("@I", place.scope)
    return family + struct.pack("!H4s8x", place.port, place.address.packed)
