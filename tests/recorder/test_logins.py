import pytest

from recorder.errors import CameraUnreachable
from recorder.logins import Login
from recorder.rtsp.auth import Credentials


def test_login_that_was_changed_counts_as_new_and_its_waits_begin_anew() -> None:
    kept = {"cam1": ("user", "old")}
    login = Login("cam1", kept.__getitem__, refused_s=60.0)
    assert login.credentials() == Credentials("user", "old")
    assert [login.refused_s() for _ in range(6)] == [60.0, 120.0, 240.0, 480.0, 960.0, 960.0]
    assert not login.is_renewed()
    kept["cam1"] = ("user", "new")
    assert login.is_renewed()
    assert login.credentials() == Credentials("user", "new")
    assert (login.is_renewed(), login.refused_s()) == (False, 60.0)


def test_login_that_was_taken_forgets_its_refusals() -> None:
    login = Login("cam1", {"cam1": ("user", "word")}.__getitem__, refused_s=60.0)
    login.credentials()
    login.refused_s()
    login.accepted()
    assert login.refused_s() == 60.0


def test_login_that_is_missing_is_told_and_found_once_it_is_kept() -> None:
    kept: dict[str, tuple[str, str]] = {}
    login = Login("cam1", kept.__getitem__, refused_s=60.0)
    with pytest.raises(CameraUnreachable, match="no-secret"):
        login.credentials()
    assert not login.is_renewed()
    kept["cam1"] = ("user", "word")
    assert login.is_renewed()
    assert login.credentials() == Credentials("user", "word")


def test_camera_that_asks_for_none_is_given_none() -> None:
    assert Login(None, dict[str, tuple[str, str]]().__getitem__, refused_s=60.0).credentials() is None
