"""Which request keeps a session alive: what the camera offers, until it refuses it."""

from collections.abc import Iterable
from typing import Final

WITHOUT_MEANING: Final = ("GET_PARAMETER", "SET_PARAMETER", "OPTIONS")
"""Requests that change nothing, as RFC 2326 has them; without a body the first two only show that we live.

In the order of preference: some servers count OPTIONS for no session, and few cameras mind GET_PARAMETER.
"""


class KeepAlive:
    """The choice of one session; `avoid` names what ended sessions of this camera before, or did not keep them."""

    def __init__(self, avoid: frozenset[str] = frozenset()) -> None:
        self._avoid = avoid
        self._choices = self._chosen(WITHOUT_MEANING[::-1])
        self._at = 0

    @property
    def method(self) -> str:
        """The request to send."""
        return self._choices[self._at]

    @property
    def is_exhausted(self) -> bool:
        """No request of those that the camera takes kept a session: it may count RTCP reports alone."""
        return self._avoid.issuperset(self._choices)

    def offered(self, public: Iterable[str]) -> None:
        """Keep to the methods that these Public headers name; OPTIONS stands behind them, since all cameras have it.

        A camera that names none may know any: they are tried, OPTIONS first.
        """
        named = {method.strip().upper() for value in public for method in value.split(",")}
        if len(named) > 1:
            self._choices = self._chosen(each for each in WITHOUT_MEANING if each in named or each == "OPTIONS")
            self._at = 0

    def refused(self) -> bool:
        """The camera did not take it: the next one from now on. False when none is left, and it begins anew."""
        self._at = (self._at + 1) % len(self._choices)
        return self._at > 0

    def _chosen(self, offered: Iterable[str]) -> tuple[str, ...]:
        """What is not to be avoided comes first; what is comes last, since the camera may have changed."""
        return tuple(sorted(offered, key=lambda method: method in self._avoid))
