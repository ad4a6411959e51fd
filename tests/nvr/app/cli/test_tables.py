import pytest

from nvr.app.cli.tables import (
    account_rows,
    alarm_rows,
    camera_rows,
    copies_row,
    copies_text,
    forecast_rows,
    hold_rows,
    retention_rows,
    statement_rows,
    status_of,
)
from nvr.app.told_faults import ToldFault
from nvr.base.errors import Retryable
from storage.faults import Fault, fault_json
from storage.keeping.evidence_room import Stopped

TORN_FAULT = Fault.told("70000 bytes", "segment-torn", bytes=70_000)
CAMERA = {
    "camera": "north",
    "state": "waiting",
    "cause": "unauthorized",
    "since_utc_us": 7,
    "lost": 2,
    "bitrate_bps": 0,
}
RECORDING = {
    "camera": "south",
    "state": "recording",
    "cause": None,
    "since_utc_us": 5,
    "lost": 1,
    "bitrate_bps": 4_100_000,
}


def test_camera_that_does_not_record_says_why_in_its_row() -> None:
    rows = camera_rows(
        [
            {"camera": "north", "point": "p1", "retired": False, "state": CAMERA, "oldest_utc_us": 1},
            {"camera": "south", "point": None, "retired": False, "state": RECORDING, "oldest_utc_us": None},
            {"camera": "old", "point": None, "retired": True, "state": None},
        ]
    )
    assert [row["state"] for row in rows] == ["waiting (unauthorized)", "recording", "retired"]
    assert [row["Mbit_per_s"] for row in rows] == ["0.0", "4.1", None]


def test_status_of_a_recorder_counts_and_names_what_is_wrong() -> None:
    lines = status_of(
        "recorder-0",
        {
            "state": {"cameras": [CAMERA, RECORDING], "growing": []},
            "volumes": [
                {"path": "/srv/a", "state": "in-service", "reason": None},
                {"path": "/srv/b", "state": "erring", "reason": "sync: EIO"},
            ],
            "keyring_degraded": True,
            "faults": [{"id": "footage-torn", "where": "x.svs", "what": "w", "why": fault_json(TORN_FAULT)}],
        },
    )
    assert lines == {
        "recording": "1 / 2",
        "north": "waiting (unauthorized)",
        "lost_packets": 3,
        "volume /srv/b": "sync: EIO",
        "keyring": "One of the two places of the keyring does not take keys.",
        "faults": ["footage-torn x.svs: 70000 bytes behind its last whole record [segment-torn]"],
    }


def test_status_of_the_keeper_shows_faults_and_no_empty_lines() -> None:
    lines = status_of(
        "keeper",
        {
            "ledger_size": 9,
            "index_size": 9,
            "checkpoint": "town\n9\nroot\n\nsignature\n",
            "last_pass": {"paused": True},
            "faults": {"volume": "gone"},
            "spools": [],
        },
    )
    assert lines == {
        "ledger": 9,
        "index": 9,
        "checkpoint": "9",
        "retention": "Paused: the clock is not plausible.",
        "faults": {"volume": "gone"},
    }
    assert status_of("access", {"utc_us": 1, "ledger_size": 3, "cameras": 2}) == {"cameras": 2}


def test_what_retention_stopped_says_what_to_do() -> None:
    fields = {"volume": "/srv/d", "why": "EIO"}
    halt = {"id": "retention-blind", "about": "/srv/d", "fields": fields}
    lines = status_of(
        "keeper",
        {"last_pass": {"paused": None, "halts": [halt]}, "faults": {"disk": "y"}},
    )
    assert lines["faults"] == {"disk": "y"}
    assert "EIO" in lines["retention /srv/d"]
    assert "df /srv/d" in lines["retention /srv/d"]


