import pytest

from access.arguments import Arguments
from access.cameras.values import deal, login_of, placement_proposal, url_of
from config import libsrt
from config.secrets import Login
from nvr.base.errors import InvalidValue
from nvr.base.ids import CameraId, PointId
from nvr.base.units import UtcUs
from storage.ledger.entries import Actor
from storage.ledger.people import Placement

ROOT = Actor(id="root", role="administrator")


def test_cameras_are_dealt_to_the_shard_with_the_fewest() -> None:
    counts = {0: 2, 1: 0, 2: 1}
    assert [deal(counts, lambda _: 3) for _ in range(4)] == [1, 1, 2, 0]
    assert counts == {0: 3, 1: 2, 2: 2}


def test_shard_that_so_many_cameras_call_for_gets_the_next_one() -> None:
    counts = {0: 2}
    assert [deal(counts, lambda cameras: 1 + cameras // 4) for _ in range(3)] == [0, 1, 1]


def test_only_a_placement_that_began_before_is_entered_late() -> None:
    def late(from_utc_us: int) -> bool:
        proposal = placement_proposal(
            ROOT, CameraId("a"), PointId("p"), from_utc_us=UtcUs(from_utc_us), now_utc_us=UtcUs(10)
        )
        assert isinstance(proposal.body, Placement)
        return proposal.body.entered_late

    assert [late(9), late(10)] == [True, False]


SRT = "srt://192.0.2.7:9000"
PASSPHRASE = "gr4ssh0pper"


def test_address_of_srt_is_refused_where_its_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libsrt, "NAMES", ("libsrt-that-is-not-there.so",))
    with pytest.raises(InvalidValue) as caught:
        url_of(Arguments({"url": SRT}))
    assert caught.value.field == "url"
    assert "apt install" in str(caught.value.fields["expected"])
    assert url_of(Arguments({"url": "rtsp://192.0.2.7/"})) == "rtsp://192.0.2.7/"


def test_address_of_srt_is_kept_where_its_library_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libsrt, "NAMES", ("libc.so.6",))
    assert url_of(Arguments({"url": SRT})) == SRT


@pytest.mark.parametrize(
    ("given", "login"),
    [
        ({}, None),
        ({"password": PASSPHRASE}, Login("", PASSPHRASE)),
        ({"user": "#!::r=gate"}, Login("#!::r=gate", "")),
        ({"user": "gate", "password": PASSPHRASE}, Login("gate", PASSPHRASE)),
    ],
)
def test_login_of_srt_is_stream_id_and_passphrase_each_with_or_without_the_other(
    given: dict[str, object], login: Login | None
) -> None:
    assert login_of(Arguments(given), SRT) == login


@pytest.mark.parametrize("passphrase", ["short", "x" * 80, "é" * 40])
def test_passphrase_that_srt_can_not_take_is_refused_and_not_shown(passphrase: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        login_of(Arguments({"password": passphrase}), SRT)
    assert (caught.value.field, caught.value.fields["value"]) == ("password", "(hidden)")


@pytest.mark.parametrize("url", [None, "rtsp://192.0.2.7/"])
def test_password_without_a_user_is_refused_where_it_is_no_passphrase(url: str | None) -> None:
    with pytest.raises(InvalidValue) as caught:
        login_of(Arguments({"password": PASSPHRASE}), url)
    assert caught.value.field == "user"
