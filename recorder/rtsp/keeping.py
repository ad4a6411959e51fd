"""Which request keeps a session alive: what the camera offers, until it refuses it."""

from collections.abc import Iterable
from typing import Final

WITHOUT_MEANING: Final = ("GET_PARAMETER", "SET_PARAMETER", "OPTIONS")
"""Requests that change nothing, as RFC 2326 has them; without a body the first two only show that we live.

In the order of preference: some servers count OPTIONS for no session, and few cameras mind GET_PARAMETER.
"""


class KeepAlive:
    """The choice of one session."""

    def __init__(self) -> None:
        self._choices: tuple[str, ...] = WITHOUT_MEANING[::-1]
        self._at = 0

    @property
    def method(self) -> str:
        """The request to send."""
        return self._choices[self._at]

    def offered(self, public: Iterable[str]) -> None:
        """Keep to the methods that these Public headers name; OPTIONS stands behind them, since all cameras have it.

        A camera that names none may know any: they are tried, OPTIONS first.
        """
        named = {method.strip().upper() for value in public for method in value.split(",")}
        if len(named) > 1:
            self._choices = tuple(each for each in WITHOUT_MEANING if each in named or each == "OPTIONS")
            self._at = 0

    def refused(self) -> bool:
        """The camera did not take it: the next one from now on. False when none is left, and it begins anew."""
        self._at = (self._at + 1) % len(self._choices)
        return self._at > 0
