"""How a camera is asked where it looks, as a person gives it: checked, and laid over what the register has."""

from dataclasses import dataclass

from access.arguments import Arguments
from config.ptz import ONVIF, PtzSetting, default_address, parse_ptz, ptz_setting
from nvr.base.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class PtzArgs:
    """The arguments `ptz` (`onvif`), `ptz_address`, `ptz_profile`, `ptz_expect` (a list of names), `no_ptz`."""

    kind: str | None
    address: str | None
    profile: str | None
    expected: tuple[str, ...] | None
    no_ptz: bool

    @classmethod
    def take(cls, args: Arguments) -> "PtzArgs":
        """From the arguments of an act. Raises InvalidValue."""
        given = cls(
            kind=args.optional_text("ptz"),
            address=args.optional_text("ptz_address"),
            profile=args.optional_text("ptz_profile"),
            expected=args.optional_names("ptz_expect"),
            no_ptz=args.flag("no_ptz"),
        )
        if given.kind not in {None, ONVIF}:
            raise InvalidValue(field="ptz", value=given.kind, expected=ONVIF)
        if given.no_ptz and given._values:
            raise InvalidValue(field="no_ptz", value=True, expected="either how it is asked, or that it is not")
        return given

    @property
    def given(self) -> bool:
        """Whether the person said anything of it."""
        return self._values or self.no_ptz

    @property
    def _values(self) -> bool:
        return any(value is not None for value in (self.kind, self.address, self.profile, self.expected))

    def setting(self, url: str, before: str | None = None, url_before: str | None = None) -> str | None:
        """What the register is to hold; None for a camera that is not asked.

        `before` is what it holds now, for a camera at `url_before`. An address that nobody gave follows the camera's.

        Raises:
            InvalidValue: a value is wrong, `ptz` is missing, or the camera's address has no host.
        """
        if self.no_ptz or (before is None and not self._values):
            return None
        if before is None and self.kind is None:
            raise InvalidValue(field="ptz", value=None, expected=ONVIF)
        known = None if before is None else parse_ptz(before)
        address = self.address
        if address is None and known is not None and known.address != default_address(url_before or url):
            address = known.address
        address = address or default_address(url)
        if address is None:
            raise InvalidValue(field="ptz_address", value=None, expected="the address of its ONVIF service")
        profile = self.profile or (None if known is None else known.profile)
        expected = self.expected if self.expected is not None else () if known is None else known.expected
        return ptz_setting(address, profile, expected).to_text()


def inherited(before: str | None, url: str) -> str | None:
    """How a device is asked that takes a dome's place: its own address, the same presets expected; None as before."""
    address = default_address(url)
    if before is None or address is None:
        return None
    return PtzSetting(address, expected=parse_ptz(before).expected).to_text()
