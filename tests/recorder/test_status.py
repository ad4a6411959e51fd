from dataclasses import FrozenInstanceError, asdict

import pytest

from nvr.base.ids import CameraId
from nvr.base.jcs import canonical
from nvr.base.units import UtcUs
from recorder.status import CameraStatus, ShardSettings, State


def _status() -> CameraStatus:
    return CameraStatus(
        camera=CameraId("cam1"),
        state=State.WAITING,
        cause="refused",
        since_utc_us=UtcUs(1),
        next_attempt_utc_us=UtcUs(2),
        last_record_utc_us=None,
        bytes=0,
        written=0,
        records=0,
        frames=0,
        lost=0,
        dropped=0,
        reconnects=0,
        bitrate_bps=0,
        codec=None,
        width=0,
        height=0,
    )


def test_status_can_be_told_over_a_socket_as_it_is() -> None:
    assert b'"state":"waiting"' in canonical(asdict(_status()))


def test_status_and_settings_do_not_change_under_who_reads_them() -> None:
    with pytest.raises(FrozenInstanceError):
        _status().records = 1  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        ShardSettings().segment_seconds = 1  # type: ignore[misc]