def test_statement_has_a_row_for_each_reason_and_what_is_left_once() -> None:
    span = {"from_utc_us": 1, "to_utc_us": 2}
    one = {"reason": "cap", "segments": 2, "bytes": 3 << 30, "lost": 1, **span}
    other = {"reason": "pressure", "segments": 1, "bytes": 1 << 29, "lost": 0, **span}
    rows = statement_rows(
        [
            {"camera": "a", "destroyed": [one, other], "held": 4, "waiting": 0},
            {"camera": "b", "destroyed": [], "held": 5, "waiting": 6},
        ]
    )
    assert [(row["camera"], row["reason"], row["GiB"], row["held"]) for row in rows] == [
        ("a", "cap", "3.0", 4),
        ("a", "pressure", "0.5", None),
        ("b", None, None, 5),
    ]


def test_forecast_shows_room_in_gibibytes_and_the_days() -> None:
    gib = 1 << 30
    disk = {"volume": "/srv/a", "free_bytes": 5 * gib, "daily_bytes": 2 * gib, "due_bytes": gib}
    (row,) = forecast_rows([{**disk, "pressure_utc_us": 7, "full_utc_us": None}])
    assert (row["free_GiB"], row["daily_GiB"], row["due_7_days_GiB"]) == (5, 2, 1)
    assert (row["pressure_day_utc_us"], row["full_day_utc_us"]) == (7, None)


def test_holds_and_keeper_say_how_much_is_there_once_and_twice() -> None:
    gib = 1 << 30
    copies = {"once": {"segments": 3, "bytes": 2 * gib}, "twice": {"segments": 5, "bytes": 4 * gib}}
    text = "1 copy: 3 segments, 2.0 GiB; 2 copies: 5 segments, 4.0 GiB"
    assert copies_text(copies) == text
    assert copies_text(None) is None
    told = copies_row({**copies, "stopped": "full", "left_bytes": gib, "used_up_utc_us": 7})
    assert (told["copies"], told["room_GiB"], told["used_up_day_utc_us"]) == (text, "1.0", 7)
    assert "budget is used up" in str(told["why"])
    keeper = status_of("keeper", {"copies": {**copies, "stopped": None, "left_bytes": None}})
    assert (keeper["copies"], keeper.get("why")) == (text, None)


@pytest.mark.parametrize("stopped", Stopped)
def test_every_reason_why_no_copy_is_made_has_its_text(stopped: Stopped) -> None:
    none = {"segments": 0, "bytes": 0}
    row = copies_row({"once": none, "twice": none, "stopped": str(stopped)})
    assert str(row["why"]).startswith("No copy is made")


def test_dome_has_a_column_where_there_is_one_and_it_says_no_angle() -> None:
    dome = {**RECORDING, "dome": {"state": "preset"}}
    rows = camera_rows([{"camera": "d", "state": dome}, {"camera": "f", "state": RECORDING}])
    assert [row["dome"] for row in rows] == ["at preset", None]
    assert "dome" not in camera_rows([{"camera": "f", "state": RECORDING}])[0]


def test_camera_shows_until_when_somebody_decided_in_place_of_an_order() -> None:
    decided = {"camera": "a", "state": RECORDING, "authorisation": None, "uncovered_until_utc_us": 7}
    covered = {**decided, "authorisation": "x"}
    assert [row["without_order_until_day_utc_us"] for row in camera_rows([decided, covered])] == [7, None]
    assert "without_order_until_day_utc_us" not in camera_rows([covered])[0]


def test_fault_of_the_keeper_is_said_in_words_and_searched_for_by_its_id() -> None:
    waits = fault_json(Fault.of(Retryable("retention-waits", until_utc_us=1_790_000_000_000_000)))
    lines = status_of("keeper", {"faults": {"retention": waits, "disk": "y"}})
    said = "Nothing is destroyed until 2026-09-21 14:13:20+00:00: the ledger has just been continued. [retention-waits]"
    assert lines["faults"] == {"retention": said, "disk": "y"}
    alarm = {"id": "keeper-fault", "severity": "warning", "subject": "retention", "since_utc_us": 7}
    (row,) = alarm_rows([{**alarm, "detail": ToldFault.of(waits).packed()}])
    assert row["detail"] == said


