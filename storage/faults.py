"""Faults of the keeper: strings for its log, that know which text says them to people, in their language."""

from collections.abc import Mapping

from nvr.base.errors import NvrError
from nvr.base.jcs import Json


class Fault(str):
    """What a person must look at. `id` names its text in the catalogues, `fields` are that text's values."""

    __slots__ = ("fields", "id")
    id: str
    fields: Mapping[str, Json]

    @classmethod
    def told(cls, text: str, text_id: str, **fields: Json) -> "Fault":
        """The fault that reads so in the log."""
        fault = cls(text)
        fault.id, fault.fields = text_id, fields
        return fault

    @classmethod
    def of(cls, error: NvrError) -> "Fault":
        """That this was met."""
        return cls.told(str(error), error.message_id, **{key: _plain(value) for key, value in error.fields.items()})


def fault_json(why: str) -> dict[str, Json]:
    """As `status` answers it: `what`, with `id` and `fields` where there is a text."""
    if isinstance(why, Fault):
        return {"what": str(why), "id": why.id, "fields": dict(why.fields)}
    return {"what": why, "id": None, "fields": {}}


def _plain(value: object) -> Json:
    return value if value is None or isinstance(value, bool | int | str) else str(value)
