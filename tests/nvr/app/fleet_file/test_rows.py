from nvr.app.fleet_file.rows import fleet_list

HEAD = ["Caméra", "Marque", "Adresse IP", "Port", "Adresse RTSP", "Numéro", "Adresse", "Latitude", "Jours", "Remarque"]


def test_row_of_make_and_host_gets_its_url_and_its_point() -> None:
    row = ["mairie-1", "Hikvision", "10.0.0.7", "", "", "12", "1 place", "-48,5", "7", "on a mast"]
    listed = fleet_list([HEAD, row])
    assert listed.faults == []
    assert listed.rows == [
        {
            "row": 2,
            "camera": "mairie-1",
            "url": "rtsp://10.0.0.7/Streaming/Channels/101",
            "point": "12",
            "number": "12",
            "address": "1 place",
            "lat_e7": -485_000_000,
            "retention_days": 7,
        }
    ]


def test_kind_in_words_becomes_the_one_that_is_meant_and_another_word_stays_for_the_act_to_refuse() -> None:
    listed = fleet_list([["caméra", "RTSP", "Type"], ["a", "rtsp://h/", "Nomade"], ["b", "rtsp://h/", "drone"]])
    assert [row["kind"] for row in listed.rows] == ["nomadic", "drone"]


def test_rows_keep_the_numbers_that_the_spreadsheet_shows() -> None:
    url = ["a", "", "", "", "rtsp://h/", "", "", "", "", ""]
    listed = fleet_list([[], ["# a comment"], HEAD, [], url, ["# another"], url])
    assert [row["row"] for row in listed.rows] == [5, 7]


def test_every_fault_of_every_row_is_kept() -> None:
    listed = fleet_list(
        [
            HEAD,
            ["a", "Nikon", "10.0.0.7", "", "", "", "", "north", "x", ""],
            ["b", "axis", "300.1.1.1", "", "", "", "", "", "", ""],
            ["c", "axis", "h", "99999", "", "", "", "", "", ""],
            ["d", "axis", "", "", "", "", "", "", "", ""],
            ["e", "", "", "", "", "", "", "", "", ""],
            ["f", "axis", "h", "", "rtsp://h/", "", "", "", "", ""],
            ["g", "", "", "", "rtsp://h/", "", "", "", "", ""],
        ]
    )
    assert [(fault.row, fault.field, fault.why) for fault in listed.faults] == [
        (2, "retention_days", "value"),
        (2, "lat_e7", "value"),
        (2, "make", "value"),
        (3, "host", "value"),
        (4, "port", "value"),
        (5, "host", "no-url"),
        (6, "url", "no-url"),
        (7, "url", "url-and-make"),
    ]
    assert [row["camera"] for row in listed.rows if row.get("url")] == ["f", "g"]


def test_heading_that_nobody_knows_is_a_fault_and_not_a_lost_column() -> None:
    listed = fleet_list([["camera", "mot de pass", "Url", "RTSP"], ["a", "secret", "rtsp://h/", ""]])
    assert [(fault.row, fault.value, fault.why) for fault in listed.faults] == [
        (1, "mot de pass", "unknown-heading"),
        (1, "RTSP", "heading-twice"),
    ]


def test_table_without_headings_is_a_fault() -> None:
    assert [fault.why for fault in fleet_list([]).faults] == ["no-heading"]
    assert [fault.why for fault in fleet_list([["Url"], ["rtsp://h/"]]).faults] == ["no-heading"]


def test_row_with_a_host_alone_lets_the_camera_name_its_stream() -> None:
    rows = [["a", "10.0.0.7", "", "2"], ["b", "10.0.0.8:8000", "", ""], ["c", "https://10.0.0.9/onvif/x", "", ""]]
    listed = fleet_list([["Caméra", "Adresse IP", "Port", "Canal"], *rows])
    assert listed.faults == []
    assert listed.rows == [
        {"row": 2, "camera": "a", "host": "10.0.0.7", "channel": 2},
        {"row": 3, "camera": "b", "host": "10.0.0.8:8000"},
        {"row": 4, "camera": "c", "host": "https://10.0.0.9/onvif/x"},
    ]


def test_host_that_is_none_and_a_port_of_rtsp_without_a_make_are_faults() -> None:
    rows = [["a", "300.1.1.1", ""], ["b", "10.0.0.8", "554"], ["c", "http://u:p@h/", ""]]
    listed = fleet_list([["Caméra", "Adresse IP", "Port"], *rows])
    assert [(fault.row, fault.field, fault.why) for fault in listed.faults] == [
        (2, "host", "value"),
        (3, "port", "port-alone"),
        (4, "host", "value"),
    ]


def test_expected_positions_of_a_dome_are_a_list() -> None:
    head = ["caméra", "adresse RTSP", "PTZ", "positions attendues"]
    (row,) = fleet_list([head, ["dome-1", "rtsp://h/", "ONVIF", "Mairie, Gare;École |"]]).rows
    assert (row["ptz"], row["ptz_expect"]) == ("onvif", ["Mairie", "Gare", "École"])
