"""From what was seen to what is wrong at this instant; `nvr.app.watch.book` says what has lasted. Pure."""

from nvr.app.watch.found import Findings
from nvr.app.watch.observation import Observation
from nvr.app.watch.of_cameras import of_cameras, unsure_cameras
from nvr.app.watch.of_roles import of_roles, of_server, unsure_roles


def judge(seen: Observation) -> Findings:
    """Every condition of this look, and what could not be looked at."""
    return Findings(
        conditions=(*of_roles(seen), *of_cameras(seen), *of_server(seen)),
        unsure=frozenset((*unsure_roles(seen), *unsure_cameras(seen))),
    )
