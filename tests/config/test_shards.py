import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shards import AUTO, CAMERAS_PER_SHARD, MOST, shard_setting, shards_for


@pytest.mark.parametrize("value", [AUTO, 1, MOST])
def test_setting_is_auto_or_a_number(value: object) -> None:
    assert shard_setting(value) == value


@pytest.mark.parametrize("value", [0, MOST + 1, -1, True, 1.0, "1", "Auto", None])
def test_other_settings_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="whole number from 1 to 64"):
        shard_setting(value)


@pytest.mark.parametrize(
    ("cameras", "cores", "shards"),
    [(0, 8, 1), (113, 8, 1), (128, 8, 1), (129, 8, 2), (400, 8, 4), (400, 4, 3), (400, 2, 1), (113, 1, 1)],
)
def test_auto_is_what_the_cameras_need_and_the_cores_allow(cameras: int, cores: int, shards: int) -> None:
    assert shards_for(AUTO, cameras=cameras, cores=cores) == shards


@given(st.integers(0, 20_000), st.integers(1, 256))
def test_auto_grows_with_the_cameras_and_never_beyond_a_number_that_could_be_set(cameras: int, cores: int) -> None:
    fewer = shards_for(AUTO, cameras=cameras, cores=cores)
    more = shards_for(AUTO, cameras=cameras + CAMERAS_PER_SHARD, cores=cores)
    assert 1 <= fewer <= more <= min(fewer + 1, MOST)


@given(st.integers(1, MOST), st.integers(0, 20_000), st.integers(1, 256))
def test_number_is_that_number(setting: int, cameras: int, cores: int) -> None:
    assert shards_for(setting, cameras=cameras, cores=cores) == setting
