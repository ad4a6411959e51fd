from access.cameras.fleet_rows import Fault, take_rows


def test_row_without_a_number_is_known_by_its_place() -> None:
    rows, faults = take_rows([{"camera": "a", "url": "rtsp://h/"}, {"camera": "B", "url": "rtsp://h/"}])
    assert [row.number for row in rows] == [1]
    assert [(fault.row, fault.field) for fault in faults] == [(2, "camera")]


def test_row_describes_its_point_only_with_its_id_and_its_number() -> None:
    base = {"camera": "a", "url": "rtsp://h/", "point": "p1"}
    (row,), faults = take_rows([{**base, "number": "1", "lon_e7": -1_800_000_000}])
    assert not faults
    assert row.place is not None
    assert (row.place.point, row.place.lon_e7) == ("p1", -1_800_000_000)
    assert [fault.field for fault in take_rows([{**base, "view": "north"}])[1]] == ["number"]


def test_fault_shows_no_url_and_no_login() -> None:
    for field in ("url", "user", "password"):
        assert Fault(1, field, "hunter22").to_json()["value"] == "(hidden)"
    assert Fault(1, "camera", "É").to_json()["value"] == "É"


def test_dome_of_the_list_is_asked_at_its_own_host_unless_told() -> None:
    base = {"camera": "a", "url": "rtsp://10.0.0.7/live"}
    (row,), faults = take_rows([{**base, "ptz": "onvif", "ptz_expect": ["Mairie", "Gare"]}])
    assert not faults
    assert row.ptz == '{"address":"10.0.0.7","expected":["Mairie","Gare"],"profile":null}'
    (row,), _ = take_rows([base])
    assert row.ptz is None
    assert [fault.field for fault in take_rows([{**base, "ptz": "pelco"}])[1]] == ["ptz"]
    (fault,) = take_rows([{**base, "ptz": "onvif", "ptz_address": "http://admin:hunter22@10.0.0.7/"}])[1]
    assert (fault.field, fault.to_json()["value"]) == ("ptz_address", "(hidden)")
