"""What somebody should look at in a recorder: logged when it begins, shown in its status until it is over."""

import logging
from typing import Final

from nvr.base.errors import NvrError
from nvr.base.jcs import Json
from storage.faults import Fault, fault_json

_log: Final = logging.getLogger(__name__)


class Faults:
    """Faults by the id of their text and where they are; any thread may tell, each call is one dictionary access."""

    def __init__(self) -> None:
        self._faults: dict[tuple[str, str], str] = {}

    def tell(self, fault_id: str, where: object, what: object) -> None:
        """It is so; what was told before of the same place is replaced, and logged only if it is another thing."""
        key, text = (fault_id, str(where)), _text_of(what)
        if self._faults.get(key) != text:
            _log.error("%s %s: %s", fault_id, where, text)
        self._faults[key] = text

    def over(self, fault_id: str, where: object) -> None:
        """It is so no more."""
        if self._faults.pop((fault_id, str(where)), None) is not None:
            _log.info("%s %s: over", fault_id, where)

    def holds(self, fault_id: str, where: object) -> bool:
        """Whether it was told and is not over."""
        return (fault_id, str(where)) in self._faults

    def shown(self) -> list[dict[str, Json]]:
        """All of them: `id`, `where`, `what`; `why` is `what` as a text of the catalogues, where it is one."""
        return [
            {"id": key[0], "where": key[1], "what": str(what), "why": fault_json(what)}
            for key, what in list(self._faults.items())
        ]


def _text_of(what: object) -> str:
    if isinstance(what, NvrError):
        return Fault.of(what)
    return what if isinstance(what, Fault) else str(what)
