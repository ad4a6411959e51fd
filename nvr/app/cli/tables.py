"""What answers of roles come down to on a screen of 80 columns; `--json` has them whole. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

_MBIT: Final = 1_000_000


def camera_rows(cameras: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a camera: where it stands, what it does and since when, what is kept."""
    rows = []
    for camera in cameras:
        state = camera.get("state") or {}
        rows.append(
            {
                "camera": camera["camera"],
                "point": camera.get("point"),
                "state": "retired" if camera.get("retired") else _state(state),
                "since_utc_us": state.get("since_utc_us"),
                "Mbit/s": _mbit(state.get("bitrate_bps")),
                "kept since_utc_us": camera.get("oldest_utc_us"),
            }
        )
    return rows


def status_of(role: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The lines on one role: counts, and whatever is not as it should be."""
    if role.startswith("recorder"):
        return _recorder(answer)
    if role == "keeper":
        return _keeper(answer)
    return {key: value for key, value in answer.items() if key not in ("utc_us", "ledger_size")}


def _recorder(answer: Mapping[str, Any]) -> dict[str, Any]:
    cameras = answer["state"]["cameras"]
    recording = [camera for camera in cameras if camera["state"] == "recording"]
    lines: dict[str, Any] = {"recording": f"{len(recording)} / {len(cameras)}"}
    lines |= {camera["camera"]: _state(camera) for camera in cameras if camera not in recording}
    lines["lost packets"] = sum(camera["lost"] for camera in cameras)
    lines |= {f"volume {each['volume']}": each["lost"] for each in answer["volumes"] if each["lost"]}
    if answer.get("keyring_degraded"):
        lines["keyring"] = "one place does not take keys"
    known = {"state", "volumes", "keyring_degraded"}
    return lines | {key: value for key, value in answer.items() if key not in known and value}


def _keeper(answer: Mapping[str, Any]) -> dict[str, Any]:
    checkpoint = str(answer.get("checkpoint") or "").splitlines()
    lines: dict[str, Any] = {
        "ledger": answer.get("ledger_size"),
        "index": answer.get("index_size"),
        "checkpoint": checkpoint[1] if len(checkpoint) > 1 else None,
    }
    last = answer.get("last_pass") or {}
    if last.get("paused"):
        lines["retention"] = "paused: see the clock"
    known = {"ledger_size", "index_size", "checkpoint", "last_pass", "spools", "volumes"}
    return lines | {key: value for key, value in answer.items() if key not in known and value}


def _state(state: Mapping[str, Any]) -> str | None:
    if not state:
        return None
    cause = state.get("cause")
    return f"{state['state']} ({cause})" if cause else str(state["state"])


def _mbit(bitrate_bps: int | None) -> str | None:
    return None if bitrate_bps is None else f"{bitrate_bps / _MBIT:.1f}"
