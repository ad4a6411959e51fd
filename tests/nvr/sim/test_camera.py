import pytest

from nvr.base.errors import InvalidValue
from nvr.sim.camera import SimCamera


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "two words"),
        ("name", ""),
        ("name", "a/b"),
        ("width", 158),
        ("width", 641),
        ("height", 88),
        ("height", 361),
        ("fps", 0),
        ("fps", 121),
        ("gop_frames", 0),
        ("bitrate_bps", 0),
        ("b_frames", -1),
        ("session_timeout_s", 0),
    ],
)
def test_value_that_no_camera_has_is_refused_by_its_name(field: str, value: object) -> None:
    values: dict[str, object] = {"name": "cam1", field: value}
    with pytest.raises(InvalidValue) as refused:
        SimCamera(**values)  # type: ignore[arg-type]
    assert refused.value.field == field
