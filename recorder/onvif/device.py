"""One camera asked over ONVIF: its clock, what it is, where its services are; any operation of any of them."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element

from nvr.base.clock import Clock
from nvr.base.units import US_PER_SECOND
from recorder.errors import CameraUnreachable, Cause
from recorder.onvif.address import OnvifAddress
from recorder.onvif.document import child, document, integer, shown, text
from recorder.onvif.http import Answer, post, refusal
from recorder.onvif.soap import DEVICE, MEDIA, PTZ, answer_of, envelope, leaf, username_token
from recorder.rtsp.auth import Authenticator, Credentials, parse_challenges
from recorder.rtsp.trust import Trust
from recorder.waiting import first_of

TIMEOUT_S: Final = 5
"""For one operation; a camera that takes longer is told as not answering."""
_NONCE_BYTES: Final = 16
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS: Final = range(1970, 2200)


@dataclass(frozen=True, slots=True)
class Information:
    """What the camera says that it is; empty for what it does not say."""

    make: str
    model: str
    firmware: str
    serial: str


class OnvifDevice:
    """One camera. The event loop owns it; operations run one at a time, each on a connection of its own.

    `connect` makes one. `clock_offset_us` is the camera's clock less ours, to a second or so; None where it does not
    say.
    """

    def __init__(
        self,
        address: OnvifAddress,
        credentials: Credentials | None,
        *,
        clock: Clock,
        trust: Trust,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.address = address
        self.clock_offset_us: int | None = None
        self._credentials = credentials
        self._clock = clock
        self._trust = trust
        self._timeout_s = timeout_s
        self._login: Authenticator | Credentials | None = None
        self._services: Mapping[str, OnvifAddress] | None = None

    @classmethod
    async def connect(
        cls,
        address: OnvifAddress,
        credentials: Credentials | None,
        *,
        clock: Clock,
        trust: Trust,
        timeout_s: float = TIMEOUT_S,
    ) -> "OnvifDevice":
        """A camera that answers, its clock compared with ours; the login is not tried yet.

        Raises:
            CameraUnreachable: nobody answers there, or not in ONVIF's words.
        """
        device = cls(address, credentials, clock=clock, trust=trust, timeout_s=timeout_s)
        try:
            await device.compare_clocks()
        except CameraUnreachable as error:
            # Open to all by the standard (Core Specification section 8.3.6), yet some makes ask for the login.
            if error.cause not in (Cause.UNAUTHORIZED, Cause.REJECTED):
                raise
        return device

    async def compare_clocks(self) -> None:
        """Ask the camera what time it is, and keep how far it is off.

        Raises:
            CameraUnreachable: it does not answer, or wants the login for this.
        """
        before_utc_us = self._clock.utc_us()
        answer = await self._ask(self.address, DEVICE, "GetSystemDateAndTime", "", signed=False)
        middle_utc_us = (before_utc_us + self._clock.utc_us()) // 2
        theirs_utc_us = _utc_us(child(answer, "SystemDateAndTime", "UTCDateTime"))
        if theirs_utc_us is not None:
            # Whole seconds are told: the middle of this one is the best guess.
            self.clock_offset_us = theirs_utc_us + US_PER_SECOND // 2 - middle_utc_us

    async def information(self) -> Information:
        """Make, model, firmware and serial number.

        Raises:
            CameraUnreachable: cause `unauthorized` without the right login.
        """
        answer = await self.call(DEVICE, "GetDeviceInformation")
        names = ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber")
        return Information(*(shown(text(answer, name)) for name in names))

    async def services(self) -> Mapping[str, OnvifAddress]:
        """Where its services are, by namespace; asked once.

        Raises:
            CameraUnreachable: see the cause.
        """
        if self._services is None:
            self._services = await self._ask_services()
        return self._services

    async def call(self, namespace: str, operation: str, content: str = "") -> Element:
        """Any operation of any service, with the login; see `recorder.onvif.soap.envelope` for `content`.

        Raises:
            CameraUnreachable: cause `not-found` where the camera has no such service, `unauthorized` for the login,
                `rejected` with the fault's code as `status`, `timeout`, and those of the connection.
        """
        address = self.address
        if namespace != DEVICE:
            found = (await self.services()).get(namespace)
            if found is None:
                raise CameraUnreachable(Cause.NOT_FOUND, service=namespace)
            address = found
        return await self._ask(address, namespace, operation, content, signed=True)

    async def _ask_services(self) -> Mapping[str, OnvifAddress]:
        try:
            content = leaf("IncludeCapability", "false")
            answer = await self._ask(self.address, DEVICE, "GetServices", content, signed=True)
            named = {text(each, "Namespace"): text(each, "XAddr") for each in answer.findall("Service")}
        except CameraUnreachable as error:
            if error.cause is not Cause.REJECTED:
                raise
            # Devices from before ONVIF 2.0 know GetCapabilities alone.
            content = leaf("Category", "All")
            answer = await self._ask(self.address, DEVICE, "GetCapabilities", content, signed=True)
            named = {MEDIA: text(answer, "Capabilities", "Media", "XAddr")}
            named[PTZ] = text(answer, "Capabilities", "PTZ", "XAddr")
        found = {namespace: self._place(xaddr) for namespace, xaddr in named.items()}
        return {namespace: address for namespace, address in found.items() if address is not None}

    def _place(self, xaddr: str) -> OnvifAddress | None:
        """Where a service is; None for one whose address is none, which is as good as no service."""
        try:
            return self.address.service(xaddr)
        except CameraUnreachable:
            return None

    async def _ask(
        self, address: OnvifAddress, namespace: str, operation: str, content: str, *, signed: bool
    ) -> Element:
        """The answer; a login goes out once it is asked for, in the form that is asked for, and once.

        Cameras lock accounts, and some the address of who tries, after some wrong logins; none counts a request
        without any.
        """
        question = _Question(address, namespace, operation, content)
        answer = await self._post(question, signed=signed)
        try:
            return _answer_of(answer, operation)
        except CameraUnreachable as error:
            if error.cause is not Cause.UNAUTHORIZED or not signed or not self._take_up_login(answer):
                raise
        return _answer_of(await self._post(question, signed=signed), operation)

    async def _post(self, question: "_Question", *, signed: bool) -> Answer:
        kind = f'application/soap+xml; charset=utf-8; action="{question.namespace}/{question.operation}"'
        headers = [("Content-Type", kind)]
        token = ""
        if signed and isinstance(self._login, Authenticator):
            headers.append(("Authorization", self._login.header("POST", question.address.path)))
        elif signed and isinstance(self._login, Credentials):
            theirs_utc_us = self._clock.utc_us() + (self.clock_offset_us or 0)
            token = username_token(self._login, theirs_utc_us, secrets.token_bytes(_NONCE_BYTES))
        body = envelope(question.namespace, question.operation, question.content, token)
        posting = post(question.address, headers, body, self._trust)
        answer = await first_of(posting, self._clock.sleep(self._timeout_s))
        if answer is None:
            raise CameraUnreachable(Cause.TIMEOUT)
        return answer

    def _take_up_login(self, refused: Answer) -> bool:
        """Whether to ask once more, now with the login in the form that this answer wants."""
        if self._credentials is None:
            return False
        challenge = parse_challenges(refused.all("www-authenticate"))
        if challenge is not None and not challenge.algorithm and not self.address.tls:
            challenge = None  # Basic would tell the password to the whole network
        if self._login is not None and (challenge is None or not challenge.stale):
            self._login = None  # what was refused; somebody may mend it at the camera
            return False
        self._login = self._credentials if challenge is None else Authenticator(self._credentials, challenge)
        return True


@dataclass(frozen=True, slots=True)
class _Question:
    address: OnvifAddress
    namespace: str
    operation: str
    content: str


def _answer_of(answer: Answer, operation: str) -> Element:
    refused = refusal(answer.status)
    if refused is not None and refused.cause is Cause.UNAUTHORIZED:
        raise refused
    try:
        return answer_of(document(answer.body, "soap"), operation)
    except CameraUnreachable as error:
        # A status of failure says more than a page of HTML around it.
        raise (refused if refused is not None and error.cause is Cause.GARBAGE else error) from None


def _utc_us(told: Element | None) -> int | None:
    """Microseconds since 1970; cameras that count hours, minutes or seconds too far are understood."""
    numbers = [integer(told, "Date", name) for name in ("Year", "Month", "Day")]
    numbers += [integer(told, "Time", name) for name in ("Hour", "Minute", "Second")]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers) or known[0] not in _YEARS:
        return None
    year, month, day, hour, minute, second = known
    try:
        date = datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
    since = date - _EPOCH + timedelta(hours=min(hour, 99), minutes=min(minute, 99), seconds=min(second, 99))
    return since // timedelta(microseconds=1)
