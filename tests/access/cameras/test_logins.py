from pathlib import Path

from access.cameras.logins import Logins, fresh_name
from config.secrets import Login
from nvr.base.ids import CameraId
from nvr.base.units import UtcUs

CAM, OTHER = CameraId("cam-1"), CameraId("cam-1.2")


def test_name_of_a_login_is_never_that_of_a_camera() -> None:
    name = fresh_name(CAM, UtcUs(1))
    assert name.startswith("cam-1/")
    assert name != fresh_name(CAM, UtcUs(1))


async def test_old_logins_of_one_camera_leave_the_file_and_others_stay(tmp_path: Path) -> None:
    logins, new = Logins(tmp_path / "secrets.json"), fresh_name(CAM, UtcUs(1))
    await logins.keep({CAM: Login("a", "1"), OTHER: Login("b", "2")})
    await logins.keep({new: Login("a", "3")})
    await logins.drop_others(CAM, new)
    assert await logins.known() == {OTHER: Login("b", "2"), new: Login("a", "3")}
    await logins.drop_others(CAM, None)
    assert await logins.known() == {OTHER: Login("b", "2")}


async def test_nothing_to_keep_makes_no_file(tmp_path: Path) -> None:
    await Logins(tmp_path / "secrets.json").keep({})
    assert not (tmp_path / "secrets.json").exists()
