"""An act that names a camera by its host alone: the camera itself is asked for its main stream, over ONVIF.

The acts know URLs; what stands here comes before them. The login goes to the recorder with the question, since none is
in the secrets file before the act.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import select

from access.arguments import Arguments
from access.cameras.fleet_rows import Fault
from access.cameras.logins import Logins
from access.cameras.values import login_of
from access.policy import NOTHING, ActName, Person, demand
from access.ports import Asked, CameraFinder
from access.service import Handler
from config.secrets import Login
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue, Refused
from nvr.base.jcs import Json
from storage.register import tables
from storage.register.register import Register

MOST_CHANNEL: Final = 64
_SILENT: Final = frozenset({"unreachable", "refused", "timeout", "closed", "not-found"})
_UNTRUSTED: Final = frozenset({"tls", "untrusted"})
REASONS: Final = frozenset({"no-profile", "larger-is-other", "others-unsaid", "login-in-path", "no-channel"})
"""Those of the recorder's choice that say why there is none."""
_URL_FAULTS: Final = frozenset({"url", "transport"})


class NoStream(Refused):
    """The camera did not tell which stream to record; fields `host`, `cause`, `offered` (what it has instead)."""

    message_id = "lookup-garbled"

    def __init__(self, why: str, *, host: str, cause: str, offered: str) -> None:
        super().__init__(why, host=host, cause=cause, offered=offered)
        self.why = why


class StreamLookup:
    """Comes before the acts that name a camera's stream."""

    def __init__(self, register: Register, finder: CameraFinder, logins: Logins, clock: Clock) -> None:
        self._register = register
        self._finder = finder
        self._logins = logins
        self._clock = clock

    def before(self, name: ActName, act: Handler) -> Handler:
        """The act, which now takes `host` and `channel` in place of `url`; `stream` of its answer is what was found.

        Raises:
            NoStream: the camera does not say which stream to record, or has none that could be.
            InvalidValue: `host` or `channel` are none, or stand beside a URL.
            Retryable: no recorder answers.
        """

        async def looked_up(person: Person, args: Arguments) -> Json:
            asked = _asked(args.but())
            if asked is None:
                return await act(person, args)
            demand(person, name, NOTHING, self._clock.utc_us())
            if name is ActName.CAMERA_EDIT and not args.but().flag("no_login"):
                known = await self._known()
                asked = known.with_login(args.but().text("camera"), asked)
            (found,) = await self._finder.lookup([asked])
            url = _url(found, asked.host)
            answer = await act(person, args.but("host", "channel", url=url))
            return {**answer, "stream": _stream(found)} if isinstance(answer, dict) else answer

        return looked_up

    def before_import(self, act: Handler) -> Handler:
        """The act `camera.import`, whose rows may have `host` and `channel` in place of `url`.

        Cameras that are in the register at that host are not asked again, and others that are known with their login;
        `streams` of the answer has what became of them. A camera without a stream is a fault of its row, and nothing is
        entered.
        """

        async def looked_up(person: Person, args: Arguments) -> Json:
            rows = args.but().objects("cameras")
            if not any(row.get("host") for row in rows):
                return await act(person, args)
            demand(person, ActName.CAMERA_IMPORT, NOTHING, self._clock.utc_us())
            whole, streams, faults = await self._look_up_rows(rows)
            dry_run = {"dry_run": True} if faults else {}
            answer: Any = await act(person, args.but("cameras", cameras=whole, **dry_run))
            told = {fault.row for fault in faults}
            others = [each for each in answer["faults"] if each["row"] not in told or each["field"] not in _URL_FAULTS]
            together = sorted([*(fault.to_json() for fault in faults), *others], key=lambda each: each["row"])
            return {**answer, "faults": together, "streams": streams}

        return looked_up

    async def _look_up_rows(
        self, rows: Sequence[Mapping[str, object]]
    ) -> tuple[list[dict[str, object]], dict[str, Json], list[Fault]]:
        """The rows with URLs; what became of each camera that was asked; the faults of those that gave none."""
        known = await self._known()
        whole = [{key: value for key, value in row.items() if key not in {"host", "channel"}} for row in rows]
        faults: list[Fault] = []
        asking: list[tuple[int, Asked]] = []
        for index, row in enumerate(rows):
            try:
                asked = _asked(Arguments(row))
            except InvalidValue as error:
                faults.append(_fault(index, row, error.field, "value"))
                continue
            if asked is None:
                whole[index] = dict(row)
            elif (url := known.url_at(str(row.get("camera")), asked.host)) is not None:
                whole[index]["url"] = url
            else:
                asking.append((index, known.with_login(str(row.get("camera")), asked)))
        streams: dict[str, Json] = {}
        answers = await self._finder.lookup([asked for _, asked in asking]) if asking else []
        for (index, asked), found in zip(asking, answers, strict=True):
            try:
                whole[index]["url"] = _url(found, asked.host)
            except NoStream as error:
                faults.append(_fault(index, rows[index], "host", error.why, str(error.fields["offered"])))
                continue
            streams[str(rows[index].get("camera"))] = _stream(found)
        return whole, streams, faults

    async def _known(self) -> "_Known":
        rows = await self._register.read(
            lambda session: {
                row.camera: (row.url, row.secret)
                for row in session.scalars(select(tables.Camera).where(tables.Camera.retired.is_(False)))
            }
        )
        return _Known(rows, await self._logins.known())


