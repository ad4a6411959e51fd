"""Whether a person means the destruction that a change of orders or settings brings about.

Footage follows them as they stand: a change may destroy what is there within a minute. So one that would is refused
until whoever makes it has said that it is meant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from access.arguments import Arguments
from nvr.base.errors import Refused
from storage.keeping.previews import Effect


class WouldDestroy(Refused):
    """The change would destroy footage that is there: `segments` of `cameras`, `from_utc_us` to `to_utc_us`."""

    message_id = "change-destroys"


@dataclass(frozen=True, slots=True)
class Consent:
    """What the person said of the effects: look only, or destroy what falls due."""

    dry_run: bool
    accepted: bool

    @classmethod
    def take(cls, args: Arguments) -> Self:
        """`dry_run` and `accept_destruction`. Raises InvalidValue."""
        return cls(dry_run=args.flag("dry_run"), accepted=args.flag("accept_destruction"))

    def demand(self, effects: Sequence[Effect]) -> None:
        """Raises WouldDestroy: the effects take footage that is there, and it was not accepted."""
        going = [each for each in effects if each.segments]
        if going and not self.accepted:
            raise WouldDestroy(
                segments=sum(each.segments for each in going),
                cameras=", ".join(each.camera for each in going),
                from_utc_us=min(each.from_utc_us for each in going if each.from_utc_us is not None),
                to_utc_us=max(each.to_utc_us for each in going if each.to_utc_us is not None),
            )