def test_columns_stand_in_their_order_and_show_the_day_where_that_is_enough() -> None:
    account = {
        "ends_utc_us": 7,
        "roles": ["officer"],
        "account": "a",
        "person": "A",
        "service": None,
        "disabled": False,
    }
    (row,) = account_rows([account])
    assert list(row) == ["account", "roles", "person", "service", "ends_day_utc_us", "disabled"]
    assert row["ends_day_utc_us"] == 7
    names = ("camera", "order", "days", "camera_days", "minimum_days", "achieved_days")
    (kept,) = retention_rows([{**dict.fromkeys(names, 1), "order_ends_utc_us": 8, "oldest_utc_us": 9}])
    assert list(kept)[1:3] == ["order", "order_ends_day_utc_us"]
    assert (kept["order_ends_day_utc_us"], kept["oldest_day_utc_us"]) == (8, 9)


def test_fault_of_a_picture_stands_beside_the_state_and_a_commissioning_says_until_when() -> None:
    covered = {"state": "recording", "cause": None, "health": {"faults": ["covered"]}}
    aimed = {"state": "commissioning", "cause": None, "next_attempt_utc_us": 7}
    waiting = {"state": "waiting", "cause": "busy", "next_attempt_utc_us": 9}
    rows = camera_rows(
        [{"camera": name, "state": state} for name, state in zip("abc", (covered, aimed, waiting), strict=True)]
    )
    assert rows[0]["state"] in ("recording (covered)", "enregistre (couverte)")
    assert rows[1]["state"] in ("commissioning", "en réglage")
    assert [row["until_utc_us"] for row in rows] == [None, 7, None]


def test_hold_says_what_is_lost_of_it_since_when_and_why() -> None:
    whole = dict.fromkeys(
        ("hold", "requisition", "asked_by", "placed_by", "from_utc_us", "to_utc_us", "until_utc_us", "provisional")
    )
    whole |= dict.fromkeys(("requisition_state", "placed_utc_us"))
    whole |= {"cameras": ["north"], "ended": False, "lost": [], "kept_bytes": 3 << 29}
    whole["copies"] = {"once": {"segments": 2, "bytes": 1 << 30}, "twice": {"segments": 1, "bytes": 1 << 29}}
    day = 1_795_305_600_000_000
    span = {"from_utc_us": day, "to_utc_us": day + 60_000_000, "lost_utc_us": day + 120_000_000}
    holed = whole | {"lost": [{"camera": "north", "segments": 12, "why": "not on its volume", **span}]}
    first, second = hold_rows([whole, holed])
    assert (first["lost"], first["kept_GiB"]) == (None, "1.5")
    assert first["copies"] == "1 copy: 2 segments, 1.0 GiB; 2 copies: 1 segments, 0.5 GiB"
    (told,) = second["lost"]
    for part in ("north: 12 segments", "2026-11-22 00:00:00", "not on its volume", "2026-11-22 00:02:00"):
        assert part in told


def test_hold_of_which_the_index_says_nothing_is_not_shown_as_whole() -> None:
    nothing = dict.fromkeys(
        (
            "hold",
            "requisition",
            "asked_by",
            "placed_by",
            "from_utc_us",
            "to_utc_us",
            "until_utc_us",
            "provisional",
            "requisition_state",
            "placed_utc_us",
            "kept_bytes",
            "copies",
            "lost",
        )
    )
    (row,) = hold_rows([nothing | {"cameras": ["north"], "ended": False}])
    assert (row["kept_GiB"], row["lost"]) == ("unknown", "unknown")


def test_status_counts_the_holds_that_somebody_has_to_look_at_and_lists_none_of_them() -> None:
    answer = {"utc_us": 1, "ledger_size": 9, "holds": 3, "holds_waiting": [], "holds_old": [{"hold": "0199"}]}
    assert status_of("access", answer) == {"holds": 3, "holds_old": 1}