@dataclass(frozen=True, slots=True)
class _Known:
    """The cameras that are recorded: URL and name of the login, and the logins."""

    cameras: Mapping[str, tuple[str | None, str | None]]
    logins: Mapping[str, Login]

    def url_at(self, camera: str, host: str) -> str | None:
        """The URL of the camera if it is at this host already."""
        url, _ = self.cameras.get(camera, (None, None))
        return url if url is not None and urlsplit(url).hostname == _host_alone(host) else None

    def with_login(self, camera: str, asked: Asked) -> Asked:
        """The question with the camera's own login where it comes without one."""
        _, secret = self.cameras.get(camera, (None, None))
        return asked if asked.login is not None or secret is None else replace(asked, login=self.logins.get(secret))


def _host_alone(host: str) -> str:
    """Without the port or the path of its services."""
    try:
        return urlsplit(host if "://" in host else f"//{host}").hostname or host
    except ValueError:  # an IPv6 address without brackets
        return host


def _fault(index: int, row: Mapping[str, object], field: str, why: str, offered: str = "") -> Fault:
    number = row.get("row")
    value = None if "@" in str(row.get(field)) else row.get(field)  # it may be a password
    return Fault(number if isinstance(number, int) else index + 1, field, value, why, offered)


def _asked(args: Arguments) -> Asked | None:
    """What is to be looked for; None for arguments that have no host. Raises InvalidValue."""
    host = args.optional_text("host", most=255)
    if host is None:
        return None
    if args.optional_secret("url") is not None:
        raise InvalidValue(field="url", value=None, expected="either a URL or a host")
    if "@" in host or not host.isprintable():
        raise InvalidValue(field="host", value=None, expected="a host, without user and password")
    channel = args.optional_integer("channel", least=1, most=MOST_CHANNEL)
    return Asked(host=host, channel=channel or 1, login=login_of(args, None))


def _url(found: Mapping[str, Any], host: str) -> str:
    """The URL that was found. Raises NoStream."""
    if found["url"] is not None:
        return str(found["url"])
    cause, choice = found["cause"], found["choice"] or {}
    offered = ", ".join(_profile(profile) for profile in choice.get("others", ())) or "-"
    raise NoStream(f"lookup-{why(cause, choice.get('reason'))}", host=host, cause=str(cause), offered=offered)


def why(cause: str | None, reason: str | None) -> str:
    """Which text says it: for a reason of the choice, or for what came between."""
    if reason in REASONS:
        return str(reason)
    if cause in _SILENT:
        return "silent"
    if cause in _UNTRUSTED:
        return "untrusted"
    return "unauthorized" if cause == "unauthorized" else "garbled"


def _profile(profile: Mapping[str, Any]) -> str:
    coding = profile["coding"] or "?"
    return f"{profile['name']} {profile['width']}x{profile['height']} {coding}".strip()


def _stream(found: Mapping[str, Any]) -> Json:
    return {"url": found["url"], **found["choice"]}
