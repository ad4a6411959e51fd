from dataclasses import FrozenInstanceError, asdict

import pytest

from nvr.base.ids import CameraId
from nvr.base.jcs import canonical
from recorder.status import ShardSettings, State
from tests.recorder.fakes import camera_status

WAITING = camera_status(CameraId("cam1"), State.WAITING)


def test_status_can_be_told_over_a_socket_as_it_is() -> None:
    assert b'"state":"waiting"' in canonical(asdict(WAITING))


def test_status_and_settings_do_not_change_under_who_reads_them() -> None:
    with pytest.raises(FrozenInstanceError):
        WAITING.records = 1  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        ShardSettings().segment_seconds = 1  # type: ignore[misc]
