"""The arguments of an act, as JSON brings them: taken one by one, checked, every fault named by its field."""

from collections.abc import Mapping, Sequence
from typing import Final

from nvr.base.errors import InvalidValue
from nvr.base.jcs import is_text
from nvr.base.units import MAX_PERSISTED_INT, US_PER_DAY, UtcUs

MOST_CHARACTERS: Final = 1000
MOST_NAMES: Final = 1000
LATEST_UTC_US: Final = MAX_PERSISTED_INT - 366 * US_PER_DAY
"""The last instant that may be asked about, in 2254: deadlines that follow from it can still be written down."""

HIDDEN: Final = "(hidden)"
"""Stands for a value that no message may show."""


class Arguments:
    """Takes each argument by its kind; `done` refuses what nobody took.

    Every method raises InvalidValue, which names the field.
    """

    def __init__(self, args: Mapping[str, object]) -> None:
        self._args = dict(args)

    def but(self, *without: str, **more: object) -> "Arguments":
        """The arguments that nobody took yet, less these and with more: for who looks ahead, or fills one in."""
        return Arguments({**{key: value for key, value in self._args.items() if key not in without}, **more})

    def text(self, field: str, *, most: int = MOST_CHARACTERS) -> str:
        """A text that is not empty; white space around it is taken off."""
        value = self.optional_text(field, most=most)
        if value is None:
            raise InvalidValue(field=field, value=None, expected="a text")
        return value

    def optional_text(self, field: str, *, most: int = MOST_CHARACTERS) -> str | None:
        """A text; None when it is absent, null or empty."""
        value = self._args.pop(field, None)
        if value is None:
            return None
        if not isinstance(value, str):
            raise InvalidValue(field=field, value=type(value).__name__, expected="a text")
        if len(value) > most:
            raise InvalidValue(field=field, value=f"{len(value)} characters", expected=f"at most {most}")
        if not is_text(value):
            raise InvalidValue(field=field, value=ascii(value), expected="Unicode text")
        return value.strip() or None

    def secret(self, field: str) -> str:
        """A text that no message shows, exactly as it was given."""
        value = self._args.pop(field, None)
        if not isinstance(value, str) or not value or len(value) > MOST_CHARACTERS or not is_text(value):
            raise InvalidValue(field=field, value=HIDDEN, expected=f"1 to {MOST_CHARACTERS} characters")
        return value

    def optional_secret(self, field: str) -> str | None:
        """The same; None when it is absent, null or empty."""
        if self._args.get(field):
            return self.secret(field)
        self._args.pop(field, None)
        return None

    def integer(self, field: str, *, least: int, most: int = MAX_PERSISTED_INT) -> int:
        """An integer in [least, most]."""
        value = self.optional_integer(field, least=least, most=most)
        if value is None:
            raise InvalidValue(field=field, value=None, expected=_range(least, most))
        return value

    def optional_integer(self, field: str, *, least: int, most: int = MAX_PERSISTED_INT) -> int | None:
        """An integer in [least, most]; None when it is absent or null."""
        value = self._args.pop(field, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise InvalidValue(field=field, value=value, expected=_range(least, most))
        return value

    def interval(self) -> tuple[UtcUs, UtcUs]:
        """`from_utc_us` and `to_utc_us`, the second after the first."""
        from_utc_us = UtcUs(self.integer("from_utc_us", least=0, most=LATEST_UTC_US))
        to_utc_us = UtcUs(self.integer("to_utc_us", least=0, most=LATEST_UTC_US))
        if to_utc_us <= from_utc_us:
            raise InvalidValue(field="to_utc_us", value=to_utc_us, expected=f"after from_utc_us, {from_utc_us}")
        return from_utc_us, to_utc_us

    def optional_names(self, field: str) -> tuple[str, ...] | None:
        """A list of texts, each once; None when it is absent, null or empty."""
        value = self._args.pop(field, None)
        if value is None:
            return None
        if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MOST_NAMES:
            raise InvalidValue(field=field, value=type(value).__name__, expected=f"a list of at most {MOST_NAMES}")
        if not all(isinstance(name, str) and is_text(name) for name in value):
            raise InvalidValue(field=field, value="a list of other things", expected="a list of texts")
        return tuple(dict.fromkeys(value)) or None

    def optional_integers(self, field: str) -> tuple[int, ...]:
        """A list of integers that are not negative; none when it is absent or null."""
        value = self._args.pop(field, None)
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > MOST_NAMES or not all(_is_count(item) for item in value):
            raise InvalidValue(field=field, value=type(value).__name__, expected="a list of integers")
        return tuple(value)

    def optional_object(self, field: str) -> Mapping[str, object] | None:
        """A JSON object; None when it is absent or null."""
        value = self._args.pop(field, None)
        if value is not None and not isinstance(value, Mapping):
            raise InvalidValue(field=field, value=type(value).__name__, expected="an object")
        return value

    def objects(self, field: str) -> tuple[Mapping[str, object], ...]:
        """A list of JSON objects."""
        value = self._args.pop(field, None)
        if not isinstance(value, list) or len(value) > MOST_NAMES or not all(isinstance(item, dict) for item in value):
            expected = f"a list of at most {MOST_NAMES} objects"
            raise InvalidValue(field=field, value=type(value).__name__, expected=expected)
        return tuple(value)

    def flag(self, field: str) -> bool:
        """True or false; false when it is absent or null."""
        value = self._args.pop(field, None)
        if value is not None and not isinstance(value, bool):
            raise InvalidValue(field=field, value=type(value).__name__, expected="true or false")
        return bool(value)

    def done(self) -> None:
        """Refuse arguments that the act does not know."""
        for field in self._args:
            raise InvalidValue(field=field, value=HIDDEN, expected="no such argument of this act")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_PERSISTED_INT


def _range(least: int, most: int) -> str:
    return f"an integer of at least {least}" if most == MAX_PERSISTED_INT else f"an integer from {least} to {most}"
